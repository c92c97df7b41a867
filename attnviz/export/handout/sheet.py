"""What both sheets of a handout are made from."""

from __future__ import annotations

import html
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.focus import Focus
from attnviz.export.handout.taken_apart import Own
from attnviz.families.card import ModelCard
from attnviz.figures import describe
from attnviz.figures.escape import shortened
from attnviz.i18n import translate
from attnviz.trace import AttentionTrace, Picture, RegionAxis

#: Millimetres of a sheet's width, and the most characters of a text that are printed.
WIDTH, LONGEST = 186.0, 1200

#: Most bars, regions among them, and classes or next tokens.
BARS, REGIONS, CLASSES = 80, 24, 8


@dataclass(frozen=True)
class Sheet:
    """What all parts are made from."""

    trace: AttentionTrace
    card: ModelCard
    chosen: Focus
    own: Own
    language: str

    def t(self, key: str, **values: object) -> str:
        """Words, escaped."""
        return html.escape(translate(self.language, key if "." in key else f"handout.{key}", **values))

    @property
    def row(self) -> NDArray[np.float64]:
        return self.chosen.row(self.trace).astype(np.float64)

    @property
    def maps(self) -> bool:
        """Whether there is more than one row."""
        return self.trace.block(self.chosen.block).kind != "pooling"

    @property
    def whose(self) -> str:
        """Whose row of weights it is, and what of it is not shown."""
        return html.escape(describe.whose(self.trace, self.chosen, self.language))

    def partly(self, shown: int, count: int) -> str:
        """That not all are drawn; empty where all are."""
        return self.t("partly", shown=shown, count=count) if shown < count else ""

    @property
    def model(self) -> str:
        """The model's name for people, not escaped."""
        return self.card.in_language("title", self.language) or self.card.name

    @property
    def block(self) -> str:
        """The block's name for people, escaped."""
        name = self.chosen.block
        known = name in ("encoder", "decoder", "source-target")
        return self.t(f"blocks.{name}") if known else html.escape(shortened(name))

    @property
    def picture(self) -> Picture | None:
        """The picture that the row is over, if it is over one."""
        source = self.trace.source
        over = isinstance(self.chosen.keys(self.trace), RegionAxis)
        return source if over and isinstance(source, Picture) else None


def box(title: str, inside: str, kind: str = "") -> str:
    """A part of a sheet under its heading; both are HTML."""
    return f'<div class="{kind}"><h2>{title}</h2>{inside}</div>'
