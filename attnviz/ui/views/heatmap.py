"""Weights as a heatmap, sentences × tokens."""

from __future__ import annotations

import streamlit as st

from attnviz import figures
from attnviz.analysis import tables
from attnviz.figures import describe
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart
from attnviz.ui.controls.zoom import zoom


def render(context: Context) -> None:
    """Draw the view."""
    if context.selected is not None:
        with st.container(key="place", horizontal=True, vertical_alignment="center", gap="medium"):
            zoom(context, "heatmap")
    traces = tuple(context.traces)
    chosen = tuple(context.focus_of(trace) for trace in traces)
    look = {"scale": context.state.scale, "language": context.language, "theme": context.theme}
    figure = context.desk.figure(figures.heatmap, traces, chosen, **look)
    chart(
        context,
        "heatmap",
        figure,
        describe.many(traces, context.language),
        lambda: tables.weights(traces, chosen=chosen),
    )
