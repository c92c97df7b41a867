"""Still more of what strangers write: one graph in the batch, windows with heads, memories, parts of the keys."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from tests.families.own.architectures import (
    FEATURES,
    HEADS,
    SIDE,
    SIZE,
    SOURCE,
    TOKENS,
    Architecture,
    Truth,
    X,
    architecture,
    features,
    own,
)
from tests.families.own.more_architectures import ARCHITECTURES, KERNELS

__all__ = ["ARCHITECTURES"]

LATENT = tuple(f"latent {place + 1}" for place in range(SOURCE))


@architecture
def the_nodes_of_one_graph_are_the_batch():
    """As Spektral has it in single mode: nodes `[node, feature]` and who is tied to whom `[node, node]`."""

    def attend(layer, x, edges):
        h = ops.einsum("nd,dhs->nhs", x, layer.w)
        first, second = ops.einsum("nhs,hs->nh", h, layer.one), ops.einsum("nhs,hs->nh", h, layer.two)
        scores = tf.nn.leaky_relu(first[:, None] + second[None])
        weights = tf.nn.softmax(tf.where(edges[..., None] > 0, scores, -1e9), axis=-2)
        return ops.einsum("qkh,khs->qhs", weights, h)

    edges = (np.random.default_rng(3).random((TOKENS, TOKENS)) < 0.5) | np.eye(TOKENS, dtype=bool)
    shapes = {"w": (FEATURES, HEADS, SIZE), "one": (HEADS, SIZE), "two": (HEADS, SIZE)}
    truths = [Truth("self", SIDE, SIDE, "qhk")]  # TensorFlow brings keys to the end
    inputs = [X[0], edges.astype(np.float32)]
    return own(attend, inputs, tokens={"x": SIDE}, truths=truths, notices={"other_mask"}, **shapes)


@architecture
def graph_attention_summed_over_features():
    """Brody et al. 2022: the vector that scores comes after the activation."""

    def attend(layer, x):
        h = ops.einsum("btd,dhs->bths", x, layer.w)
        scores = ops.sum(layer.one * tf.nn.leaky_relu(h[:, :, None] + h[:, None]), -1)
        return ops.einsum("bqkh,bkhs->bqhs", tf.nn.softmax(scores, axis=-2), h)

    truths = [Truth("self", SIDE, SIDE, "bqhk")]
    return own(attend, X, truths=truths, w=(FEATURES, HEADS, SIZE), one=(HEADS, SIZE))


@architecture
def shifted_windows_with_heads():
    """A Swin Transformer: windows of a picture that was rolled are laid into the batch, each with heads."""

    class Windows(layers.Layer):
        def __init__(self):
            super().__init__(name="windows")
            self.attention = layers.MultiHeadAttention(HEADS, SIZE, name="attention")

        def call(self, x):
            rolled = tf.reshape(tf.roll(x, [-1, -1], [1, 2]), (-1, 2, 2, 2, 3, FEATURES))
            cut = tf.reshape(tf.transpose(rolled, (0, 1, 3, 2, 4, 5)), (-1, 6, FEATURES))
            return self.attention(cut, cut)

    keras.utils.set_random_seed(5)
    picture = keras.Input((4, 6, FEATURES))
    model = keras.Model(picture, Windows()(picture))
    places = tuple(map(str, range(6)))
    truths = [Truth("self", places, places, "hhqk")]
    tokens = [f"r{place}" for place in range(24)]
    return Architecture(model, features(1, 4, 6, FEATURES), tokens, truths, {"axis_by_position", "windows_as_heads"})


def _of_scores(weighed, truth="bhqk", op="Softmax", at=0):
    """Self-attention by a function of keys `[batch, head, token, size]` and of queries laid out alike."""

    def attend(layer, x):
        q, k = (ops.einsum("btd,dhs->bhts", x, w) for w in (layer.q, layer.k))
        return weighed(q, k)

    return own(attend, X, truths=[Truth("self", SIDE, SIDE, truth, op=op, at=at)], **KERNELS)


@architecture
def exp_of_log_softmax_along_another_axis():
    def weighed(q, k):
        weights = tf.exp(tf.nn.log_softmax(tf.matmul(k, q, transpose_b=True), axis=-2))
        return tf.matmul(weights, k, transpose_a=True)

    return _of_scores(weighed, "bhkq", "Exp")


@architecture
def exp_by_its_norm_of_order_one():
    def weighed(q, k):
        return tf.matmul(ops.normalize(tf.exp(tf.matmul(q, k, transpose_b=True)), axis=-1, order=1), k)

    return _of_scores(weighed, op="RealDiv", at=-1)


@architecture
def a_gradient_of_ones_own():
    @tf.custom_gradient
    def softmax(scores):
        return tf.nn.softmax(scores), lambda given: given

    return _of_scores(lambda q, k: tf.matmul(softmax(tf.matmul(q, k, transpose_b=True)), k))


@architecture
def a_table_of_places_on_the_keys():
    """An Attention Free Transformer with its softmax written out: every feature of every place has weights."""

    def attend(layer, x):
        q, k = tf.matmul(x, layer.q), tf.matmul(x, layer.k)
        weights = tf.nn.softmax(layer.places[:, :, None] + k[:, None], axis=2)
        return tf.sigmoid(q) * tf.reduce_sum(weights * x[:, None, :, :SIZE], 2)

    shapes = {"q": (FEATURES, SIZE), "k": (FEATURES, SIZE), "places": (TOKENS, TOKENS)}
    return own(attend, X, truths=[Truth("self", SIDE, SIDE, "bqhk")], **shapes)


@architecture
def a_memory_of_two_layers_of_units():
    """External Attention (Guo et al. 2021): a softmax over the tokens, then shares of the memory, both in `Dense`."""
    keras.utils.set_random_seed(5)
    x = keras.Input((TOKENS, FEATURES))
    scores = layers.Softmax(axis=1)(layers.Dense(SOURCE, use_bias=False)(x))
    shares = layers.Lambda(lambda each: each / (1e-9 + ops.sum(each, -1, keepdims=True)), name="shares")(scores)
    model = keras.Model(x, layers.Dense(FEATURES, use_bias=False)(shares))
    return Architecture(model, X, SIDE, [Truth("cross", SIDE, LATENT, "bqk", op="RealDiv")], {"no_softmax"})


@architecture
def slots_of_a_router():
    """Soft MoE (Puigcerver et al. 2024): one table of scores, a softmax over the tokens and one over the slots."""

    def attend(layer, x):
        scores = ops.einsum("btd,eds->btes", x, layer.slots)
        mixed = ops.einsum("btes,btd->besd", ops.softmax(scores, 1), x)
        read = ops.einsum("besd,edf->besf", mixed, layer.experts)
        back = ops.softmax(ops.reshape(scores, (-1, TOKENS, 6)), -1)
        return ops.matmul(back, ops.reshape(read, (-1, 6, SIZE)))

    truths = [Truth("pooling", ("slot 1", "slot 2", "slot 3"), SIDE, "bqhk")]
    shapes = {"slots": (2, FEATURES, 3), "experts": (2, FEATURES, SIZE)}
    return own(attend, X, truths=truths, notices={"shared_out"}, **shapes)


@architecture
def a_gate_of_two_vectors_and_tokens_one_by_one():
    """Two vectors of a kind of their own are numbered; tokens that a loop of Python's joins again keep their names."""

    def attend(layer, x):
        one = ops.stack([ops.mean(x, 1), ops.max(x, 1)], 1)
        gate = tf.nn.softmax(ops.matmul(one, layer.w)[..., 0])
        other = ops.concatenate([ops.tanh(x[:, t])[:, None] for t in range(TOKENS)], 1)
        pooled = tf.nn.softmax(ops.matmul(other, layer.w)[..., 0])
        return ops.sum(gate[..., None] * one, 1) + ops.sum(pooled[..., None] * other, 1)

    asks = ("learned query",)
    truths = [Truth("pooling", asks, ("vector 1", "vector 2"), "bk"), Truth("pooling", asks, SIDE, "bk", at=1)]
    return own(attend, X, truths=truths, notices={"keys_apart"}, w=(FEATURES, 1))


@architecture
def parts_of_the_keys_with_a_softmax_each():
    """Nearly Flash-Decoding: what the parts give is joined by half of what each has in all."""

    def attend(layer, x):
        q, k = (ops.einsum("btd,dhs->bhts", x, w) for w in (layer.q, layer.k))
        scores = [tf.matmul(q, each, transpose_b=True) for each in (k[:, :, :5], k[:, :, 5:])]
        given = [tf.nn.softmax(scores[0]) @ k[:, :, :5], tf.nn.softmax(scores[1]) @ k[:, :, 5:]]
        whole = tf.concat([tf.reduce_logsumexp(each, -1, keepdims=True) for each in scores], -1)
        first, second = tf.split(tf.nn.softmax(whole / 2), 2, -1)
        return given[0] * first + given[1] * second

    truths = [Truth("cross", SIDE, SIDE[:5], "bhqk"), Truth("cross", SIDE, SIDE[5:], "bhqk", at=1)]
    truths.append(Truth("cross", SIDE, ("vector 1", "vector 2"), "bhqk", at=2))
    return own(attend, X, truths=truths, notices={"parts_joined", "keys_apart"}, **KERNELS)
