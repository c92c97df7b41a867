"""Attention under the knife: weights changed by hand, and the model's run from them beside its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from attnviz import figures
from attnviz.analysis import filling, tables
from attnviz.analysis.divergence import total_variation
from attnviz.analysis.focus import Focus
from attnviz.analysis.surgery.adversarial import Adversarial
from attnviz.analysis.surgery.operations import Operated, on_own_axes
from attnviz.errors import AttnvizError
from attnviz.figures import describe
from attnviz.figures.marks.bars import most_of
from attnviz.figures.numbers import approx, percent
from attnviz.figures.surgery import EXACT
from attnviz.trace import AttentionBlock, AttentionTrace, Classification, Embedding, Filled, Tensor, Written
from attnviz.ui import operations, session
from attnviz.ui.components.weights import Answer, weights
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart, numbers
from attnviz.ui.controls.head import choose_head
from attnviz.ui.controls.operations import choose_operation
from attnviz.ui.controls.told import told
from attnviz.ui.views import surgery_written as written
from attnviz.ui.views.surgery_words import said
from attnviz.ui.words import literal

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Both:
    """The model's own run and the changed one, on the axes of the first.

    Attributes:
        own: The model's own.
        done: After the operations that fit.
        focus: The row looked at, by the own positions.
        before: The block looked at, of the model's own.
        after: Its weights after surgery, float64 `[layer, head, query, key]`; NaN where a token is gone.
    """

    own: AttentionTrace
    done: Operated
    focus: Focus
    before: AttentionBlock
    after: Floats

    @property
    def row(self) -> tuple[Floats, Floats]:
        """The row looked at, before and after."""
        place = (self.focus.layer, self.focus.head, self.focus.query)
        return self.before.weights[place].astype(np.float64), self.after[place]


def render(context: Context) -> None:
    """Draw the view."""
    if context.selected is None:
        return
    own, focus = context.models_own, context.focus.own(context.trace)
    words = context.t("surgery.text")
    told(context, "surgery", f"{words} {context.told('surgery.text_written')}" if context.written else words)
    if not context.pooling:
        choose_head(context)
    done, left_out = context.desk.surgery(context.selected.text, context.state.edits, context.written)
    before = own.block(focus.block)
    # A model that keeps keys and values writes with weights that differ in their last digits from those of a whole run.
    after = on_own_axes(own, done, focus.block) if done.trace.edited else before.weights.astype(np.float64)
    both = Both(own, done, focus, before, after)
    table, answer = st.columns([3, 2], gap="medium")
    with table:
        _table(context, both)
    with answer:
        _outputs(context, both)
        if done.found is not None:
            _search(context, done.found)
    choose_operation(context, own, focus)
    _history(context)
    _list(context, own, done, left_out)
    if context.written:
        written.picture(context, own, done)
    if done.trace.edited:
        _pictures(context, both)
    st.caption(context.t("surgery.honest"))


def _history(context: Context) -> None:
    back, forward = operations.steps()
    buttons: tuple[tuple[str, Callable[[], None], str, bool], ...] = (
        ("undo", operations.undo, ":material/undo:", back),
        ("redo", operations.redo, ":material/redo:", forward),
        ("reset", operations.reset, ":material/restart_alt:", bool(context.state.edits)),
    )
    with st.container(key="surgery-history", horizontal=True, vertical_alignment="center", gap="small"):
        for name, act, icon, enabled in buttons:
            st.button(
                context.t(f"surgery.{name}"), key=f"surgery-{name}", icon=icon, on_click=act, disabled=not enabled
            )
        if not context.written:
            st.toggle(
                context.t("surgery.elsewhere"), key="edited", width="content", help=context.t("surgery.elsewhere_help")
            )


def _list(context: Context, own: AttentionTrace, done: Operated, left_out: dict[int, AttnvizError]) -> None:
    """Each operation in words, with a button that takes it out."""
    listed = operations.listed()
    if not listed:
        st.markdown(context.t("surgery.nothing"))
        return
    with st.container(key="surgery-list", gap=None):
        for index, operation in enumerate(listed):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                words = f"{index + 1}. {literal(said(context, own, operation))}"
                error = left_out.get(index)
                if error is not None:
                    words = context.t("surgery.left_out", words=words, reason=literal(error.message(context.language)))
                st.markdown(words, width="content")
                st.button(
                    context.t("surgery.remove", number=index + 1),
                    key=f"surgery-remove-{index}",
                    icon=":material/delete:",
                    type="tertiary",
                    on_click=operations.remove,
                    args=(index,),
                )


def _table(context: Context, both: Both) -> None:
    """The row looked at, its bars to drag and its numbers to type."""
    st.subheader(literal(_whose(context, both)), anchor=False)
    renormalise = st.toggle(context.t("surgery.renormalise"), value=True, key="renormalise", width="content")
    index = [block.name for block in both.own.blocks].index(both.focus.block)
    layers, heads, queries, _ = both.before.shape
    named = (("B", index, index), ("L", both.focus.layer, layers > 1), ("H", both.focus.head, heads > 1))
    place = "".join(f"{letter}{at}" for letter, at, needed in (*named, ("Q", both.focus.query, queries > 1)) if needed)
    own, now = both.row
    if np.isnan(now).all():
        st.info(context.t("surgery.query_gone"))
        return

    def on_set() -> None:
        operations.weight_set(session.event("weights", "set"), bool(renormalise))

    answer = _answer(context, both, bool(renormalise))
    weights(context, both.before.key, own, now, place, 1 if renormalise else 1000, answer, on_set)
    total = float(np.nansum(now))
    if abs(total - 1) > 1e-4:
        st.caption(context.t("surgery.total", total=approx(total)))


def _answer(context: Context, both: Both, renormalise: bool) -> Answer:
    """The classes, and how to ask for them while a weight is moved: of the model that is open, of the text as typed."""
    before, after = both.own.output, both.done.trace.output
    if not isinstance(before, Classification) or not isinstance(after, Classification):
        return Answer()
    live = {
        "model": context.desk.model,
        "text": both.own.text,
        "language": context.desk.language,
        "edits": list(context.state.edits),
        "block": both.focus.block,
        "layer": both.focus.layer,
        "head": both.focus.head,
        "query": both.focus.query,
        "alone": "" if renormalise else "-alone",
    }
    shuffled = bool(context.state.shuffle)  # the address knows no other order of the words
    return Answer(context.names, before.probabilities, after.probabilities, None if shuffled else live)


def _whose(context: Context, both: Both) -> str:
    if both.before.kind == "pooling":
        return context.t("surgery.row_pooling")
    query = both.before.query.tokens[both.focus.query]
    return context.t("surgery.row", layer=both.focus.layer + 1, head=both.focus.head + 1, query=query)


def _search(context: Context, found: Adversarial) -> None:
    words = context.t(
        "surgery.found",
        divergence=approx(found.divergence),
        change=approx(found.change, 4),
        epsilon=f"{found.epsilon:g}",
        tried=found.tried,
    )
    st.markdown(words)


def _pictures(context: Context, both: Both) -> None:
    """Weights before, after, and their difference."""
    own, now = both.row
    axes = (both.before.query, both.before.key)
    tokens, manner = both.before.key.tokens, {"language": context.language, "theme": context.theme}
    difference = now - own
    order = np.argsort(-np.nan_to_num(np.abs(difference)), kind="stable")[: describe.NAMED]
    changes = [f"{tokens[place]} {approx(float(difference[place]))}" for place in order if difference[place]]
    joined = context.t("alt.separator").join(changes) or context.t("surgery.alt_none")
    chart(
        context,
        "surgery-row",
        figures.changed_row(tokens, own, now, most=most_of(both.before.key), axis=both.before.key, **manner),
        context.t("surgery.alt_row", row=_whose(context, both), changes=joined),
        lambda: pd.DataFrame(
            {
                "position": np.arange(len(tokens)) + 1,
                "token": tokens,
                "own": own,
                "edited": now,
                "difference": difference,
            }
        ),
    )
    layers, heads, queries, _ = both.before.shape
    if queries > 1:
        whole, new = (
            both.before.weights[both.focus.layer, both.focus.head],
            both.after[both.focus.layer, both.focus.head],
        )
        head = {"layer": both.focus.layer + 1, "head": both.focus.head + 1}
        st.subheader(context.t("figures.layer_head", **head), anchor=False)
        if max(whole.shape) > EXACT:
            st.caption(context.t("surgery.many"))
        largest = float(np.nanmax(np.abs(new - whole), initial=0))
        chart(
            context,
            "surgery-head",
            figures.changed_map(both.before.query.tokens, tokens, whole, new, axes=axes, **manner),
            context.t("surgery.alt_head", **head, largest=approx(largest)),
            lambda: tables.cells(both.before, own=whole.astype(np.float64), edited=new, difference=new - whole),
        )
    if layers * heads > 1:
        changed = np.nan_to_num(_changes(both))
        st.subheader(context.t("surgery.heads"), anchor=False)
        st.caption(context.t("surgery.heads_text"))
        most = np.unravel_index(int(np.argmax(changed)), changed.shape)
        words = {"layer": most[0] + 1, "head": most[1] + 1, "value": approx(float(changed.max()))}
        chart(
            context,
            "surgery-heads",
            figures.head_changes(changed, **manner),
            context.t("surgery.alt_heads", **words),
            lambda: pd.DataFrame(
                [
                    {"layer": place[0] + 1, "head": place[1] + 1, "variation": value}
                    for place, value in np.ndenumerate(changed)
                ]
            ),
        )


def _changes(both: Both) -> Floats:
    """Mean over the queries of the total variation between own and edited rows, `[layer, head]`; what is gone is 0."""
    distance = total_variation(np.nan_to_num(both.after), both.before.weights)
    there = ~np.isnan(both.after).all(-1)
    mean: Floats = (distance * there).sum(-1) / np.maximum(there.sum(-1), 1)
    return mean


def _outputs(context: Context, both: Both) -> None:
    """What the model answers before and, once anything is changed, after."""
    before, after = both.own.output, both.done.trace.output
    st.subheader(context.t("surgery.answer"), anchor=False)
    if not both.done.trace.edited:
        st.markdown(context.t("surgery.unchanged"))
        if isinstance(before, Classification):
            _drawn(context, both, before, before, describe.prediction(both.own, context.names, context.language))
    elif isinstance(before, Classification) and isinstance(after, Classification):
        _classes(context, both, before, after)
    elif isinstance(before, Written) and isinstance(after, Written):
        written.answer(context, both.own, both.done)
    elif isinstance(before, Filled) and isinstance(after, Filled):
        _masks(context, before, after)
    elif isinstance(before, Embedding) and isinstance(after, Embedding):
        one, other = before.vector.astype(np.float64), after.vector.astype(np.float64)
        cosine = float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))
        st.markdown(literal(context.t("surgery.embedding", cosine=approx(cosine, 4))))
        table = pd.DataFrame(
            {"feature": np.arange(len(one)) + 1, "own": one, "edited": other, "difference": other - one}
        )
        numbers(context, "surgery-embedding", lambda: table)
    elif isinstance(before, Tensor) and isinstance(after, Tensor) and before.values.shape == after.values.shape:
        largest = float(np.max(np.abs(after.values.astype(np.float64) - before.values), initial=0))
        st.markdown(literal(context.t("surgery.tensor", largest=approx(largest, 4))))


def _masks(context: Context, before: Filled, after: Filled) -> None:
    """What is most probable in the place of each mask, before and after; where one was dropped, in those left."""
    if len(before.positions) != len(after.positions):
        for number, ranked in enumerate(after.alternatives, 1):
            listed = f"{ranked[0][0]} {percent(float(np.exp(ranked[0][1])))}"
            st.markdown(literal(context.t("filled.alt", number=number, listed=listed)))
        return
    for number, (one, other) in enumerate(zip(before.alternatives, after.alternatives, strict=True), 1):
        shares = {"before": percent(float(np.exp(one[0][1]))), "after": percent(float(np.exp(other[0][1])))}
        words = context.t("surgery.filled", number=number, own=one[0][0], edited=other[0][0], **shares)
        st.markdown(literal(words))
    numbers(context, "surgery-masks", lambda: filling.changed(before, after))


def _classes(context: Context, both: Both, before: Classification, after: Classification) -> None:
    distance = float(total_variation(before.probabilities, after.probabilities))
    names = [context.names[each.predicted] for each in (before, after)]
    code = "surgery.same_class" if names[0] == names[1] else "surgery.other_class"
    shares = {"before": percent(float(before.probabilities[before.predicted]))}
    shares["after"] = percent(float(after.probabilities[after.predicted]))
    words = context.t(code, own=names[0], edited=names[1], **shares, distance=approx(distance, 4))
    st.markdown(literal(words))
    _drawn(context, both, before, after, words)


def _drawn(context: Context, both: Both, before: Classification, after: Classification, alt: str) -> None:
    """The classes as bars, twice where anything is changed."""
    compare = [(context.t("surgery.edited"), both.done.trace)] if both.done.trace.edited else []
    chart(
        context,
        "surgery-prediction",
        figures.prediction(both.own, context.names, compare=compare, language=context.language, theme=context.theme),
        alt,
        lambda: pd.DataFrame(
            {
                "class": list(context.names),
                "own": before.probabilities,
                "edited": after.probabilities,
                "difference": after.probabilities.astype(np.float64) - before.probabilities,
            }
        ),
    )
