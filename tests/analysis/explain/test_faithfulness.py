"""Removal on a model whose answers are known: the probability of class 1 is decided by one token."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.analysis.explain.faithfulness import comprehensiveness, ratio, removal, without

KEY, MINOR = 7, 3


def run(ids):
    """Class 1 at 0.9 with KEY in it, at 0.2 without; MINOR adds 0.01. Weights lie on KEY, then on MINOR."""
    assert ids.dtype == np.int32
    gaps = (ids[:, :-1] == 0) & (ids[:, 1:] > 0)
    assert not gaps.any(), "padding stands at the end only"
    one = np.where((ids == KEY).any(axis=1), 0.9, 0.2) + 0.01 * (ids == MINOR).any(axis=1)
    scores = np.where(ids == KEY, 5.0, np.where(ids == MINOR, 2.0, 1.0)) * (ids > 0)
    return np.stack([1 - one, one], axis=1), scores / np.maximum(scores.sum(axis=1, keepdims=True), 1e-9)


IDS = np.array([[2, KEY, 4, MINOR, 5], [KEY, 2, 0, 0, 0], [2, 4, 5, 0, 0], [KEY, 0, 0, 0, 0]], dtype=np.int32)


def test_without_closes_up_and_keeps_the_order():
    remove = np.zeros(IDS.shape, dtype=bool)
    remove[0, [1, 4]] = remove[1, 0] = True
    assert without(IDS, remove).tolist() == [[2, 4, MINOR, 0, 0], [2, 0, 0, 0, 0], [2, 4, 5, 0, 0], [KEY, 0, 0, 0, 0]]


def test_removing_one_token():
    result = removal(run, IDS)
    assert result.rows.tolist() == [0, 1, 2]  # a single token cannot be taken away
    np.testing.assert_allclose(result.drop_top, [0.7, 0.7, 0.0], atol=1e-12)
    np.testing.assert_allclose(result.drop_random, [0.01 / 4, 0, 0], atol=1e-12)
    assert result.flip_top.tolist() == [1, 1, 0]
    assert result.flip_random.tolist() == [0, 0, 0]


def test_removing_several_takes_sentences_long_enough():
    results = comprehensiveness(run, IDS, (1, 2, 4))
    assert [len(results[k].rows) for k in (1, 2, 4)] == [3, 1, 0]
    np.testing.assert_allclose(results[2].drop_top, [0.71], atol=1e-12)
    np.testing.assert_allclose(results[2].drop_random, [0.0], atol=1e-12)  # KEY and MINOR are the top two


def test_random_sets_do_not_touch_the_top_and_repeat_by_seed():
    ids = np.array([[KEY, 2, 4, 5, 6, MINOR, 8, 9]] * 3, dtype=np.int32)
    one, other, again = (removal(run, ids, k=2, draws=5, seed=seed) for seed in (1, 2, 1))
    assert np.all(one.drop_random <= 0.01 + 1e-12)
    assert one.drop_random.tolist() == again.drop_random.tolist()
    assert one.drop_random.shape == other.drop_random.shape == (3,)


def test_many_sentences_agree_with_one_at_a_time():
    rng = np.random.default_rng(11)
    lengths = rng.integers(1, 9, 600)
    ids = (rng.integers(2, 11, (600, 8)) * (np.arange(8) < lengths[:, None])).astype(np.int32)
    together = removal(run, ids)
    for place in (0, 1, 100, 300, len(together.rows) - 1):
        row = together.rows[place]
        alone = removal(run, ids[row : row + 1, : lengths[row]])
        for name in ("drop_top", "drop_random", "flip_top", "flip_random"):
            assert getattr(together, name)[place] == pytest.approx(getattr(alone, name)[0], abs=1e-12)


def test_ratio_and_its_interval():
    rng = np.random.default_rng(17)
    result = ratio(rng.normal(0.5, 0.1, 400), rng.normal(0.02, 0.01, 400))
    assert result.low < result.value < result.high
    assert result.value == pytest.approx(25, rel=0.1)
    assert result.high - result.low < 4


def test_ratio_without_random_cost_is_infinite_not_negative():
    result = ratio(np.array([0.4, 0.6]), np.array([-0.1, -0.2]))
    assert (result.value, result.low, result.high) == (float("inf"),) * 3
    assert ratio(np.zeros(2), np.zeros(2)).value == 0
