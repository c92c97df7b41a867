"""Weights that are divided by their sum after they have weighed: as NumPy computes them in float64, and as they act."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

import attnviz
from attnviz.errors import InputError, ModelError
from attnviz.trace import Edit

TOKENS, FEATURES, HEADS, SIZE = 7, 13, 3, 5
NAMES = tuple(f"t{place}" for place in range(TOKENS))
X = np.random.default_rng(0).normal(size=(1, TOKENS, FEATURES)).astype(np.float32)
EARLIER = np.tri(TOKENS, dtype=bool)
PLACES = np.random.default_rng(1).normal(size=(TOKENS, TOKENS)).astype(np.float32)
DECAY = EARLIER * 0.9 ** (np.arange(TOKENS)[:, None] - np.arange(TOKENS))


class Own(layers.Layer):
    """One layer whose attention is written out: of the tokens, queries, keys, values `[batch, head, token, size]`."""

    def __init__(self, attend):
        super().__init__(name="own")
        self.attend = attend

    def build(self, shape):
        size = (FEATURES, HEADS, SIZE)
        self.kernels = [self.add_weight(shape=size, initializer="glorot_normal", name=name) for name in "qkv"]
        self.scorer = self.add_weight(shape=(FEATURES, HEADS), initializer="glorot_normal", name="scorer")

    def call(self, x):
        return self.attend(x, *(tf.einsum("btd,dhs->bhts", x, kernel) for kernel in self.kernels), self.scorer)


def total(numbers):
    return tf.reduce_sum(numbers, -1, keepdims=True)


def products(x, q, k, v, scorer):
    powers = tf.exp(tf.matmul(q, k, transpose_b=True))
    return tf.matmul(powers, v) / total(powers)


def einsums(x, q, k, v, scorer):
    """The queries before the heads, the sum turned to fit."""
    scores = tf.einsum("bhqs,bhks->bhqk", q, k)
    powers = tf.exp(scores - tf.reduce_max(scores, -1, keepdims=True))
    return tf.einsum("bhqk,bhks->bqhs", powers, v) / tf.transpose(tf.reduce_sum(powers, -1), (0, 2, 1))[..., None]


def behind_a_mask(x, q, k, v, scorer):
    powers = tf.exp(tf.matmul(q, k, transpose_b=True)) * tf.linalg.band_part(tf.ones((TOKENS, TOKENS)), -1, 0)
    return tf.matmul(powers, v) * (1 / (total(powers) + 1e-9))


def relu(x, q, k, v, scorer):
    numbers = tf.nn.relu(tf.matmul(q, k, transpose_b=True))
    return tf.matmul(numbers, v) / (total(numbers) + 1e-9)


def decayed(x, q, k, v, scorer):
    """Numbers of any kind times a decay: the decay is a power, but these are no exponentials."""
    place = tf.range(TOKENS)
    apart = tf.cast(place[:, None] - place[None, :], tf.float32)
    numbers = (tf.nn.relu(tf.matmul(q, k, transpose_b=True)) + 0.1) * tf.where(apart >= 0, 0.9**apart, 0.0)
    return tf.matmul(numbers, v) / total(numbers)


def pooled(x, q, k, v, scorer):
    powers = tf.exp(tf.matmul(x, scorer[:, :1]))
    return tf.reduce_sum(powers * x, 1) / tf.reduce_sum(powers, 1)


def so_far(x, q, k, v, scorer):
    powers = tf.exp(tf.matmul(x, scorer))[..., None]
    return tf.cumsum(powers * tf.transpose(v, (0, 2, 1, 3)), 1) / tf.cumsum(powers, 1)


def feature_by_feature(x, q, k, v, scorer):
    """The causal attention-free transformer: each feature has weights of its own."""
    powers = tf.exp(k[:, 0])
    return tf.sigmoid(q[:, 0]) * (tf.cumsum(powers * v[:, 0], 1) / tf.cumsum(powers, 1))


def by_place_and_feature(x, q, k, v, scorer):
    """The attention-free transformer written out: a table of places on the keys, the gate before the division."""
    numbers = tf.exp(tf.constant(PLACES[None, :, :, None]) + k[:, :1, :])
    return tf.sigmoid(q[:, 0]) * tf.reduce_sum(numbers * v[:, :1], 2) / tf.reduce_sum(numbers, 2)


def blocks(x, q, k, v, scorer):
    above = below = 0.0
    for keys, values in zip(tf.split(k, [3, 4], 2), tf.split(v, [3, 4], 2), strict=True):
        powers = tf.exp(tf.matmul(q, keys, transpose_b=True))
        above, below = above + tf.matmul(powers, values), below + total(powers)
    return above / below


def flash(x, q, k, v, scorer):
    """A softmax over blocks of keys with the largest score so far, as FlashAttention has it."""
    above, below = tf.zeros_like(q), tf.zeros_like(q[..., :1])
    largest = tf.fill(tf.shape(below), -1e9)
    for start in range(0, TOKENS, 3):
        scores = tf.matmul(q, k[:, :, start : start + 3], transpose_b=True)
        new = tf.maximum(largest, tf.reduce_max(scores, -1, keepdims=True))
        powers, scale = tf.exp(scores - new), tf.exp(largest - new)
        above = above * scale + tf.matmul(powers, v[:, :, start : start + 3])
        below, largest = below * scale + total(powers), new
    return above / below


def with_ones(x, q, k, v, scorer):
    """The sum of the weights comes out as one more column of what they weigh."""
    powers = tf.exp(tf.matmul(q, k, transpose_b=True))
    both = tf.matmul(powers, tf.concat([v, tf.ones_like(v[..., :1])], -1))
    return both[..., :-1] / (both[..., -1:] + 1e-9)


def padded_with_ones(x, q, k, v, scorer):
    powers = tf.exp(tf.einsum("bhqs,bhks->bhqk", q, k))
    both = tf.einsum("bhqk,bhks->bhqs", powers, tf.pad(v, [[0, 0], [0, 0], [0, 0], [0, 1]], constant_values=1.0))
    above, below = tf.split(both, [SIZE, 1], -1)
    return above / below


def by_logarithm(x, q, k, v, scorer):
    scores = tf.matmul(q, k, transpose_b=True)
    most = tf.reduce_max(scores, -1, keepdims=True)
    whole = tf.reduce_logsumexp(scores, -1)[..., None]
    return tf.matmul(tf.exp(scores - most), v) * tf.exp(most - whole)


def blocks_on_one_axis(x, q, k, v, scorer):
    """Flash-decoding: every block of keys has its own largest score and sum, and they are joined."""
    keys, values = (tf.reshape(each, (-1, HEADS, 2, 3, SIZE)) for each in (k, v))
    scores = tf.einsum("bhqs,bhnks->bhnqk", q, keys)
    most = tf.reduce_max(scores, -1, keepdims=True)
    powers = tf.exp(scores - most)
    above, below = tf.einsum("bhnqk,bhnks->bhnqs", powers, values), total(powers)
    scale = tf.exp(most - tf.reduce_max(most, 2, keepdims=True))
    return tf.reduce_sum(above * scale, 2) / tf.reduce_sum(below * scale, 2)


def blocks_stacked(x, q, k, v, scorer):
    above, below = [], []
    for keys, values in zip(tf.split(k, 2, 2), tf.split(v, 2, 2), strict=True):
        powers = tf.exp(tf.matmul(q, keys, transpose_b=True))
        above, below = [*above, tf.matmul(powers, values)], [*below, total(powers)]
    return tf.reduce_sum(tf.stack(above), 0) / tf.add_n(below)


def parts_of(q, k, v):
    """What a softmax of each part of the keys reads, and the logarithm of what the part has in all."""
    for start, end in ((0, 2), (2, 3), (3, 7)):
        scores = tf.matmul(q, k[:, :, start:end], transpose_b=True)
        yield tf.nn.softmax(scores) @ v[:, :, start:end], tf.reduce_logsumexp(scores, -1, keepdims=True)


def joined_by_a_softmax(x, q, k, v, scorer):
    """Flash-Decoding, whose parts have a softmax each."""
    read, sizes = zip(*parts_of(q, k, v), strict=True)
    return tf.reduce_sum(tf.stack(read) * tf.nn.softmax(tf.stack(sizes), 0), 0)


def joined_by_exponentials(x, q, k, v, scorer):
    read, sizes = zip(*parts_of(q, k, v), strict=True)
    shares = [tf.exp(each - tf.reduce_max(tf.stack(sizes), 0)) for each in sizes]
    return tf.add_n([each * share for each, share in zip(read, shares, strict=True)]) / tf.add_n(shares)


def joined_one_by_one(x, q, k, v, scorer):
    """Ring attention, as the package `ring-flash-attn` joins what came before with a new part."""
    (so_far, size), *more = parts_of(q, k, v)
    for read, new in more:
        so_far = so_far - tf.sigmoid(new - size) * (so_far - read)
        size = size - tf.math.log_sigmoid(size - new)
    return so_far


def joined_along_an_axis(x, q, k, v, scorer):
    keys, values = (tf.reshape(each, (-1, HEADS, 2, 3, SIZE)) for each in (k, v))
    scores = tf.einsum("bhqs,bhnks->bhnqk", q, keys)
    read, sizes = tf.nn.softmax(scores) @ values, tf.reduce_logsumexp(scores, -1, keepdims=True)
    return tf.reduce_sum(read * tf.nn.softmax(sizes, 2), 2)


#: Of six tokens, for all blocks are as long; and those put together of parts, which nobody can change.
OF_SIX = (blocks_on_one_axis, blocks_stacked, joined_along_an_axis)
JOINED = (joined_by_a_softmax, joined_by_exponentials, joined_one_by_one, joined_along_an_axis)


def softmax(scores, seen=True):
    powers = np.where(seen, np.exp(scores), 0)
    return powers / powers.sum(-1, keepdims=True)


def scored(x, q, k, scorer):
    return q @ k.transpose(0, 2, 1)


def each_key(x, q, k, scorer):
    return (x @ scorer).T[:, None]


#: What a layer does, its weights `[head, query, key]` in NumPy, kind, and what they are called.
WRITTEN = {
    products: (lambda *all: softmax(scored(*all)), "self", "softmax"),
    einsums: (lambda *all: softmax(scored(*all)), "self", "softmax"),
    behind_a_mask: (lambda *all: softmax(scored(*all), EARLIER), "causal", "softmax"),
    relu: (lambda *all: (s := scored(*all).clip(0)) / s.sum(-1, keepdims=True), "self", "relu"),
    decayed: (lambda *all: (s := (scored(*all).clip(0) + 0.1) * DECAY) / s.sum(-1, keepdims=True), "causal", "ratio"),
    pooled: (lambda *all: softmax(each_key(*all)[:1]), "pooling", "softmax"),
    so_far: (lambda *all: softmax(each_key(*all), EARLIER), "causal", "softmax"),
    feature_by_feature: (lambda x, q, k, scorer: softmax(k[0].T[:, None], EARLIER), "causal", "softmax"),
    by_place_and_feature: (lambda x, q, k, scorer: softmax(PLACES + k[0].T[:, None]), "self", "softmax"),
    blocks: (lambda *all: softmax(scored(*all)), "self", "softmax"),
    flash: (lambda *all: softmax(scored(*all)), "self", "softmax"),
    **{
        attend: (lambda *all: softmax(scored(*all)), "self", "softmax")
        for attend in (with_ones, padded_with_ones, by_logarithm, *OF_SIX, *JOINED)
    },
}


class Called(keras.Model):
    """Of one layer that Keras cannot run without numbers, as scans."""

    def __init__(self, attend):
        super().__init__()
        self.own = Own(attend)

    def call(self, x):
        return self.own(x)


def wrapped(attend, length=None):
    keras.utils.set_random_seed(5)
    if attend.__name__.endswith("_scan"):
        return attnviz.wrap(Called(attend), lambda _: (X, NAMES))
    x, count = keras.Input((length, FEATURES)), 6 if attend in OF_SIX else TOKENS
    return attnviz.wrap(keras.Model(x, Own(attend)(x)), lambda _: (X[:, :count], NAMES[:count]))


@pytest.mark.parametrize("attend", WRITTEN, ids=lambda each: each.__name__)
def test_weights_are_numpys_and_can_be_changed(attend):
    reference, kind, how = WRITTEN[attend]
    seen = wrapped(attend, 6 if attend in OF_SIX else TOKENS if attend in (flash, relu) else None)
    own = seen.model.layers[-1]
    x, names = X[:, : 6 if attend in OF_SIX else None], NAMES[: 6 if attend in OF_SIX else None]
    q, k, v = (np.einsum("td,dhs->hts", x[0].astype(float), each.numpy().astype(float)) for each in own.kernels)
    trace = seen.trace("x")
    (block,) = trace.blocks
    np.testing.assert_allclose(block.weights[0], reference(x[0].astype(float), q, k, own.scorer.numpy()), atol=1e-6)
    assert (block.kind, block.normalisation, block.key.tokens) == (kind, how, names)
    assert [each.code for each in trace.notices] == (["no_softmax"] if how != "softmax" else [])
    np.testing.assert_allclose(trace.output.values, np.asarray(seen.model(x))[0], atol=1e-6)
    even = np.full(block.weights.shape[2:], 1 / len(names), np.float32)
    if attend in JOINED:
        with pytest.raises(InputError, match="put together"):
            seen.run(seen.encode("x"), [Edit("own", even)])
        return
    changed = seen.run(seen.encode("x"), [Edit("own", even)]).output.values
    if attend in (feature_by_feature, by_place_and_feature):
        mean = v[0].mean(0) / (1 + np.exp(-q[0]))
    else:
        values = v if attend is not pooled else X[:1].astype(float)
        mean = np.broadcast_to(values.mean(1, keepdims=True), values.shape)
        mean = mean[0, 0] if attend is pooled else mean.transpose(1, 0, 2) if attend in (einsums, so_far) else mean
    np.testing.assert_allclose(changed, mean, atol=1e-6)


def in_a_loop(x, q, k, v, scorer):
    """Step by step, as RWKV does."""

    def step(state, token):
        powers = tf.exp(tf.matmul(token, scorer))
        return state[0] + powers * tf.matmul(token, scorer), state[1] + powers

    zeros = tf.zeros_like(q[:, :, 0, 0])
    above, below = tf.scan(step, tf.transpose(x, (1, 0, 2)), (zeros, zeros))
    return tf.transpose(above / below, (1, 0, 2))


def flash_in_a_loop(x, q, k, v, scorer):
    def body(at, above, below):
        powers = tf.exp(tf.matmul(q, k[:, :, at : at + 1], transpose_b=True))
        return at + 1, above + tf.matmul(powers, v[:, :, at : at + 1]), below + total(powers)

    _, above, below = tf.while_loop(lambda at, *_: at < TOKENS, body, (0, tf.zeros_like(q), tf.zeros_like(q[..., :1])))
    return above / below


def edge_by_edge(x, q, k, v, scorer):
    """Graph attention over a list of edges, as Keras' example has it."""
    ends = tf.constant([0, 0, 1, 2, 3, 4, 5, 6])
    powers = tf.exp(tf.gather(tf.matmul(x, scorer)[0, :, 0], ends))
    shares = powers / tf.repeat(tf.math.unsorted_segment_sum(powers, ends, TOKENS), tf.math.bincount(ends))
    return tf.math.unsorted_segment_sum(shares[:, None] * tf.gather(x[0], ends), ends, TOKENS)[None]


def by_a_scan(x, q, k, v, scorer):
    """Attention as a recurrent network: the largest score, the sum and what is weighed, all so far."""

    def both(one, other):
        most = ops.maximum(one[0], other[0])
        scales = ops.exp(one[0] - most), ops.exp(other[0] - most)
        return most, *(a * scales[0] + b * scales[1] for a, b in zip(one[1:], other[1:], strict=True))

    scores = tf.matmul(x, scorer[:, :1])
    _, below, above = ops.associative_scan(both, (scores, tf.ones_like(scores), x), axis=1)
    return above / (below + 1e-9)


def sums_by_a_scan(x, q, k, v, scorer):
    powers = tf.exp(tf.matmul(x, scorer[:, :1]))
    below, above = ops.associative_scan(lambda a, b: (a[0] + b[0], a[1] + b[1]), (powers, powers * x), axis=1)
    return above[:, -1] / below[:, -1]


def in_a_loop_of_pythons(x, q, k, v, scorer):
    above = below = 0.0
    for t in range(TOKENS):
        powers = tf.exp(x[:, t] @ scorer[:, :1])
        above, below = above * 0.9 + powers * x[:, t], below * 0.9 + powers
    return above / below


def a_gate_of_two(x, q, k, v, scorer):
    """Of a mean and a maximum, by hand: no tokens are weighed."""
    one, other = tf.reduce_mean(x, 1), tf.reduce_max(x, 1)
    first, second = tf.exp(one @ scorer[:, :1]), tf.exp(other @ scorer[:, :1])
    return (first * one + second * other) / (first + second)


def mean_by_a_scan(x, q, k, v, scorer):
    start = tf.ones_like(x[..., :1]), x
    below, above = ops.associative_scan(lambda a, b: (a[0] + b[0], a[1] + b[1]), start, axis=1)
    return above / below


def in_two_factors(x, q, k, v, scorer):
    """The attention-free transformer as its authors have it: the factor of the places is a matrix of its own."""
    places, powers = tf.exp(tf.constant(PLACES)), tf.exp(k[:, 0])
    return tf.sigmoid(q[:, 0]) * (places @ (powers * v[:, 0])) / (places @ powers)


def smoothed(x, q, k, v, scorer):
    """A mean of neighbours by a table, of which nothing is computed."""
    places = tf.exp(tf.constant(PLACES))
    return (places @ x) / (places @ tf.ones_like(x))


def mean_so_far(x, q, k, v, scorer):
    start = tf.zeros_like(x[:, 0]), tf.zeros_like(x[:, 0, :1])
    above, below = tf.scan(lambda a, b: (a[0] + b, a[1] + 1.0), tf.transpose(x, (1, 0, 2)), start)
    return tf.transpose(above / below, (1, 0, 2))


def mean_of_some(x, q, k, v, scorer):
    some = tf.cast(x[..., :1] > 0, tf.float32)
    return tf.reduce_sum(some * x, 1) / tf.reduce_sum(some, 1)


def of_other_numbers(x, q, k, v, scorer):
    """What is divided by is the sum of other numbers than weigh: of the other half of the keys, written alike."""
    one, other = (tf.exp(tf.matmul(q, keys, transpose_b=True)) for keys in tf.split(k[:, :, :6], 2, 2))
    return tf.matmul(one, v[:, :, :3]) / total(other)


def by_another_logarithm(x, q, k, v, scorer):
    scores = tf.matmul(q, k, transpose_b=True)
    most, whole = tf.reduce_max(scores, -1, keepdims=True), tf.reduce_logsumexp(2 * scores, -1, keepdims=True)
    return tf.matmul(tf.exp(scores - most), v) * tf.exp(most - whole)


def with_twos(x, q, k, v, scorer):
    powers = tf.exp(tf.matmul(q, k, transpose_b=True))
    both = tf.matmul(powers, tf.concat([v, tf.ones_like(v[..., :1]) * 2], -1))
    return both[..., :-1] / both[..., -1:]


@pytest.mark.parametrize(
    ("attend", "code"),
    [
        (in_a_loop, "nothing_in_reach"),
        (flash_in_a_loop, "nothing_in_reach"),
        (edge_by_edge, "nothing_in_reach"),
        (by_a_scan, "nothing_in_reach"),
        (sums_by_a_scan, "nothing_in_reach"),
        (in_two_factors, "nothing_in_reach"),
        (in_a_loop_of_pythons, "nothing_in_reach"),
        (a_gate_of_two, "nothing_to_capture"),
        (mean_by_a_scan, "nothing_to_capture"),
        (smoothed, "nothing_to_capture"),
        (mean_so_far, "nothing_to_capture"),
        (mean_of_some, "nothing_to_capture"),
        (of_other_numbers, "nothing_but_no_shares"),
        (by_another_logarithm, "nothing_but_no_shares"),
        (with_twos, "nothing_but_no_shares"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_what_cannot_be_followed_is_named_and_means_are_none_of_it(attend, code):
    with pytest.raises(ModelError) as raised:
        wrapped(attend).trace("x")
    assert raised.value.code == code and "own" in str(raised.value)
