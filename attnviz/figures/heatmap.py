"""Weights as a heatmap: sentences × tokens, each token written in its cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from attnviz.analysis.focus import Focus, focus
from attnviz.analysis.scales import ScaleKey, normalise, ticks
from attnviz.errors import InputError
from attnviz.figures import style
from attnviz.figures.describe import whose
from attnviz.figures.escape import label, plain
from attnviz.figures.marks.cells import cells, inked
from attnviz.figures.marks.made import made
from attnviz.figures.marks.names import down, plain_axis
from attnviz.figures.marks.scales import colour_bar, marked
from attnviz.figures.masks import LEGEND, SIGNS, overlay, room
from attnviz.figures.numbers import brief, exact
from attnviz.figures.sentences import inks, named
from attnviz.i18n import translate
from attnviz.trace import MASK_NONE, AttentionTrace, Axis, RegionAxis

#: Cells a line; a single longer sentence is broken into lines so that its words stay legible.
WRAP = 12

#: Pixels.
CELL_HEIGHT, CELL_WIDTH, MARGIN, SCALE_HEIGHT = 62, 88, 130, 230
REGION_HEIGHT = 24


def heatmap(
    traces: AttentionTrace | Sequence[AttentionTrace],
    chosen: Sequence[Focus] | None = None,
    *,
    scale: ScaleKey = "unit",
    language: str = "en",
    theme: str = "light",
    wrap: int = WRAP,
    numbers: bool = True,
) -> go.Figure:
    """One row of weights of each sentence as a heatmap.

    Args:
        traces: One trace, whose row is broken into lines of `wrap` tokens, or several, one a row.
        chosen: Which row of each trace; None takes `analysis.focus.focus`.
        scale: How weights become colours, see `analysis.scales`; named on the chart.
        language: Of the words on the chart.
        theme: `light` or `dark`.
        wrap: Tokens a line for a single sentence.
        numbers: Write each weight under its token.

    Returns:
        A figure with a labelled colour scale. Hovering shows 9 significant digits. Of two sentences read together a
        line in each cell says which.

    Raises:
        InputError: There is no trace.

    >>> from attnviz.trace import AttentionBlock, Embedding, Text, TokenAxis
    >>> axis = TokenAxis.of(["a", "cat"])
    >>> block = AttentionBlock("words", "self", axis, axis, np.full((1, 1, 2, 2), 0.5, np.float32))
    >>> trace = AttentionTrace("made", Text("a cat"), (block,), Embedding(np.ones(3)))
    >>> heatmap(trace, scale="row").data[0].type
    'heatmap'
    """
    rows = list(traces) if isinstance(traces, Sequence) else [traces]
    if not rows:
        raise InputError("no_traces")
    paint = style.theme(theme)
    chosen = chosen or [focus(trace) for trace in rows]
    weights = [each.row(trace) for each, trace in zip(chosen, rows, strict=True)]
    axes = [each.keys(trace) for each, trace in zip(chosen, rows, strict=True)]
    tokens = [axis.tokens for axis in axes]
    grid = _grid(axes)
    if grid is not None:
        wrap = grid[1]
    places = [normalise(row, scale) for row in weights]
    if len(rows) == 1:
        starts = range(0, len(tokens[0]), wrap)
        names = [f"{start + 1}–{min(start + wrap, len(tokens[0]))}" for start in starts]
        if grid is not None:
            names = [str(row + 1) for row in range(grid[0])]
        columns = min(wrap, len(tokens[0]))
        lines = [[(0, start + j) if start + j < len(tokens[0]) else None for j in range(columns)] for start in starts]
        axis_name = translate(language, "figures.positions" if grid is None else "figures.region_row")
    else:
        columns = max(map(len, tokens))
        names = [str(number) for number in range(1, len(rows) + 1)]
        lines = [[(i, j) if j < len(tokens[i]) else None for j in range(columns)] for i in range(len(rows))]
        axis_name = translate(language, "figures.sentence")
    masks = [each.mask(trace) for each, trace in zip(chosen, rows, strict=True)]
    whole = [np.zeros(len(row)) if mask is None else mask for mask, row in zip(masks, tokens, strict=True)]
    masked: NDArray[np.int8] = np.nan_to_num(_fill(lines, whole)).astype(np.int8)
    z = np.where(masked == MASK_NONE, _fill(lines, places), np.nan)
    word = translate(language, "figures.weight")

    def hover(cell: tuple[int, int] | None) -> str:
        if cell is None:
            return ""
        sentence, position = cell
        mask = masks[sentence]
        code = MASK_NONE if mask is None else int(mask[position])
        reason = f"<br>{translate(language, f'masks.{code}')}" if code else ""
        token = plain(named(axes[sentence], position, language))
        return f"{token}<br>{word} {exact(float(weights[sentence][position]))}{reason}"

    def signed(cell: tuple[int, int] | None, code: int) -> str:
        return f"{label(tokens[cell[0]][cell[1]], 10)}<br>{SIGNS[code][0]}" if cell is not None and code else ""

    def written(cell: tuple[int, int] | None) -> str:
        if cell is None or grid is not None:
            return ""
        sentence, position = cell
        number = f"<br>{brief(float(weights[sentence][position]))}" if numbers else ""
        return inked(label(tokens[sentence][position], 10) + number, places[sentence][position], paint.ramp)

    owner = plain(whose(rows[0], chosen[0], language))
    columns_title = translate(language, "figures.position")
    if len(rows) == 1:
        columns_title = owner or translate(language, "figures.keys")
        if grid is not None:
            columns_title = f"{translate(language, 'figures.region_column')}<br>{owner}"
    above = room(masked)
    under = [
        {
            "type": "line",
            "x0": x + 0.58,
            "x1": x + 1.42,
            "y0": y + 0.44,
            "y1": y + 0.44,
            "line": {"color": ink, "width": 4},
        }
        for y, line in enumerate(lines)
        for x, cell in enumerate(line)
        for ink in ([] if cell is None else inks(axes[cell[0]], paint)[cell[1] : cell[1] + 1])
    ]
    cell = CELL_HEIGHT if grid is None else REGION_HEIGHT
    height = MARGIN + above + max(cell * len(lines), SCALE_HEIGHT)
    hovers = [[hover(cell) for cell in line] for line in lines]
    drawn: list[go.Heatmap | go.Scatter] = [
        cells(
            z,
            paint.ramp,
            bar=colour_bar(translate(language, f"figures.colour_{scale}"), marked(ticks(scale)), height=SCALE_HEIGHT),
            hover=hovers,
            written=[[written(cell) for cell in line] for line in lines],
            font={"size": style.FONT_SIZE - 1},
            gap=2,
            first=(1, 0),
        )
    ]
    layout = {
        **style.layout(paint, height=height, title=translate(language, f"scales.{scale}")),
        "shapes": under,
        "xaxis": plain_axis(paint, side="bottom", title=columns_title, dtick=1),
        "yaxis": down(paint, names, title=axis_name),
    }
    if above:
        text = [
            [signed(*both) for both in zip(line, codes, strict=True)]
            for line, codes in zip(lines, masked.tolist(), strict=True)
        ]
        drawn += overlay(masked, hovers, text, paint, language, first=(1, 0), gap=2)
        layout["margin"]["t"] += above
        layout |= LEGEND
    if len(rows) > 1 and columns > WRAP:
        layout["width"] = MARGIN + CELL_WIDTH * columns
    return made(drawn, layout)


def _grid(axes: Sequence[Axis]) -> tuple[int, int] | None:
    """Rows and columns of the picture whose regions are the only row; its cells lie as they do, without words."""
    axis = axes[0]
    return axis.grid if len(axes) == 1 and isinstance(axis, RegionAxis) and not any(axis.special) else None


def _fill(lines: list[list[tuple[int, int] | None]], places: Sequence[NDArray[np.number[Any]]]) -> NDArray[np.float64]:
    z = np.full((len(lines), len(lines[0])), np.nan)
    for i, line in enumerate(lines):
        for j, cell in enumerate(line):
            if cell is not None:
                z[i, j] = places[cell[0]][cell[1]]
    return z
