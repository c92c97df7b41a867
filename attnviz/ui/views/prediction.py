"""The prediction, and what it would be without attention."""

from __future__ import annotations

import streamlit as st

from attnviz import figures
from attnviz.analysis import tables
from attnviz.figures import describe
from attnviz.ui import cache
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart


def render(context: Context) -> None:
    """Draw the view."""
    compare = []
    if context.selected is not None and context.pooling and not st.session_state.shuffle:
        st.checkbox(context.t("prediction.uniform"), key="compare_uniform", help=context.t("prediction.uniform_help"))
        if st.session_state.compare_uniform:
            compare = [(context.t("figures.uniform"), cache.uniform(context.card.name, context.selected.text))]
    figure = figures.prediction(
        context.trace, context.names, compare=compare, language=context.language, theme=context.theme
    )
    chart(
        context,
        "prediction",
        figure,
        describe.prediction(context.trace, context.names, context.language),
        lambda: tables.probabilities([context.trace, *(trace for _, trace in compare)], context.names),
    )
