"""The choice of what is compared with: the other sentence, model or step of the training, and which row of it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from attnviz.analysis.focus import focus
from attnviz.figures import describe
from attnviz.figures.learning import step_name
from attnviz.trace import AttentionBlock
from attnviz.ui.context import Context
from attnviz.ui.controls.head import choose_numbered, choose_query
from attnviz.ui.views.compare_sides import Side, kinds, matching, models, others, title, training

#: Of one side, in one line with the other's where there is room.
_BESIDE: dict[str, Any] = {"horizontal": True, "vertical_alignment": "center", "gap": "small", "width": "content"}


def choose_kind(context: Context) -> None:
    """Another sentence, model, head or training step."""
    st.segmented_control(
        context.t("compare.against"),
        kinds(context),
        format_func=lambda kind: context.t(f"compare.{kind}"),
        key="against",
        required=True,
        width="content",
    )


def say_what_is_not(context: Context) -> None:
    """What cannot be compared with here, and what would make it so."""
    offered = kinds(context)
    with st.container(gap=None):
        for kind, why in (("sentence", "one_sentence"), ("step", "no_steps")):
            if kind not in offered and (kind != "sentence" or context.card.takes == "text"):
                st.caption(context.t(f"compare.{why}"))


def choose_steps(context: Context) -> None:
    """Which steps of the training.

    Raises:
        AttnvizError: The looks at the training cannot be read.
    """
    learned = training(context)
    for column, letter, key in zip(st.columns(2, gap="small"), "AB", ("look1", "look2"), strict=True):
        column.select_slider(
            context.t("compare.which_step", letter=letter),
            list(range(len(learned.steps))),
            format_func=lambda look: step_name(learned.steps, look, context.language),
            key=key,
        )


def choose_other(context: Context) -> None:
    """Which sentence or model."""
    against = context.state.against
    if against == "sentence":
        texts = {
            row.number: row.text if row.trace is None else describe.source(row.trace, context.language)
            for row in others(context)
        }
        st.selectbox(
            context.t("compare.which_sentence"),
            list(texts),
            format_func=lambda number: f"{number} · {texts[number][:80]}",
            key="sentence2",
        )
    elif against == "model":
        st.selectbox(
            context.t("compare.which_model"),
            models(context),
            format_func=lambda name: title(context, context.desk.card(name)),
            key="model2",
            width=340,
        )


def choose_rows(context: Context, b: Side | None) -> None:
    """Layer, head and query of A and, where they are not those of A, of B.

    Args:
        context: The page.
        b: None where B has no row.
    """
    heads = context.state.against == "head"
    with st.container(key="compare-rows", horizontal=True, vertical_alignment="center", gap="medium"):
        if not context.pooling:
            with st.container(key="compare-a", **_BESIDE):
                _choose_numbered(context, "A", context.trace.block(context.focus.block), "")
                if not heads:  # of two heads both have one query
                    choose_query(context, short=True)
        if b is None or context.state.against == "step":
            return
        own_head = context.state.against in ("model", "head") and b.block.shape[0] * b.block.shape[1] > 1
        own_query = not heads and len(b.block.query) > 1
        if own_head or own_query:
            with st.container(key="compare-b", **_BESIDE):
                if own_head:
                    _choose_numbered(context, "B", b.block, "2")
                if own_query:
                    _choose_query(context, b)


def _choose_numbered(context: Context, letter: str, block: AttentionBlock, of: str) -> None:
    choose_numbered(
        block, ("layer", "head"), lambda key: context.t("compare.of", letter=letter, what=context.t(key)), of
    )


def _choose_query(context: Context, b: Side) -> None:
    """Whose row of B; the one that stands for A's follows A."""
    tokens, query = b.block.query.tokens, context.t("terms.query")
    found = matching(context, b.trace, b.focus.block)
    if found is None:
        first = focus(b.trace, b.focus.layer, b.focus.head, None, b.focus.block).query
        follows = context.t("compare.unmatched", token=tokens[first])
    else:
        follows = context.t("compare.matching", token=tokens[found])
    st.selectbox(
        context.t("compare.of", letter="B", what=context.t("controls.query")),
        range(-1, len(tokens)),
        format_func=lambda place: f"{query} {place + 1} · {tokens[place]}" if place >= 0 else f"{query} {follows}",
        key="query2",
        label_visibility="collapsed",
        width=220,
    )
