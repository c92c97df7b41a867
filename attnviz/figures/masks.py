"""How cells that a mask keeps at zero are drawn: each reason with its own sign, none like a weight that is zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from attnviz.figures import style
from attnviz.figures.marks.cells import Words, cells
from attnviz.i18n import translate
from attnviz.trace import MASK_CAUSAL, MASK_HIDDEN, MASK_OTHER, MASK_PADDING

#: The sign in a masked cell, and Plotly's for the legend.
SIGNS = {
    MASK_CAUSAL: ("/", "line-ne"),
    MASK_PADDING: ("·", "circle"),
    MASK_OTHER: ("×", "x-thin"),
    MASK_HIDDEN: ("–", "line-ew"),
}

#: Pixels: of a sign in the legend, and of an entry, for which a narrow screen needs a line of its own.
SIGN, ENTRY = 11, 25

#: What the layout of a figure with masked cells adds: a legend above the cells.
LEGEND: dict[str, Any] = {
    "showlegend": True,
    "legend": {**style.LEGEND, "itemclick": False, "itemdoubleclick": False},
}


def overlay(
    mask: NDArray[np.int8],
    hover: Words | None,
    text: Words | None,
    paint: style.Theme,
    language: str = "en",
    *,
    first: tuple[int, int] = (0, 0),
    gap: int = 1,
) -> list[go.Heatmap | go.Scatter]:
    """Traces to lay over a heatmap whose masked cells are empty: cells and an entry of the legend for each reason.

    Args:
        mask: int8 `[row, column]`, of `attnviz.trace`'s `MASK_…`.
        hover: What hovering a cell tells, one string a cell. None: nothing, and cells travel in 8 bits.
        text: What stands in a cell. None: too small for a sign, cells make up stripes, dots or checks.
        look: The theme.
        language: Of the legend.
        first: The places of the first column and the first row.
        gap: Pixels between cells.
    """
    rows, columns = np.indices(mask.shape)
    textures = {
        MASK_CAUSAL: (rows + columns) % 3 == 0,
        MASK_PADDING: (rows % 2 == 0) & (columns % 2 == 0),
        MASK_OTHER: (rows + columns) % 2 == 0,
        MASK_HIDDEN: columns % 4 > 0,
    }
    traces: list[go.Heatmap | go.Scatter] = []
    for code, (_, symbol) in SIGNS.items():
        here = mask == code
        if not here.any():
            continue
        filled = textures[code] if text is None else np.full(mask.shape, code == MASK_CAUSAL)
        strong = paint.muted if text is None else paint.grid
        name = translate(language, f"masks.{code}")
        traces.append(
            cells(
                np.where(here, 1 + filled, 0).astype(np.uint8) if hover is None else np.where(here, 1 + filled, np.nan),
                ("rgba(0,0,0,0)", paint.background, strong),
                (0, 2),
                hover=None if hover is None else _only(here, hover),
                written=None if text is None else _only(here, text),
                font={"color": paint.text},
                gap=gap,
                first=first,
                name=name,
            )
        )
        marker = {"symbol": symbol, "size": 4 if code == MASK_PADDING else SIGN, "color": paint.text}
        traces.append(
            go.Scatter(
                x=[None],
                y=[None],
                mode="markers",
                marker={**marker, "line": {"width": 1.5, "color": paint.text}},
                name=name,
                showlegend=True,
            )
        )
    return traces


def room(mask: NDArray[np.int8]) -> int:
    """Pixels the legend of masked cells takes above them."""
    return ENTRY * sum(bool((mask == code).any()) for code in SIGNS)


def signs(mask: NDArray[np.int8]) -> list[list[str]]:
    """The sign in each masked cell."""
    return [[SIGNS[code][0] if code else "" for code in line] for line in mask.tolist()]


def _only(here: NDArray[np.bool_], words: Words) -> list[list[str]]:
    return [
        [word if masked else "" for masked, word in zip(cells, line, strict=True)]
        for cells, line in zip(here.tolist(), words, strict=True)
    ]
