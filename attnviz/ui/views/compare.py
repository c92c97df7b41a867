"""Two rows of weights side by side: of two sentences, two models or two heads, and what each answers."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from attnviz import figures
from attnviz.analysis import comparisons, tables
from attnviz.analysis.comparisons import Rows
from attnviz.errors import AttnvizError
from attnviz.figures import describe
from attnviz.figures.numbers import approx
from attnviz.figures.surgery import EXACT
from attnviz.ui import cache, state
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart
from attnviz.ui.controls.head import choose_head
from attnviz.ui.views.compare_answers import draw_answers
from attnviz.ui.views.compare_sides import Side, choose, choose_row, kinds, settle, side_a, side_b, title
from attnviz.ui.words import literal

__all__ = ["render", "settle"]

Floats = NDArray[np.float64]


def render(context: Context) -> None:
    """Draw the view."""
    if context.selected is None:
        return
    session = st.session_state
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
    if not offered:
        return
    if not context.pooling:
        choose_head(context)
    choose(context)
    try:
        b = side_b(context)
    except AttnvizError as error:
        name = title(context, cache.card(session.model2))
        st.error(literal(context.t("compare.failed", name=name, reason=error.message(context.language))))
        return
    if b is None:
        st.info(literal(context.t("compare.no_row", name=title(context, cache.card(session.model2)))))
        return
    choose_row(context, b)
    a = side_a(context)
    _named(context, a, b)
    _rows(context, a, b)
    if session.against == "head":
        _maps(context, a, b)
        st.caption(context.t("compare.one_run"))
    else:
        st.subheader(context.t("compare.answers"), anchor=False)
        draw_answers(context, a, b)
    st.caption(context.t("compare.honest"))
    st.caption(context.t(f"compare.honest_{session.against}"))


def _named(context: Context, a: Side, b: Side) -> None:
    """Which two rows, in full; and what the reader should know of the other model's run."""
    with st.container(gap=None):
        for side in (a, b):
            block = side.trace.block(side.focus.block)
            query = context.t("compare.pooling_row")
            if block.kind != "pooling":
                row = {"layer": side.focus.layer + 1, "head": side.focus.head + 1}
                query = context.t("alt.row", **row, query=block.query.tokens[side.focus.query])
            said = context.t(
                "compare.side",
                letter=side.letter,
                model=title(context, side.card),
                text=side.trace.text[:120],
                row=query,
            )
            several = "" if len(side.trace.blocks) < 2 else f" ({block.name})"
            st.markdown(literal(f"{said}{several}"))
    if st.session_state.special != "show" or st.session_state.pieces != "pieces":
        st.caption(context.t("compare.all_tokens"))
    if st.session_state.against == "model":
        for notice in b.trace.notices:
            st.caption(f":material/info: B: {literal(notice.message(context.language))}")


def _names(context: Context, found: Rows) -> list[str]:
    """The tokens of each pair, and on which side alone they are."""
    names = []
    for mine, theirs in zip(found.tokens(0), found.tokens(1), strict=True):
        if mine and theirs:
            names.append(mine if mine == theirs else f"{mine} | {theirs}")
        else:
            names.append(context.t("compare.only", token=mine or theirs, side="A" if mine else "B"))
    return names


def _rows(context: Context, a: Side, b: Side) -> None:
    """Both rows and their difference."""
    found = comparisons.rows(a.trace, a.focus, b.trace, b.focus)
    names, difference = _names(context, found), found.difference
    both = np.isfinite(difference)
    order = np.argsort(-np.abs(np.where(both, difference, 0)), kind="stable")[: describe.NAMED]
    items = [f"{names[place]} {approx(float(difference[place]))}" for place in order if both[place]]
    words = context.t(
        "compare.divergence",
        value=approx(found.divergence),
        both=int(both.sum()),
        a=int(np.isnan(found.second).sum()),
        b=int(np.isnan(found.first).sum()),
    )
    chart(
        context,
        "compare-row",
        figures.changed_row(
            names,
            found.first,
            found.second,
            titles=(a.title, b.title, "B − A"),
            language=context.language,
            theme=context.theme,
        ),
        context.t(
            "compare.alt",
            a=a.name,
            b=b.name,
            changes=context.t("alt.separator").join(items) or context.t("surgery.alt_none"),
            divergence=words,
        ),
        found.table,
    )
    st.markdown(literal(words))


def _maps(context: Context, a: Side, b: Side) -> None:
    """All rows of both heads."""
    block = a.trace.block(a.focus.block)
    if len(block.query) < 2:
        return
    first, second = (block.weights[side.focus.layer, side.focus.head].astype(np.float64) for side in (a, b))
    st.subheader(context.t("compare.maps"), anchor=False)
    if max(first.shape) > EXACT:
        st.caption(context.t("surgery.many"))
    largest = np.unravel_index(int(np.argmax(np.abs(second - first))), first.shape)
    chart(
        context,
        "compare-head",
        figures.changed_map(
            block.query.tokens,
            block.key.tokens,
            first,
            second,
            titles=(a.title, b.title, "B − A"),
            language=context.language,
            theme=context.theme,
        ),
        context.t(
            "compare.alt_maps",
            a=a.name,
            b=b.name,
            query=block.query.tokens[int(largest[0])],
            key=block.key.tokens[int(largest[1])],
            value=approx(float((second - first)[largest])),
        ),
        lambda: tables.cells(block, a_weight=first, b_weight=second, b_minus_a=second - first),
    )
