"""All heads of all layers at a glance."""

from __future__ import annotations

import streamlit as st

from attnviz.figures import describe
from attnviz.ui import actions
from attnviz.ui.components.figure_tools import figure_tools
from attnviz.ui.components.maps import maps
from attnviz.ui.context import Context


def render(context: Context) -> None:
    """Draw the view."""
    block = context.trace.block(context.focus.block)
    st.caption(context.t("overview.text"))
    with st.container(key="chart-overview"):
        maps(context, block, context.focus, context.state.scale, actions.head_chosen)
    alt = describe.grid(context.trace, context.focus, context.language)
    figure_tools(context, "chart-overview", f"attnviz-{context.card.name}-overview", alt)
