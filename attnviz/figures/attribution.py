"""Attention beside measures of what the prediction depends on, and what is left of it as tokens go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from attnviz.analysis.compact import largest
from attnviz.analysis.explain.measures import MEASURES, Measure, Measures
from attnviz.figures import style
from attnviz.figures.escape import plain
from attnviz.figures.marks.bars import MOST_REGIONS, bars, bars_height, partly
from attnviz.figures.marks.names import down
from attnviz.figures.marks.panels import panels
from attnviz.figures.marks.scales import around
from attnviz.figures.numbers import exact
from attnviz.figures.sentences import inks
from attnviz.i18n import translate
from attnviz.trace import RegionAxis

#: Pixels.
CURVES_HEIGHT = 420

#: Every line has its own dash and mark, so that a grey print tells them apart.
_DASHES = dict(zip(MEASURES, ("solid", "dash", "dot", "dashdot", "longdash"), strict=True))
_MARKS = dict(zip(MEASURES, ("circle", "square", "diamond", "triangle-up", "x"), strict=True))


def attribution(
    found: Measures, shown: Sequence[Measure] = MEASURES, *, language: str = "en", theme: str = "light"
) -> go.Figure:
    """Measures side by side on the same tokens, read from the top; what speaks against the class goes to the left.

    Regions of a picture stand in no sentence: those with most attention come first, and of many those are drawn whose
    value is among the largest of a measure.

    Args:
        found: All measures of a text or a picture.
        shown: Which, in this order.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    Returns:
        A figure with one panel a measure, on labelled scales: attention from 0 to 1, the others in probability of the
        class, on one that they share, so that what is as long is as much. Hovering shows 9 significant digits.

    >>> import attnviz
    >>> model = attnviz.load("sentiment-en")
    >>> found = attnviz.analysis.of_classifier(model, model.encode("a good film"), target=1)
    >>> len(attribution(found, ["attention", "integrated"]).data)
    2
    """
    paint = style.theme(theme)
    titles = [translate(language, f"measures.{measure}") for measure in shown]
    places = _places(found, shown)
    tokens = [found.tokens[place] for place in places]
    most = max(
        (float(np.nanmax(np.abs(found.values[each]), initial=0)) for each in shown if each != "attention"), default=0
    )
    figure = panels(paint, titles, height=bars_height(len(places)), spacing=0.04)
    for column, (measure, title) in enumerate(zip(shown, titles, strict=True), start=1):
        values = found.values[measure][places]
        colours = [paint.second if value < 0 else paint.bar for value in values]
        figure.add_trace(bars(tokens, values, title, colours), row=1, col=column)
        figure.update_xaxes(**style.axis(paint, **_scale(measure, most)), row=1, col=column)
    figure.update_xaxes(title=partly(len(places), len(found.tokens), language), row=1, col=1)
    figure.update_layout(bargap=0.25)
    figure.update_yaxes(**down(paint, tokens, inks=inks(found.axis, paint, places)))
    return figure


def _places(found: Measures, shown: Sequence[Measure]) -> list[int]:
    """Which tokens are drawn, from the top."""
    if not isinstance(found.axis, RegionAxis):
        return list(range(len(found.tokens)))
    sizes = [np.abs(found.values[measure]) for measure in shown]
    kept = largest([each / (np.nanmax(each, initial=0) or 1.0) for each in sizes], MOST_REGIONS)
    return sorted((int(place) for place in kept), key=lambda place: -float(found.values["attention"][place]))


def _scale(measure: Measure, most: float) -> dict[str, Any]:
    if measure == "attention":
        return {"range": [0, 1], "tickvals": [0, 0.5, 1]}
    return around(most or 1.0)


def erasure_curves(
    table: pd.DataFrame, shown: Sequence[Measure] = MEASURES, *, language: str = "en", theme: str = "light"
) -> go.Figure:
    """Probability of the class as the first tokens of an order are removed, and with them alone.

    Args:
        table: From `analysis.explain.erasure.table`.
        shown: Orders to draw, beside the random ones (mean and 5th to 95th percentile).
        language: Of the words on the chart.
        theme: `light` or `dark`.
    """
    paint = style.theme(theme)
    titles = [translate(language, f"measures.{kind}") for kind in ("without", "alone")]
    figure = panels(paint, titles, height=CURVES_HEIGHT, spacing=0.06, below=90)
    for column, kind in enumerate(("without", "alone"), start=1):
        rows = table[table["kind"] == kind]
        _band(figure, rows[rows["measure"] == "random"], paint, language, column)
        for measure in shown:
            line = rows[rows["measure"] == measure]
            name = translate(language, f"measures.{measure}")
            figure.add_scatter(
                x=line["k"],
                y=line["probability"],
                mode="lines+markers",
                name=plain(name),
                legendgroup=measure,
                showlegend=column == 1,
                line={"color": paint.series[MEASURES.index(measure)], "dash": _DASHES[measure], "width": 3},
                marker={"symbol": _MARKS[measure], "size": 8},
                hoverinfo="text",
                hovertext=[
                    f"{plain(name)} · {count}<br>{exact(float(value))}"
                    for count, value in zip(line["k"], line["probability"], strict=True)
                ],
                row=1,
                col=column,
            )
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": -0.32, "yanchor": "top", "x": 0})
    step = max(1, int(table["k"].max()) // 8)
    title = translate(language, "measures.tokens_axis")
    figure.update_xaxes(**style.axis(paint, title=title, zeroline=False, tick0=0, dtick=step))
    figure.update_yaxes(**style.axis(paint, range=[0, 1.02], tickvals=[0, 0.25, 0.5, 0.75, 1]))
    figure.update_yaxes(title=translate(language, "figures.probability"), row=1, col=1)
    return figure


def _band(figure: go.Figure, rows: pd.DataFrame, paint: style.Theme, language: str, column: int) -> None:
    for bound, fill in (("low", None), ("high", "tonexty")):
        figure.add_scatter(
            x=rows["k"],
            y=rows[bound],
            mode="lines",
            line={"width": 0},
            fill=fill,
            fillcolor=f"rgba({','.join(str(int(paint.muted[i : i + 2], 16)) for i in (1, 3, 5))},0.3)",
            hoverinfo="skip",
            showlegend=False,
            row=1,
            col=column,
        )
    figure.add_scatter(
        x=rows["k"],
        y=rows["probability"],
        mode="lines",
        line={"color": paint.muted, "width": 2},
        name=plain(translate(language, "measures.random")),
        legendgroup="random",
        showlegend=column == 1,
        hoverinfo="text",
        hovertext=[exact(float(value)) for value in rows["probability"]],
        row=1,
        col=column,
    )
