"""The prediction, and what it would be without attention."""

from __future__ import annotations

import streamlit as st

from attnviz import figures
from attnviz.analysis import tables
from attnviz.figures import describe
from attnviz.trace import AttentionTrace
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart


def render(context: Context) -> None:
    """Draw the view."""
    compare: tuple[tuple[str, AttentionTrace], ...] = ()
    if context.selected is not None and context.pooling and not context.state.shuffle:
        words, why = context.t("prediction.uniform"), context.t("prediction.uniform_help")
        if st.checkbox(words, key="compare_uniform", help=why):
            compare = ((context.t("figures.uniform"), context.desk.uniform(context.selected.text)),)
    look = {"compare": compare, "language": context.language, "theme": context.theme}
    figure = context.desk.figure(figures.prediction, context.trace, tuple(context.names), **look)
    chart(
        context,
        "prediction",
        figure,
        describe.prediction(context.trace, context.names, context.language),
        lambda: tables.probabilities([context.trace, *(trace for _, trace in compare)], context.names),
    )
