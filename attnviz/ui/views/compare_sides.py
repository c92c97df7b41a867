"""The two rows that are compared: what there is to choose from, what is chosen, and the choice itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from attnviz.analysis import comparisons
from attnviz.analysis.focus import Focus, focus
from attnviz.errors import AttnvizError
from attnviz.families.card import ModelCard
from attnviz.trace import AttentionTrace, Translation
from attnviz.ui import cache, state
from attnviz.ui.context import Context, Row


@dataclass(frozen=True)
class Side:
    """One of the two rows.

    Attributes:
        letter: A or B.
        card: Of its model.
        trace: The model's own, with all its tokens.
        focus: Which row.
        name: What tells it from the other side, in a few words.
    """

    letter: str
    card: ModelCard
    trace: AttentionTrace
    focus: Focus
    name: str

    @property
    def title(self) -> str:
        """Above its panel."""
        return f"{self.letter}: {self.name}"


def settle(context: Context) -> None:
    """What can be compared here, where something else or nothing was asked for."""
    if context.selected is None:
        return
    session, offered = st.session_state, kinds(context)
    if session.against not in offered:
        session.against = offered[0] if offered else ""
        state.compared_changed()
    numbers = [row.number for row in others(context)]
    if session.sentence2 not in numbers:
        session.sentence2 = numbers[0] if numbers else -1
    names = models(context)
    if session.model2 not in names:
        session.model2 = names[0] if names else ""
    if not offered:
        return
    try:
        b = side_b(context)
    except AttnvizError:
        return  # said where it is drawn
    if b is not None:
        session.layer2, session.head2 = b.focus.layer, b.focus.head
        if session.query2 >= len(b.trace.block(b.focus.block).query):
            session.query2 = -1


def kinds(context: Context) -> list[str]:
    """What there is to compare with."""
    layers, heads, _, _ = context.own.block(context.focus.block).shape
    there = {"sentence": others(context), "model": models(context), "head": layers * heads > 1}
    return [kind for kind in state.AGAINST if there[kind]]


def others(context: Context) -> list[Row]:
    """The other sentences that could be run."""
    assert context.selected is not None
    return [row for row in context.rows if row.trace is not None and row.number != context.selected.number]


def models(context: Context) -> list[str]:
    """The other models that read one text and write none: those of the same task first, then of the same language."""
    card = context.card
    names = [name for name in cache.model_names() if name != card.name and "cross" not in cache.card(name).kinds]

    def far(name: str) -> tuple[bool, bool]:
        other = cache.card(name)
        return other.task != card.task, not set(other.languages) & set(card.languages)

    return sorted(names, key=far)


def title(context: Context, card: ModelCard) -> str:
    """What a model is called."""
    return card.in_language("title", context.language) or card.name


def _head(context: Context, trace: AttentionTrace, row: Focus) -> str:
    """Layer and head in words; empty where there is one only."""
    layers, heads, _, _ = trace.block(row.block).shape
    return context.t("figures.layer_head", layer=row.layer + 1, head=row.head + 1) if layers * heads > 1 else ""


def side_a(context: Context) -> Side:
    """The row that is looked at."""
    assert context.selected is not None
    own, row = context.own, context.focus.own(context.trace)
    name = {
        "sentence": context.t("compare.numbered", number=context.selected.number),
        "model": context.card.name,
        "head": _head(context, own, row),
    }
    return Side("A", context.card, own, row, name[st.session_state.against])


def side_b(context: Context) -> Side | None:
    """What is compared with; None if it has no row.

    Raises:
        AttnvizError: The other model cannot read the text.
    """
    session, own, row = st.session_state, context.own, context.focus.own(context.trace)
    assert context.selected is not None
    if session.against == "head":
        layers, heads, _, _ = own.block(row.block).shape
        if not (0 <= session.layer2 < layers and 0 <= session.head2 < heads):
            layer, head = divmod((row.layer * heads + row.head + 1) % (layers * heads), heads)
        else:
            layer, head = session.layer2, session.head2
        row = replace(row, layer=layer, head=head)
        return Side("B", context.card, own, row, _head(context, own, row))
    if session.against == "sentence":
        other = next(each for each in context.rows if each.number == session.sentence2)
        trace = other.own or other.trace
        assert trace is not None
        at = _query(context, trace, focus(trace, row.layer, row.head, None, row.block))
        return Side("B", context.card, trace, at, context.t("compare.numbered", number=other.number))
    trace = cache.trace(session.model2, context.selected.text)
    if not trace.blocks or isinstance(trace.output, Translation):
        return None
    at = _query(context, trace, focus(trace, session.layer2, session.head2, None, row.block))
    return Side("B", cache.card(session.model2), trace, at, session.model2)


def _query(context: Context, trace: AttentionTrace, at: Focus) -> Focus:
    """The query chosen, else the one that stands for A's, else the one `focus` takes."""
    chosen = st.session_state.query2
    if 0 <= chosen < len(trace.block(at.block).query):
        return replace(at, query=chosen)
    found = comparisons.matching_query(context.own, context.focus.own(context.trace), trace, at.block)
    return at if found is None else replace(at, query=found)


def choose(context: Context) -> None:
    """The other sentence or model."""
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
    session = st.session_state
    layers, heads, _, _ = b.trace.block(b.focus.block).shape
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        for key, count in (("layer", layers), ("head", heads)):
            if session.against != "sentence" and layers * heads > 1:
                st.segmented_control(
                    context.t("compare.of_b", what=context.t(f"figures.{key}")),
                    list(range(count)),
                    format_func=lambda index: str(index + 1),
                    key=f"{key}2",
                    required=True,
                    width="content",
                )
        if session.against != "head":
            _query_box(context, b)


def _query_box(context: Context, b: Side) -> None:
    """Whose row of B; the one that stands for A's follows A."""
    tokens = b.trace.block(b.focus.block).query.tokens
    if len(tokens) < 2:
        return
    found = comparisons.matching_query(context.own, context.focus.own(context.trace), b.trace, b.focus.block)
    default = focus(b.trace, b.focus.layer, b.focus.head, None, b.focus.block).query
    follows = context.t("compare.unmatched", token=tokens[default])
    if found is not None:
        follows = context.t("compare.matching", token=tokens[found])
    st.selectbox(
        context.t("compare.of_b", what=context.t("controls.query")),
        range(-1, len(tokens)),
        format_func=lambda place: f"{place + 1} · {tokens[place]}" if place >= 0 else follows,
        key="query2",
        width=300,
    )
