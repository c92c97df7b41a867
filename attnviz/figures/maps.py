"""Any map of query × key: weights, averages over heads and layers, rollout, weights times norms."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from attnviz.analysis.compact import coded
from attnviz.analysis.heads.maps import MapKey, masked
from attnviz.analysis.scales import ScaleKey, normalise, round_ticks, ticks
from attnviz.figures import masks, style
from attnviz.figures.describe import map_title
from attnviz.figures.escape import plain
from attnviz.figures.marks.cells import cells, inked
from attnviz.figures.marks.names import across, down
from attnviz.figures.marks.scales import colour_bar, marked
from attnviz.figures.numbers import approx, exact
from attnviz.figures.sentences import inks, parted
from attnviz.i18n import translate
from attnviz.trace import MASK_NONE, AttentionBlock

#: Numbers are written into the cells up to this many keys, signs of masks up to this many.
WRITTEN, SIGNED = 14, 64

#: Up to this many keys hovering tells the number; beyond it the numbers would weigh more than the picture.
TOLD = 256

#: Pixels: of a cell with a number, of one without, of a label, around the picture, of a side of all cells (a browser
#: draws a wider heatmap slowly or not at all).
CELL, SMALL_CELL, LABEL, MARGIN, SIDE = 46, 22, 18, 150, 1500

#: Cells this wide have a gap between them.
PARTED = 8


def attention_map(
    block: AttentionBlock,
    values: NDArray[np.float64],
    kind: MapKey,
    *,
    layer: int,
    head: int,
    scale: ScaleKey = "unit",
    language: str = "en",
    theme: str = "light",
) -> go.Figure:
    """A map as a heatmap, queries down, keys across.

    Args:
        block: Whose tokens and mask.
        values: float64 `[query, key]`, as `analysis.heads.maps.values` gives it.
        kind: What it is; named in the title.
        layer, head: Of which, from 0.
        scale: How values become colours. Norms have no upper end of their own: their full colour is the largest one.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    Returns:
        A figure with a labelled colour scale. Hovering shows 9 significant digits, up to 256 keys.

    >>> import attnviz
    >>> block = attnviz.load("sentiment-en-encoder").trace("a good film").blocks[0]
    >>> values = attnviz.analysis.combined_heads(block, [(0, 0), (0, 1)])
    >>> attention_map(block, values, "mean", layer=0, head=0).data[0].type
    'heatmap'
    """
    paint = style.theme(theme)
    queries, keys = len(block.query), len(block.key)
    top = (float(values.max(initial=0)) or 1.0) if kind == "norms" else 1.0
    places = normalise(values / top, scale)
    mask = masked(block, kind, layer, head)
    told, written = keys <= TOLD, keys <= WRITTEN
    cell = CELL if written else min(SMALL_CELL, max(SIDE // max(queries, keys), 2))
    gap = int(cell >= PARTED)
    shown, span = coded(places), 255
    if told:
        shown, span = np.where(mask == MASK_NONE, places, np.nan).astype(np.float32), 1
    number = f"<br>{translate(language, f'maps.{kind}_value')} %{{customdata:.9~g}}" if told else ""
    figure = go.Figure(
        cells(
            shown,
            paint.ramp,
            (0, span),
            bar=_colour_bar(kind, scale, top, span, language),
            hover=f"%{{y}} → %{{x}}{number}",
            written=_numbers(values, places, paint) if written else None,
            font={"size": 13},
            gap=gap,
            customdata=values if told else None,
        )
    )
    title = map_title(block, kind, layer, head, language)
    if written:
        title += f" · {translate(language, 'figures.rounded')}"
    above = 0
    if mask.any():
        hover = [
            [_masked_hover(block, mask, q, k, language) if told else "" for k in range(keys)] for q in range(queries)
        ]
        text = masks.signs(mask) if keys <= SIGNED else None
        figure.add_traces(masks.overlay(mask, hover, text, paint, language, gap=gap))
        above = masks.room(mask)
    every = -(-LABEL // cell)
    tints = [inks(axis, paint) for axis in (block.query, block.key)]
    figure.layout = {
        **style.layout(paint, height=MARGIN + above + cell * queries, title=title),
        "shapes": parted(paint, block.query, block.key),
        "xaxis": across(
            paint, block.key.tokens, every=every, inks=tints[1], title=translate(language, "figures.key_axis")
        ),
        "yaxis": down(
            paint, block.query.tokens, every=every, inks=tints[0], title=translate(language, "figures.query_axis")
        ),
    }
    if above:
        figure.update_layout(margin_t=figure.layout.margin.t + above, **masks.LEGEND)
    if keys > 30:
        figure.update_layout(width=MARGIN + 100 + cell * keys)
    return figure


def _numbers(values: NDArray[np.float64], places: NDArray[np.float64], paint: style.Theme) -> list[list[str]]:
    return [
        [inked(f"{value:.2f}", place, paint.ramp) for value, place in zip(line, shades, strict=True)]
        for line, shades in zip(values, places, strict=True)
    ]


def _masked_hover(block: AttentionBlock, mask: NDArray[np.int8], query: int, key: int, language: str) -> str:
    if not mask[query, key]:
        return ""
    words = translate(language, f"masks.{mask[query, key]}")
    return f"{plain(block.query.tokens[query])} → {plain(block.key.tokens[key])}<br>{exact(0.0)} · {words}"


def _colour_bar(kind: MapKey, scale: ScaleKey, top: float, span: float, language: str) -> dict[str, Any]:
    marks = round_ticks(top) if kind == "norms" and scale == "unit" else ticks(scale)
    name = translate(language, f"maps.{kind}_value")
    if scale == "row":
        name = translate(language, "maps.norms_row" if kind == "norms" else "maps.row", name=name)
    elif kind == "norms":
        name = translate(language, f"maps.norms_{scale}", top=approx(top))
    elif scale == "log":
        name = translate(language, "maps.log", name=name)
    return colour_bar(name, marked(marks, span))
