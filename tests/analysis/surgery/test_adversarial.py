"""Adversarial weights: within the bound, repeatable, and near the best there is where that is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from attnviz.analysis.divergence import jensen_shannon, total_variation
from attnviz.analysis.surgery.adversarial import adversarial

OWN = np.array([0.5, 0.2, 0.15, 0.1, 0.05])


def model(strength):
    """A classifier whose logits are a mixture of fixed rows by the weights, times a strength."""
    rows = np.random.default_rng(3).normal(size=(len(OWN), 3)) * strength

    def probabilities(weights):
        logits = weights @ rows
        powers = np.exp(logits - logits.max(-1, keepdims=True))
        return powers / powers.sum(-1, keepdims=True)

    return probabilities


def test_divergences_as_scipy_and_by_hand():
    first, second = np.random.default_rng(1).dirichlet(np.ones(7), (2, 11))
    expected = [jensenshannon(p, q) ** 2 for p, q in zip(first, second, strict=True)]
    np.testing.assert_allclose(jensen_shannon(first, second), expected, rtol=1e-9)
    assert jensen_shannon(np.array([1.0, 0]), np.array([0, 1.0])) == pytest.approx(np.log(2))
    assert jensen_shannon(OWN, OWN) == 0
    assert total_variation(np.array([0.7, 0.3, 0]), np.array([0.5, 0.3, 0.2])) == pytest.approx(0.2)


@pytest.mark.parametrize("epsilon", [0.001, 0.01, 0.2])
@pytest.mark.parametrize("strength", [0.5, 3.0, 10.0])
def test_what_it_reports_is_so(strength, epsilon):
    probabilities = model(strength)
    found = adversarial(probabilities, OWN, epsilon, seed=7)
    own = probabilities(OWN[None].astype(np.float32))[0]
    assert found.weights.min() >= 0 and found.weights.sum() == pytest.approx(1)
    assert found.divergence == pytest.approx(jensenshannon(found.weights, OWN) ** 2, abs=1e-9)
    change = total_variation(probabilities(found.weights[None].astype(np.float32))[0], own)
    assert found.change == pytest.approx(change, abs=1e-7) and change <= epsilon
    again = adversarial(probabilities, OWN, epsilon, seed=7)
    np.testing.assert_array_equal(again.weights, found.weights)
    assert found.tried > 1000


def test_a_model_that_does_not_care_gives_the_farthest_there_is():
    """Then the best is all weight on the key that had least."""
    found = adversarial(lambda weights: np.full((len(weights), 2), 0.5), OWN, 0.01)
    np.testing.assert_allclose(found.weights, np.eye(5)[4], atol=1e-9)
    assert found.change == 0


def test_near_the_best_of_an_exhaustive_search():
    probabilities, own = model(4.0), np.array([0.6, 0.3, 0.1])
    steps = 200
    grid = np.array([(i, j, steps - i - j) for i in range(steps + 1) for j in range(steps + 1 - i)]) / steps

    def three(weights):
        return probabilities(np.concatenate([weights, np.zeros((len(weights), 2))], axis=1))

    change = total_variation(three(grid), three(own[None])[0])
    best = jensen_shannon(grid, own)[change <= 0.05].max()
    found = adversarial(three, own, 0.05)
    assert found.divergence >= 0.97 * best


def test_a_wider_bound_never_finds_less_and_one_key_finds_nothing():
    probabilities = model(6.0)
    found = [adversarial(probabilities, OWN, epsilon).divergence for epsilon in (0.001, 0.01, 0.1, 0.5)]
    assert found == sorted(found)
    single = adversarial(lambda weights: np.full((len(weights), 2), 0.5), np.ones(1), 0.1)
    assert single.divergence == 0 and single.weights.tolist() == [1.0]
