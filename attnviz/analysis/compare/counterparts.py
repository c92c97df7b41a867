"""Which tokens of two sequences stand for each other: by place in one text, else by what they say."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from attnviz.trace import Axis

#: What tokenizers put before or after a piece to say whether a word goes on.
_MARKS = "▁Ġ#…"


@dataclass(frozen=True)
class Pair:
    """Tokens that stand for each other; one side is empty where there is no counterpart.

    Attributes:
        first: Positions on the first axis, rising.
        second: Positions on the second axis, rising.
    """

    first: tuple[int, ...]
    second: tuple[int, ...]


def pairs(first: Axis, second: Axis, texts: tuple[str, str]) -> tuple[Pair, ...]:
    """Two axes side by side: every position once, in the order of both.

    Where both are cut from one text (one may have been cut short), pieces whose spans overlap make a pair, however
    many there are on either side. Else equal tokens do, letter case aside: a longest common subsequence. Special tokens
    pair by name, between the pairs of text around them. What agrees with nothing stands alone.

    Args:
        first, second: The axes.
        texts: What the spans of each point into.

    >>> from attnviz.trace import TokenAxis
    >>> first, second = TokenAxis.of(["a", "good", "film"]), TokenAxis.of(["a", "film"])
    >>> [(each.first, each.second) for each in pairs(first, second, ("a good film", "a film"))]
    [((0,), (0,)), ((1,), ()), ((2,), (1,))]
    """
    one_text = texts[0].startswith(texts[1]) or texts[1].startswith(texts[0])
    if one_text and _in_order(first) and _in_order(second):
        anchors = _overlapping(first, second)
    else:
        anchors = _equal(first, second, texts)
    found: list[Pair] = []
    before = Pair((-1,), (-1,))
    for anchor in (*anchors, Pair((len(first),), (len(second),))):
        rest = range(before.first[-1] + 1, anchor.first[0]), range(before.second[-1] + 1, anchor.second[0])
        found += [*_between(first, second, *rest), anchor]
        before = anchor
    return tuple(found[:-1])


def counterpart(found: Sequence[Pair], position: int) -> int | None:
    """The first position of the second axis that a position of the first stands for; None if there is none."""
    pair = next(each for each in found if position in each.first)
    return pair.second[0] if pair.second else None


def common(first: Sequence[Hashable], second: Sequence[Hashable]) -> list[tuple[int, int]]:
    """A longest common subsequence, as places `(first, second)`, rising in both.

    Source: Wagner & Fischer 1974, "The String-to-String Correction Problem".
    """
    codes: dict[Hashable, int] = {}
    one, other = (np.array([codes.setdefault(each, len(codes)) for each in side], int) for side in (first, second))
    lengths = np.zeros((len(one) + 1, len(other) + 1), np.int32)  # [i, j]: of the first i and the first j
    for row, code in enumerate(one, start=1):
        longer = np.where(other == code, lengths[row - 1, :-1] + 1, 0)
        lengths[row, 1:] = np.maximum.accumulate(np.maximum(longer, lengths[row - 1, 1:]))
    found = []
    i, j = len(one), len(other)
    while i and j:
        if one[i - 1] == other[j - 1]:
            i, j = i - 1, j - 1
            found.append((i, j))
        elif lengths[i - 1, j] >= lengths[i, j - 1]:
            i -= 1
        else:
            j -= 1
    return found[::-1]


def _text(axis: Axis) -> list[int]:
    """Positions of tokens that are part of the text."""
    return [place for place, special in enumerate(axis.special) if not special]


def _in_order(axis: Axis) -> bool:
    """Whether every token of the text has a span, none before the one before it."""
    spans = [axis.spans[place] for place in _text(axis)]
    known = [span for span in spans if span is not None]
    return len(known) == len(spans) and known == sorted(known)


def _overlapping(first: Axis, second: Axis) -> list[Pair]:
    """Pairs of the pieces that share characters, directly or by way of others."""
    one, other = ([(axis.spans[place] or (0, 0), place) for place in _text(axis)] for axis in (first, second))
    sides: list[tuple[list[int], list[int], int]] = []  # positions of both, where the last of them ends
    pieces = [(span, 0, place) for span, place in one] + [(span, 1, place) for span, place in other]
    for (start, end), side, place in sorted(pieces):
        if start == end:
            continue
        if not sides or start >= sides[-1][2]:
            sides.append(([], [], end))
        mine, theirs, last = sides[-1]
        (theirs if side else mine).append(place)
        sides[-1] = (mine, theirs, max(end, last))
    return [
        Pair(tuple(range(mine[0], mine[-1] + 1)), tuple(range(theirs[0], theirs[-1] + 1)))
        for mine, theirs, _ in sides
        if mine and theirs
    ]


def _equal(first: Axis, second: Axis, texts: tuple[str, str]) -> list[Pair]:
    places = _text(first), _text(second)
    said = (
        [_said(axis, place, text) for place in each]
        for axis, each, text in zip((first, second), places, texts, strict=True)
    )
    return [Pair((places[0][i],), (places[1][j],)) for i, j in common(*said)]


def _said(axis: Axis, place: int, text: str) -> str:
    """The letters a token stands for."""
    span = axis.spans[place]
    token = axis.tokens[place]
    letters = token.strip(_MARKS) if span is None else text[slice(*span)].strip()
    return (letters or token).casefold()


def _empty(span: tuple[int, int] | None) -> bool:
    """Whether a token stands for no character of the text it is part of."""
    return span is not None and span[0] == span[1]


def _between(first: Axis, second: Axis, one: range, other: range) -> list[Pair]:
    """What stands between two pairs of text: special tokens of the same name, and tokens that stand alone."""
    mine, theirs = (
        [place for place in each if axis.special[place] or _empty(axis.spans[place])]
        for axis, each in ((first, one), (second, other))
    )
    named = common([first.tokens[place] for place in mine], [second.tokens[place] for place in theirs])
    found = []
    i, j = one.start, other.start
    for place, its in [*((mine[a], theirs[b]) for a, b in named), (one.stop, other.stop)]:
        found += [Pair((each,), ()) for each in range(i, place)]
        found += [Pair((), (each,)) for each in range(j, its)]
        found.append(Pair((place,), (its,)))
        i, j = place + 1, its + 1
    return found[:-1]
