"""Rows of weights over a picture's regions, lit."""

from __future__ import annotations

from collections.abc import Sequence

from attnviz.analysis.focus import Focus
from attnviz.drawings import lit as drawing
from attnviz.drawings.lit import shows
from attnviz.trace import AttentionTrace
from attnviz.ui.components import drawn
from attnviz.ui.context import Context

__all__ = ["beside", "lit", "row", "shows"]

_mount = drawn("lit")


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
    scale, text = context.state.scale, context.state.text
    data = drawing.lit(
        context, trace, focus, scale, top=top, answer=answer, names=context.names, small=small, text=text
    )
    _mount(key=key, data=data)
