"""One head as lines from queries to keys."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from attnviz.analysis.focus import asked
from attnviz.figures import style
from attnviz.figures.escape import plain
from attnviz.figures.marks.names import tinted
from attnviz.figures.sentences import inks
from attnviz.i18n import translate
from attnviz.trace import MASK_NONE, AttentionTrace

#: Weights below this are not drawn; the title says so.
LEAST = 0.01

#: Steps of strength in which lines are drawn: lines of one step are one trace.
_STEPS = 16

#: Pixels: of a token, around them all, and of the widest line.
_ROW, _MARGIN, _WIDEST = 26, 110, 8


def lines(
    trace: AttentionTrace,
    *,
    layer: int | None = None,
    head: int | None = None,
    block: str | None = None,
    language: str = "en",
    theme: str = "light",
) -> go.Figure:
    """Queries on the left, keys on the right, joined by lines as strong as their weight.

    Args:
        trace: With any block.
        layer, head: From 0; None as `analysis.focus` takes them.
        block: Name of a block; None as `analysis.focus` takes it.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    Returns:
        A figure. Weights under `LEAST` are not drawn, and masked ones.

    Raises:
        InputError: There is no such block, layer or head.

    >>> import attnviz
    >>> lines(attnviz.from_arrays([[0.9, 0.1], [0.3, 0.7]], ["good", "film"])).layout.title.text
    'Layer 1, head 1...'
    """
    chosen = asked(trace, layer, head, block)
    shown, paint = trace.block(chosen.block), style.theme(theme)
    place = chosen.layer, chosen.head
    weights = np.where(shown.mask_of(*place) == MASK_NONE, shown.weights[place], 0)
    queries, keys = (np.arange(size) - (size - 1) / 2 for size in weights.shape)
    strengths = np.ceil(np.clip(weights, 0, 1) * _STEPS).astype(int)
    figure = go.Figure()
    for strength in range(1, _STEPS + 1):
        rows, columns = np.nonzero((strengths == strength) & (weights >= LEAST))
        if len(rows):
            gaps = np.full(len(rows), np.nan)
            figure.add_scatter(
                x=np.stack([np.zeros(len(rows)), np.ones(len(rows)), gaps], axis=1).ravel(),
                y=np.stack([queries[rows], keys[columns], gaps], axis=1).ravel(),
                mode="lines",
                line={"color": paint.bar, "width": max(1, _WIDEST * strength / _STEPS)},
                opacity=0.15 + 0.85 * strength / _STEPS,
                hoverinfo="skip",
            )
    for x, tokens, places, anchor in ((0, shown.query.tokens, queries, "right"), (1, shown.key.tokens, keys, "left")):
        tints = inks(shown.query if x == 0 else shown.key, paint)
        for text, place in zip(tinted([plain(token) for token in tokens], tints), places, strict=True):
            figure.add_annotation(
                x=x, y=place, text=text, xanchor=anchor, showarrow=False, font={"size": style.FONT_SIZE}
            )
    title = translate(language, "figures.layer_head", layer=chosen.layer + 1, head=chosen.head + 1)
    least = translate(language, "writing.least", least=f"{LEAST:g}")
    longest = max(map(len, (*shown.query.tokens, *shown.key.tokens)))
    side = min(max(longest * style.FONT_SIZE, 60), 300)
    layout = style.layout(paint, height=_MARGIN + _ROW * max(weights.shape), title=f"{title}<br><sup>{least}</sup>")
    figure.update_layout({**layout, "margin": {**layout["margin"], "l": side, "r": side}}, showlegend=False)
    figure.update_xaxes(visible=False, range=[0, 1])
    half = max(weights.shape) / 2
    figure.update_yaxes(visible=False, range=[half, -half])
    return figure
