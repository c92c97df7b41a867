"""Weights changed by hand, against NumPy written row by row, and what must hold for all of them."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.analysis.surgery import changes
from attnviz.trace import HIDDEN, LIFTED, MASK_CAUSAL, MASK_HIDDEN, MASK_NONE, MASK_PADDING

LAYERS, HEADS, TOKENS = 2, 3, 7
CAUSAL = np.where(np.triu(np.ones((TOKENS, TOKENS), bool), 1), MASK_CAUSAL, MASK_NONE).astype(np.int8)


def weights(mask=None, seed=0):
    drawn = np.random.default_rng(seed).random((LAYERS, HEADS, TOKENS, TOKENS)) ** 3
    drawn = drawn if mask is None else np.where(mask == MASK_NONE, drawn, 0)
    return (drawn / drawn.sum(-1, keepdims=True)).astype(np.float32)


def rows(values, mask):
    """Each row's allowed cells."""
    allowed = np.broadcast_to(True if mask is None else mask == MASK_NONE, values.shape)
    for place in np.ndindex(values.shape[:-1]):
        yield place, values[place][allowed[place]]


CHANGES = {
    "own": lambda w, mask: changes.own(w, mask),
    "uniform": lambda w, mask: changes.uniform(w, mask),
    "permuted": lambda w, mask: changes.permuted(w, 5, mask),
    "random": lambda w, mask: changes.random(w, 5, mask),
    "temperature": lambda w, mask: changes.temperature(w, 3.0, mask),
    "with_weight": lambda w, mask: changes.with_weight(w, 0, 0.25, mask=mask),
    "one_hot": lambda w, mask: changes.one_hot(w, 0, mask),
}


@pytest.mark.parametrize("mask", [None, CAUSAL], ids=["open", "causal"])
@pytest.mark.parametrize("name", CHANGES)
def test_rows_sum_to_one_where_a_query_may_look_and_the_rest_is_left_to_the_model(name, mask):
    given = weights(mask)
    before = given.copy()
    changed = CHANGES[name](given, mask)
    np.testing.assert_array_equal(given, before)
    assert changed.shape == given.shape
    forbidden = np.broadcast_to(False if mask is None else mask != MASK_NONE, given.shape)
    np.testing.assert_array_equal(np.isnan(changed), forbidden)
    np.testing.assert_allclose(np.nansum(changed, -1), 1, atol=1e-6)


@pytest.mark.parametrize("mask", [None, CAUSAL], ids=["open", "causal"])
def test_own_uniform_and_off(mask):
    given = weights(mask)
    for place, row in rows(given, mask):
        allowed = row.size
        kept = slice(0, allowed)
        np.testing.assert_array_equal(changes.own(given, mask)[place][kept], row)
        np.testing.assert_allclose(changes.uniform(given, mask)[place][kept], np.full(allowed, 1 / allowed))
        np.testing.assert_array_equal(changes.off(given, mask)[place][kept], np.zeros(allowed))


@pytest.mark.parametrize("mask", [None, CAUSAL], ids=["open", "causal"])
def test_permuted_keeps_the_numbers_of_a_row_and_is_repeatable(mask):
    given = weights(mask)
    changed = changes.permuted(given, 3, mask)
    moved = 0
    for place, row in rows(given, mask):
        np.testing.assert_array_equal(np.sort(changed[place][: row.size]), np.sort(row))
        moved += not np.array_equal(changed[place][: row.size], row)
    assert moved > LAYERS * HEADS * TOKENS / 2
    np.testing.assert_array_equal(changes.permuted(given, 3, mask), changed)
    assert not np.array_equal(changes.permuted(given, 4, mask), changed, equal_nan=True)


def test_random_is_flat_over_the_simplex_and_repeatable():
    given = np.full((4001, 3), 1 / 3)
    drawn = changes.random(given, 1)
    np.testing.assert_array_equal(changes.random(given, 1), drawn)
    assert not np.array_equal(changes.random(given, 2), drawn)
    # Of a flat Dirichlet distribution of n weights each has mean 1/n and variance (n - 1) / (n² (n + 1)).
    np.testing.assert_allclose(drawn.mean(0), 1 / 3, atol=0.02)
    np.testing.assert_allclose(drawn.var(0), 2 / 36, atol=0.005)


def test_one_hot_leaves_rows_that_may_not_look_there():
    changed = changes.one_hot(weights(CAUSAL), 4, CAUSAL)
    assert np.isnan(changed[:, :, :4]).all()
    for query in (4, 5, 6):
        np.testing.assert_array_equal(changed[0, 0, query, : query + 1], np.eye(TOKENS)[4, : query + 1])


@pytest.mark.parametrize("value", [0.25, 1.0, 7.0])
def test_temperature_is_that_of_the_scores(value):
    scores = np.random.default_rng(2).normal(0, 3, (HEADS, TOKENS))
    softmax = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    expected = np.exp(scores / value) / np.exp(scores / value).sum(-1, keepdims=True)
    np.testing.assert_allclose(changes.temperature(softmax, value), expected, rtol=1e-9)


def test_temperature_near_zero_is_the_largest_and_a_zero_stays():
    changed = changes.temperature(np.array([[0.2, 0.5, 0.3, 0.0]]), 0.01)
    np.testing.assert_allclose(changed, [[0, 1, 0, 0]], atol=1e-12)


def test_one_weight_with_the_rest_renormalised_or_not():
    row = np.array([0.5, 0.3, 0.2])
    np.testing.assert_allclose(changes.with_weight(row, 0, 0.75), [0.75, 0.15, 0.1])
    np.testing.assert_allclose(changes.with_weight(row, 0, 0.75, renormalise=False), [0.75, 0.3, 0.2])
    np.testing.assert_allclose(changes.with_weight(row, 1, 1.0), [0, 1, 0])
    np.testing.assert_allclose(changes.with_weight(np.array([1.0, 0, 0]), 0, 0.4), [0.4, 0.3, 0.3])


def test_a_weight_goes_where_a_mask_was_if_asked_for():
    changed = changes.with_weight(weights(CAUSAL)[0, 0], 5, 0.5, mask=CAUSAL)
    assert (changed[:, 5] == 0.5).all()
    np.testing.assert_allclose(np.nansum(changed, -1), 1, atol=1e-6)


@pytest.mark.parametrize("value", [-0.1, 1.5, np.nan, np.inf])
def test_weights_that_cannot_be(value):
    with pytest.raises(ValueError, match="weight"):
        changes.with_weight(np.ones(3) / 3, 0, value)


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan])
def test_temperatures_that_cannot_be(value):
    with pytest.raises(ValueError, match="temperature"):
        changes.temperature(np.ones(3) / 3, value)


def test_lifted_says_so_where_that_mask_is():
    mask = CAUSAL.copy()
    mask[:, 0] = MASK_PADDING
    changed = changes.lifted(weights(), mask, MASK_CAUSAL)
    np.testing.assert_array_equal(changed == LIFTED, np.broadcast_to(mask == MASK_CAUSAL, changed.shape))
    assert np.isnan(changed[changed != LIFTED]).all()


def test_hidden_scales_only_what_was_put_in():
    given, placed = weights(), np.full((LAYERS, HEADS, TOKENS, TOKENS), np.nan)
    placed[1, 2] = given[1, 2]
    changed = changes.hidden(given, [2, 4], placed)
    assert (changed[..., [2, 4]] == HIDDEN).all()
    others = np.setdiff1d(np.arange(TOKENS), [2, 4])
    expected = given[1, 2][:, others] / given[1, 2][:, others].sum(-1, keepdims=True)
    np.testing.assert_allclose(changed[1, 2][:, others], expected, rtol=1e-6)
    assert np.isnan(changed[0][..., others]).all() and MASK_HIDDEN not in (MASK_NONE, MASK_CAUSAL)


def test_weight_is_moved_only_where_the_mask_lets_it():
    rng = np.random.default_rng(7)
    weights = rng.dirichlet(np.ones(5), (2, 3))
    mask = np.zeros((2, 3, 5), np.int8)
    mask[0, 0, [3, 4]] = mask[1, 1, 4] = 1
    weights[mask > 0] = 0
    found = changes.moved(weights, [0, 2], [3, 4], mask)
    assert np.isnan(found[0, 0]).all(), "nothing that gets may be looked at: the row is the model's own"
    given = weights[1, 1, [0, 2]].sum()
    np.testing.assert_allclose(found[1, 1, :4], [0, weights[1, 1, 1], 0, weights[1, 1, 3] + given])
    assert np.isnan(found[1, 1, 4])
    np.testing.assert_allclose(found[1, 2].sum(), weights[1, 2].sum())
