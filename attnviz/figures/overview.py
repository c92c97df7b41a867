"""All heads of a block at once."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from attnviz.analysis.compact import placed, shrunk
from attnviz.analysis.focus import focus
from attnviz.analysis.scales import ScaleKey, ticks
from attnviz.figures import style
from attnviz.figures.marks.cells import cells
from attnviz.figures.marks.scales import colour_bar, marked
from attnviz.figures.sentences import edges
from attnviz.i18n import translate
from attnviz.trace import MASK_NONE, AttentionTrace

#: Most rows and columns of one small map, and cells of all together.
LIMIT, _ALL = 64, 1_000_000

#: Pixels around all, and most pixels of a map.
_MARGIN, _SIDE = 150, 130


def overview(
    trace: AttentionTrace,
    block: str | None = None,
    *,
    scale: ScaleKey = "unit",
    language: str = "en",
    theme: str = "light",
) -> go.Figure:
    """Every layer (down) and head (across) as a small map of queries by keys; nothing is averaged.

    Args:
        trace: With any block.
        block: Name of a block; None as `analysis.focus.focus` takes it.
        scale: How weights become colours.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    Returns:
        A figure with a labelled colour scale, 8 bits a cell; of two sentences read together each map has an edge in
        their colours. A cell that stands for several shows their largest;
        one that is masked stays empty.

    Raises:
        InputError: There is no such block.

    >>> import attnviz
    >>> overview(attnviz.load("sentiment-en-encoder").trace("a good film")).data[0].type
    'heatmap'
    """
    named = focus(trace).block if block is None else block
    shown, paint = trace.block(named), style.theme(theme)
    layers, heads = shown.shape[:2]
    limit = max(2, min(LIMIT, int((_ALL / (layers * heads)) ** 0.5)))
    maps = placed(shown.weights, scale, limit).astype(np.float32)
    if shown.mask is not None:
        masked = -shrunk(-shown.mask.astype(np.float32), limit) != MASK_NONE
        maps[np.broadcast_to(masked, maps.shape)] = np.nan
    rows, columns = maps.shape[2:]
    gap = max(1, max(rows, columns) // 12)
    tiles = np.full((layers * (rows + gap) - gap, heads * (columns + gap) - gap), np.nan, np.float32)
    for layer in range(layers):
        for head in range(heads):
            down, across = layer * (rows + gap), head * (columns + gap)
            tiles[down : down + rows, across : across + columns] = maps[layer, head]
    kind = translate(language, f"figures.colour_{'query' if scale == 'row' else scale}")
    cell = max(1.0, min(_SIDE / max(rows, columns), 1100 / tiles.shape[1]))
    figure = go.Figure(cells(tiles, paint.ramp, (0, 255), bar=colour_bar(kind, marked(ticks(scale), 255))))
    names = [translate(language, f"figures.{each}") for each in ("layer", "head")]
    figure.update_layout(style.layout(paint, height=round(_MARGIN + cell * tiles.shape[0]), title=shown.name))
    for axis, name, count, size in (
        (figure.layout.yaxis, names[0], layers, rows),
        (figure.layout.xaxis, names[1], heads, columns),
    ):
        axis.update(
            title=name,
            tickvals=[place * (size + gap) + (size - 1) / 2 for place in range(count)],
            ticktext=[str(place + 1) for place in range(count)],
            showgrid=False,
            zeroline=False,
        )
    figure.layout.yaxis.update(autorange="reversed")
    figure.layout.plot_bgcolor = paint.grid
    corners = [
        (head * (columns + gap) - 0.5, layer * (rows + gap) - 0.5) for layer in range(layers) for head in range(heads)
    ]
    figure.add_traces(edges(paint, shown.query, shown.key, corners, (columns, rows)))
    return figure
