"""Exercises of a slide, judged by the model itself: which word has the most weight; an answer turned by one change."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

from attnviz.figures.numbers import approx
from attnviz.trace import AttentionTrace, Classification, RegionAxis
from attnviz.ui import lecture_state
from attnviz.ui.context import Context
from attnviz.ui.fields import Facts
from attnviz.ui.settings import sentences
from attnviz.ui.state import State


@dataclass(frozen=True)
class Verdict:
    """What is to be said of an attempt.

    Attributes:
        words: In the interface's language.
        solved: Whether it is one.
    """

    words: str
    solved: bool


def verdict(context: Context, asked: State, facts: Facts) -> Verdict | None:
    """The verdict on what was tried on the open slide; None where nothing was, or there is nothing to judge.

    Args:
        context: The page.
        asked: What the visitor asks for.
        facts: What there is.
    """
    slide, base = lecture_state.slide_of(asked), lecture_state.own(asked, facts)
    if slide is None or base is None or context.selected is None:
        return None
    if asked == base:
        return _guessed(context) if slide.ask else None
    if slide.exercise == "turn" and asked.model == base.model:
        return _turned(context, base)
    return None


def changed(before: tuple[str, ...], after: tuple[str, ...]) -> int:
    """How many tokens were exchanged, put in or left out between two texts, at least.

    >>> changed(("not", "good"), ("good",)), changed(("a", "good", "film"), ("a", "bad", "play"))
    (1, 2)
    """
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return sum(max(end - start, last - first) for kind, start, end, first, last in steps if kind != "equal")


def _guessed(context: Context) -> Verdict | None:
    """What the class guessed beside what the weights say."""
    keys, weights, made = context.focus.keys(context.trace), context.focus.row(context.trace), context.state.guess
    if not context.state.revealed or isinstance(keys, RegionAxis) or not 0 <= made < len(keys):
        return None
    top = int(weights.argmax())
    words = context.t(
        "lecture.guess_right" if top == made else "lecture.guess_wrong",
        guess=keys.tokens[made],
        weight=approx(float(weights[made])),
        rank=int((weights > weights[made]).sum()) + 1,
        count=len(keys),
        top=keys.tokens[top],
        most=approx(float(weights[top])),
    )
    return Verdict(words, top == made)


def _turned(context: Context, base: State) -> Verdict | None:
    """Whether the answer is another after one token was changed, or one operation done on the weights."""
    assert context.selected is not None
    text, edits = context.selected.text, tuple(context.state.edits)
    before = context.desk.trace(sentences(base.text)[0])
    own = context.desk.trace(text)
    now = context.desk.surgery(text, edits)[0].trace if edits else own
    if not (isinstance(before.output, Classification) and isinstance(now.output, Classification)):
        return None
    count = changed(_tokens(before), _tokens(own)) + len(edits)
    names, first, last = context.names, before.output.predicted, now.output.predicted
    if count == 0:
        return None
    if count > 1:
        return Verdict(context.t("lecture.turn_many", count=count), False)
    if first == last:
        return Verdict(context.t("lecture.turn_not", answer=names[last]), False)
    return Verdict(context.t("lecture.turn_done", before=names[first], after=names[last]), True)


def _tokens(trace: AttentionTrace) -> tuple[str, ...]:
    return tuple(trace.blocks[0].key.tokens)
