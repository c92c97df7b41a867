"""The choice of what is compared with: the other sentence, model or step of the training, and which row of it."""

from __future__ import annotations

import streamlit as st

from attnviz.analysis.focus import focus
from attnviz.figures import describe
from attnviz.figures.learning import step_name
from attnviz.ui.context import Context
from attnviz.ui.views.compare_sides import Side, kinds, matching, models, others, title, training
from attnviz.ui.views.learning_sentence import choose_sentence


def choose_kind(context: Context) -> None:
    """Another sentence, model, head or training step."""
    offered = kinds(context)
    if offered:
        st.segmented_control(
            context.t("compare.against"),
            offered,
            format_func=lambda kind: context.t(f"compare.{kind}"),
            key="against",
            required=True,
        )
    with st.container(gap=None):
        for kind, why in (("sentence", "one_sentence"), ("step", "no_steps")):
            if kind not in offered and (kind != "sentence" or context.card.takes == "text"):
                st.caption(context.t(f"compare.{why}"))


def choose_steps(context: Context) -> None:
    """Which recorded sentence, and which steps of the training.

    Raises:
        AttnvizError: The looks at the training cannot be read.
    """
    learned = training(context)
    choose_sentence(context, learned)
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


def choose_row(context: Context, b: Side) -> None:
    """Layer and head of B, where they are not those of A, and its query."""
    against = context.state.against
    layers, heads, _, _ = b.block.shape
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        for key, count in (("layer", layers), ("head", heads)):
            if against in ("model", "head") and layers * heads > 1:
                st.segmented_control(
                    context.t("compare.of_b", what=context.t(f"figures.{key}")),
                    list(range(count)),
                    format_func=lambda index: str(index + 1),
                    key=f"{key}2",
                    required=True,
                    width="content",
                )
        if against in ("sentence", "language", "model") and len(b.block.query) > 1:
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
