"""One head of a long sentence: every cell drawn, 8 bits each, and what it is told from where the pointer is."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from attnviz.analysis.compact import coded
from attnviz.analysis.focus import Focus
from attnviz.analysis.scales import ScaleKey, normalise, ticks
from attnviz.figures import describe, style
from attnviz.figures.marks.cells import cells, framed
from attnviz.figures.marks.names import across, down
from attnviz.figures.marks.scales import colour_bar, marked
from attnviz.figures.masks import LEGEND, overlay, room
from attnviz.figures.sentences import inks, parted
from attnviz.i18n import translate
from attnviz.trace import AttentionTrace

#: Pixels: all cells together, room for a label and a letter, around the picture, and for a second line of the title.
SIDE, LABEL, LETTER, MARGIN, SECOND_LINE = 1000, 18, 9, 150, 24


def large(trace: AttentionTrace, chosen: Focus, scale: ScaleKey, language: str, theme: str) -> go.Figure:
    """As `figures.head`, for more tokens than words and exact numbers can be sent for.

    Args:
        trace: With any block.
        chosen: Which layer, head and query.
        scale: How weights become colours.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    Returns:
        A figure of every cell in 256 steps of colour. Hovering names query, key and the step; some tokens only stand
        on the axes.
    """
    block = trace.block(chosen.block)
    paint = style.theme(theme)
    masked = np.zeros(block.shape[2:], np.int8) if block.mask is None else block.mask
    masked = masked if masked.ndim == 2 else masked[chosen.layer, chosen.head]
    queries, keys = block.query.tokens, block.key.tokens
    cell = max(2, SIDE // max(len(queries), len(keys)))
    kind = translate(language, f"figures.colour_{'query' if scale == 'row' else scale}")
    figure = go.Figure(
        cells(
            coded(normalise(block.weights[chosen.layer, chosen.head], scale)),
            paint.ramp,
            (0, 255),
            bar=colour_bar(kind, marked(ticks(scale), 255)),
            hover=f"%{{y}} → %{{x}}<br>{kind}: %{{z}}/255",
        )
    )
    if masked.any():
        figure.add_traces(overlay(masked, None, None, paint, language, gap=0))
    for shape in parted(paint, block.query, block.key):
        figure.add_shape(shape)
    figure.add_shape(framed(paint, (-0.5, len(keys) - 0.5), (chosen.query - 0.5, chosen.query + 0.5), 2))
    told = describe.hidden(trace, chosen, language)
    above = room(masked) + SECOND_LINE * bool(told)
    numbering = translate(language, "figures.layer_head", layer=chosen.layer + 1, head=chosen.head + 1)
    title = numbering + (f"<br><sup>{told}</sup>" if told else "")
    labels = {"every": -(-LABEL // cell), "automargin": False}  # with margins of its own Plotly would draw all twice
    figure.update_layout(
        **style.layout(paint, height=MARGIN + above + cell * len(queries), title=title),
        width=MARGIN + 100 + cell * len(keys),
        xaxis=across(paint, keys, inks=inks(block.key, paint), title=translate(language, "figures.key_axis"), **labels),
        yaxis=down(
            paint, queries, inks=inks(block.query, paint), title=translate(language, "figures.query_axis"), **labels
        ),
    )
    room_of_labels = min(LETTER * max(map(len, (*queries, *keys))), MARGIN) + 2 * SECOND_LINE
    figure.update_layout(margin_l=room_of_labels, margin_b=room_of_labels)
    if above:
        figure.update_layout(margin_t=figure.layout.margin.t + above, **(LEGEND if masked.any() else {}))
    return figure
