"""Entropy against values known by hand and an independent SciPy expression."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import entropy as scipy_entropy

from attnviz.analysis.entropy import entropy, normalised_entropy


@pytest.mark.parametrize("keys", [1, 2, 5, 13])
def test_even_weights_have_the_logarithm_of_their_number(keys):
    weights = np.full((3, keys), 1 / keys)
    np.testing.assert_allclose(entropy(weights), np.log(keys), atol=1e-12)
    np.testing.assert_allclose(normalised_entropy(weights), float(keys > 1), atol=1e-12)


def test_one_certain_key_is_zero_and_positive_zero():
    assert entropy(np.eye(5)).tolist() == [0.0] * 5
    assert not np.signbit(entropy(np.eye(5))).any()


def test_agrees_with_scipy_on_every_leading_axis():
    weights = np.random.default_rng(5).dirichlet(np.ones(7), size=(2, 3))
    np.testing.assert_allclose(entropy(weights.astype(np.float32)), scipy_entropy(weights, axis=-1), atol=1e-6)


def test_padding_adds_nothing_and_counts_only_if_it_is_counted():
    weights = np.array([[0.5, 0.5, 0, 0], [0.25, 0.25, 0.25, 0.25]])
    np.testing.assert_allclose(entropy(weights), np.log([2, 4]))
    np.testing.assert_allclose(normalised_entropy(weights, np.array([2, 4])), [1, 1])
    np.testing.assert_allclose(normalised_entropy(weights), [0.5, 1])
