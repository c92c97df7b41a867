"""A model's weights and the weights after surgery, side by side, with what lies between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from attnviz.analysis.compact import coded, largest, shrunk
from attnviz.figures import style
from attnviz.figures.escape import label, plain
from attnviz.figures.marks.bars import MOST, ROW, bars, bars_height, partly
from attnviz.figures.marks.cells import cells
from attnviz.figures.marks.names import across, down, plain_axis
from attnviz.figures.marks.panels import panels
from attnviz.figures.marks.scales import around, colour_bar, ends
from attnviz.figures.numbers import exact
from attnviz.figures.sentences import inks
from attnviz.i18n import translate
from attnviz.trace import Axis

#: Pixels.
MARGIN, SIDE = 120, 420

#: Beyond so many tokens cells travel in 8 bits and tell no exact numbers; beyond `LABELLED` some tokens are not named.
EXACT, LABELLED = 32, 24

#: Cells a side of a map of more tokens than `EXACT`, and the share of them that lie within its scale.
SMALL, WITHIN = 96, 0.98

#: Letters that fit above a panel.
TITLE = 30

Floats = NDArray[np.floating[Any]]


def changed_row(
    tokens: Sequence[str],
    own: Floats,
    edited: Floats,
    *,
    titles: Sequence[str] | None = None,
    most: int = MOST,
    axis: Axis | None = None,
    language: str = "en",
    theme: str = "light",
) -> go.Figure:
    """One row of weights: the model's own, the edited one, and edited minus own; or any two rows so titled.

    Args:
        tokens: One a key.
        own: The model's own weights, float `[key]`; NaN where there is no such token.
        edited: The weights after surgery, float `[key]`; NaN where a token is gone.
        titles: Of the three panels.
        most: Of more tokens those with the largest weights or differences are drawn, and the figure says so.
        axis: What the tokens stand on; of two sentences, each is named in its colour.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    Returns:
        Bars in three panels; the differences on a labelled scale with 0 in its middle. Hovering shows 9 significant
        digits.

    >>> figure = changed_row(["a", "cat"], np.array([0.75, 0.25]), np.array([0.5, 0.5]))
    >>> [float(value) for value in figure.data[2].x]
    [-0.25, 0.25]
    """
    paint = style.theme(theme)
    titles = list(titles or _titles(language))
    own, edited = (np.asarray(each, np.float64) for each in (own, edited))
    places = largest([own, edited, edited - own], most)
    colours = inks(axis, paint, [int(place) for place in places])
    left_out = partly(len(places), len(tokens), language)
    tokens, own, edited = [tokens[place] for place in places], own[places], edited[places]
    figure = panels(paint, _short(titles), height=bars_height(len(tokens)), spacing=0.04)
    difference = edited - own
    top = max(1.0, float(np.nanmax(edited, initial=0)))
    bound = float(np.nanmax(np.abs(difference), initial=0)) or 1.0
    signs = [paint.diverging[0] if value < 0 else paint.diverging[-1] for value in difference]
    weight = {"range": [0, top], **ends(0, top / 2, top)}
    drawn = ((own, paint.bar, weight), (edited, paint.accent, weight), (difference, signs, around(bound)))
    for column, ((values, colour, scale), title) in enumerate(zip(drawn, titles, strict=True), start=1):
        figure.add_trace(bars(tokens, values, title, colour), row=1, col=column)
        figure.update_xaxes(**style.axis(paint, **scale), row=1, col=column)
    figure.update_xaxes(title=left_out, row=1, col=1)
    figure.update_layout(bargap=0.25)
    figure.update_yaxes(**down(paint, tokens, inks=colours))
    return figure


def changed_map(
    queries: Sequence[str],
    keys: Sequence[str],
    own: Floats,
    edited: Floats,
    *,
    titles: Sequence[str] | None = None,
    axes: tuple[Axis, Axis] | None = None,
    language: str = "en",
    theme: str = "light",
) -> go.Figure:
    """All rows of one head: the model's own, the edited ones, and edited minus own; or of any two heads so titled.

    Args:
        queries: One a row.
        keys: One a column.
        own: The model's own weights, float `[query, key]`.
        edited: The weights after surgery, float `[query, key]`; NaN where a token is gone.
        titles: Of the three maps.
        axes: Of the queries and of the keys; tokens of two sentences stand in the colours of theirs.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    Returns:
        Three maps. The first two share one labelled scale from 0; the third has its own, the same length to both sides
        of 0, blue against orange. Beyond `EXACT` tokens the few largest cells lie beyond the end of a scale (its label
        says ≥), or none of the others could be seen.

    >>> own, edited = np.array([[0.75, 0.25]]), np.array([[0.5, 0.5]])
    >>> changed_map(["cat"], ["a", "cat"], own, edited).data[2].z.tolist()
    [[-0.25, 0.25]]
    """
    paint = style.theme(theme)
    titles = list(titles or _titles(language))
    side = max(SIDE, min(ROW * len(queries), 600))
    figure = panels(paint, _short(titles), height=side + 2 * MARGIN, spacing=0.03, below=110)
    maps = [np.asarray(each, np.float64) for each in (own, edited)]
    maps.append(maps[1] - maps[0])
    many = max(len(queries), len(keys)) > EXACT
    if many:
        maps = [_small(each) for each in maps]
    ends = [_end(maps[:2], many), _end(maps[2:], many)]
    step = len(keys) / maps[0].shape[1], len(queries) / maps[0].shape[0]
    for column, (values, title) in enumerate(zip(maps, titles, strict=True), start=1):
        signed = column == 3
        end, beyond = ends[signed]
        low = -end if signed else 0.0
        name = titles[2] if signed else translate(language, "figures.weight")
        figure.add_trace(
            cells(
                **(_coded(values, low, end, step) if many else _told(values, low, end, queries, keys, title)),
                ramp=paint.diverging if signed else paint.ramp,
                bar=_colour_bar(low, end, signed, name, many, beyond) if column > 1 else None,
            ),
            row=1,
            col=column,
        )
        names = across(paint, keys, every=-(-len(keys) // LABELLED), limit=12, inks=inks(axes and axes[1], paint))
        figure.update_xaxes(**names, row=1, col=column)
    colours = inks(axes and axes[0], paint)
    figure.update_yaxes(**down(paint, queries, every=-(-len(queries) // LABELLED), limit=12, inks=colours))
    figure.update_yaxes(title=translate(language, "figures.query_axis"), row=1, col=1)
    figure.update_xaxes(title=translate(language, "figures.key_axis"), row=1, col=2)
    return figure


def _titles(language: str) -> list[str]:
    return [translate(language, f"surgery.{each}") for each in ("own", "edited", "difference")]


def _short(titles: Sequence[str]) -> list[str]:
    """As they fit above a panel."""
    return [label(each, TITLE) for each in titles]


def _end(maps: Sequence[NDArray[np.float64]], many: bool) -> tuple[float, bool]:
    """Where a scale ends, and whether cells lie beyond."""
    sizes = np.abs(np.concatenate([each[np.isfinite(each)] for each in maps]))
    most = float(sizes.max(initial=0))
    end = float(np.quantile(sizes, WITHIN)) if many and sizes.size else most
    return (end, end < most) if end > 0 else (most or 1.0, False)


def _small(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A map of at most `SMALL` cells a side, each the one farthest from 0 of those it stands for."""
    plain_values = np.nan_to_num(values)
    high, low = shrunk(plain_values, SMALL), -shrunk(-plain_values, SMALL)
    return np.asarray(np.where(high >= -low, high, low), np.float64)


def _coded(values: NDArray[np.float64], low: float, high: float, step: tuple[float, float]) -> dict[str, Any]:
    """A map in 8 bits a cell."""
    return {"values": coded(np.clip((values - low) / (high - low), 0, 1)), "span": (0, 255), "stretch": step}


def _told(
    values: NDArray[np.float64], low: float, high: float, queries: Sequence[str], keys: Sequence[str], title: str
) -> dict[str, Any]:
    """A map with every number to hover over."""
    words = [
        [
            f"{plain(query)} → {plain(key)}<br>{plain(title)} {exact(float(value))}"
            for key, value in zip(keys, line, strict=True)
        ]
        for query, line in zip(queries, values, strict=True)
    ]
    return {"values": values, "span": (low, high), "hover": words, "gap": 1}


def _colour_bar(low: float, high: float, signed: bool, title: str, in_codes: bool, beyond: bool) -> dict[str, Any]:
    """Below its maps: that of the weights under the first two, that of the difference under the third."""
    marks = ends(low, (low + high) / 2, high)
    words = marks["ticktext"]
    if beyond:
        words[2] = f"≥ {words[2].removeprefix('≈ ')}"
        words[0] = f"≤ {words[0].removeprefix('≈ ')}" if signed else words[0]
    if in_codes:
        marks["tickvals"] = [(mark - low) / (high - low) * 255 for mark in marks["tickvals"]]
    below: dict[str, Any] = {
        "orientation": "h",
        "y": 0,
        "yref": "container",
        "yanchor": "bottom",
        "ticklabeloverflow": "allow",
    }
    below |= {"x": 0.84, "len": 0.24} if signed else {"x": 0.32, "len": 0.54}
    return colour_bar(label(title), marks, **below) | {"title": {"text": label(title), "side": "top"}}


def head_changes(values: Floats, *, language: str = "en", theme: str = "light") -> go.Figure:
    """How much each head's weights changed, layers down, heads across.

    Args:
        values: Mean over the queries of the total variation between own and edited weights, float `[layer, head]`.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    >>> head_changes(np.array([[0.0, 0.5]])).data[0].type
    'heatmap'
    """
    paint = style.theme(theme)
    layers, heads = values.shape
    most = float(np.nanmax(values, initial=0)) or 1.0
    words, head, layer = (translate(language, key) for key in ("surgery.changed", "figures.head", "figures.layer"))
    figure = go.Figure(
        cells(
            values,
            paint.ramp,
            (0, most),
            bar=colour_bar(words, ends(0, most)),
            hover=[
                [
                    f"{layer} {row + 1}, {head} {column + 1}<br>{exact(float(values[row, column]))}"
                    for column in range(heads)
                ]
                for row in range(layers)
            ],
            gap=2,
            first=(1, 1),
        )
    )
    figure.layout = {
        **style.layout(paint, height=max(220, MARGIN + 44 * layers)),
        "xaxis": plain_axis(paint, title=head, dtick=1),
        "yaxis": plain_axis(paint, title=layer, dtick=1, autorange="reversed"),
    }
    return figure
