"""Erasure curves and rank agreement against what is counted out by hand or by brute force."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis.explain import erasure
from attnviz.analysis.explain.agreement import agreement
from attnviz.trace import Encoded, Text, TokenAxis

WORTH = np.array([0.0, 0.05, 0.4, 0.02, 0.2, 0.1])


def encoded(ids: Sequence[int]) -> Encoded:
    axis = TokenAxis.of([f"t{each}" for each in ids])
    return Encoded(Text(""), {"tokens": np.array([ids], np.int32)}, {"tokens": axis})


class Adding:
    """A class probability that adds up what each token is worth, and a count of the texts it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, ...]] = []

    def __call__(self, batch: Sequence[Encoded]) -> np.ndarray:
        self.asked += [tuple(each.inputs["tokens"][0]) for each in batch]
        share = np.array([WORTH[each.inputs["tokens"][0]].sum() for each in batch])
        return np.stack([1 - share, share], axis=1)


def test_curves_of_a_model_that_adds_up():
    run, order = Adding(), erasure.order(WORTH[1:])
    assert order == [1, 3, 4, 0, 2]
    (found,) = erasure.curves(run, encoded([1, 2, 3, 4, 5]), 1, [order])

    np.testing.assert_allclose(found.without, [0.77, 0.37, 0.17, 0.07, 0.02], atol=1e-12)
    np.testing.assert_allclose(found.alone, [0.4, 0.6, 0.7, 0.75, 0.77], atol=1e-12)
    assert found.comprehensiveness == pytest.approx(np.mean([0.4, 0.6, 0.7, 0.75]))
    assert found.sufficiency == pytest.approx(np.mean([0.37, 0.17, 0.07, 0.02]))


def test_a_set_of_tokens_is_run_once_however_many_orders_have_it():
    run = Adding()
    orders = [erasure.order(WORTH[1:]), *erasure.random_orders(5, 20, seed=3)]
    found = erasure.curves(run, encoded([1, 2, 3, 4, 5]), 1, orders)

    assert len(run.asked) == len(set(run.asked)) <= 2**5 - 1
    assert all(each.comprehensiveness <= found[0].comprehensiveness + 1e-12 for each in found)
    assert all(each.sufficiency >= found[0].sufficiency - 1e-12 for each in found)


def test_a_single_token_has_no_curve_to_average():
    (found,) = erasure.curves(Adding(), encoded([2]), 1, [[0]])

    assert found.without.tolist() == found.alone.tolist() == [0.4]
    assert np.isnan(found.comprehensiveness)
    assert np.isnan(found.sufficiency)


def test_of_many_tokens_some_steps_are_taken_and_they_lie_on_the_whole_curve():
    rng = np.random.default_rng(3)
    worth = rng.random(erasure.EACH + 3)
    worth /= worth.sum()

    def run(batch: Sequence[Encoded]) -> np.ndarray:
        asked.extend(batch)
        return np.array([[worth[each.inputs["tokens"][0]].sum()] for each in batch])

    asked: list[Encoded] = []
    order = erasure.order(worth)
    (found,) = erasure.curves(run, encoded(range(len(worth))), 0, [order])
    assert len(found.counts) == erasure.STEPS and found.counts[0] == 1 and found.counts[-1] == len(worth) - 1
    assert len(asked) == 2 * (erasure.STEPS + 1) - 1, "the whole text is run once"
    kept = np.cumsum(worth[order])
    np.testing.assert_allclose(found.alone, kept[[k - 1 for k in found.along("alone")]], atol=1e-9)
    np.testing.assert_allclose(found.without[1:], 1 - kept[[k - 1 for k in found.counts]], atol=1e-9)
    table = erasure.table({"attention": found}, [found])
    assert sorted(set(table.k)) == [0, *found.counts, len(worth)]


def test_values_that_are_missing_come_last_and_ties_stay_in_place():
    assert erasure.order(np.array([1.0, np.nan, 2.0, 2.0, -1.0])) == [2, 3, 0, 4, 1]


def test_the_table_has_mean_and_band_of_the_random_orders():
    orders = [erasure.order(WORTH[1:]), *erasure.random_orders(5, 13, seed=3)]
    first, *random = erasure.curves(Adding(), encoded([1, 2, 3, 4, 5]), 1, orders)
    table = erasure.table({"attention": first}, random)

    at = table[(table.measure == "random") & (table.kind == "without") & (table.k == 2)].iloc[0]
    values = sorted(each.without[2] for each in random)
    assert at.probability == pytest.approx(np.mean(values))
    assert values[0] <= at.low <= at.probability <= at.high <= values[-1]
    assert len(table) == 2 * 2 * 5
    assert table[table.measure == "attention"].low.isna().all()


def test_random_orders_are_seeded():
    assert erasure.random_orders(7, 3, seed=5) == erasure.random_orders(7, 3, seed=5)
    assert erasure.random_orders(7, 3, seed=5) != erasure.random_orders(7, 3, seed=6)


def kendall(one: Sequence[float], other: Sequence[float]) -> float:
    """τ-b pair by pair."""
    pairs = [(np.sign(one[a] - one[b]), np.sign(other[a] - other[b])) for a, b in combinations(range(len(one)), 2)]
    untied = [sum(pair[side] != 0 for pair in pairs) for side in (0, 1)]
    return float(sum(a * b for a, b in pairs) / np.sqrt(np.prod(np.array(untied, dtype=float))))


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    """Pearson's r of mean ranks."""
    ranks = [[float(np.mean([sum(o < v for o in s), sum(o <= v for o in s) - 1])) for v in s] for s in (one, other)]
    return float(np.corrcoef(np.array(ranks))[0, 1])


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=2, max_size=13))
def test_agreement_with_ties(pairs: list[tuple[int, int]]):
    one, other = np.array(pairs, dtype=float).T
    found = agreement(one, other)

    if np.ptp(one) == 0 or np.ptp(other) == 0:
        assert found.level == "none"
    else:
        assert found.kendall == pytest.approx(kendall(one, other), abs=1e-12)
        assert found.spearman == pytest.approx(spearman(one, other), abs=1e-12)


def test_tokens_without_a_value_are_left_out():
    found = agreement(np.array([1.0, np.nan, 2.0, 3.0]), np.array([3.0, 9.0, 2.0, 1.0]))

    assert (found.tokens, found.kendall, found.level) == (3, pytest.approx(-1), "opposite")
