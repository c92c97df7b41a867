"""Edits that lift masks and set them, against softmaxes computed in NumPy from the layers' own projections."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from attnviz.capture import CapturedModel
from attnviz.trace import HIDDEN, LIFTED, Edit
from tests.capture.reference import causal, mha
from tests.capture.zoo import FEATURES, HEADS, SIZE, TOKENS, X, randomized, x_in

OWN = np.full((TOKENS, TOKENS), np.nan)


def masked_model(dropout: float = 0.0, **call):
    layer, x = layers.MultiHeadAttention(HEADS, SIZE, dropout=dropout, name="mha"), x_in()
    return layer, randomized(keras.Model(x, layer(x, x, **call)))


def outcome(model, edits):
    run = CapturedModel(model)(X, edits)
    return run.sites["mha"].weights, run.prediction


@pytest.mark.parametrize("dropout", [0.0, 0.2], ids=["fused", "not fused"])
def test_a_causal_mask_lifted_gives_the_weights_of_a_layer_without_it(dropout):
    layer, model = masked_model(dropout, use_causal_mask=True)
    weights, prediction = outcome(model, [Edit("mha", np.where(causal(TOKENS), np.nan, LIFTED))])
    expected = mha(layer, X, X)
    np.testing.assert_allclose(weights, expected[0], atol=2e-6)
    np.testing.assert_allclose(prediction, expected[1], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dropout", [0.0, 0.2], ids=["fused", "not fused"])
def test_one_cell_of_one_head_lifted(dropout):
    layer, model = masked_model(dropout, use_causal_mask=True)
    cell = OWN.copy()
    cell[2, 5] = LIFTED
    allowed = np.broadcast_to(causal(TOKENS), (1, HEADS, TOKENS, TOKENS)).copy()
    allowed[:, 1, 2, 5] = True
    weights, prediction = outcome(model, [Edit("mha", cell, head=1)])
    expected = mha(layer, X, X, allowed=allowed)
    np.testing.assert_allclose(weights, expected[0], atol=2e-6)
    np.testing.assert_allclose(prediction, expected[1], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("call", [{}, {"use_causal_mask": True}], ids=["open", "causal"])
def test_a_key_hidden_is_a_mask_more(call):
    layer, model = masked_model(**call)
    hide = OWN.copy()
    hide[:, 3] = HIDDEN
    allowed = (causal(TOKENS) if call else np.ones((TOKENS, TOKENS), bool)) & (np.arange(TOKENS) != 3)
    weights, prediction = outcome(model, [Edit("mha", hide)])
    expected = mha(layer, X, X, allowed=allowed)
    np.testing.assert_allclose(weights, expected[0], atol=2e-6)
    np.testing.assert_allclose(prediction, expected[1], rtol=1e-5, atol=1e-5)


def test_a_row_with_nothing_left_is_zero_and_others_stay():
    layer, model = masked_model(use_causal_mask=True)
    hide = OWN.copy()
    hide[:2, :2] = HIDDEN
    weights, _ = outcome(model, [Edit("mha", hide)])
    expected = mha(layer, X, X, allowed=causal(TOKENS))[0]
    assert not weights[:, :, :2].any()
    np.testing.assert_allclose(weights[:, :, 2:], expected[:, :, 2:], atol=2e-6)


def test_numbers_and_masks_in_one_row():
    _, model = masked_model()
    edits = [Edit("mha", np.full((TOKENS, TOKENS), 1 / TOKENS)), Edit("mha", np.where(np.eye(TOKENS), HIDDEN, np.nan))]
    weights, _ = outcome(model, edits)
    expected = (1 - np.eye(TOKENS)) / TOKENS
    np.testing.assert_allclose(weights, np.broadcast_to(expected, weights.shape), atol=1e-7)


#: How attention code writes a mask; all forbid later keys.
WRITTEN = {
    "added": lambda scores, keep: scores + (1.0 - tf.cast(keep, scores.dtype)) * -1e9,
    "subtracted": lambda scores, keep: scores - 1e9 * tf.cast(~keep, scores.dtype),
    "BERT's": lambda scores, keep: scores + (1.0 - tf.cast(keep, scores.dtype)) * -10000.0,
    "chosen": lambda scores, keep: tf.where(keep, scores, -1e30),
    "infinite": lambda scores, keep: tf.where(keep, scores, -np.inf),
    "chosen from": lambda scores, keep: tf.where(keep, scores, scores - 1e9),
    "keras": lambda scores, keep: keras.ops.where(keep, scores, keras.ops.cast(-3e4, scores.dtype)),
    "twice": lambda scores, keep: tf.where(keep, scores + (1.0 - tf.cast(keep, scores.dtype)) * -1e9, -1e9),
    "under a bias": lambda scores, keep: tf.where(keep, scores, -1e9) + 0.0 * scores,
}


class Written(layers.Layer):
    def __init__(self, write, **options):
        super().__init__(**options)
        self.write = write

    def call(self, x):
        scores = tf.matmul(x, x, transpose_b=True) / 4.0
        length = tf.shape(x)[1]
        keep = tf.linalg.band_part(tf.ones((length, length), tf.bool), -1, 0)
        return tf.matmul(tf.nn.softmax(self.write(scores, keep)), x)


@pytest.mark.parametrize("name", WRITTEN)
def test_masks_are_found_however_they_are_written(name):
    x = x_in()
    captured = CapturedModel(keras.Model(x, Written(WRITTEN[name], name="own")(x)))
    own, site = captured(X).sites["own"].weights, captured.sites[0]
    weights = captured(X, [Edit("own", np.where(causal(TOKENS), np.nan, LIFTED))]).sites["own"].weights
    scores = np.einsum("bqf,bkf->bqk", X.astype(float), X.astype(float)) / 4
    open_weights = np.exp(scores - scores.max(-1, keepdims=True))
    assert site.maskable
    assert not own[0, 0][~causal(TOKENS)].any()
    np.testing.assert_allclose(weights[:, 0], open_weights / open_weights.sum(-1, keepdims=True), atol=2e-6)


def test_a_layer_without_a_mask_has_none_to_lift():
    _, model = masked_model()
    assert not CapturedModel(model).sites[0].maskable


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_masks_in_half_precision(dtype):
    layer, x = layers.MultiHeadAttention(HEADS, SIZE, name="mha", dtype=dtype), keras.Input((None, FEATURES))
    model = randomized(keras.Model(x, layer(x, x, use_causal_mask=True)), 0.2)
    captured = CapturedModel(model)
    weights = captured(X, [Edit("mha", np.where(causal(TOKENS), np.nan, LIFTED))]).sites["mha"].weights
    np.testing.assert_allclose(weights, mha(layer, X, X)[0], atol=3e-2)
    hidden = OWN.copy()
    hidden[:, 0] = HIDDEN
    assert not captured(X, [Edit("mha", hidden)]).sites["mha"].weights[..., 0].any()
