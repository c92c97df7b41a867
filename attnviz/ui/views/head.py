"""One head: every query against every key, and the row that is looked at beside the mean over all rows.

Another head or query runs this view alone first, so that its map is there before the rest of the page follows it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from attnviz import figures
from attnviz.figures import describe
from attnviz.figures.head import SIGNED, WRITTEN, choosable
from attnviz.figures.numbers import approx
from attnviz.ui import actions
from attnviz.ui.components.figure_tools import figure_tools
from attnviz.ui.components.matrix import matrix
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart, numbers
from attnviz.ui.controls.head import alone, choose_head
from attnviz.ui.words import literal


def render(context: Context) -> None:
    """Draw the view."""
    alone(context, _draw)


def _draw(context: Context) -> None:
    above, below = st.container(), st.container()
    with below:
        _map(context)
        st.write(literal(_beside_the_mean(context)))
    # Sent after the map, which the browser so draws before all else.
    with above:
        choose_head(context, level="head")


def _map(context: Context) -> None:
    focus, trace = context.focus, context.trace
    block = trace.block(focus.block)
    scale, alt = context.state.scale, describe.row(trace, focus, context.language)

    def table() -> pd.DataFrame:
        return trace.to_frame(block.name, focus.layer, focus.head)

    if max(block.shape[2:]) > WRITTEN:
        _painted(context, alt, table)
        return
    figure = figures.head(trace, focus, scale=scale, language=context.language, theme=context.theme)
    rows = range(len(block.query)) if block.parts is None else [group[0] for group in block.parts[0]]
    chart(context, "head", choosable(figure, rows), alt, table, actions.query_chosen)


def _painted(context: Context, alt: str, table: Callable[[], pd.DataFrame]) -> None:
    """Cells too small for numbers: Plotly would take most of the time to draw them."""
    if context.edited:
        alt = f"{context.t('surgery.marked')} {alt}"
    with st.container(key="chart-head"):
        matrix(context, context.state.scale, alt, actions.cell_chosen)
    if max(context.trace.block(context.focus.block).shape[2:]) > SIGNED:
        st.caption(context.t("head.large"))
    figure_tools(context, "chart-head", f"attnviz-{context.card.name}-head", alt)
    numbers(context, "head", table)


def _beside_the_mean(context: Context) -> str:
    """The strongest key of the row, and how strong it is for the other queries: a head may always look there."""
    focus = context.focus
    block = context.trace.block(focus.block)
    weights = block.weights[focus.layer, focus.head]
    key = int(np.argmax(weights[focus.query]))
    largest = int((weights.argmax(axis=-1) == key).sum())
    return context.t(
        "head.beside_mean",
        query=block.query.tokens[focus.query],
        key=block.key.tokens[key],
        weight=approx(float(weights[focus.query, key])),
        mean=approx(float(weights[:, key].mean())),
        largest=largest,
        queries=len(weights),
    )
