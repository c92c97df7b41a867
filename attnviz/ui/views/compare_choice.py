"""The choice of what is compared with: the other sentence or model, and which row of it."""

from __future__ import annotations

import streamlit as st

from attnviz.analysis.focus import focus
from attnviz.ui import cache, state
from attnviz.ui.context import Context
from attnviz.ui.views.compare_sides import Side, kinds, matching, models, others, title


def choose_kind(context: Context) -> None:
    """Another sentence, another model or another head."""
    offered = kinds(context)
    if offered:
        st.segmented_control(
            context.t("compare.against"),
            offered,
            format_func=lambda kind: context.t(f"compare.{kind}"),
            key="against",
            required=True,
            on_change=state.compared_changed,
        )
    if "sentence" not in offered:
        st.caption(context.t("compare.one_sentence"))


def choose_other(context: Context) -> None:
    """Which sentence or model."""
    session = st.session_state
    if session.against == "sentence":
        texts = {row.number: row.text for row in others(context)}
        st.selectbox(
            context.t("compare.which_sentence"),
            list(texts),
            format_func=lambda number: f"{number} · {texts[number][:80]}",
            key="sentence2",
            on_change=state.compared_changed,
        )
    elif session.against == "model":
        st.selectbox(
            context.t("compare.which_model"),
            models(context),
            format_func=lambda name: title(context, cache.card(name)),
            key="model2",
            on_change=state.compared_changed,
            width=340,
        )


def choose_row(context: Context, b: Side) -> None:
    """Layer and head of B, where they are not those of A, and its query."""
    against = st.session_state.against
    layers, heads, _, _ = b.block.shape
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        for key, count in (("layer", layers), ("head", heads)):
            if against != "sentence" and layers * heads > 1:
                st.segmented_control(
                    context.t("compare.of_b", what=context.t(f"figures.{key}")),
                    list(range(count)),
                    format_func=lambda index: str(index + 1),
                    key=f"{key}2",
                    required=True,
                    width="content",
                )
        if against != "head" and len(b.block.query) > 1:
            _choose_query(context, b)


def _choose_query(context: Context, b: Side) -> None:
    """Whose row of B; the one that stands for A's follows A."""
    tokens = b.block.query.tokens
    found = matching(context, b.trace, b.focus.block)
    if found is None:
        first = focus(b.trace, b.focus.layer, b.focus.head, None, b.focus.block).query
        follows = context.t("compare.unmatched", token=tokens[first])
    else:
        follows = context.t("compare.matching", token=tokens[found])
    st.selectbox(
        context.t("compare.of_b", what=context.t("controls.query")),
        range(-1, len(tokens)),
        format_func=lambda place: f"{place + 1} · {tokens[place]}" if place >= 0 else follows,
        key="query2",
        width=300,
    )
