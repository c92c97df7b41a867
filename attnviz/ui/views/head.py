"""One head: every query against every key, and the row that is looked at beside the mean over all rows."""

from __future__ import annotations

import numpy as np
import streamlit as st

from attnviz import figures
from attnviz.figures import describe
from attnviz.figures.head import SIGNED, choosable
from attnviz.figures.numbers import approx
from attnviz.ui import state
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart
from attnviz.ui.controls.head import choose_head
from attnviz.ui.words import literal


def render(context: Context) -> None:
    """Draw the view."""
    choose_head(context)
    focus, trace = context.focus, context.trace
    block = trace.block(focus.block)
    figure = figures.head(trace, focus, scale=st.session_state.scale, language=context.language, theme=context.theme)
    rows = range(len(block.query)) if block.parts is None else [group[0] for group in block.parts[0]]
    st.write(literal(_beside_the_mean(context)))
    if max(block.shape[2:]) > SIGNED:
        st.caption(context.t("head.large"))
    chart(
        context,
        "head",
        choosable(figure, rows),
        describe.row(trace, focus, context.language),
        lambda: trace.to_frame(block.name, focus.layer, focus.head),
        state.query_chosen,
    )


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
