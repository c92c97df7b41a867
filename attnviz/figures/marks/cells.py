"""The one mark for cells: numbers as colours, with what stands in a cell and what hovering over it tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from numpy.typing import NDArray

from attnviz.figures import style

#: One string a cell, row by row.
Words = Sequence[Sequence[str]]


def cells(
    values: NDArray[Any],
    ramp: Sequence[str],
    span: tuple[float, float] = (0, 1),
    *,
    bar: dict[str, Any] | None = None,
    hover: Words | str | None = None,
    written: Words | None = None,
    font: dict[str, Any] | None = None,
    gap: int = 0,
    first: tuple[int, int] = (0, 0),
    stretch: tuple[float, float] | None = None,
    **more: Any,
) -> go.Heatmap:
    """Cells of one colour each; one that is NaN stays empty and tells nothing.

    Args:
        values: `[row, column]`; uint8 where there are so many that each travels in 8 bits.
        ramp: Hexadecimal colours, evenly spaced over the span.
        span: The values at the ends of the ramp.
        bar: The scale beside the cells, of `scales.colour_bar`; None: there is none.
        hover: What hovering tells, a string a cell or Plotly's template for all; None: nothing.
        written: What stands in the cells; None: nothing.
        font: Of what stands there.
        gap: Pixels between cells.
        first: The places of the first column and the first row.
        stretch: Places a cell takes up, across and down; None: one.
        **more: Of `go.Heatmap`.
    """
    rows, columns = values.shape
    x, y = first
    places: dict[str, Any] = {"x": list(range(x, x + columns)), "y": list(range(y, y + rows))}
    if stretch is not None:
        wide, high = stretch
        places = {"x0": x + (wide - 1) / 2, "dx": wide, "y0": y + (high - 1) / 2, "dy": high}
    if hover is None:
        more["hoverinfo"] = "skip"
    elif isinstance(hover, str):
        more["hovertemplate"] = f"{hover}<extra></extra>"
    else:
        more |= {"hoverinfo": "text", "hovertext": hover}
    if written is not None:
        more |= {"text": written, "texttemplate": "%{text}", "textfont": font}
    if gap:
        more |= {"xgap": gap, "ygap": gap}
    return go.Heatmap(
        z=values,
        zmin=span[0],
        zmax=span[1],
        colorscale=style.colour_scale(ramp),
        showscale=bar is not None,
        colorbar=bar,
        hoverongaps=False,
        _validate=False,  # the figure looks at it, or the tests, see `marks.made`
        **places,
        **more,
    )


def inked(text: str, position: float, ramp: Sequence[str]) -> str:
    """Text in the ink that reads on its cell: Plotly's own choice is too faint on the middle of the ramp.

    Args:
        text: Already escaped.
        position: 0-1, of the cell on the ramp.
        ramp: Of the cells.
    """
    return f'<span style="color:{style.ink(style.shade(float(position), ramp))}">{text}</span>'


def framed(paint: style.Theme, x: tuple[float, float], y: tuple[float, float], width: int = 3) -> dict[str, Any]:
    """A shape around cells that are chosen."""
    ends = {"x0": x[0], "x1": x[1], "y0": y[0], "y1": y[1]}
    return {"type": "rect", **ends, "line": {"color": paint.accent, "width": width}}
