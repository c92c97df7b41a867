"""What is computed in parts is what would be computed at once."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from attnviz.families.common import derivative
from attnviz.families.common.derivative import Derivative
from attnviz.families.common.forward import Forward, parts

ROWS, POSITIONS, FEATURES, CLASSES = 11, 7, 5, 3


@pytest.mark.parametrize("most", [0, 1, 13, 14, 1000])
def test_parts_are_all_rows_in_their_order_and_no_longer_than_they_may_be(most: int):
    found = list(parts(ROWS, POSITIONS, most))
    assert [row for part in found for row in range(ROWS)[part]] == list(range(ROWS))
    assert max(len(range(ROWS)[part]) for part in found) == min(max(1, most // POSITIONS), ROWS)


def network() -> keras.Model:
    """From two named inputs to one array, with weights from a seed."""
    keras.utils.set_random_seed(3)
    ids, vectors = keras.Input((None,), dtype="int32", name="ids"), keras.Input((None, FEATURES), name="vectors")
    embedded = keras.layers.Embedding(17, FEATURES)(ids)
    summed = keras.ops.sum(embedded, axis=1) + keras.ops.sum(vectors, axis=1)
    return keras.Model({"vectors": vectors, "ids": ids}, keras.layers.Dense(CLASSES)(summed))


def test_a_network_says_the_same_in_parts_whatever_the_order_of_its_inputs():
    rng, model = np.random.default_rng(2), network()
    given = {
        "ids": rng.integers(0, 17, (ROWS, POSITIONS)).astype(np.int32),
        "vectors": rng.normal(size=(ROWS, POSITIONS, FEATURES)).astype(np.float32),
    }
    asked: list[int] = []
    at_once, forward = model(given, training=False), Forward(model, most=4 * POSITIONS)
    run = forward._run
    forward._run = lambda inputs: (asked.append(1), run(inputs))[1]  # type: ignore[method-assign]
    np.testing.assert_allclose(forward(given), at_once, rtol=1e-6)
    np.testing.assert_allclose(forward({name: each[:1] for name, each in given.items()}), at_once[:1], rtol=1e-6)
    assert asked == [1]  # compiled once for parts of two rows, of one, and another length


def test_a_derivative_is_the_same_in_parts(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(5)
    kernel = rng.normal(size=(FEATURES, CLASSES)).astype(np.float32)
    made = Derivative(
        lambda scale, vectors: tf.nn.softmax(tf.reduce_sum(vectors * scale[:, :, None], 1) @ kernel),
        [tf.TensorSpec([None, None])],
        FEATURES,
    )
    scale = rng.normal(size=(ROWS, POSITIONS)).astype(np.float32)
    vectors = rng.normal(size=(ROWS, POSITIONS, FEATURES)).astype(np.float32)
    at_once = made([scale], vectors, 1)
    monkeypatch.setattr(derivative, "_MOST", 2 * POSITIONS)
    np.testing.assert_allclose(made([scale], vectors, 1), at_once, rtol=1e-5, atol=1e-7)
    assert len(at_once) == ROWS and np.ptp(at_once) > 0
