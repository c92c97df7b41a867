"""One cell, taken apart: q, k and v of one head, q·k, ÷ √d, softmax, weights · v; every number the model's own."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import streamlit as st

from attnviz import figures
from attnviz.analysis import cell, tables
from attnviz.figures import describe
from attnviz.figures.numbers import approx
from attnviz.ui import cache
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart, data_table
from attnviz.ui.controls.head import choose_head
from attnviz.ui.words import literal


def render(context: Context) -> None:
    """Draw the view."""
    choose_head(context)
    if context.selected is None:
        return
    focus = context.focus
    keys = focus.keys(context.trace).tokens
    query = context.trace.block(focus.block).query.tokens[focus.query]
    steps = cache.explain(context.card.name, context.selected.text, focus)
    if "query" not in steps:
        st.info(context.t("cell.scores_only"))
        return
    features = len(steps["query"])

    st.subheader(context.t("cell.vectors"), anchor=False)
    st.markdown(context.t("cell.vectors_text"))
    st.latex(r"q = x_i W_Q \qquad k_j = x_j W_K \qquad v_j = x_j W_V")
    for name, values, rows in (
        ("query", steps["query"][None], [query]),
        ("key", steps["key"], keys),
        ("value", steps["value"], keys),
    ):
        figure = figures.matrix(
            values,
            rows,
            column_title=context.t(f"cell.{name}"),
            language=context.language,
            theme=context.theme,
        )
        alt = context.t("alt.matrix", rows=len(values), columns=features)
        chart(context, f"cell-{name}", figure, alt, partial(tables.matrix, values, rows, ""))

    st.subheader(context.t("cell.softmax"), anchor=False)
    st.latex(r"s_j = \frac{q \cdot k_j}{\sqrt{d}} \qquad a_j = \frac{e^{s_j - \max s}}{\sum_m e^{s_m - \max s}}")
    st.markdown(context.t("cell.softmax_text", d=features, root=literal(approx(math.sqrt(features)))))
    data_table(cell.row(steps, keys), "cell-softmax", context)

    _why_the_root(context, features)
    data_table(cell.saturation(steps, _divisors(features)), "cell-saturation", context)

    st.subheader(context.t("cell.context"), anchor=False)
    st.latex(r"c = \sum_j a_j \, v_j")
    stacked = np.concatenate([steps["value"] * steps["weights"][:, None], steps["context"][None]])
    figure = figures.matrix(
        stacked,
        [*keys, context.t("steps.sum_row")],
        column_title=context.t("cell.context_axis"),
        language=context.language,
        theme=context.theme,
    )
    chart(
        context,
        "cell-context",
        figure,
        describe.row(context.trace, focus, context.language),
        lambda: tables.matrix(stacked, [*keys, context.t("steps.sum_row")], "c"),
    )


def _why_the_root(context: Context, features: int) -> None:
    layers, heads, queries, keys = context.trace.block(context.focus.block).shape
    st.subheader(context.t("cell.root"), anchor=False)
    st.markdown(context.t("cell.root_text", d=features))
    st.caption(context.t("cell.cost", n=keys, cells=f"{queries * keys:,}", all=f"{layers * heads * queries * keys:,}"))


def _divisors(features: int) -> list[float]:
    root = math.sqrt(features)
    return sorted({root / 8, root / 4, root / 2, root, 2 * root, 4 * root})
