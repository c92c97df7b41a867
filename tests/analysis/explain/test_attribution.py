"""Attribution against a model that is written out here, in float64."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from attnviz.analysis.explain.attribution import gradient_input, integrated_gradients, removed, replaced
from attnviz.trace import Encoded, Text, TokenAxis

TOKENS, FEATURES, CLASSES, WORDS, UNKNOWN = 7, 5, 3, 23, 1
GENERATOR = np.random.default_rng(11)
EMBEDDING = GENERATOR.normal(size=(WORDS, FEATURES))
KERNEL = GENERATOR.normal(size=(FEATURES, CLASSES))
QUERY = GENERATOR.normal(size=FEATURES)
IDS = [2, 3, 5, 7, 11, 13, 17]


def encoded(ids: Sequence[int]) -> Encoded:
    axis = TokenAxis.of([f"t{each}" for each in ids])
    return Encoded(Text(" ".join(axis.tokens)), {"tokens": np.array([ids], np.int32)}, {"tokens": axis})


def probabilities(vectors: np.ndarray) -> np.ndarray:
    """Attention pooling and a softmax over classes, `[token, feature]` to `[class]`."""
    weights = np.exp(vectors @ QUERY)
    logits = np.tanh(weights / weights.sum() @ vectors) @ KERNEL
    return np.exp(logits) / np.exp(logits).sum()


def run(batch: Sequence[Encoded]) -> np.ndarray:
    return np.stack([probabilities(EMBEDDING[each.inputs["tokens"][0]]) for each in batch])


def gradients_of(target: int):
    def gradients(features: np.ndarray) -> np.ndarray:
        """Central differences, for a batch."""
        found = np.zeros(features.shape)
        for index in np.ndindex(*features.shape):
            step = np.zeros(features.shape[1:])
            step[index[1:]] = 1e-5
            up, down = (probabilities(features[index[0]].astype(np.float64) + sign * step) for sign in (1, -1))
            found[index] = (up[target] - down[target]) / 2e-5
        return found

    return gradients


@pytest.mark.parametrize("target", range(CLASSES))
def test_leaving_out_is_the_difference_of_two_runs(target: int):
    own = probabilities(EMBEDDING[IDS])[target]
    without = [own - probabilities(EMBEDDING[IDS[:place] + IDS[place + 1 :]])[target] for place in range(TOKENS)]
    unknown = [
        own - probabilities(EMBEDDING[[*IDS[:place], UNKNOWN, *IDS[place + 1 :]]])[target] for place in range(TOKENS)
    ]

    np.testing.assert_allclose(removed(run, encoded(IDS), target), without, atol=1e-12)
    np.testing.assert_allclose(replaced(run, encoded(IDS), target, UNKNOWN), unknown, atol=1e-12)


def test_a_single_token_cannot_be_removed_but_replaced():
    assert np.isnan(removed(run, encoded([2]), 0)).all()
    assert np.isfinite(replaced(run, encoded([2]), 0, UNKNOWN)).all()


def test_gradient_times_input_is_the_slope_along_each_vector():
    vectors, target = EMBEDDING[IDS], 2
    slopes = []
    for place in range(TOKENS):
        scale = np.ones((TOKENS, 1))
        up, down = scale.copy(), scale.copy()
        up[place], down[place] = 1 + 1e-6, 1 - 1e-6
        slopes.append((probabilities(vectors * up) - probabilities(vectors * down))[target] / 2e-6)

    np.testing.assert_allclose(gradient_input(gradients_of(target), vectors), slopes, atol=1e-6)


@pytest.mark.parametrize("target", range(CLASSES))
def test_integrated_gradients_sum_to_the_difference_and_agree_with_a_fine_sum(target: int):
    vectors, baseline = EMBEDDING[IDS], EMBEDDING[[UNKNOWN] * TOKENS]
    difference = float(probabilities(vectors)[target] - probabilities(baseline)[target])
    found = integrated_gradients(gradients_of(target), vectors, baseline, difference)
    shares = (np.arange(400) + 0.5) / 400
    path = baseline + shares[:, None, None] * (vectors - baseline)
    reference = ((vectors - baseline) * gradients_of(target)(path).mean(axis=0)).sum(axis=-1)

    assert found.residue <= 0.01
    assert found.difference == difference
    assert abs(found.values.sum() - difference) <= 0.01 * abs(difference)
    np.testing.assert_allclose(found.values, reference, atol=0.02 * abs(reference).max())


def test_what_never_completes_says_so_and_gives_the_nearest():
    vectors, baseline = EMBEDDING[IDS], EMBEDDING[[UNKNOWN] * TOKENS]
    found = integrated_gradients(gradients_of(0), vectors, baseline, 1e3)

    assert found.residue > 0.9
    assert found.points > 0


def test_replace_marks_unknown_and_leaves_the_rest():
    changed = encoded(IDS).replace([1, 4], UNKNOWN)

    assert changed.inputs["tokens"].tolist() == [[2, 1, 5, 7, 1, 13, 17]]
    assert changed.axes["tokens"].unknown == (False, True, False, False, True, False, False)
    assert encoded(IDS).inputs["tokens"].tolist() == [IDS]
