"""The pictures of the sum taken apart: feature vectors, scores, softmax, context, and b as a curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from attnviz.figures import style
from attnviz.figures.escape import plain
from attnviz.figures.marks.bars import bars
from attnviz.figures.marks.cells import cells
from attnviz.figures.marks.made import made
from attnviz.figures.marks.names import down, plain_axis
from attnviz.figures.marks.scales import colour_bar, ends
from attnviz.figures.numbers import exact
from attnviz.i18n import translate
from attnviz.trace import Steps

#: Pixels.
ROW_HEIGHT, MARGIN = 30, 110


def matrix(
    values: NDArray[np.floating],
    rows: Sequence[str],
    *,
    column_title: str,
    language: str = "en",
    theme: str = "light",
) -> go.Figure:
    """Signed numbers as a heatmap around zero, blue for negative, orange for positive.

    Args:
        values: `[row, column]`.
        rows: Names of the rows, any text.
        column_title: Title of the column axis.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    >>> matrix(np.array([[1.0, -1.0]]), ["good"], column_title="feature").data[0].type
    'heatmap'
    """
    paint = style.theme(theme)
    bound = float(np.abs(values).max()) or 1.0
    told = [
        [f"{name} · {column}<br>{exact(value)}" for column, value in enumerate(line, 1)]
        for name, line in zip(map(plain, rows), values.tolist(), strict=True)
    ]
    drawn = cells(
        values,
        paint.diverging,
        (-bound, bound),
        bar=colour_bar(translate(language, "figures.value"), ends(-bound, 0, bound)),
        hover=told,
        first=(1, 0),
    )
    layout = {
        **style.layout(paint, height=MARGIN + ROW_HEIGHT * max(len(rows), 2)),
        "xaxis": plain_axis(paint, title=column_title),
        "yaxis": down(paint, rows),
    }
    return made([drawn], layout)


def scores(steps: Steps, tokens: Sequence[str], *, language: str = "en", theme: str = "light") -> go.Figure:
    """x·W and b apart, and their sum as a mark: the score of each token.

    >>> import attnviz
    >>> model = attnviz.load("sentiment-en")
    >>> encoded = model.encode("a good film")
    >>> len(scores(model.explain(encoded), encoded.axis.tokens).data) > 1
    True
    """
    paint = style.theme(theme)
    total = translate(language, "figures.score")
    values = [float(value) for value in steps["scores"]]
    hatched = {"color": paint.second, "pattern": {"shape": "/", "solidity": 0.35}}
    marks = {
        "type": "scatter",
        "x": values,
        "y": list(range(len(tokens))),
        "mode": "markers",
        "name": total,
        "marker": {"symbol": "diamond", "size": 11, "color": paint.text},
        "hoverinfo": "text",
        "hovertext": [f"{plain(t)}<br>{total} {exact(v)}" for t, v in zip(tokens, values, strict=True)],
    }
    layout = {
        **style.layout(paint, height=MARGIN + ROW_HEIGHT * max(len(tokens), 3)),
        "showlegend": True,
        "barmode": "relative",
        "legend": style.LEGEND,
        "xaxis": style.axis(paint, title=total),
        "yaxis": down(paint, tokens),
    }
    content = bars(tokens, steps["content"], "x·W", paint.bar, series="x·W")
    position = bars(tokens, steps["bias"], "b", paint.second, series="b", marker=hatched)
    return made([content, position, marks], layout)


def bias(
    values: NDArray[np.floating],
    trained_length: int | None,
    used: int,
    *,
    language: str = "en",
    theme: str = "light",
) -> go.Figure:
    """b as a curve over the positions, with the range that training reached and the part this sentence uses.

    Args:
        values: `[max_length]`.
        trained_length: Positions training reached often enough, or None if unknown.
        used: Tokens of the sentence at hand.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    >>> float(bias(np.array([0.5, 0.25, 0.0]), trained_length=2, used=1).data[0].y[1])
    0.25
    """
    paint = style.theme(theme)
    positions = np.arange(1, len(values) + 1)
    curve = {
        "type": "scatter",
        "x": positions,
        "y": values,
        "mode": "lines",
        "line": {"color": paint.second, "width": 3, "shape": "hvh"},
        "hoverinfo": "text",
        "hovertext": [f"{p}<br>b {exact(v)}" for p, v in enumerate(values.tolist(), 1)],
    }
    past = {"xref": "x", "yref": "y domain", "y0": 0, "y1": 1}
    beside = {"showarrow": False, "xanchor": "left", "xref": "x", "yref": "y domain"}
    end = used + 0.5
    shapes = [{"type": "line", **past, "x0": end, "x1": end, "line": {"color": paint.text, "dash": "dot"}}]
    ended = translate(language, "figures.sentence_end", length=used)
    notes = [{"text": ended, "x": end, "y": 0, "yanchor": "bottom", **beside}]
    if trained_length is not None:
        reached = {"x0": 0.5, "x1": trained_length + 0.5, "fillcolor": paint.bar, "opacity": 0.13, "line": {"width": 0}}
        trained = translate(language, "figures.trained", length=trained_length)
        shapes.insert(0, {"type": "rect", **past, **reached})
        notes.insert(0, {"text": trained, "x": 0.5, "y": 1, "yanchor": "top", **beside})
    layout = {
        **style.layout(paint, height=280),
        "xaxis": style.axis(paint, title=translate(language, "figures.position"), range=[0.5, len(values) + 0.5]),
        "yaxis": style.axis(paint, title="b"),
        "shapes": shapes,
        "annotations": notes,
    }
    return made([curve], layout)
