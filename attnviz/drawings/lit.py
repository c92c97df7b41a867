"""A row of weights over a picture's regions, lit; with the prediction it is a classifier's first picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from attnviz.analysis.compact import packed
from attnviz.analysis.focus import Focus
from attnviz.analysis.scales import ScaleKey
from attnviz.drawings import pictured
from attnviz.drawings.look import Look
from attnviz.drawings.pictured import Caption
from attnviz.drawings.stage import classes
from attnviz.figures import style
from attnviz.figures.describe import row as describe_row
from attnviz.trace import AttentionTrace


def shows(trace: AttentionTrace, focus: Focus) -> bool:
    """Whether a row is one over a picture's regions."""
    return pictured.on_picture(trace, focus.keys(trace))


def lit(
    look: Look,
    trace: AttentionTrace,
    focus: Focus,
    scale: ScaleKey,
    *,
    top: float = 0.0,
    answer: bool = True,
    names: Sequence[str] = (),
    small: bool = False,
    text: str = "",
) -> dict[str, Any]:
    """What the component shows.

    Args:
        look: Language and appearance.
        trace, focus: Which row; see `shows`.
        scale: How weights become light.
        top: Where the scale ends, if it is one by the largest weight; 0 for that of the row.
        answer: With the prediction.
        names: Of the classes; the output's own where there are none.
        small: A view is drawn beneath.
        text: What has been applied.
    """
    block, paint = trace.block(focus.block), style.theme(look.theme)
    word = look.t("picture.learned") if block.kind == "pooling" else block.query.tokens[focus.query]
    seen = Caption(trace, block, focus.row(trace)[None].astype(np.float64), "", [word])
    end = top or pictured.brightest([seen])
    return {
        "picture": pictured.picture(look, [seen], scale, end),
        "alt": describe_row(trace, focus, look.language),
        "names": list(focus.keys(trace).tokens),
        "weights": packed(seen.values.astype("<f4")),
        "small": small,
        "text": text,
        **(classes(look, trace, names) if answer else {"classes": [], "others": None}),
        "colours": {"bar": paint.bar, "accent": paint.accent},
        "legend": pictured.legend(look, scale, end, "picture.scale_one"),
        "words": {
            "weight": look.t("figures.weight"),
            "outlined": look.t("picture.outlined"),
            "spread": look.t("picture.spread_of"),
        },
    }
