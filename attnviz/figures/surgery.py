"""A model's weights and the weights after surgery, side by side, with what lies between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from attnviz.analysis.compact import coded, shrunk
from attnviz.figures import style
from attnviz.figures.escape import label, plain
from attnviz.figures.numbers import approx, exact
from attnviz.i18n import translate

#: Pixels.
ROW_HEIGHT, MARGIN, SIDE = 34, 120, 420

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
    language: str = "en",
    theme: str = "light",
) -> go.Figure:
    """One row of weights: the model's own, the edited one, and edited minus own; or any two rows so titled.

    Args:
        tokens: One a key.
        own: The model's own weights, float `[key]`; NaN where there is no such token.
        edited: The weights after surgery, float `[key]`; NaN where a token is gone.
        titles: Of the three panels.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    Returns:
        Bars in three panels; the differences on a labelled scale with 0 in its middle. Hovering shows 9 significant
        digits.
    """
    look = style.theme(theme)
    titles = list(titles or _titles(language))
    figure = make_subplots(rows=1, cols=3, shared_yaxes=True, subplot_titles=_short(titles), horizontal_spacing=0.04)
    difference = np.asarray(edited, np.float64) - np.asarray(own, np.float64)
    most = max(1.0, float(np.nanmax(edited, initial=0)))
    bound = float(np.nanmax(np.abs(difference), initial=0)) or 1.0
    places = list(range(len(tokens)))
    drawn = ((own, look.bar), (edited, look.accent), (difference, None))
    for column, ((values, colour), title) in enumerate(zip(drawn, titles, strict=True), start=1):
        signs = [look.diverging[0] if value < 0 else look.diverging[-1] for value in values]
        figure.add_bar(
            x=[None if np.isnan(value) else float(value) for value in values],
            y=places,
            orientation="h",
            marker={"color": colour or signs},
            hoverinfo="text",
            hovertext=[
                f"{plain(token)}<br>{plain(title)} {exact(float(value))}"
                for token, value in zip(tokens, values, strict=True)
            ],
            row=1,
            col=column,
        )
        scale = {
            "range": [0, most],
            "tickvals": [0, most / 2, most],
            "ticktext": ["0", approx(most / 2, 2), approx(most, 2)],
        }
        if colour is None:
            scale = {"range": [-1.1 * bound, 1.1 * bound], "tickvals": [-bound, 0, bound]}
            scale["ticktext"] = [approx(-bound, 2), "0", approx(bound, 2)]
        figure.update_xaxes(**style.axis(look, **scale), row=1, col=column)
    figure.update_layout(
        **{**style.layout(look, height=MARGIN + ROW_HEIGHT * len(places)), "margin": {"l": 8, "r": 8, "t": 44, "b": 8}},
        bargap=0.25,
    )
    figure.update_yaxes(
        **style.axis(look, autorange="reversed", showgrid=False, zeroline=False, tickvals=places),
        ticktext=[label(token) for token in tokens],
    )
    figure.update_annotations(font={"size": style.FONT_SIZE, "color": look.text})
    return figure


def changed_map(
    queries: Sequence[str],
    keys: Sequence[str],
    own: Floats,
    edited: Floats,
    *,
    titles: Sequence[str] | None = None,
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
        language: Of the words on the chart.
        theme: `light` or `dark`.

    Returns:
        Three maps. The first two share one labelled scale from 0; the third has its own, the same length to both sides
        of 0, blue against orange. Beyond `EXACT` tokens the few largest cells lie beyond the end of a scale (its label
        says ≥), or none of the others could be seen.
    """
    look = style.theme(theme)
    titles = list(titles or _titles(language))
    figure = make_subplots(rows=1, cols=3, shared_yaxes=True, subplot_titles=_short(titles), horizontal_spacing=0.03)
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
        figure.add_trace(
            go.Heatmap(
                **(_coded(values, low, end, step) if many else _told(values, low, end, queries, keys, title)),
                colorscale=style.colour_scale(look.diverging if signed else look.ramp),
                hoverongaps=False,
                showscale=column > 1,
                colorbar=_colour_bar(
                    low, end, signed, titles[2] if signed else translate(language, "figures.weight"), many, beyond
                ),
            ),
            row=1,
            col=column,
        )
        figure.update_xaxes(**_axis(look, keys), row=1, col=column)
    figure.update_yaxes(**_axis(look, queries), autorange="reversed")
    figure.update_yaxes(title=translate(language, "figures.query_axis"), row=1, col=1)
    figure.update_xaxes(title=translate(language, "figures.key_axis"), row=1, col=2)
    side = max(SIDE, min(ROW_HEIGHT * len(queries), 600))
    figure.update_layout(
        **{**style.layout(look, height=side + 2 * MARGIN), "margin": {"l": 8, "r": 8, "t": 44, "b": 110}},
    )
    figure.update_annotations(font={"size": style.FONT_SIZE, "color": look.text})
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
    codes = coded(np.clip((values - low) / (high - low), 0, 1))
    places = {"x0": (step[0] - 1) / 2, "dx": step[0], "y0": (step[1] - 1) / 2, "dy": step[1]}
    return {"z": codes, "zmin": 0, "zmax": 255, "hoverinfo": "skip", **places}


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
    return {"z": values, "zmin": low, "zmax": high, "hoverinfo": "text", "hovertext": words, "xgap": 1, "ygap": 1}


def _colour_bar(low: float, high: float, signed: bool, title: str, in_codes: bool, beyond: bool) -> dict[str, Any]:
    """Below its maps: that of the weights under the first two, that of the difference under the third."""
    marks = [low, (low + high) / 2, high]
    words = ["0" if mark == 0 else approx(mark, 2) for mark in marks]
    if beyond:
        words[2] = f"≥ {words[2].removeprefix('≈ ')}"
        words[0] = f"≤ {words[0].removeprefix('≈ ')}" if signed else words[0]
    return {
        "orientation": "h",
        "x": 0.84 if signed else 0.32,
        "len": 0.24 if signed else 0.54,
        "ticklabeloverflow": "allow",
        "y": 0,
        "yref": "container",
        "yanchor": "bottom",
        "thickness": 14,
        "outlinewidth": 1,
        "tickvals": [(mark - low) / (high - low) * 255 for mark in marks] if in_codes else marks,
        "ticktext": words,
        "title": {"text": label(title), "side": "top"},
    }


def _axis(look: style.Theme, tokens: Sequence[str]) -> dict[str, Any]:
    step = -(-len(tokens) // LABELLED)
    shown = list(range(0, len(tokens), step))
    return style.axis(
        look, showgrid=False, zeroline=False, tickvals=shown, ticktext=[label(tokens[place], 12) for place in shown]
    )


def head_changes(values: Floats, *, language: str = "en", theme: str = "light") -> go.Figure:
    """How much each head's weights changed, layers down, heads across.

    Args:
        values: Mean over the queries of the total variation between own and edited weights, float `[layer, head]`.
        language: Of the words on the chart.
        theme: `light` or `dark`.
    """
    look = style.theme(theme)
    layers, heads = values.shape
    most = float(np.nanmax(values, initial=0)) or 1.0
    words, head, layer = (translate(language, key) for key in ("surgery.changed", "figures.head", "figures.layer"))
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=list(range(1, heads + 1)),
            y=list(range(1, layers + 1)),
            zmin=0,
            zmax=most,
            xgap=2,
            ygap=2,
            colorscale=style.colour_scale(look.ramp),
            hoverinfo="text",
            hovertext=[
                [
                    f"{layer} {row + 1}, {head} {column + 1}<br>{exact(float(values[row, column]))}"
                    for column in range(heads)
                ]
                for row in range(layers)
            ],
            colorbar={
                "title": {"text": words, "side": "right"},
                "tickvals": [0, most],
                "ticktext": ["0", approx(most, 2)],
                "thickness": 16,
                "outlinewidth": 1,
            },
        )
    )
    figure.layout = {
        **style.layout(look, height=max(220, MARGIN + 44 * layers)),
        "xaxis": style.axis(look, showgrid=False, zeroline=False, title=head, dtick=1),
        "yaxis": style.axis(look, showgrid=False, zeroline=False, title=layer, dtick=1, autorange="reversed"),
    }
    return figure
