"""What a view gets to draw from: finished results and the language, nothing to compute a model with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import streamlit as st

from attnviz.analysis.focus import Focus, focus
from attnviz.analysis.heads.alignment import written_rows
from attnviz.errors import AttnvizError
from attnviz.families.card import ModelCard
from attnviz.i18n import about, translate
from attnviz.trace import AttentionBlock, AttentionTrace, Classification, Written
from attnviz.ui.desk import Desk
from attnviz.ui.fields import NO_NAMES, Field
from attnviz.ui.openings import head_of, query_of
from attnviz.ui.state import State
from attnviz.ui.way import OWN_WAY, Way


@dataclass(frozen=True)
class Row:
    """One sentence, and its trace or the error it ran into.

    Attributes:
        number: From 1, as the page counts.
        text: As it was cleaned, since it is shown.
        trace: As it is read: with or without special tokens, in pieces or words. None if there is an error.
        error: None if there is a trace.
        whole: The trace as the model gave it, with all its tokens, if it is not `trace`.
    """

    number: int
    text: str
    trace: AttentionTrace | None
    error: AttnvizError | None = None
    whole: AttentionTrace | None = None


@dataclass(frozen=True)
class Context:
    """The page at one moment.

    Attributes:
        language: Of the interface.
        theme: A key of `figures.style.THEMES`.
        card: Of the chosen model.
        state: What is shown; every field has a value this model and text have.
        desk: Where to ask for results.
        rows: All sentences.
        selected: The sentence the single-sentence views show, or None if none could be run.
        layer, head, query: What is looked at where there is more than one, from 0, by the model's own positions; None
            leaves it to what the model opens with, and that to `focus`.
        block: Name of the block that is looked at; None leaves it to `focus`.
        way: How the selected sentence's translation came about, for a model that writes.
        abilities: What there is to see and what the model offers, see `attnviz.ui.offers`; views and fields name what
            they need of these.
        place: Where on the page charts stand, if not in the chosen view; their keys begin with it.
    """

    language: str
    theme: str
    card: ModelCard
    state: State
    desk: Desk
    rows: Sequence[Row]
    selected: Row | None
    layer: int | None = None
    head: int | None = None
    query: int | None = None
    block: str | None = None
    way: Way = OWN_WAY
    abilities: frozenset[str] = NO_NAMES
    place: str = ""

    def focus_of(self, trace: AttentionTrace) -> Focus:
        """The row of weights to show of a trace; where nothing of it was asked for, that of the model's opening, and of
        a text that was written the row of its clearest word."""
        layer, head = head_of(self.card, self.layer, self.head)
        found = focus(trace, layer, head, self.query, self.block, self.card.details.get("alignment"))
        if self.query is not None or not isinstance(trace.output, Written):
            return found
        return replace(found, query=query_of(trace, found, self.card.details.get("alignment")))

    def at(self, layer: int, head: int, query: int) -> Context:
        """The page with something else looked at; −1 leaves it to `focus`."""
        return replace(
            self,
            layer=None if layer < 0 else layer,
            head=None if head < 0 else head,
            query=None if query < 0 else query,
        )

    def having(self, **changes: Any) -> Context:
        """The page with other values of its state."""
        return replace(self, state=self.state.replace(**changes))

    @property
    def edited(self) -> bool:
        """Whether the selected sentence is shown as it is after operations on the weights."""
        return self.selected is not None and self.trace.edited

    @property
    def focus(self) -> Focus:
        """The row of weights to show of the selected sentence."""
        return self.focus_of(self.trace)

    @property
    def pooling(self) -> bool:
        """Whether there is one row of weights only, that of the learned query."""
        return all(block.kind == "pooling" for block in self.trace.blocks)

    @property
    def t(self) -> Callable[..., str]:
        """Words in the interface's language: `t("section.key", name=value)`."""
        return partial(translate, self.language)

    def told(self, key: str, **values: object) -> str:
        """Words about what is written, see `i18n.about`."""
        output = self.trace.output
        return self.t(about(key, output.kind if isinstance(output, Written) else "translation"), **values)

    @property
    def traces(self) -> list[AttentionTrace]:
        """Traces of all sentences that could be run."""
        return [row.trace for row in self.rows if row.trace is not None]

    @property
    def trace(self) -> AttentionTrace:
        """Trace of the selected sentence; only views that need one are drawn without."""
        if self.selected is None or self.selected.trace is None:
            raise LookupError("no sentence is selected")
        return self.selected.trace

    @property
    def whole(self) -> AttentionTrace:
        """The selected sentence's trace as the model gave it, with all its tokens, whatever is shown."""
        return self.trace if self.selected is None or self.selected.whole is None else self.selected.whole

    @property
    def models_own(self) -> AttentionTrace:
        """The selected sentence's trace before any operation on its weights; a translation is the one on the page."""
        if self.selected is None:
            raise LookupError("no sentence is selected")
        return self.desk.trace(self.selected.text, way=self.way if self.written else OWN_WAY)

    @property
    def written(self) -> tuple[str, ...] | None:
        """The tokens written about the selected sentence; None where nothing is."""
        output = self.whole.output
        return output.tokens if isinstance(output, Written) else None

    @property
    def looking(self) -> AttentionBlock | None:
        """The rows with which the selected sentence's text was written, as the model gave them; None: nothing was."""
        return written_rows(self.whole) if self.written else None

    @property
    def names(self) -> tuple[str, ...]:
        """Class names in the interface's language."""
        output = None if self.selected is None else self.trace.output
        codes = output.labels if isinstance(output, Classification) else ()
        return self.card.names_of_labels(self.language, codes)

    def read(self, trace: AttentionTrace) -> AttentionTrace:
        """Another trace as attention is read on the page."""
        return self.desk.read(trace, self.state.special, self.state.pieces)


#: What can be done on the page; every view belongs to one.
VERBS = ("see", "compute", "change", "test", "learn")


@dataclass(frozen=True)
class View:
    """A drawing for the stage that can be chosen.

    Attributes:
        key: Stable code, written in the address; its name is the message `views.<key>`.
        verb: Which of `VERBS` it belongs to.
        needs: What must be there, see `Context.abilities`.
        fields: The settings it owns, alone or with other views.
        render: Draws it.
        single: Whether it shows the selected sentence only.
        large: What all views share and this one shows large: a `picture`, or what is `written`.
        unedited: Whether it shows the model's computation before any edit, even where the weights are edited.
        part_of: The entry of the rail under which it stands with others, which are levels of one picture: its name is
            `views.<part_of>`; empty: it has an entry of its own.
        aside: Whether it stands behind “more” on the rail.
        settle: What its fields become where something this model or text does not have was asked for: their values, by
            name. The address keeps what was left to the page as it is.
    """

    key: str
    verb: str
    needs: frozenset[str]
    fields: tuple[Field, ...]
    render: Callable[[Context], None]
    single: bool = False
    large: Literal["", "picture", "written"] = ""
    unedited: bool = False
    part_of: str = ""
    aside: bool = False
    settle: Callable[[Context], dict[str, Any]] | None = None

    def fits(self, abilities: Collection[str]) -> bool:
        """Whether there is what it needs."""
        return self.needs <= frozenset(abilities)


def current_theme(contrast: bool) -> str:
    """`light` or `dark`, as the browser shows the page, or either of strong contrast."""
    appearance = "dark" if st.context.theme.type == "dark" else "light"
    return f"{appearance}-contrast" if contrast else appearance
