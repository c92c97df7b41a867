"""Attention as strangers write it: small models, each with what a person who reads its code knows of it.

A builder returns the model, its inputs, the tokens, and for each attention in order its kind, the tokens that ask,
those that are asked, and where an eager run computes it: which operation, which of its results, and what its axes are
(`b` batch, `h` head, `q` query, `k` key). Every length is another prime.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

TOKENS, SOURCE, FEATURES, HEADS, SIZE, SLOTS = 7, 11, 13, 3, 5, 2
SIDE = tuple(f"t{place}" for place in range(TOKENS))
OTHER = tuple(f"s{place}" for place in range(SOURCE))


def features(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


X, Y = features(1, TOKENS, FEATURES), features(1, SOURCE, FEATURES, seed=1)
IDS = np.array([[3, 5, 2, 9, 4, 0, 0]], np.int32)


@dataclass(frozen=True)
class Truth:
    """One attention as its author knows it."""

    kind: str
    query: tuple[str, ...]
    key: tuple[str, ...]
    letters: str
    op: str = "Softmax"
    at: int = 0
    stacked: int = 0
    backwards: bool = False


@dataclass
class Architecture:
    """A model with its inputs and the truth about it."""

    model: keras.Model
    inputs: Any
    tokens: Any
    truths: list[Truth]
    notices: set[str] = field(default_factory=set)


ARCHITECTURES: dict[str, Callable[[], Architecture]] = {}


def architecture(builder):
    ARCHITECTURES[builder.__name__] = builder
    return builder


class Own(layers.Layer):
    """A layer whose weights are made when they are first asked for by name."""

    def __init__(self, function, shapes, **options):
        super().__init__(**options)
        self.function, self.shapes = function, shapes

    def build(self, *_):
        for name, shape in self.shapes.items():
            setattr(self, name, self.add_weight(shape=shape, initializer="glorot_normal", name=name))

    def call(self, *inputs):
        return self.function(self, *inputs)

    def compute_output_spec(self, *inputs):
        return keras.KerasTensor((None, None, None))


def own(function, inputs, *, tokens=SIDE, truths, name="own", notices=(), **shapes):
    """A model of one such layer on inputs given as arrays."""
    keras.utils.set_random_seed(5)
    layer = Own(function, shapes, name=name)

    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.own = layer

        def call(self, inputs):
            return self.own(*(inputs if isinstance(inputs, list | tuple) else [inputs]))

    model = Model()
    model(inputs)
    return Architecture(model, inputs, tokens, truths, set(notices))


SELF = [Truth("self", SIDE, SIDE, "bhqk")]


# Axes in other places ------------------------------------------------------------------------------------------------


def _graph_attention(letters, heads=HEADS):
    def attend(layer, x):
        h = ops.einsum("btd,dhs->bths", x, layer.w)
        first, second = ops.einsum("bths,hs->bth", h, layer.one), ops.einsum("bths,hs->bth", h, layer.two)
        if letters == "bqhk":
            scores = first[..., None] + ops.transpose(second, (0, 2, 1))[:, None]
            weights = tf.nn.softmax(tf.nn.leaky_relu(scores))
            return ops.einsum("bqhk,bkhs->bqhs", weights, h)
        weights = tf.nn.softmax(tf.nn.leaky_relu(first[:, :, None] + second[:, None]), axis=2)
        return ops.einsum("bqkh,bkhs->bqhs", weights, h)

    shapes = {"w": (FEATURES, heads, SIZE), "one": (heads, SIZE), "two": (heads, SIZE)}
    return own(attend, X, truths=[Truth("self", SIDE, SIDE, "bqhk")], **shapes)  # TensorFlow brings keys to the end


@architecture
def graph_attention_query_head_key():
    return _graph_attention("bqhk")


@architecture
def graph_attention_query_key_head():
    return _graph_attention("bqkh")


@architecture
def graph_attention_with_as_many_heads_as_nodes():
    return _graph_attention("bqhk", heads=TOKENS)


@architecture
def graph_attention_with_an_adjacency_matrix():
    def attend(layer, x, edges):
        h = ops.einsum("btd,dhs->bths", x, layer.w)
        scores = ops.einsum("bqhs,bkhs->bqhk", h, h) + (1 - edges[:, :, None]) * -1e9
        return ops.einsum("bqhk,bkhs->bqhs", tf.nn.softmax(scores), h)

    edges = (np.random.default_rng(3).random((1, TOKENS, TOKENS)) < 0.5) | np.eye(TOKENS, dtype=bool)
    tokens = {"x": SIDE}
    made = own(attend, [X, edges.astype(np.float32)], tokens=tokens, truths=[Truth("self", SIDE, SIDE, "bqhk")],
               notices={"other_mask"}, w=(FEATURES, HEADS, SIZE))  # fmt: skip
    return made


@architecture
def heads_in_the_batch():
    def attend(layer, x):
        q, k = (ops.concatenate(ops.split(ops.matmul(x, w), HEADS, -1), 0) for w in (layer.q, layer.k))
        weights = tf.nn.softmax(tf.matmul(q, k, transpose_b=True))
        v = ops.concatenate(ops.split(ops.matmul(x, layer.k), HEADS, -1), 0)
        return ops.concatenate(ops.split(ops.matmul(weights, v), HEADS, 0), -1)

    width = HEADS * SIZE
    return own(attend, X, truths=[Truth("self", SIDE, SIDE, "hqk")], q=(FEATURES, width), k=(FEATURES, width))


@architecture
def heads_in_front_of_the_batch():
    def attend(layer, x):
        q, k = (ops.einsum("btd,dhs->hbts", x, w) for w in (layer.q, layer.k))
        weights = tf.nn.softmax(ops.einsum("hbqs,hbks->hbqk", q, k))
        return ops.einsum("hbqk,hbks->bqhs", weights, k)

    shape = (FEATURES, HEADS, SIZE)
    return own(attend, X, truths=[Truth("self", SIDE, SIDE, "hbqk")], q=shape, k=shape)


@architecture
def a_form_written_in_numbers():
    def attend(layer, x):
        q, k = (tf.transpose(tf.reshape(x @ w, [1, TOKENS, HEADS, SIZE]), [0, 2, 1, 3]) for w in (layer.q, layer.k))
        return tf.matmul(tf.nn.softmax(tf.matmul(q, k, transpose_b=True)), k)

    width = HEADS * SIZE
    return own(attend, X, truths=SELF, q=(FEATURES, width), k=(FEATURES, width))


@architecture
def keys_before_queries():
    def attend(layer, x):
        weights = tf.nn.softmax(ops.einsum("bks,bqs->bkq", ops.matmul(x, layer.k), ops.matmul(x, layer.q)), axis=1)
        return ops.einsum("bkq,bkd->bqd", weights, x)

    return own(attend, X, truths=[Truth("self", SIDE, SIDE, "bqk")], q=(FEATURES, SIZE), k=(FEATURES, SIZE))


# One sequence in two tensors -----------------------------------------------------------------------------------------


def _mha(query_and_value, truths, inputs=X, tokens=SIDE, notices=(), **call):
    class Block(layers.Layer):
        def __init__(self):
            super().__init__(name="block")
            self.attention = layers.MultiHeadAttention(HEADS, SIZE, name="attention")
            self.norm, self.one, self.two = layers.LayerNormalization(), layers.Dense(FEATURES), layers.Dense(FEATURES)

        def call(self, *given):
            query, value, *key = query_and_value(self, *given)
            return self.attention(query, value, *key, **call)

    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.block = Block()

        def call(self, given):
            return self.block(*(given if isinstance(given, list | tuple) else [given]))

    keras.utils.set_random_seed(5)
    model = Model()
    model(inputs)
    return Architecture(model, inputs, tokens, truths, set(notices))


@architecture
def norm_called_twice_causal():
    truths = [Truth("causal", SIDE, SIDE, "bhqk")]
    return _mha(lambda block, x: (block.norm(x), block.norm(x)), truths, use_causal_mask=True)


@architecture
def own_projections_causal():
    truths = [Truth("causal", SIDE, SIDE, "bhqk")]
    return _mha(lambda block, x: (block.one(x), block.two(x)), truths, use_causal_mask=True)


@architecture
def causal_convolutions_before_queries_causal():
    """Padding in front, windows without padding behind: as many as there were tokens."""

    def call(block, x):
        kernel = tf.constant(features(3, FEATURES, FEATURES, seed=7))
        return tf.nn.conv1d(tf.pad(x, [[0, 0], [2, 0], [0, 0]]), kernel, 1, "VALID"), x

    return _mha(call, [Truth("causal", SIDE, SIDE, "bhqk")], use_causal_mask=True)


@architecture
def positions_on_queries_and_keys():
    table = features(1, TOKENS, FEATURES, seed=7)
    return _mha(lambda block, x: (x + table, x, x + table), SELF)


@architecture
def other_lengths_are_not_self():
    return _mha(lambda block, x: (x[:, 1:], x), [Truth("cross", SIDE[1:], SIDE, "bhqk")])


@architecture
def two_inputs_of_one_length_with_shared_positions():
    table, other = features(1, TOKENS, FEATURES, seed=7), features(1, TOKENS, FEATURES, seed=8)
    names = tuple(f"u{place}" for place in range(TOKENS))
    truths = [Truth("cross", SIDE, names, "bhqk")]
    tokens = {"first": SIDE, "second": names}
    return _mha(lambda block, x, y: (x + table, y + table), truths, [X, other], tokens)


@architecture
def disentangled_relative_positions():
    """As DeBERTa: content to content, content to position and position to content."""

    def attend(layer, x):
        q, k = (ops.einsum("btd,dhs->bths", x, w) for w in (layer.q, layer.k))
        places = ops.arange(TOKENS)
        apart = ops.clip(places[:, None] - places[None], -4, 3) + 4
        scores = ops.einsum("bqhs,bkhs->bhqk", q, k)
        scores = scores + ops.einsum("bqhs,qkhs->bhqk", q, ops.take(layer.far, apart, axis=0))
        weights = tf.nn.softmax(scores + ops.einsum("bkhs,qkhs->bhqk", k, ops.take(layer.far, apart, axis=0)))
        return ops.einsum("bhqk,bkhs->bqhs", weights, k)

    shape = (FEATURES, HEADS, SIZE)
    return own(attend, X, truths=SELF, q=shape, k=shape, far=(8, HEADS, SIZE))


@architecture
def relative_shift():
    """As Transformer-XL and XLNet: scores by distance, moved into place by a reshape."""

    def attend(layer, x):
        q, k = (ops.einsum("btd,dhs->bhts", x, w) for w in (layer.q, layer.k))
        far = ops.einsum("bhqs,rhs->bhqr", q, layer.far)
        padded = tf.pad(far, [[0, 0], [0, 0], [0, 0], [1, 0]])
        shape = tf.shape(padded)
        moved = tf.reshape(padded, [shape[0], shape[1], shape[3], shape[2]])[:, :, 1:]
        moved = tf.reshape(moved, tf.shape(far))
        weights = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) + moved)
        return tf.matmul(weights, k)

    shape = (FEATURES, HEADS, SIZE)
    return own(attend, X, truths=SELF, q=shape, k=shape, far=(TOKENS, HEADS, SIZE))


# Who asks ------------------------------------------------------------------------------------------------------------


@architecture
def the_first_token_asks():
    return _mha(lambda block, x: (x[:, :1], x), [Truth("pooling", SIDE[:1], SIDE, "bhqk")])


@architecture
def the_first_token_asks_as_a_vector():
    def attend(layer, x):
        weights = tf.nn.softmax(ops.einsum("bd,bkd->bk", ops.matmul(x[:, 0], layer.q), x))
        return ops.einsum("bk,bkd->bd", weights, x)

    return own(attend, X, truths=[Truth("pooling", SIDE[:1], SIDE, "bk")], q=(FEATURES, FEATURES))


@architecture
def the_last_token_asks():
    def attend(layer, x):
        scores = ops.einsum("bd,bkd->bk", ops.tanh(ops.matmul(x[:, -1], layer.q)), ops.matmul(x, layer.k))
        return ops.einsum("bk,bkd->bd", tf.nn.softmax(scores), x)

    shape = (FEATURES, SIZE)
    return own(attend, X, truths=[Truth("pooling", SIDE[-1:], SIDE, "bk")], q=shape, k=shape)


@architecture
def a_mean_asks():
    def attend(layer, x):
        scores = ops.einsum("bd,bkd->bk", ops.mean(ops.matmul(x, layer.q), 1), x)
        return ops.einsum("bk,bkd->bd", tf.nn.softmax(scores), x)

    return own(attend, X, truths=[Truth("pooling", ("computed query",), SIDE, "bk")], q=(FEATURES, FEATURES))


@architecture
def a_decoder_state_asks():
    def attend(layer, memory, state):
        hidden = ops.tanh(ops.matmul(memory, layer.k) + ops.matmul(state, layer.q)[:, None])
        weights = tf.nn.softmax(ops.squeeze(ops.matmul(hidden, layer.v), -1))
        return ops.einsum("bk,bkd->bd", weights, memory)

    truths = [Truth("pooling", ("computed query",), OTHER, "bk")]
    shapes = {"k": (FEATURES, SIZE), "q": (SIZE, SIZE), "v": (SIZE, 1)}
    return own(attend, [Y, features(1, SIZE, seed=3)], tokens=OTHER, truths=truths, **shapes)


def _learned(count):
    return ("learned query",) if count == 1 else tuple(f"learned query {place + 1}" for place in range(count))


@architecture
def several_learned_queries_with_heads():
    """As a Perceiver: latents ask."""

    def attend(layer, x):
        q = ops.einsum("nd,dhs->nhs", layer.latents, layer.q)
        weights = tf.nn.softmax(ops.einsum("nhs,bkhs->bhnk", q, ops.einsum("btd,dhs->bths", x, layer.k)))
        return ops.einsum("bhnk,bkd->bnhd", weights, x)

    shape = (FEATURES, HEADS, SIZE)
    truths = [Truth("pooling", _learned(SLOTS), SIDE, "bhqk")]
    return own(attend, X, truths=truths, latents=(SLOTS, FEATURES), q=shape, k=shape)


@architecture
def hops_of_a_fixed_length():
    """As Lin et al. 2017, for sentences of one length."""
    x = keras.Input((TOKENS, FEATURES))
    keras.utils.set_random_seed(5)
    scores = layers.Dense(HEADS, use_bias=False)(layers.Dense(SIZE, activation="tanh")(x))
    weights = layers.Softmax(axis=1, name="hops")(scores)
    model = keras.Model(x, layers.Dot(axes=1)([weights, x]))
    return Architecture(model, X, SIDE, [Truth("pooling", _learned(1), SIDE, "bhk")])


# Over what ------------------------------------------------------------------------------------------------------------


@architecture
def several_instances_given_one_by_one():
    """As in Keras' example of multiple instance learning."""
    bag = [keras.Input((FEATURES,)) for _ in range(TOKENS)]
    keras.utils.set_random_seed(5)
    first, second = layers.Dense(SIZE, activation="tanh"), layers.Dense(1)

    class Gate(layers.Layer):
        def call(self, scores):
            return tf.unstack(tf.math.softmax(tf.stack(scores), axis=0))

        def compute_output_spec(self, scores):
            return [keras.KerasTensor((None, 1)) for _ in scores]

    weights = Gate(name="gate")([second(first(each)) for each in bag])
    model = keras.Model(bag, layers.Add()([layers.Multiply()([w, x]) for w, x in zip(weights, bag, strict=True)]))
    given = [features(1, FEATURES, seed=place) for place in range(TOKENS)]
    return Architecture(model, given, {"bag": SIDE}, [Truth("pooling", _learned(1), SIDE, "_bk")])


@architecture
def a_bag_in_the_batch():
    def attend(layer, x):
        weights = tf.nn.softmax(ops.matmul(ops.tanh(ops.matmul(x, layer.v)), layer.w), axis=0)
        return ops.sum(weights * x, axis=0, keepdims=True)

    truths = [Truth("pooling", _learned(1), SIDE, "_k")]
    return own(attend, X[0], truths=truths, v=(FEATURES, SIZE), w=(SIZE, 1))


@architecture
def a_sink_beside_the_keys():
    def attend(layer, x):
        q, k = (ops.einsum("btd,dhs->bhts", x, w) for w in (layer.q, layer.k))
        scores = tf.matmul(q, k, transpose_b=True)
        sink = tf.broadcast_to(layer.sink[None, :, None, None], (tf.shape(x)[0], HEADS, tf.shape(x)[1], 1))
        weights = tf.nn.softmax(tf.concat([scores, sink], -1))[..., :-1]
        return tf.matmul(weights, k)

    shape = (FEATURES, HEADS, SIZE)
    truths = [Truth("cross", SIDE, (*SIDE, "sink"), "bhqk")]
    return own(attend, X, truths=truths, q=shape, k=shape, sink=(HEADS,))


def _sink(put, names):
    def attend(layer, x):
        weights = tf.nn.softmax(put(tf.matmul(tf.matmul(x, layer.q), x, transpose_b=True)))
        return tf.matmul(weights[..., :-1] if names[-1] == "sink" else weights[..., 1:], x)

    return own(attend, X, truths=[Truth("cross", SIDE, names, "bqk")], q=(FEATURES, FEATURES))


@architecture
def a_sink_of_zeros_in_front():
    return _sink(lambda scores: tf.concat([tf.zeros_like(scores[..., :1]), scores], -1), ("sink", *SIDE))


@architecture
def a_sink_by_padding():
    return _sink(lambda scores: tf.pad(scores, [[0, 0], [0, 0], [0, 1]]), (*SIDE, "sink"))


@architecture
def learned_keys_before_the_tokens():
    def attend(layer, x):
        q, k = ops.matmul(x, layer.q), ops.matmul(x, layer.k)
        more = tf.tile(layer.more[None], [tf.shape(x)[0], 1, 1])
        k = tf.concat([more, k], 1)
        return tf.matmul(tf.nn.softmax(tf.matmul(q, k, transpose_b=True)), k)

    truths = [Truth("cross", SIDE, ("learned key", "learned key", *SIDE), "bqk")]
    return own(attend, X, truths=truths, q=(FEATURES, SIZE), k=(FEATURES, SIZE), more=(SLOTS, SIZE))


@architecture
def routers_and_gates_are_none():
    def attend(layer, x):
        weights = tf.nn.softmax(tf.matmul(x, x, transpose_b=True))
        x = tf.matmul(weights, x)
        experts = ops.einsum("btd,edf->btef", x, layer.experts)
        x = ops.einsum("bte,btef->btf", tf.nn.softmax(ops.matmul(x, layer.router)), experts)
        gate = tf.nn.softmax(ops.matmul(ops.mean(x, 1), layer.gate))
        return x * gate[:, None]

    shapes = {"experts": (SLOTS, FEATURES, FEATURES), "router": (FEATURES, SLOTS), "gate": (FEATURES, FEATURES)}
    return own(attend, X, truths=[Truth("self", SIDE, SIDE, "bqk")], **shapes)


@architecture
def slots_compete():
    """As slot attention: a softmax over the slots, then each slot's weights made to sum to one over the tokens."""

    def attend(layer, x):
        scores = ops.einsum("nd,bkd->bkn", layer.slots, x)
        weights = tf.nn.softmax(scores) + 1e-8
        weights = weights / tf.reduce_sum(weights, axis=1, keepdims=True)
        return ops.einsum("bkn,bkd->bnd", weights, x)

    truths = [Truth("pooling", ("learned query",), SIDE, "bkh", op="RealDiv")]
    return own(attend, X, truths=truths, notices={"no_softmax"}, slots=(SLOTS, FEATURES))


@architecture
def windows_in_the_batch():
    """As a Swin Transformer, in one dimension: windows of four of the eight tokens."""
    x = features(1, 8, FEATURES)

    def attend(layer, x):
        parts = tf.reshape(x, [-1, 4, FEATURES])
        weights = tf.nn.softmax(tf.matmul(tf.matmul(parts, layer.q), parts, transpose_b=True))
        return tf.reshape(tf.matmul(weights, parts), tf.shape(x))

    four = tuple(str(place) for place in range(4))
    made = own(attend, x, tokens=tuple(f"w{place}" for place in range(8)), q=(FEATURES, FEATURES),
               truths=[Truth("self", four, four, "hqk")], notices={"axis_by_position", "windows_as_heads"})  # fmt: skip
    return made


# Without a softmax --------------------------------------------------------------------------------------------------


def _by_hand(normalise, op="RealDiv", at=-1, **more):
    def attend(layer, x):
        weights = normalise(ops.squeeze(ops.matmul(ops.tanh(ops.matmul(x, layer.w)), layer.v), -1))
        return ops.sum(weights[..., None] * x, 1)

    truths = [Truth("pooling", _learned(1), SIDE, "bk", op=op, at=at)]
    return own(attend, X, truths=truths, w=(FEATURES, SIZE), v=(SIZE, 1), **more)


@architecture
def exp_by_sum_with_epsilon():
    def normalise(scores):
        powers = ops.exp(scores - ops.max(scores, -1, keepdims=True))
        return powers / (ops.sum(powers, -1, keepdims=True) + keras.backend.epsilon())

    return _by_hand(normalise)


@architecture
def exp_times_reciprocal():
    def normalise(scores):
        powers = tf.exp(scores)
        return powers * tf.math.reciprocal(tf.reduce_sum(powers, -1, keepdims=True))

    return _by_hand(normalise, op="Mul", at=0)


@architecture
def exp_of_log_softmax():
    return _by_hand(lambda scores: tf.exp(tf.nn.log_softmax(scores)), op="Exp")


@architecture
def exp_less_logsumexp():
    return _by_hand(lambda s: tf.exp(s - tf.reduce_logsumexp(s, -1, keepdims=True)), op="Exp")


@architecture
def exp_by_one_and_the_sum():
    """Attention that may look at nothing: one is added below the line."""

    def normalise(scores):
        powers = tf.exp(scores)
        return powers / (1 + tf.reduce_sum(powers, -1, keepdims=True))

    return _by_hand(normalise, notices={"rows_short"})


class Masked(layers.Layer):
    """keras-self-attention and DeepMoji: the mask is multiplied in between."""

    def __init__(self, first, **options):
        super().__init__(**options)
        self.first = first
        self.supports_masking = True

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], 1), name="w")

    def call(self, x, mask=None):
        scores = ops.squeeze(ops.matmul(x, self.w), -1)
        powers = tf.nn.softmax(scores) if self.first == "softmax" else ops.exp(scores)
        powers = powers * ops.cast(mask, "float32")
        weights = powers / (ops.sum(powers, -1, keepdims=True) + 1e-7)
        return ops.sum(weights[..., None] * x, 1)

    def compute_mask(self, x, mask=None):
        return None


def _masked(first):
    ids = keras.Input((None,), dtype="int32")
    keras.utils.set_random_seed(5)
    model = keras.Model(ids, Masked(first, name="own")(layers.Embedding(19, FEATURES, mask_zero=True)(ids)))
    truth = Truth("pooling", _learned(1), SIDE[:5], "bk", op="RealDiv")
    return Architecture(model, IDS, SIDE[:5], [truth])


@architecture
def exp_by_sum_with_a_mask_multiplied_in():
    return _masked("exp")


@architecture
def softmax_masked_and_normalised_again():
    return _masked("softmax")


@architecture
def a_dense_layer_weighs():
    """philipperemy/keras-attention: a dense layer over time with a softmax, multiplied with what it saw."""
    x = keras.Input((TOKENS, FEATURES))
    keras.utils.set_random_seed(5)
    hidden = layers.LSTM(SIZE, return_sequences=True)(x)
    dense = layers.Dense(TOKENS, activation="softmax", name="dense")
    weights = layers.Permute((2, 1))(dense(layers.Permute((2, 1))(hidden)))
    model = keras.Model(x, layers.Dense(2, name="answer")(layers.Flatten()(layers.Multiply()([hidden, weights]))))
    return Architecture(model, X, SIDE, [Truth("pooling", ("computed query",), SIDE, "bhk")])


# In loops -----------------------------------------------------------------------------------------------------------


def _decoder(run):
    def attend(layer, memory, target):
        def step(state):
            weights = tf.nn.softmax(tf.einsum("bkd,bd->bk", memory, tf.matmul(state, layer.q)))
            return tf.einsum("bk,bkd->bd", weights, memory)

        return run(step, target)

    truths = [Truth("cross", SIDE, OTHER, "qbk", stacked=TOKENS)]
    return own(attend, [Y, X], tokens={"memory": OTHER, "target": SIDE}, truths=truths, q=(FEATURES, FEATURES))


@architecture
def a_loop_of_ones_own():
    return _decoder(_looped)


def _looped(step, target):
    count = tf.shape(target)[1]
    start = (0, tf.TensorArray(tf.float32, count))
    _, out = tf.while_loop(lambda k, _: k < count, lambda k, out: (k + 1, out.write(k, step(target[:, k]))), start)
    return tf.transpose(out.stack(), (1, 0, 2))


@architecture
def a_loop_that_is_tried_outside_first():
    def run(step, target):
        step(target[:, 0])  # only to learn the shape
        return _looped(step, target)

    made = _decoder(run)
    made.truths = [Truth("cross", SIDE, OTHER, "qbk", stacked=TOKENS, at=1)]
    return made


@architecture
def a_loop_by_autograph():
    @tf.function
    def looped(step, target):
        out = tf.TensorArray(tf.float32, tf.shape(target)[1])
        for place in tf.range(tf.shape(target)[1]):
            out = out.write(place, step(target[:, place]))
        return tf.transpose(out.stack(), (1, 0, 2))

    made = _decoder(looped)
    made.truths = [Truth("cross", SIDE, OTHER, "qbk", op="", stacked=TOKENS)]
    return made


@architecture
def a_map_over_steps():
    def run(step, target):
        return tf.transpose(tf.map_fn(step, tf.transpose(target, (1, 0, 2))), (1, 0, 2))

    return _decoder(run)


@architecture
def a_scan_that_carries_its_state():
    def run(step, target):
        steps, start = tf.transpose(target, (1, 0, 2)), tf.zeros_like(target[:, 0])
        return tf.transpose(tf.scan(lambda state, x: step(state + x), steps, start), (1, 0, 2))

    return _decoder(run)


@architecture
def a_map_over_the_batch():
    def attend(layer, x):
        def one(each):
            weights = tf.nn.softmax(tf.matmul(tf.matmul(each, layer.q), each, transpose_b=True))
            return tf.matmul(weights, each)

        return tf.map_fn(one, x)

    return own(attend, X, truths=[Truth("self", SIDE, SIDE, "qk")], q=(FEATURES, FEATURES))


@keras.saving.register_keras_serializable("tests")
class Asking(layers.Layer):
    """A recurrent cell that attends from its state and input to a memory."""

    def __init__(self, **options):
        super().__init__(**options)
        self.state_size = self.output_size = FEATURES
        self.memory = None

    def build(self, shape):
        self.q = self.add_weight(shape=(FEATURES, FEATURES), name="q")

    def call(self, x, states):
        weights = ops.softmax(ops.einsum("bkd,bd->bk", self.memory, ops.matmul(x + states[0], self.q)))
        context = ops.einsum("bk,bkd->bd", weights, self.memory)
        return context, [context]


def _recurrent(backwards):
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.embedding, self.cell = layers.Embedding(19, FEATURES, mask_zero=True), Asking(name="asking")
            self.rnn = layers.RNN(self.cell, return_sequences=True, go_backwards=backwards, name="rnn")

        def call(self, given):
            ids, self.cell.memory = given
            return self.rnn(self.embedding(ids))

    keras.utils.set_random_seed(5)
    model, inputs = Model(), [IDS, Y]
    model(inputs)
    truth = Truth("cross", SIDE[:5], OTHER, "qbk", stacked=TOKENS, at=1, backwards=backwards)
    return Architecture(model, inputs, {"ids": SIDE[:5], "memory": OTHER}, [truth])


@architecture
def a_recurrent_cell_with_a_mask():
    return _recurrent(False)


@architecture
def a_recurrent_cell_that_runs_backwards():
    return _recurrent(True)


# Masks ----------------------------------------------------------------------------------------------------------------


@architecture
def a_look_ahead_mask_the_wrong_way_round():
    def attend(layer, x):
        scores = tf.matmul(tf.matmul(x, layer.q), x, transpose_b=True)
        later = 1 - tf.linalg.band_part(tf.ones((TOKENS, TOKENS)), -1, 0)
        return tf.matmul(tf.nn.softmax(tf.where(later > 0, scores, -1e9)), x)

    notices = {"other_mask", "keys_hidden", "rows_blind"}
    truths = [Truth("self", SIDE, SIDE, "bqk")]
    return own(attend, X, truths=truths, notices=notices, q=(FEATURES, FEATURES))


def _embedded(tokens, truths, notices=()):
    ids = keras.Input((None,), dtype="int32")
    keras.utils.set_random_seed(5)
    x = layers.Embedding(19, FEATURES, mask_zero=True)(ids)
    model = keras.Model(ids, layers.MultiHeadAttention(HEADS, SIZE, name="mha")(x, x))
    return Architecture(model, np.array([[3, 5, 0, 9, 4, 0, 0]], np.int32), tokens, truths, set(notices))


@architecture
def a_word_with_the_id_of_padding():
    """The engineer names seven words; the third has id 0, as the last two have. All are shown, and it is said."""
    return _embedded(SIDE, SELF, {"other_mask", "keys_hidden", "rows_blind"})


@architecture
def a_mask_lost_behind_a_compiled_function():
    """tf-keras#56: inside a `tf.function` Keras no longer knows the mask."""

    class Compiled(layers.Layer):
        def __init__(self):
            super().__init__(name="compiled")
            self.attention = layers.MultiHeadAttention(HEADS, SIZE, name="mha")

        @tf.function
        def call(self, x):
            return self.attention(x, x)

    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.embedding, self.compiled = layers.Embedding(19, FEATURES, mask_zero=True), Compiled()

        def call(self, ids):
            return self.compiled(self.embedding(ids))

    keras.utils.set_random_seed(5)
    model = Model()
    model(IDS)
    names = (*SIDE[:5], "[PAD]", "[PAD]")
    return Architecture(model, IDS, SIDE[:5], [Truth("self", SIDE[:5], names, "bhqk", op="")], {"padding_weighs"})


@architecture
def a_mask_lost_on_the_way():
    """TensorFlow's tutorial under Keras 3: a sum with a Sequential's result has no mask."""
    ids = keras.Input((None,), dtype="int32")
    keras.utils.set_random_seed(5)
    x = layers.Embedding(19, FEATURES, mask_zero=True)(ids)
    first = layers.MultiHeadAttention(HEADS, SIZE, name="first")(x, x)
    bare = layers.Lambda(lambda each: each * 1.0)(first)
    model = keras.Model(ids, layers.MultiHeadAttention(HEADS, SIZE, name="second")(bare, bare))
    names = (*SIDE[:5], "[PAD]", "[PAD]")
    truths = [Truth("self", SIDE[:5], SIDE[:5], "bhqk"), Truth("self", SIDE[:5], names, "bhqk", at=1)]
    return Architecture(model, IDS, SIDE[:5], truths, {"padding_weighs"})
