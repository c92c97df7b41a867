"""The choice of layer, head and query."""

from __future__ import annotations

import streamlit as st

from attnviz.ui.context import Context


def choose_head(context: Context) -> None:
    """Draw the choice; what is chosen stands in the session's `layer`, `head` and `query`."""
    block = context.trace.block(context.focus.block)
    layers, heads, _, _ = block.shape
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        for key, count in (("layer", layers), ("head", heads)):
            st.segmented_control(
                context.t(f"figures.{key}"),
                list(range(count)),
                format_func=lambda index: str(index + 1),
                key=key,
                required=True,
                width="content",
            )
        st.selectbox(
            context.t("controls.query"),
            list(range(len(block.query))),
            format_func=lambda index: f"{index + 1} · {block.query.tokens[index]}",
            key="query",
            width=260,
        )
