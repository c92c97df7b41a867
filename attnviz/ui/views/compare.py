"""Two rows of weights side by side: of two sentences, models, heads or training steps, and what each answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from attnviz.errors import AttnvizError
from attnviz.figures import describe
from attnviz.trace import Written
from attnviz.ui.components import lit, stage
from attnviz.ui.context import Context, Row
from attnviz.ui.controls.block import block_name
from attnviz.ui.controls.head import choose_query
from attnviz.ui.views.compare_answers import draw_answers
from attnviz.ui.views.compare_choice import choose_kind, choose_other, choose_rows, choose_steps, say_what_is_not
from attnviz.ui.views.compare_rows import draw_maps, draw_rows
from attnviz.ui.views.compare_sides import FIELDS, Side, kinds, looked_at, settle, side_a, side_b, title, training
from attnviz.ui.views.learning_sentence import choose_sentence
from attnviz.ui.words import literal

__all__ = ["FIELDS", "render", "settle"]


def render(context: Context) -> None:
    """Draw the view."""
    if context.selected is None:
        return
    place = st.container(gap="small")
    if not kinds(context):
        say_what_is_not(context)
        return
    try:
        context = _choose_what(context)
    except AttnvizError as error:
        st.error(literal(error.message(context.language)))
        return
    b, problem = _other_side(context)
    choose_rows(context, b)
    if b is None:
        problem()
        return
    a = side_a(context)
    if context.state.against == "model":
        with place:
            _draw_beside(context, a, b)
        _say_of_the_other(context, a, b)
    draw_rows(context, a, b)
    _say_which(context, a, b)
    if context.state.against in ("head", "step"):
        draw_maps(context, a, b)
    draw_answers(context, a, b)
    _say_what_it_shows(context)


def _choose_what(context: Context) -> Context:
    """Draw the choice of what is compared with; the page that A is of.

    Raises:
        AttnvizError: The looks at the training cannot be read.
    """
    against = context.state.against
    with st.container(key="compare-what", horizontal=True, vertical_alignment="center", gap="medium"):
        choose_kind(context)
        choose_other(context)
        if against == "head":
            choose_query(context, short=True)
        elif against == "step":
            choose_sentence(context, training(context))
    if against != "step":
        return context
    choose_steps(context)
    return looked_at(context)


def _other_side(context: Context) -> tuple[Side | None, Callable[[], Any]]:
    """B, and what says why there is none."""
    try:
        found = side_b(context)
    except AttnvizError as error:
        name = title(context, context.desk.card(context.state.model2))
        words = context.t("compare.failed", name=name, reason=error.message(context.language))
        return None, partial(st.error, literal(words))
    name = title(context, context.desk.card(context.state.model2)) if context.state.model2 else ""
    return found, partial(st.info, literal(context.t("compare.no_row", name=name)))


def _draw_beside(context: Context, a: Side, b: Side) -> None:
    """The other model's sentence under the page's own, where both read one; and what tells the two models apart."""
    written = isinstance(b.trace.output, Written)
    if written or any(lit.shows(side.trace, side.focus) for side in (a, b)):
        return
    assert context.selected is not None
    row = Row(context.selected.number, context.selected.text, b.trace)
    other = replace(context, card=b.card, rows=[row], selected=row, block=b.focus.block)
    stage.beside(other.at(b.focus.layer, b.focus.head, b.focus.query), f"B: {title(context, b.card)}")
    alone = [side.letter for side in (a, b) if side.block.kind == "pooling"]
    if len(alone) == 1:
        st.markdown(literal(context.t("compare.alone", letter=alone[0], other={"A": "B", "B": "A"}[alone[0]])))


def _say_of_the_other(context: Context, a: Side, b: Side) -> None:
    """What the reader should know of the other model and its run."""
    with st.container(gap=None):
        if b.card.details.get("original") == a.card.name:
            st.caption(literal(context.t("compare.untaught")))
        for notice in b.trace.notices:
            st.caption(f":material/info: B: {literal(notice.message(context.language))}")


def _say_which(context: Context, a: Side, b: Side) -> None:
    """Which two rows, in full."""
    with st.container(gap=None):
        for side in (a, b):
            st.markdown(literal(_in_full(context, side)))
        if context.state.special != "show" or context.state.pieces != "pieces":
            st.caption(context.t("compare.all_tokens"))


def _in_full(context: Context, side: Side) -> str:
    """Model, text, row and block of a side."""
    row = context.t("compare.pooling_row")
    if side.block.kind != "pooling":
        query = side.block.query.tokens[side.focus.query]
        row = context.t("alt.row", layer=side.focus.layer + 1, head=side.focus.head + 1, query=query)
    said = context.t(
        "compare.side",
        letter=side.letter,
        model=_whose(context, side),
        text=describe.source(side.trace, context.language)[:120],
        row=row,
    )
    notes = [block_name(context, side.block.name)] if len(side.trace.blocks) > 1 or side.block.kind == "cross" else []
    if side.aligns:
        notes.append(context.t("compare.aligns"))
    return f"{said} ({context.t('alt.separator').join(notes)})" if notes else said


def _whose(context: Context, side: Side) -> str:
    """Its model, and at which step."""
    model = title(context, side.card)
    return context.t("compare.at", model=model, step=side.name) if context.state.against == "step" else model


def _say_what_it_shows(context: Context) -> None:
    """And what it does not."""
    against, writes = context.state.against, isinstance(context.whole.output, Written)
    say_what_is_not(context)
    st.caption(context.t("compare.honest"))
    st.caption(
        context.told("compare.honest_translations")
        if writes and against == "model"
        else context.t(f"compare.honest_{against}")
    )
    if writes and against == "step":
        st.caption(context.t("compare.honest_read"))
    elif writes and against != "head":
        st.caption(context.told("compare.honest_written"))
