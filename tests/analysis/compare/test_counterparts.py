"""Tokens set side by side: every position once and in order, equal ones together, pieces of one text by place."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis.compare.counterparts import Pair, common, counterpart, pairs
from attnviz.trace import TokenAxis

SHORT = st.lists(st.sampled_from("abc"), max_size=7)


def brute(first, second):
    """Length of a longest common subsequence, by trying all."""
    theirs = {tuple(each) for size in range(len(second) + 1) for each in combinations(second, size)}
    return max(size for size in range(len(first) + 1) for each in combinations(first, size) if each in theirs)


def words(*tokens, special=()):
    """An axis without spans."""
    return TokenAxis.of(tokens, special=[token in special for token in tokens])


def cut(*lengths, before=(), after=()):
    """An axis over one text, in pieces of these lengths, between special tokens."""
    ends = [sum(lengths[: place + 1]) for place in range(len(lengths))]
    spans = [(end - length, end) for end, length in zip(ends, lengths, strict=True)]
    tokens = [*before, *(f"{start}-{end}" for start, end in spans), *after]
    sides = [None] * len(before), [None] * len(after)
    return TokenAxis.of(tokens, [*sides[0], *spans, *sides[1]], [token in (*before, *after) for token in tokens])


@given(SHORT, SHORT)
def test_a_longest_common_subsequence(first, second):
    found = common(first, second)
    assert len(found) == brute(first, second)
    assert all(first[i] == second[j] for i, j in found)
    assert found == sorted(found) and all(len({pair[side] for pair in found}) == len(found) for side in (0, 1))


SPECIAL = st.lists(st.sampled_from(["[CLS]", "[SEP]", "<s>"]), max_size=2)
LENGTHS = st.lists(st.integers(0, 3), min_size=1, max_size=5)

#: Axes of one text in pieces of any length, and axes without spans.
PIECES = st.builds(lambda lengths, before, after: cut(*lengths, before=before, after=after), LENGTHS, SPECIAL, SPECIAL)
WORDS = st.lists(st.sampled_from(["[CLS]", "[SEP]", "a", "A", "b"]), max_size=7).map(
    lambda tokens: words(*tokens, special=("[CLS]", "[SEP]"))
)
TEXTS = ("x" * 20, "x" * 20)


@given(st.one_of(st.tuples(PIECES, PIECES), st.tuples(WORDS, WORDS), st.tuples(PIECES, WORDS)))
def test_every_position_once_in_the_order_of_both(axes):
    first, second = axes
    found = pairs(first, second, TEXTS)
    assert [place for pair in found for place in pair.first] == list(range(len(first)))
    assert [place for pair in found for place in pair.second] == list(range(len(second)))
    assert all(pair.first or pair.second for pair in found)


@given(PIECES, PIECES)
def test_pieces_of_one_text_pair_the_same_way_round_and_back(first, second):
    back = pairs(second, first, TEXTS)
    both = {(pair.first, pair.second) for pair in pairs(first, second, TEXTS)}
    assert len([1 for mine, theirs in both if mine and theirs]) == sum(bool(p.first and p.second) for p in back)


@given(st.one_of(PIECES, WORDS))
def test_an_axis_pairs_with_itself_token_by_token(axis):
    assert pairs(axis, axis, TEXTS) == tuple(Pair((place,), (place,)) for place in range(len(axis)))


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.lists(st.integers(1, 4), min_size=1, max_size=6))
def test_pieces_that_share_a_character_are_in_one_pair(mine, theirs):
    first, second = cut(*mine), cut(*theirs)
    found = pairs(first, second, TEXTS)
    mine_of = {place: number for number, pair in enumerate(found) for place in pair.first}
    theirs_of = {place: number for number, pair in enumerate(found) for place in pair.second}
    for i, (start, end) in enumerate(first.spans):
        for j, (other_start, other_end) in enumerate(second.spans):
            if max(start, other_start) < min(end, other_end):
                assert mine_of[i] == theirs_of[j]


@pytest.mark.parametrize(
    ("first", "second", "texts", "expected"),
    [
        pytest.param(
            cut(3, 5, before=["[CLS]"], after=["[SEP]"]),
            cut(3, 2, 3),
            ("x" * 8, "x" * 8),
            [((0,), ()), ((1,), (0,)), ((2,), (1, 2)), ((3,), ())],
            id="pieces of one text beside words, special tokens alone",
        ),
        pytest.param(
            cut(2, before=["[CLS]"]),
            cut(2, before=["<s>", "[CLS]"]),
            ("xx", "xx"),
            [((), (0,)), ((0,), (1,)), ((1,), (2,))],
            id="special tokens by name",
        ),
        pytest.param(
            words("[CLS]", "not", "Good", special=["[CLS]"]),
            words("[CLS]", "not", "bad", "good", special=["[CLS]"]),
            ("not Good", "not bad good"),
            [((0,), (0,)), ((1,), (1,)), ((), (2,)), ((2,), (3,))],
            id="two sentences, letter case aside",
        ),
        pytest.param(
            words("▁un", "##like", "[SEP]", special=["[SEP]"]),
            words("Like", "sep"),
            ("a", "b"),
            [((0,), ()), ((1,), (0,)), ((2,), ()), ((), (1,))],
            id="marks of pieces aside, a special token is no word",
        ),
        pytest.param(cut(4, 3), cut(4), ("x" * 7, "x" * 4), [((0,), (0,)), ((1,), ())], id="a text that was cut short"),
    ],
)
def test_what_stands_beside_what(first, second, texts, expected):
    found = pairs(first, second, texts)
    assert [(pair.first, pair.second) for pair in found] == expected
    for mine, theirs in expected:
        assert all(counterpart(found, place) == (theirs[0] if theirs else None) for place in mine)
