"""The marks along a scale, and the bar of colours that carries them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attnviz.analysis.scales import Tick
from attnviz.figures.numbers import approx


def marked(marks: Iterable[Tick], top: float = 1) -> dict[str, list[Any]]:
    """Marks of a scale from 0 to `top`, as Plotly wants them."""
    marks = list(marks)
    return {"tickvals": [mark.position * top for mark in marks], "ticktext": [mark.label for mark in marks]}


def ends(*values: float) -> dict[str, list[Any]]:
    """Marks at these values, which they name, rounded to two digits: the ends of a scale and its middle."""
    return {"tickvals": list(values), "ticktext": ["0" if value == 0 else approx(value, 2) for value in values]}


def around(bound: float) -> dict[str, Any]:
    """The range and the marks of an axis with 0 in its middle and room beyond its ends."""
    return {"range": [-1.1 * bound, 1.1 * bound], **ends(-bound, 0, bound)}


def colour_bar(title: str, marks: dict[str, list[Any]], *, height: int | None = None, **more: Any) -> dict[str, Any]:
    """The bar that says what the colours of cells or points mean.

    Args:
        title: Already escaped.
        marks: Of `marked` or `ends`.
        height: Pixels from the top down; None is as high as the picture.
        **more: Of Plotly's `colorbar`.
    """
    if height is not None:
        more |= {"lenmode": "pixels", "len": height, "y": 1, "yanchor": "top", "ypad": 0}
    return {"title": {"text": title, "side": "right"}, **marks, "thickness": 16, "outlinewidth": 1, **more}
