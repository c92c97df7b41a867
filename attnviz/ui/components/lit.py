"""A row of weights over a picture's regions, lit; with the prediction it is a classifier's first picture."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np

from attnviz.analysis.focus import Focus
from attnviz.figures import style
from attnviz.figures.describe import row as describe_row
from attnviz.trace import AttentionTrace
from attnviz.ui.components import component, pictured
from attnviz.ui.components.pictured import Caption
from attnviz.ui.components.stage import classes
from attnviz.ui.context import Context

_mount = component("lit", drawing=True)


def shows(trace: AttentionTrace, focus: Focus) -> bool:
    """Whether a row is one over a picture's regions."""
    return pictured.on_picture(trace, focus.keys(trace))


def lit(context: Context, small: bool) -> None:
    """Draw the selected picture; small where a view is drawn beneath."""
    _draw(context, context.trace, context.focus, "lit", 0.0, answer=True, small=small)


def beside(rows: Sequence[tuple[AttentionTrace, Focus]]) -> float:
    """Where the scale ends that several rows share: at the largest weight of all."""
    return max(float(focus.row(trace).max()) for trace, focus in rows)


def row(context: Context, trace: AttentionTrace, focus: Focus, key: str, top: float) -> None:
    """Draw one row.

    Args:
        context: The page.
        trace, focus: Which.
        key: Of the component, unique on the page.
        top: Where the scale ends, if it is one by the largest weight; see `beside`.
    """
    _draw(context, trace, focus, key, top, answer=False)


def _draw(
    context: Context, trace: AttentionTrace, focus: Focus, key: str, top: float, *, answer: bool, small: bool = False
) -> None:
    scale, paint = context.state.scale, style.theme(context.theme)
    block = trace.block(focus.block)
    look = Caption(trace, block, focus.row(trace)[None].astype(np.float64), "", [block.query.tokens[focus.query]])
    end = top or pictured.brightest([look])
    _mount(
        key=key,
        data={
            "picture": pictured.picture(context, [look], scale, end),
            "alt": describe_row(trace, focus, context.language),
            "names": list(focus.keys(trace).tokens),
            "weights": base64.b64encode(look.values.astype("<f4").tobytes()).decode(),
            "small": small,
            "text": context.state.text,
            **(classes(context, trace) if answer else {"classes": [], "others": None}),
            "colours": {"bar": paint.bar, "accent": paint.accent},
            "legend": pictured.legend(context, scale, end, "picture.scale_one"),
            "words": {
                "weight": context.t("figures.weight"),
                "outlined": context.t("picture.outlined"),
                "spread": context.t("picture.spread_of"),
            },
        },
    )
