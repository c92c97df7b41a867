"""A model compiled for a few lengths answers as it does for the length that was typed."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from attnviz.capture import BUCKETS, Bucketed, CapturedModel

VOCABULARY, SIZE, HEADS, DEPTH, LONGEST = 31, 14, 7, 3, 53


@pytest.fixture(scope="module")
def model() -> keras.Model:
    keras.utils.set_random_seed(5)
    ids = keras.Input((None,), dtype="int32", name="token_ids")
    mask = keras.Input((None,), dtype="int32", name="padding_mask")
    x = layers.Embedding(VOCABULARY, SIZE)(ids)
    for _ in range(DEPTH):
        allowed = keras.ops.cast(mask, "bool")[:, None, :]
        x = layers.LayerNormalization()(x + layers.MultiHeadAttention(HEADS, 11)(x, x, attention_mask=allowed))
    return keras.Model({"token_ids": ids, "padding_mask": mask}, x)


@pytest.fixture(scope="module")
def captured(model: keras.Model) -> CapturedModel:
    return CapturedModel(model)


@pytest.fixture(scope="module")
def bucketed(model: keras.Model) -> Bucketed:
    """What it compiles for one length serves the tests of others."""
    return Bucketed(model, LONGEST)


def inputs(tokens: int) -> dict[str, np.ndarray]:
    ids = np.random.default_rng(tokens).integers(1, VOCABULARY, (1, tokens)).astype(np.int32)
    return {"token_ids": ids, "padding_mask": np.ones_like(ids)}


@pytest.mark.parametrize("tokens", [1, 13, 16, 17, 53])
def test_padding_changes_nothing_and_is_cut(captured, bucketed, tokens):
    plain = captured(inputs(tokens))
    prediction, weights = bucketed(inputs(tokens))

    assert weights.shape == (DEPTH, HEADS, tokens, tokens)
    np.testing.assert_allclose(weights, np.concatenate([site.weights for site in plain.sites.values()]), atol=1e-5)
    np.testing.assert_allclose(prediction[:, :tokens], plain.prediction, atol=1e-5)
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)


def test_forty_lengths_trace_no_more_than_the_buckets(model, monkeypatch):
    traced = []
    original = tf.function
    monkeypatch.setattr(tf, "function", lambda *args, **options: traced.append(1) or original(*args, **options))
    bucketed = Bucketed(model, LONGEST)
    for tokens in range(2, 42):
        bucketed(inputs(tokens))

    assert bucketed.lengths == (16, 32, 48, 53)
    assert bucketed.traced == (16, 32, 48)
    assert len(traced) == 3


def test_what_has_no_bucket_is_refused(model, bucketed):
    with pytest.raises(ValueError, match=f"at most {LONGEST}"):
        bucketed(inputs(LONGEST + 1))
    assert Bucketed(model, 4096).length(1025) is None
    assert tuple(sorted(set(BUCKETS))) == BUCKETS


def test_weights_cannot_be_written_to(bucketed):
    for tokens in (16, 19):
        _, weights = bucketed(inputs(tokens))
        with pytest.raises(ValueError, match="read-only"):
            weights[0] = 0
