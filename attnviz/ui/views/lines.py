"""Queries and keys joined by lines."""

from __future__ import annotations

import streamlit as st

from attnviz.figures import describe
from attnviz.ui.components.figure_tools import figure_tools
from attnviz.ui.components.lines import lines
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import numbers
from attnviz.ui.controls.head import choose_head


def render(context: Context) -> None:
    """Draw the view."""
    choose_head(context, level="lines")
    focus, trace = context.focus, context.trace
    block = trace.block(focus.block)
    alt = describe.row(trace, focus, context.language)
    with st.container(key="chart-lines"):
        lines(context, block, focus.layer, focus.head, alt)
    figure_tools(context, "chart-lines", f"attnviz-{context.card.name}-lines", alt)
    numbers(context, "lines", lambda: trace.to_frame(block.name, focus.layer, focus.head))
