"""One head as a heatmap: every query against every key."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from attnviz.analysis.focus import Focus, asked
from attnviz.analysis.scales import ScaleKey, normalise, ticks
from attnviz.errors import InputError
from attnviz.figures import describe, style
from attnviz.figures.escape import plain
from attnviz.figures.large import large
from attnviz.figures.marks.cells import cells, framed, inked
from attnviz.figures.marks.made import made
from attnviz.figures.marks.names import across, down
from attnviz.figures.marks.scales import colour_bar, marked
from attnviz.figures.masks import LEGEND, overlay, room, signs
from attnviz.figures.numbers import exact
from attnviz.figures.sentences import inks, named, parted
from attnviz.i18n import translate
from attnviz.trace import MASK_NONE, AttentionTrace

#: Weights are written into the cells up to this many keys, signs of masks into theirs up to this many tokens; more
#: tokens are drawn by `large`.
WRITTEN, SIGNED = 14, 64

#: Pixels; ROOM is what the cells of a map with numbers take at most, lest its keys lie below the edge of a projector.
CELL, SMALL_CELL, MARGIN, SECOND_LINE, ROOM = 46, 22, 150, 24, 400


def head(
    trace: AttentionTrace,
    chosen: Focus | None = None,
    *,
    layer: int | None = None,
    head: int | None = None,
    scale: ScaleKey = "unit",
    language: str = "en",
    theme: str = "light",
) -> go.Figure:
    """The weights of one head, queries down, keys across; the chosen query is framed.

    Args:
        trace: With any block.
        chosen: Which block, layer, head and query; None takes `analysis.focus.focus`.
        layer, head: From 0, where nothing is `chosen`; None as `focus` takes them.
        scale: How weights become colours.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    Returns:
        A figure with a labelled colour scale. Masked cells carry a sign for the reason, named in a legend; hovering
        shows 9 significant digits. Beyond `SIGNED` tokens as `figures.large`.

    Raises:
        InputError: `no_such_index`; `not_a_focus`: layer and head without their names.

    >>> import attnviz
    >>> trace = attnviz.load("sentiment-en-encoder").trace("a good film")
    >>> head(trace, layer=0, head=1, scale="row").data[0].type
    'heatmap'
    """
    if chosen is not None and not isinstance(chosen, Focus):
        raise InputError("not_a_focus", received=repr(chosen)[:80])
    chosen = chosen or asked(trace, layer, head)
    block = trace.block(chosen.block)
    if max(block.shape[2:]) > SIGNED:
        return large(trace, chosen, scale, language, theme)
    paint = style.theme(theme)
    weights = block.weights[chosen.layer, chosen.head]
    places = normalise(weights, scale)
    word = translate(language, "figures.weight")
    masked = np.zeros(weights.shape, np.int8) if block.mask is None else block.mask
    masked = masked if masked.ndim == 2 else masked[chosen.layer, chosen.head]
    queries, keys = block.query.tokens, block.key.tokens
    cell = max(SMALL_CELL, min(CELL, ROOM // len(queries))) if len(keys) <= WRITTEN else SMALL_CELL

    def hover(q: int, k: int) -> str:
        reason = f"<br>{translate(language, f'masks.{masked[q, k]}')}" if masked[q, k] else ""
        pair = (named(axis, place, language) for axis, place in ((block.query, q), (block.key, k)))
        return f"{' → '.join(map(plain, pair))}<br>{word} {exact(float(weights[q, k]))}{reason}"

    def written(q: int, k: int) -> str:
        return inked(f"{weights[q, k]:.2f}", places[q, k], paint.ramp)

    grid = [[(q, k) for k in range(len(keys))] for q in range(len(queries))]
    hovers = [[hover(*place) for place in line] for line in grid]
    kind = translate(language, f"figures.colour_{'query' if scale == 'row' else scale}")
    drawn: list[go.Heatmap | go.Scatter] = [
        cells(
            np.where(masked == MASK_NONE, places, np.nan),
            paint.ramp,
            bar=colour_bar(kind, marked(ticks(scale))),
            hover=hovers,
            written=[[written(*place) for place in line] for line in grid] if len(keys) <= WRITTEN else None,
            font={"size": 13},
            gap=1,
        )
    ]
    if masked.any():
        drawn += overlay(masked, hovers, signs(masked) if len(keys) <= SIGNED else None, paint, language)
    numbering = translate(language, "figures.layer_head", layer=chosen.layer + 1, head=chosen.head + 1)
    rounded = f" · {translate(language, 'figures.rounded')}" if len(keys) <= WRITTEN else ""
    told = describe.hidden(trace, chosen, language)
    title = f"{numbering}{rounded}" + (f"<br><sup>{told}</sup>" if told else "")
    above = SECOND_LINE * bool(told) + room(masked)
    layout = {
        **style.layout(paint, height=MARGIN + above + cell * len(queries), title=title),
        "shapes": [
            *parted(paint, block.query, block.key),
            framed(paint, (-0.5, len(keys) - 0.5), (chosen.query - 0.5, chosen.query + 0.5)),
        ],
        "xaxis": across(paint, keys, inks=inks(block.key, paint), title=translate(language, "figures.key_axis")),
        "yaxis": down(paint, queries, inks=inks(block.query, paint), title=translate(language, "figures.query_axis")),
    }
    layout["margin"]["t"] += above
    if masked.any():
        layout |= LEGEND
    if len(keys) > 30:
        layout["width"] = MARGIN + 100 + SMALL_CELL * len(keys)
    return made(drawn, layout)


def choosable(figure: go.Figure, places: Sequence[int]) -> go.Figure:
    """Make the rows of `head`'s figure answer a click: cells of a heatmap report none, so an unseen point lies in each.

    Args:
        figure: Of `head`; it is changed. Each cell is a point more to draw: for few tokens.
        places: What a point of each row carries as `customdata`.

    Returns:
        The figure.
    """
    rows, columns = np.indices(figure.data[0].z.shape)
    told = [list(line) for line in figure.data[0].hovertext]
    figure.update_traces(hoverinfo="skip", selector={"type": "heatmap"})
    unseen = {"marker": {"opacity": 0}}
    figure.add_scatter(
        x=columns.ravel(),
        y=rows.ravel(),
        mode="markers",
        marker={"size": 6, "opacity": 0},
        selected=unseen,
        unselected=unseen,
        showlegend=False,
        hoverinfo="text",
        hovertext=[text for line in told for text in line],
        customdata=[[places[row]] for row in rows.ravel()],
    )
    # The nearest point is the one of the cell the pointer is in.
    return figure.update_layout(hoverdistance=-1)
