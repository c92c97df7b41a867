"""The attention layers of Keras, KerasHub and attnviz, each used in its own ways."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from attnviz.layers import AttentionPooling
from tests.capture.reference import array, causal, mha, softmax
from tests.capture.zoo import (
    BATCH,
    CLASSES,
    FEATURES,
    HEADS,
    SIZE,
    SOURCE,
    TOKENS,
    X,
    Y,
    builder,
    features,
    ids,
    randomized,
    self_attention,
    x_in,
)


@builder
def mha_default():
    layer = layers.MultiHeadAttention(HEADS, SIZE, name="mha")
    return self_attention(layer), X, lambda: {"mha": mha(layer, X, X)[0]}


@builder
def mha_with_dropout():
    layer = layers.MultiHeadAttention(HEADS, SIZE, dropout=0.5, name="mha")
    return self_attention(layer), X, lambda: {"mha": mha(layer, X, X)[0]}


@builder
def mha_causal():
    layer = layers.MultiHeadAttention(HEADS, SIZE, name="mha")
    model = self_attention(layer, use_causal_mask=True)
    return model, X, lambda: {"mha": mha(layer, X, X, allowed=causal(TOKENS))[0]}


@builder
def mha_value_dim_and_scores_returned():
    layer, x = layers.MultiHeadAttention(HEADS, SIZE, value_dim=2, name="mha"), x_in()
    model = randomized(keras.Model(x, layer(x, x, return_attention_scores=True)))
    return model, X, lambda: {"mha": mha(layer, X, X)[0]}


def _embedded(layer, **call):
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    embedding = layers.Embedding(19, FEATURES, mask_zero=True, name="embedding")
    x = embedding(tokens)
    model = randomized(keras.Model(tokens, layers.GlobalAveragePooling1D()(layer(x, x, **call))))
    return model, lambda given: array(embedding.embeddings)[given]


@builder
def mha_padding_carried_by_keras():
    layer = layers.MultiHeadAttention(HEADS, SIZE, name="mha")
    model, vectors = _embedded(layer)
    given = ids()
    real = given != 0
    allowed = (real[:, :, None] & real[:, None, :])[:, None]
    return model, given, lambda: {"mha": mha(layer, vectors(given), vectors(given), allowed=allowed)[0]}


@builder
def mha_causal_and_padding_not_fused():
    layer = layers.MultiHeadAttention(HEADS, SIZE, dropout=0.1, name="mha")
    model, vectors = _embedded(layer, use_causal_mask=True)
    given = ids()
    real = given != 0
    allowed = (real[:, :, None] & real[:, None, :] & causal(TOKENS))[:, None]
    return model, given, lambda: {"mha": mha(layer, vectors(given), vectors(given), allowed=allowed)[0]}


@builder
def mha_explicit_mask():
    layer, x = layers.MultiHeadAttention(HEADS, SIZE, name="mha"), x_in()
    mask = keras.Input((None, None), dtype="bool", name="mask")
    model = randomized(keras.Model([x, mask], layer(x, x, attention_mask=mask)))
    allowed = np.random.default_rng(3).random((BATCH, TOKENS, TOKENS)) < 0.6
    allowed |= np.eye(TOKENS, dtype=bool)
    return model, [X, allowed], lambda: {"mha": mha(layer, X, X, allowed=allowed[:, None])[0]}


@builder
def mha_cross_with_own_keys():
    layer, x, y, z = layers.MultiHeadAttention(HEADS, SIZE, name="mha"), x_in(), x_in("y"), x_in("z")
    model = randomized(keras.Model({"x": x, "y": y, "z": z}, layer(x, y, z)))
    keys = features(BATCH, SOURCE, FEATURES, seed=5)
    return model, {"x": X, "y": Y, "z": keys}, lambda: {"mha": mha(layer, X, Y, keys)[0]}


@builder
def mha_over_two_axes():
    layer = layers.MultiHeadAttention(HEADS, SIZE, attention_axes=(1, 2), name="mha")
    x = keras.Input((None, 3, FEATURES))
    image = features(BATCH, 5, 3, FEATURES)
    flat = image.reshape(BATCH, 15, FEATURES)
    return randomized(keras.Model(x, layer(x, x))), image, lambda: {"mha": mha(layer, flat, flat)[0]}


@builder
def mha_over_an_inner_axis():
    layer = layers.MultiHeadAttention(HEADS, SIZE, attention_axes=(2,), name="mha")
    x = keras.Input((5, None, FEATURES))
    rows = features(BATCH, 5, TOKENS, FEATURES)

    def expected():
        each = mha(layer, *[rows.reshape(-1, TOKENS, FEATURES)] * 2)[0]
        return {"mha": each.reshape(BATCH, 5 * HEADS, TOKENS, TOKENS)}

    return randomized(keras.Model(x, layer(x, x))), rows, expected


@builder
def grouped_queries():
    layer = layers.GroupQueryAttention(SIZE, 6, 3, name="gqa")
    return self_attention(layer), X, lambda: {"gqa": _gqa(layer, None)}


@builder
def grouped_queries_causal_with_dropout():
    layer = layers.GroupQueryAttention(SIZE, 6, 2, dropout=0.2, name="gqa")
    return self_attention(layer, use_causal_mask=True), X, lambda: {"gqa": _gqa(layer, causal(TOKENS))}


def _gqa(layer, allowed):
    q = np.einsum("btd,dhk->bthk", X, array(layer._query_dense.kernel)) + array(layer._query_dense.bias)
    k = np.einsum("btd,dhk->bthk", X, array(layer._key_dense.kernel)) + array(layer._key_dense.bias)
    k = np.repeat(k, q.shape[2] // k.shape[2], axis=2)
    return softmax(np.einsum("bqhd,bkhd->bhqk", q, k) / np.sqrt(SIZE), allowed)


@builder
def attention_dot_with_scale():
    layer, x, y = layers.Attention(use_scale=True, name="luong"), x_in(), x_in("y")
    model = randomized(keras.Model([x, y], layer([x, y])))
    return model, [X, Y], lambda: {"luong": softmax(array(layer.scale) * (X.astype(float) @ Y.swapaxes(1, 2)))[:, None]}


@builder
def attention_concat_causal():
    layer, x = layers.Attention(score_mode="concat", name="luong"), x_in()
    model = randomized(keras.Model(x, layer([x, x], use_causal_mask=True)))

    def expected():
        wide = X.astype(np.float64)
        scores = array(layer.concat_score_weight) * np.tanh(wide[:, :, None] + wide[:, None]).sum(-1)
        return {"luong": softmax(scores, causal(TOKENS))[:, None]}

    return model, X, expected


@builder
def additive_with_padding():
    layer = layers.AdditiveAttention(name="bahdanau")
    tokens = keras.Input((None,), dtype="int32")
    embedding = layers.Embedding(19, FEATURES, mask_zero=True)
    x = embedding(tokens)
    model = randomized(keras.Model(tokens, layer([x, x])))
    given = ids()

    def expected():
        e = array(embedding.embeddings)[given]
        scores = (array(layer.scale) * np.tanh(e[:, :, None] + e[:, None])).sum(-1)
        return {"bahdanau": softmax(scores, (given != 0)[:, None])[:, None]}

    return model, given, expected


@builder
def our_pooling_and_a_classifier():
    layer = AttentionPooling(23, name="pooling")
    tokens = keras.Input((None,), dtype="int32")
    embedding = layers.Embedding(19, FEATURES, mask_zero=True)
    context, _ = layer(embedding(tokens))
    model = randomized(keras.Model(tokens, layers.Dense(CLASSES, activation="softmax")(context)))
    given = ids()

    def expected():
        scores = (array(embedding.embeddings)[given] @ array(layer.kernel))[..., 0] + array(layer.bias)[:TOKENS, 0]
        return {"pooling": softmax(scores, given != 0)[:, None, None]}

    return model, given, expected


# KerasHub ----------------------------------------------------------------------------------------------------------


def _hub():
    return pytest.importorskip("keras_hub", reason="KerasHub is an extra: pip install keras-hub").layers


@builder
def kerashub_encoder():
    encoder, x = _hub().TransformerEncoder(19, HEADS, name="encoder"), keras.Input((None, 15))
    given = features(BATCH, TOKENS, 15)
    model = randomized(keras.Model(x, encoder(x)), 0.3)
    return model, given, lambda: {"encoder/self_attention_layer": mha(encoder._self_attention_layer, given, given)[0]}


@builder
def kerashub_decoder():
    decoder = _hub().TransformerDecoder(19, HEADS, name="decoder")
    x, y = keras.Input((None, 15), name="x"), keras.Input((None, 15), name="y")
    given, memory = features(BATCH, TOKENS, 15), features(BATCH, SOURCE, 15, seed=4)
    model = randomized(keras.Model([x, y], decoder(x, y)), 0.3)

    def expected():
        first, output = mha(decoder._self_attention_layer, given, given, allowed=causal(TOKENS))
        hidden = output + given
        norm = decoder._self_attention_layer_norm
        mean, variance = hidden.mean(-1, keepdims=True), hidden.var(-1, keepdims=True)
        hidden = (hidden - mean) / np.sqrt(variance + norm.epsilon) * array(norm.gamma) + array(norm.beta)
        second = mha(decoder._cross_attention_layer, hidden, memory)[0]
        return {"decoder/self_attention": first, "decoder/cross_attention": second}

    return model, [given, memory], expected


@builder
def kerashub_cached_attention():
    layer, x = _hub().CachedMultiHeadAttention(HEADS, SIZE, name="cached"), x_in()
    model = randomized(keras.Model(x, layer(x, x)[0] if isinstance(layer(x, x), tuple) else layer(x, x)))
    return model, X, lambda: {"cached": mha(layer, X, X)[0]}
