"""All heads of all layers at a glance."""

from __future__ import annotations

from functools import partial

import streamlit as st

from attnviz.analysis.heads.roles import heads
from attnviz.figures import describe
from attnviz.figures.numbers import percent
from attnviz.trace import AttentionBlock
from attnviz.ui import actions
from attnviz.ui.components.figure_tools import figure_tools
from attnviz.ui.components.maps import maps
from attnviz.ui.context import Context
from attnviz.ui.controls.told import told
from attnviz.ui.fields import Field
from attnviz.ui.typical import typical

#: What heads are found by: shares of their weight, as `analysis.heads.roles` has them.
ROLES = ("previous", "same", "first", "next", "copy", "induction")

#: How many are shown.
FOUND = 4

FIELDS = (Field("role", ROLES, ROLES[0]),)


def render(context: Context) -> None:
    """Draw the view."""
    block = context.trace.block(context.focus.block)
    told(context, "overview", context.t("overview.text"))
    with st.container(key="chart-overview"):
        maps(context, block, context.focus, context.state.scale, actions.head_chosen)
    if block.kind in ("self", "causal") and block.shape[0] * block.shape[1] > 1:
        _find(context, context.whole.block(block.name))
        typical(context, context.state.role)
    alt = describe.grid(context.trace, context.focus, context.language)
    figure_tools(context, "chart-overview", f"attnviz-{context.card.name}-overview", alt)


def _find(context: Context, block: AttentionBlock) -> None:
    """The heads that do most of one thing on this text, each to be opened."""
    table = heads(block)
    with st.container(key="find-head", horizontal=True, vertical_alignment="center", gap="small"):
        st.selectbox(
            context.t("overview.find"),
            ROLES,
            key="role",
            format_func=lambda role: context.t(f"columns.{role}"),
            help=context.t("overview.find_help"),
            width=520,
        )
        best = table.dropna(subset=[context.state.role]).nlargest(FOUND, context.state.role)
        for layer, head, share in best[["layer", "head", context.state.role]].itertuples(index=False):
            name = context.t("writing.head", layer=int(layer), head=int(head))
            st.button(
                f"{name} · {percent(float(share))}",
                key=f"found-{int(layer)}-{int(head)}",
                on_click=partial(actions.open_head, int(layer) - 1, int(head) - 1),
            )
        if best.empty:
            st.caption(context.t("overview.none"))
