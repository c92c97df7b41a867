"""The choice of layer, head and query."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from attnviz.ui.context import Context


def choose_head(context: Context, parts: Collection[str] = ("layer", "head", "query")) -> None:
    """Draw the choice; what is chosen stands in the session's `layer`, `head` and `query` (the model's position).

    Args:
        context: The page.
        parts: What can be chosen.
    """
    block = context.trace.block(context.focus.block)
    layers, heads, _, _ = block.shape
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        for key, count in (("layer", layers), ("head", heads)):
            if key not in parts:
                continue
            st.segmented_control(
                context.t(f"figures.{key}"),
                list(range(count)),
                format_func=lambda index: str(index + 1),
                key=key,
                required=True,
                width="content",
            )
        if "query" not in parts:
            return
        own = {index: index for index in range(len(block.query))}
        if block.parts is not None:
            own = {group[0]: index for index, group in enumerate(block.parts[0])}
        st.selectbox(
            context.t("controls.query"),
            list(own),
            format_func=lambda place: f"{own[place] + 1} · {block.query.tokens[own[place]]}",
            key="query",
            width=260,
        )
