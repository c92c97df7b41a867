"""The two rows that are compared: what there is to compare with, and what is chosen of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from attnviz.analysis.compare import comparisons
from attnviz.analysis.focus import Focus, focus
from attnviz.analysis.heads.alignment import Head, alignment_heads
from attnviz.errors import AttnvizError
from attnviz.families.card import ModelCard
from attnviz.figures.learning import step_name
from attnviz.i18n import languages
from attnviz.trace import AttentionBlock, AttentionTrace, Written
from attnviz.ui.context import Context, Row
from attnviz.ui.fields import Field, index
from attnviz.ui.openings import head_of
from attnviz.ui.settings import MAX_SENTENCES
from attnviz.ui.views import learning_sentence
from attnviz.ui.way import OWN_WAY

if TYPE_CHECKING:
    from attnviz.families.learning import Learning


T = TypeVar("T")

#: What a row of weights is compared with; the first that there is where nothing is chosen.
AGAINST = ("sentence", "language", "model", "head", "step")

#: What is compared with decides what there is to choose of it.
_OTHER = ("model", "against", "sentence2", "model2")

FIELDS = (
    Field("against", ("", *AGAINST), ""),
    Field("sentence2", (-1, *range(1, MAX_SENTENCES + 1)), -1),
    Field("model2", lambda facts: ("", *facts.cards, *facts.beside), ""),
    index("layer2", *_OTHER, together=frozenset({"head2"})),
    index("head2", *_OTHER, together=frozenset({"layer2"})),
    index("query2", *_OTHER),
    index("look1", "model"),
    index("look2", "model"),
    learning_sentence.LEARNED,
)


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


def settle(context: Context) -> dict[str, Any]:
    """What can be compared here, where something else or nothing was asked for."""
    if context.selected is None:
        return {}
    offered = kinds(context)
    found: dict[str, Any] = {
        "against": _first(offered, context.state.against, ""),
        "sentence2": _first([row.number for row in others(context)], context.state.sentence2, -1),
        "model2": _first(models(context), context.state.model2, ""),
    }
    context = context.having(**found)
    if not offered:
        return found
    try:
        if context.state.against == "step":
            found |= _settle_steps(context)
        context = looked_at(context.having(**found))
        b = side_b(context)
    except AttnvizError:
        return found  # said where it is drawn
    if b is not None:
        query = context.state.query2
        found |= {"layer2": b.focus.layer, "head2": b.focus.head}
        found["query2"] = query if query < len(b.block.query) else -1
    return found


def _first(there: Sequence[T], wanted: T, none: T) -> T:
    """What is wanted if it is there, else the first that is."""
    return wanted if wanted in there else (*there, none)[0]


def kinds(context: Context) -> list[str]:
    """What there is to compare with."""
    layers, heads, _, _ = context.whole.block(context.focus.block).shape
    there = {
        "sentence": others(context),
        "model": models(context),
        "language": other_language(context),
        "head": layers * heads > 1,
        "step": _stepwise(context),
    }
    return [kind for kind in AGAINST if there[kind]]


def _stepwise(context: Context) -> bool:
    """Whether there are two looks at the model's training; that they cannot be read is said where they are drawn."""
    try:
        learned = context.desk.learning()
    except AttnvizError:
        return True
    return learned is not None and len(learned.steps) > 1


def _settle_steps(context: Context) -> dict[str, int]:
    """The first look and the last, where others were not asked for or are not there."""
    learned, state = training(context), context.state
    last = len(learned.steps) - 1
    looks = {"look1": state.look1 if 0 <= state.look1 <= last else 0}
    looks["look2"] = state.look2 if 0 <= state.look2 <= last else last
    return looks | learning_sentence.settle(context, learned, looks["look1"])


def training(context: Context) -> Learning:
    """The looks at the model's training.

    Raises:
        AttnvizError: They cannot be read.
    """
    learned = context.desk.learning()
    assert learned is not None
    return learned


def looked_at(context: Context) -> Context:
    """The page that A is of: of two steps, as if the recorded sentence at A's were selected.

    Raises:
        AttnvizError: The looks at the training cannot be read.
    """
    if context.state.against != "step":
        return context
    return learning_sentence.at(context, training(context), context.state.look1)


def others(context: Context) -> list[Row]:
    """The other sentences that could be run."""
    assert context.selected is not None
    return [row for row in context.rows if row.trace is not None and row.number != context.selected.number]


def models(context: Context) -> list[str]:
    """The other models that could stand beside this one: of the same task first, then of the same language; of them
    last what is the same model but for one thing."""
    card = context.card
    every = (*context.desk.names(), *context.desk.beside())
    names = [name for name in every if name != card.name and _comparable(card, context.desk.card(name))]

    def far(name: str) -> tuple[bool, bool]:
        other = context.desk.card(name)
        return other.task != card.task, not set(other.languages) & set(card.languages)

    return sorted(names, key=far)


def _comparable(card: ModelCard, other: ModelCard) -> bool:
    """Whether both read one text and write the same kind of thing, a translation in the same direction."""
    return (card.writes, card.takes) == (other.writes, other.takes) and (
        card.languages == other.languages or not card.writes
    )


def title(context: Context, card: ModelCard) -> str:
    """What a model is called."""
    return card.in_language("title", context.language) or card.name


def _short(context: Context, card: ModelCard) -> str:
    """The same above a panel, which has no room for what stands in parentheses at its end."""
    called = title(context, card)
    return re.sub(r"\s*[(（][^()（）]*[)）]$", "", called) or called


def side_a(context: Context) -> Side:
    """The row that is looked at."""
    assert context.selected is not None
    row, against = context.focus.own(context.trace), context.state.against
    if against == "step":
        return _look(context, row, "A", "look1")
    name = {
        "sentence": context.t("compare.numbered", number=context.selected.number),
        "language": languages().get(context.desk.language, ""),
        "model": _short(context, context.card),
        "head": _head_name(context, row),
    }
    return Side("A", context.card, context.whole, row, name[against])


def side_b(context: Context) -> Side | None:
    """What is compared with; None if it has no row.

    Raises:
        AttnvizError: The other model cannot read the text.
    """
    against: dict[str, Callable[[Context, Focus], Side | None]]
    against = {"sentence": _sentence, "language": _language, "model": _model, "head": _head}
    against["step"] = partial(_look, letter="B", key="look2")
    return against[context.state.against](context, context.focus.own(context.trace))


def _sentence(context: Context, row: Focus) -> Side:
    """The same head on another sentence."""
    other = next(each for each in others(context) if each.number == context.state.sentence2)
    trace = other.whole or other.trace
    assert trace is not None
    at = _query(context, trace, focus(trace, row.layer, row.head, None, row.block))
    return Side("B", context.card, trace, at, context.t("compare.numbered", number=other.number))


def other_language(context: Context) -> str:
    """The next language in which the model could write; empty where it has no choice."""
    known = [code for code in context.card.languages if code in languages()]
    own = context.desk.language
    return known[(known.index(own) + 1) % len(known)] if own in known and len(known) > 1 else ""


def _language(context: Context, row: Focus) -> Side:
    """The same head while the model writes in another language, by itself."""
    language = other_language(context)
    assert context.selected is not None
    trace = replace(context.desk, language=language).trace(
        context.selected.text, way=replace(context.way, path=(), target="")
    )
    at = _query(context, trace, focus(trace, row.layer, row.head, None, row.block))
    return Side("B", context.card, trace, at, languages()[language])


def _model(context: Context, row: Focus) -> Side | None:
    """Another model on the same sentence; one that writes does so by itself."""
    state = context.state
    card = context.desk.card(state.model2)
    assert context.selected is not None
    writes = bool(card.writes)
    trace = context.desk.trace(
        context.selected.text, way=replace(context.way, path=(), target="") if writes else OWN_WAY, model=card.name
    )
    names = [block.name for block in trace.blocks]
    if not names or isinstance(trace.output, Written) != writes or (writes and row.block not in names):
        return None
    layer, head = head_of(card, *(None if place < 0 else place for place in (state.layer2, state.head2)))
    at = focus(trace, layer, head, None, row.block, card.details.get("alignment"))
    return Side("B", card, trace, _query(context, trace, at), _short(context, card))


def _head(context: Context, row: Focus) -> Side:
    """Another head of the same run."""
    block = context.whole.block(row.block)
    layers, heads, _, _ = block.shape
    layer, head = context.state.layer2, context.state.head2
    if not (0 <= layer < layers and 0 <= head < heads):
        layer, head = _other_head(context, block, (row.layer, row.head))
    row = replace(row, layer=layer, head=head)
    return Side("B", context.card, context.whole, row, _head_name(context, row))


def _look(context: Context, row: Focus, letter: str, key: str) -> Side:
    """The same row at a step of the training."""
    learned, look = training(context), context.state.values[key]
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
    layers, heads, _, _ = context.whole.block(row.block).shape
    return context.t("figures.layer_head", layer=row.layer + 1, head=row.head + 1) if layers * heads > 1 else ""


def _query(context: Context, trace: AttentionTrace, at: Focus) -> Focus:
    """The query chosen, else the one that stands for A's, else the one `focus` takes."""
    chosen = context.state.query2
    if 0 <= chosen < len(trace.block(at.block).query):
        return replace(at, query=chosen)
    found = matching(context, trace, at.block)
    return at if found is None else replace(at, query=found)


def matching(context: Context, trace: AttentionTrace, block: str) -> int | None:
    """The query of another trace that stands for A's; None if there is none."""
    return comparisons.matching_query(context.whole, context.focus.own(context.trace), trace, block)
