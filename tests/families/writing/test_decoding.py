"""Greedy writing and beam search on a toy whose every sequence can be listed."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from attnviz.families.writing.decoding import Rules, alternatives, beam_search, greedy, log_softmax, loops, score

START, END, SIZE, LONGEST = 1, 2, 5, 4
RULES = Rules(START, END, LONGEST, never=(0, START))


class Toy:
    """Log probabilities that depend on every token before, drawn from a seed."""

    def __init__(self, seed):
        self.seed, self.live = seed, {}

    def logs(self, before):
        return log_softmax(np.random.default_rng([self.seed, *before]).normal(0, 2, SIZE))

    def __call__(self, tokens, parents):
        before = self.live.get("rows", [()])
        rows = [(*before[parent], token) for token, parent in zip(tokens, parents, strict=True)]
        self.live["rows"] = rows
        return np.stack([self.logs(row) for row in rows])

    def total(self, ids):
        return sum(self.logs((START, *ids[:place]))[index] for place, index in enumerate(ids))


def every_sequence():
    own = [index for index in range(SIZE) if index not in (0, START, END)]
    for length in range(LONGEST):
        for words in product(own, repeat=length):
            yield (*words, END)


@pytest.mark.parametrize("length", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("seed", range(7))
def test_a_wide_beam_finds_the_best_of_all_finished_sequences(seed, length):
    toy = Toy(seed)
    found = beam_search(Toy(seed), RULES, 64, length=length)
    best = max(every_sequence(), key=lambda ids: score(toy.total(ids), len(ids), length))

    assert tuple(each.token for each in found) == best
    assert sum(each.log_probability for each in found) == pytest.approx(toy.total(best), abs=1e-9)


def test_some_beam_is_better_than_none():
    better = 0
    for seed in range(40):
        one, four = list(greedy(Toy(seed), RULES)), beam_search(Toy(seed), RULES, 4, length=0)
        if one[-1].token == END:
            difference = sum(each.log_probability for each in four) - sum(each.log_probability for each in one)
            assert difference > -1e-9
            better += difference > 1e-9
    assert better > 3


@pytest.mark.parametrize("seed", range(5))
def test_greedy_takes_the_most_probable_token_that_may_be_written(seed):
    toy, before = Toy(seed), [START]
    for each in greedy(Toy(seed), RULES):
        logs = toy.logs(before)
        assert each.token == max((END, 3, 4), key=lambda index: logs[index])
        assert each.log_probability == logs[each.token]
        assert [index for index, _ in each.alternatives] == sorted((END, 3, 4), key=lambda index: -logs[index])
        before.append(each.token)
    assert before[-1] == END or len(before) == 1 + LONGEST


@pytest.mark.parametrize("how", [greedy, lambda following, rules, given: beam_search(following, rules, 3, given)])
def test_what_is_given_is_written_first(how):
    given = (4, 3)
    found = tuple(how(Toy(3), RULES, given))

    assert tuple(each.token for each in found[:2]) == given
    assert found[1].log_probability == Toy(3).logs((START, 4))[3]


def test_the_length_penalty_is_that_of_the_paper():
    assert score(-6.0, 7, 0.6) == pytest.approx(-6 * 6**0.6 / 12**0.6)
    assert score(-6.0, 7, 0) == -6.0


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([9, *[5] * 8], True),
        ([5] * 7, False),
        ([9, *[5, 6] * 4], True),
        ([5, 6] * 3, False),
        ([*[5, 6, 7] * 4], True),
        ([5, 6, 7, 5, 6, 7, 5, 6, 8, 5, 6, 7], False),
        ([*range(4, 12)] * 4, True),
        ([*range(4, 13)] * 4, False),
        ([], False),
    ],
)
def test_loops(ids, expected):
    assert loops(ids) is expected


@pytest.mark.parametrize("width", [1, 2])
def test_a_loop_ends_the_writing(width):
    def following(tokens, parents):
        return np.log(np.tile([0.01, 0.01, 0.01, 0.96, 0.01], (len(tokens), 1)))

    rules = Rules(START, END, 50, never=(0, START, END, 4))
    written = list(greedy(following, rules)) if width == 1 else beam_search(following, rules, width)
    assert [each.token for each in written] == [3] * 8


def test_alternatives_are_ordered_and_ties_go_by_id():
    logs = np.log([0.1, 0.2, 0.3, 0.2, 0.2])
    assert [index for index, _ in alternatives(logs)] == [2, 1, 3, 4, 0]
    assert [index for index, _ in alternatives(logs, never=(2,), count=2)] == [1, 3]
