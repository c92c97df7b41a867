"""Heads as points: two of their figures against each other, or near to each other where they are alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from attnviz.analysis.heads.roles import Similarity
from attnviz.analysis.scales import round_ticks
from attnviz.errors import InputError
from attnviz.figures import style
from attnviz.figures.marks.cells import cells
from attnviz.figures.marks.names import hinted, plain_axis
from attnviz.figures.marks.scales import colour_bar, marked
from attnviz.figures.numbers import approx, exact, percent
from attnviz.i18n import translate

#: Pixels: of a point, and of the whole figure.
POINT, HEIGHT = 24, 560

#: The first layer is drawn this far along the ramp, so that it stands out from the background.
FIRST = 0.3


def heads(
    table: pd.DataFrame, x: str = "distance", y: str = "entropy", *, language: str = "en", theme: str = "light"
) -> go.Figure:
    """One head a point, at two of its figures.

    Args:
        table: As `analysis.heads.roles.heads` gives it.
        x, y: Columns of it.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    Returns:
        A figure whose points carry the head's number, are coloured by layer on a labelled scale, name their figures
        when hovered over, and have `(layer, head)`, from 0, as `customdata`.

    Raises:
        InputError: `not_a_table`: something else, such as a trace.

    >>> import attnviz
    >>> block = attnviz.load("sentiment-en-encoder").trace("a good film").blocks[0]
    >>> heads(attnviz.analysis.heads_table(block), "distance", "entropy").data[0].type
    'scatter'
    """
    if not isinstance(table, pd.DataFrame):
        raise InputError("not_a_table", received=type(table).__name__)
    paint = style.theme(theme)
    names = {name: translate(language, f"columns.{name}") for name in dict.fromkeys((x, y))}
    figures = {name: table[name].to_numpy(float) for name in names}
    hover = [
        "".join(f"<br>{word}: {exact(float(figures[name][row]))}" for name, word in names.items())
        for row in range(len(table))
    ]
    places = [(int(layer) - 1, int(head) - 1) for layer, head in zip(table["layer"], table["head"], strict=True)]
    figure = go.Figure(_points(places, figures[x], figures[y], hover, paint, language))
    figure.layout = {
        **style.layout(paint, height=HEIGHT, title=translate(language, "heads.plot_title", x=names[x], y=names[y])),
        "xaxis": style.axis(paint, title=names[x]),
        "yaxis": style.axis(paint, title=names[y]),
    }
    return figure


def head_map(
    similarity: Similarity,
    points: NDArray[np.float64],
    kept: float,
    *,
    language: str = "en",
    theme: str = "light",
) -> go.Figure:
    """Heads in a plane, near to each other where they are alike.

    Args:
        similarity: Whose heads.
        points: float64 `[head, 2]`, as `analysis.heads.roles.placement` gives them.
        kept: Share 0-1 of the variance that the plane keeps; stated in the title.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    >>> import attnviz
    >>> from attnviz.analysis.heads.roles import placement
    >>> block = attnviz.load("sentiment-en-encoder").trace("a good film").blocks[0]
    >>> similarity = attnviz.analysis.heads_similarity(block)
    >>> head_map(similarity, *placement(similarity.distance)).data[0].type
    'scatter'
    """
    paint = style.theme(theme)
    hover = [_nearest(similarity, index, language) for index in range(len(similarity.heads))]
    title = translate(language, "heads.map_title", kept=percent(kept))
    figure = go.Figure(_points(similarity.heads, points[:, 0], points[:, 1], hover, paint, language))
    figure.layout = {
        **style.layout(paint, height=HEIGHT, title=title),
        "xaxis": style.axis(paint, title=translate(language, "heads.first_axis")),
        "yaxis": style.axis(paint, title=translate(language, "heads.second_axis"), scaleanchor="x"),
    }
    return figure


def head_distances(similarity: Similarity, *, language: str = "en", theme: str = "light") -> go.Figure:
    """The distance of every two heads as a heatmap; the marks on the diagonal stand for the heads themselves.

    Args:
        similarity: float64 `[head, head]` in nats.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    >>> import attnviz
    >>> block = attnviz.load("sentiment-en-encoder").trace("a good film").blocks[0]
    >>> head_distances(attnviz.analysis.heads_similarity(block)).data[0].type
    'heatmap'
    """
    paint = style.theme(theme)
    count = len(similarity.heads)
    most = float(similarity.distance.max(initial=0)) or 1.0
    labels = [f"{layer + 1}·{head + 1}" for layer, head in similarity.heads]
    places = np.arange(count)
    # Every head where there is room, else the first of each layer.
    named = [index for index, (_, head) in enumerate(similarity.heads) if count <= 24 or head == 0]
    divergence = translate(language, "columns.divergence")
    hover = [_nearest(similarity, index, language) for index in range(count)]
    size = max(HEIGHT, min(1000, 14 * count))
    marks = _points(similarity.heads, places, places, hover, paint, language, written=count <= 24)
    marks.update(marker_showscale=False, marker_size=min(POINT, max(7, 0.7 * size / count)), marker_symbol="square")
    figure = go.Figure(
        [
            cells(
                np.where(np.eye(count, dtype=bool), np.nan, similarity.distance),
                paint.ramp,
                (0, most),
                bar=colour_bar(translate(language, "heads.colour", most=approx(most)), marked(round_ticks(most), most)),
                hover=f"%{{y}} – %{{x}}<br>{divergence} %{{customdata:.9~g}}",
                customdata=similarity.distance,
            ),
            marks,
        ]
    )
    axis: dict[str, Any] = {
        "range": [-0.5, count - 0.5],
        "tickvals": named,
        "ticktext": [labels[index] for index in named],
        **hinted(labels),
        "title": translate(language, "heads.axis"),
    }
    figure.layout = {
        **style.layout(paint, height=size, title=translate(language, "heads.distance_title")),
        "xaxis": plain_axis(paint, **axis),
        "yaxis": plain_axis(paint, **axis | {"range": axis["range"][::-1]}),
    }
    return figure


def _points(
    heads: Sequence[tuple[int, int]],
    x: NDArray[Any],
    y: NDArray[Any],
    hover: Sequence[str],
    paint: style.Theme,
    language: str,
    written: bool = True,
) -> go.Scatter:
    layers = max(layer for layer, _ in heads) + 1
    shades = [style.shade(_along(layer, layers), paint.ramp) for layer in range(layers)]
    steps = [[place, shades[layer]] for layer in range(layers) for place in (layer / layers, (layer + 1) / layers)]
    marks = range(0, layers, -(-layers // 12))
    return go.Scatter(
        x=x,
        y=y,
        mode="markers+text" if written else "markers",
        text=[str(head + 1) for _, head in heads] if written else None,
        textfont={"size": 13, "color": [style.ink(shades[layer]) for layer, _ in heads]},
        customdata=[list(head) for head in heads],
        hoverinfo="text",
        hovertext=[
            translate(language, "figures.layer_head", layer=layer + 1, head=head + 1) + words
            for (layer, head), words in zip(heads, hover, strict=True)
        ],
        marker={
            "size": POINT,
            "color": [layer for layer, _ in heads],
            "cmin": -0.5,
            "cmax": layers - 0.5,
            "colorscale": steps,
            "opacity": 0.9,
            "line": {"width": 1, "color": paint.text},
            "showscale": True,
            "colorbar": colour_bar(
                translate(language, "figures.layer"),
                {"tickvals": list(marks), "ticktext": [str(layer + 1) for layer in marks]},
            ),
        },
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 0.9}},
    )


def _along(layer: int, layers: int) -> float:
    return FIRST + (1 - FIRST) * (layer / (layers - 1) if layers > 1 else 1)


def _nearest(similarity: Similarity, index: int, language: str) -> str:
    """The head most like this one."""
    if len(similarity.heads) < 2:
        return ""
    others = similarity.distance[index].copy()
    others[index] = np.inf
    other = int(np.argmin(others))
    layer, head = similarity.heads[other]
    words = translate(language, "figures.layer_head", layer=layer + 1, head=head + 1)
    return "<br>" + translate(language, "heads.nearest", head=words, divergence=exact(float(others[other])))
