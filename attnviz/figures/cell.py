"""The pictures of one row taken apart: its weights with what is masked, what d does to a softmax, what n² costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from attnviz.figures import style
from attnviz.figures.escape import plain
from attnviz.figures.marks.bars import bars
from attnviz.figures.marks.made import made
from attnviz.figures.marks.names import down
from attnviz.figures.numbers import exact
from attnviz.figures.sentences import inks
from attnviz.i18n import translate
from attnviz.trace import MASK_CAUSAL, MASK_HIDDEN, MASK_NONE, MASK_OTHER, MASK_PADDING, Axis

#: Pixels.
ROW_HEIGHT, PAIR_HEIGHT, MARGIN, CURVE_HEIGHT = 30, 44, 110, 320

#: How each kind of mask is hatched: the signs of the heatmaps (`figures.masks`).
HATCH = {MASK_CAUSAL: "/", MASK_PADDING: ".", MASK_OTHER: "x", MASK_HIDDEN: "-"}


def weights(
    rows: Sequence[tuple[str, NDArray[np.floating]]],
    tokens: Sequence[str],
    mask: NDArray[np.int8] | None = None,
    *,
    axis: Axis | None = None,
    language: str = "en",
    theme: str = "light",
) -> go.Figure:
    """Weights of one query as bars, one or two sets of them; masked keys are hatched, each kind of mask in its own way.

    Args:
        rows: Name and weights `[key]` of each set; the name is any text.
        tokens: One a key.
        mask: int8 `[key]`, of `attnviz.trace`'s `MASK_…`.
        axis: What the tokens stand on; of two sentences, each is named in its colour.
        language: Of the words on the chart.
        theme: `light` or `dark`.
    """
    paint = style.theme(theme)
    drawn = [
        bars(tokens, values, name, colour, series=name)
        for (name, values), colour in zip(rows, (paint.bar, paint.second), strict=False)
    ]
    longest = float(max(values.max() for _, values in rows))
    for code in sorted(set() if mask is None else {int(each) for each in mask} - {MASK_NONE}):
        hidden = [int(place) for place in np.flatnonzero(mask == code)]
        words = translate(language, f"masks.{code}")
        hatch = {
            "color": "rgba(0,0,0,0)",
            "line": {"color": paint.muted, "width": 1},
            "pattern": {"shape": HATCH[code], "fgcolor": paint.muted, "size": 9},
        }
        told = [f"{plain(tokens[place])}<br>{words}<br>0" for place in hidden]
        names = [tokens[place] for place in hidden]
        over: dict[str, Any] = {"y": hidden, "width": 0.9, "offset": -0.45, "marker": hatch, "hovertext": told}
        drawn.append(bars(names, [longest] * len(hidden), words, "", series=words, **over))
    several = len(drawn) > 1
    height = MARGIN + (PAIR_HEIGHT if len(rows) > 1 else ROW_HEIGHT) * max(len(tokens), 3)
    layout = {
        **style.layout(paint, height=height),
        "showlegend": several,
        "barmode": "group",
        "legend": style.LEGEND,
        "xaxis": style.axis(paint, title=translate(language, "figures.weight_axis"), rangemode="tozero"),
        "yaxis": down(paint, tokens, inks=inks(axis, paint)),
    }
    return made(drawn, layout)


def growth(table: pd.DataFrame, width: int, *, language: str = "en", theme: str = "light") -> go.Figure:
    """The largest weight over the length of the vectors, divided by √d and not.

    Args:
        table: Of `analysis.explain.cell.growth`.
        width: The length that is marked.
        language: Of the words on the chart.
        theme: `light` or `dark`.
    """
    paint = style.theme(theme)
    widths = table["d"].tolist()
    curves = [
        {
            "type": "scatter",
            "x": table["d"],
            "y": table[column],
            "mode": "lines+markers",
            "name": name,
            "line": {"color": colour, "width": 3, "dash": dash},
            "marker": {"symbol": symbol, "size": 9},
            "hoverinfo": "text",
            "hovertext": [f"d = {d}<br>{name} {exact(value)}" for d, value in zip(widths, table[column], strict=True)],
        }
        for column, name, colour, dash, symbol in (
            ("plain_largest", "÷ 1", paint.second, "dash", "diamond"),
            ("scaled_largest", "÷ √d", paint.bar, "solid", "circle"),
        )
    ]
    title = translate(language, "cell.width_axis")
    layout = {
        **style.layout(paint, height=CURVE_HEIGHT),
        "showlegend": True,
        "legend": style.LEGEND,
        "xaxis": style.axis(paint, type="log", tickvals=widths, title=title),
        "yaxis": style.axis(paint, range=[0, 1.05], title=translate(language, "columns.largest")),
        **_marked(paint, width, f"d = {width}"),
    }
    return made(curves, layout)


def cost(table: pd.DataFrame, length: int, *, language: str = "en", theme: str = "light") -> go.Figure:
    """Bytes of all weights over the number of tokens, both on logarithmic scales; the sentence at hand is marked.

    Args:
        table: Of `analysis.explain.cell.cost`.
        length: Tokens of the sentence at hand.
        language: Of the words on the chart.
        theme: `light` or `dark`.
    """
    paint = style.theme(theme)
    here = (table["tokens"] == length).tolist()
    size = translate(language, "columns.bytes")
    curve = {
        "type": "scatter",
        "x": table["tokens"],
        "y": table["bytes"],
        "mode": "lines+markers",
        "line": {"color": paint.bar, "width": 3},
        "marker": {
            "size": [15 if each else 8 for each in here],
            "symbol": ["diamond" if each else "circle" for each in here],
            "color": [paint.accent if each else paint.bar for each in here],
        },
        "hoverinfo": "text",
        "hovertext": [f"n = {n:,}<br>{held:,} {size}" for n, held in zip(table["tokens"], table["bytes"], strict=True)],
    }
    tokens = translate(language, "columns.tokens")
    layout = {
        **style.layout(paint, height=CURVE_HEIGHT),
        "xaxis": style.axis(paint, type="log", dtick="D2", title=tokens),
        "yaxis": style.axis(paint, type="log", dtick=1, title=size),
        **_marked(paint, length, translate(language, "figures.sentence_end", length=length)),
    }
    return made([curve], layout)


def _marked(paint: style.Theme, place: int, words: str) -> dict[str, Any]:
    """A line across a chart with a logarithmic x axis: Plotly wants the logarithm for words, not for lines."""
    line = {"type": "line", "x0": place, "x1": place, "y0": 0, "y1": 1, "yref": "paper"}
    said = {"x": float(np.log10(place)), "y": 1, "yref": "paper", "text": words, "showarrow": False}
    return {
        "shapes": [{**line, "line": {"color": paint.text, "dash": "dot"}}],
        "annotations": [{**said, "xanchor": "left", "yanchor": "top"}],
    }
