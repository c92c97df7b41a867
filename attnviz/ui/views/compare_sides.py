"""The two rows that are compared: what there is to compare with, and what is chosen of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.analysis.compare import comparisons
from attnviz.analysis.focus import Focus, focus
from attnviz.analysis.heads.alignment import Head, alignment_heads
from attnviz.errors import AttnvizError
from attnviz.families.card import ModelCard
from attnviz.figures.learning import step_name
from attnviz.trace import AttentionBlock, AttentionTrace, Written
from attnviz.ui import cache, state
from attnviz.ui.cache import OWN_WAY, Way
from attnviz.ui.context import Context, Row
from attnviz.ui.views import learning_sentence

if TYPE_CHECKING:
    from attnviz.families.learning import Learning


@dataclass(frozen=True)
class Side:
    """One of the two rows.

    Attributes:
        letter: A or B.
        card: Of its model.
        trace: The model's own, with all its tokens.
        focus: Which row.
        name: What tells it from the other side, in a few words.
        writes: What the model would write by itself, where it reads a translation that is held fixed; else None.
    """

    letter: str
    card: ModelCard
    trace: AttentionTrace
    focus: Focus
    name: str
    writes: str | None = None

    @property
    def title(self) -> str:
        """Above its panel."""
        return f"{self.letter}: {self.name}"

    @property
    def block(self) -> AttentionBlock:
        """Of its row."""
        return self.trace.block(self.focus.block)

    @property
    def aligns(self) -> bool:
        """Whether its head is one of those that its card states as alignment."""
        stated = self.card.details.get("alignment")
        head = self.focus.layer, self.focus.head
        return bool(stated) and self.block.kind == "cross" and head in alignment_heads(self.block, stated)


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
        if session.against == "step":
            _settle_steps(context)
        b = side_b(looked_at(context))
    except AttnvizError:
        return  # said where it is drawn
    if b is not None:
        session.layer2, session.head2 = b.focus.layer, b.focus.head
        if session.query2 >= len(b.block.query):
            session.query2 = -1


def kinds(context: Context) -> list[str]:
    """What there is to compare with."""
    layers, heads, _, _ = context.own.block(context.focus.block).shape
    there = {
        "sentence": others(context),
        "model": models(context),
        "head": layers * heads > 1,
        "step": _stepwise(context),
    }
    return [kind for kind in state.AGAINST if there[kind]]


def _stepwise(context: Context) -> bool:
    """Whether there are two looks at the model's training; that they cannot be read is said where they are drawn."""
    try:
        learned = cache.learning(context.card.name)
    except AttnvizError:
        return True
    return learned is not None and len(learned.steps) > 1


def _settle_steps(context: Context) -> None:
    """The first look and the last, where others were not asked for or are not there."""
    learned, session = training(context), st.session_state
    looks = len(learned.steps)
    for key, default in (("look1", 0), ("look2", looks - 1)):
        if not 0 <= session[key] < looks:
            session[key] = default
    learning_sentence.settle(context, learned, session.look1)


def training(context: Context) -> Learning:
    """The looks at the model's training.

    Raises:
        AttnvizError: They cannot be read.
    """
    learned = cache.learning(context.card.name)
    assert learned is not None
    return learned


def looked_at(context: Context) -> Context:
    """The page that A is of: of two steps, as if the recorded sentence at A's were selected.

    Raises:
        AttnvizError: The looks at the training cannot be read.
    """
    if st.session_state.against != "step":
        return context
    return learning_sentence.at(context, training(context), st.session_state.look1)


def others(context: Context) -> list[Row]:
    """The other sentences that could be run."""
    assert context.selected is not None
    return [row for row in context.rows if row.trace is not None and row.number != context.selected.number]


def models(context: Context) -> list[str]:
    """The other models that could stand beside this one: of the same task first, then of the same language."""
    card = context.card
    names = [name for name in cache.model_names() if name != card.name and _comparable(card, cache.card(name))]

    def far(name: str) -> tuple[bool, bool]:
        other = cache.card(name)
        return other.task != card.task, not set(other.languages) & set(card.languages)

    return sorted(names, key=far)


def _writes(card: ModelCard) -> bool:
    return card.family == "translation"


def _comparable(card: ModelCard, other: ModelCard) -> bool:
    """Whether both read one text, or both translate in the same direction."""
    return _writes(card) == _writes(other) and (card.languages == other.languages or not _writes(card))


def title(context: Context, card: ModelCard) -> str:
    """What a model is called."""
    return card.in_language("title", context.language) or card.name


def side_a(context: Context) -> Side:
    """The row that is looked at."""
    assert context.selected is not None
    row, against = context.focus.own(context.trace), st.session_state.against
    if against == "step":
        return _look(context, row, "A", "look1")
    name = {
        "sentence": context.t("compare.numbered", number=context.selected.number),
        "model": context.card.name,
        "head": _head_name(context, row),
    }
    return Side("A", context.card, context.own, row, name[against])


def side_b(context: Context) -> Side | None:
    """What is compared with; None if it has no row.

    Raises:
        AttnvizError: The other model cannot read the text.
    """
    against: dict[str, Callable[[Context, Focus], Side | None]]
    against = {"sentence": _sentence, "model": _model, "head": _head, "step": partial(_look, letter="B", key="look2")}
    return against[st.session_state.against](context, context.focus.own(context.trace))


def _sentence(context: Context, row: Focus) -> Side:
    """The same head on another sentence."""
    other = next(each for each in others(context) if each.number == st.session_state.sentence2)
    trace = other.own or other.trace
    assert trace is not None
    at = _query(context, trace, focus(trace, row.layer, row.head, None, row.block))
    return Side("B", context.card, trace, at, context.t("compare.numbered", number=other.number))


def _model(context: Context, row: Focus) -> Side | None:
    """Another model on the same sentence; one that writes does so by itself."""
    session, card = st.session_state, cache.card(st.session_state.model2)
    assert context.selected is not None
    writes = _writes(card)
    trace = cache.trace(card.name, context.selected.text, 0, Way(beam=context.way.beam) if writes else OWN_WAY)
    names = [block.name for block in trace.blocks]
    if not names or isinstance(trace.output, Written) != writes or (writes and row.block not in names):
        return None
    layer, head = (None if session[name] < 0 else int(session[name]) for name in ("layer2", "head2"))
    at = focus(trace, layer, head, None, row.block, card.details.get("alignment"))
    return Side("B", card, trace, _query(context, trace, at), card.name)


def _head(context: Context, row: Focus) -> Side:
    """Another head of the same run."""
    session, block = st.session_state, context.own.block(row.block)
    layers, heads, _, _ = block.shape
    layer, head = session.layer2, session.head2
    if not (0 <= layer < layers and 0 <= head < heads):
        layer, head = _other_head(context, block, (row.layer, row.head))
    row = replace(row, layer=layer, head=head)
    return Side("B", context.card, context.own, row, _head_name(context, row))


def _look(context: Context, row: Focus, letter: str, key: str) -> Side:
    """The same row at a step of the training."""
    learned, look = training(context), st.session_state[key]
    at = learning_sentence.sentence(context, learned)
    name = step_name(learned.steps, look, context.language)
    writes = learned.written[at][look] if learned.written else None
    return Side(letter, context.card, learned.traces[at][look], row, name, writes)


def _other_head(context: Context, block: AttentionBlock, own: Head) -> Head:
    """The head beside one where none is chosen: between two sources the first of the alignment, else the next."""
    layers, heads, _, _ = block.shape
    aligning = alignment_heads(block, context.card.details.get("alignment"))
    if block.kind == "cross" and own not in aligning:
        return aligning[0]
    return divmod((own[0] * heads + own[1] + 1) % (layers * heads), heads)


def _head_name(context: Context, row: Focus) -> str:
    """Layer and head in words; empty where there is one only."""
    layers, heads, _, _ = context.own.block(row.block).shape
    return context.t("figures.layer_head", layer=row.layer + 1, head=row.head + 1) if layers * heads > 1 else ""


def _query(context: Context, trace: AttentionTrace, at: Focus) -> Focus:
    """The query chosen, else the one that stands for A's, else the one `focus` takes."""
    chosen = st.session_state.query2
    if 0 <= chosen < len(trace.block(at.block).query):
        return replace(at, query=chosen)
    found = matching(context, trace, at.block)
    return at if found is None else replace(at, query=found)


def matching(context: Context, trace: AttentionTrace, block: str) -> int | None:
    """The query of another trace that stands for A's; None if there is none."""
    return comparisons.matching_query(context.own, context.focus.own(context.trace), trace, block)
