"""Weights that are no softmax: found, called by their name, and as NumPy computes them in float64 another way."""

from __future__ import annotations

from itertools import cycle

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

import attnviz
from attnviz.analysis import parse_operations
from attnviz.analysis.surgery.operations import perform
from attnviz.errors import InputError, ModelError
from attnviz.i18n import translate
from attnviz.trace import HIDDEN, AttentionTrace, Edit

TOKENS, FEATURES, HEADS, SIZE = 7, 13, 3, 5
NAMES = tuple(f"t{place}" for place in range(TOKENS))
X = np.random.default_rng(0).normal(size=(1, TOKENS, FEATURES)).astype(np.float32)
SEEN = np.arange(TOKENS) < 5


def by_sum(numbers, divide=ops.divide):
    return divide(numbers, ops.sum(numbers, axis=-1, keepdims=True))


def sparsemax(z):
    """As Martins and Astudillo write it: sort, cumulative sums, threshold."""
    ordered = tf.sort(z, direction="DESCENDING")
    count = tf.cast(tf.range(1, tf.shape(z)[-1] + 1), z.dtype)
    sums = tf.cumsum(ordered, -1)
    last = tf.reduce_sum(tf.cast(1 + count * ordered > sums, tf.int32), -1, keepdims=True)
    chosen = tf.gather(sums, last - 1, batch_dims=z.shape.rank - 1)
    return tf.maximum(z - (chosen - 1) / tf.cast(last, z.dtype), 0)


def sparsemax_of_a_matrix(z):
    """As TensorFlow Addons has it: all rows of all heads as one matrix, `top_k`, `gather_nd`."""
    rows = tf.reshape(z, [-1, tf.shape(z)[-1]])
    ordered, _ = tf.nn.top_k(rows, tf.shape(rows)[1])
    count, sums = tf.range(1, tf.cast(tf.shape(rows)[1], z.dtype) + 1, dtype=z.dtype), tf.cumsum(ordered, -1)
    last = tf.reduce_sum(tf.cast(1 + count * ordered > sums, tf.int32), -1)
    chosen = tf.gather_nd(sums, tf.stack([tf.range(0, tf.shape(rows)[0]), last - 1], 1))
    left = tf.nn.relu(rows - ((chosen - 1) / tf.cast(last, z.dtype))[:, None])
    return tf.reshape(left, tf.shape(z))


def entmax15(z):
    """As the package `entmax` writes it, for α = 1.5."""
    z = (z - tf.reduce_max(z, -1, keepdims=True)) / 2
    ordered = tf.sort(z, direction="DESCENDING")
    count = tf.cast(tf.range(1, tf.shape(z)[-1] + 1), z.dtype)
    mean, square = tf.cumsum(ordered, -1) / count, tf.cumsum(ordered**2, -1) / count
    delta = (1 - count * (square - mean**2)) / count
    thresholds = mean - tf.sqrt(tf.maximum(delta, 0))
    last = tf.reduce_sum(tf.cast(thresholds <= ordered, tf.int32), -1, keepdims=True)
    return tf.square(tf.maximum(z - tf.gather(thresholds, last - 1, batch_dims=z.shape.rank - 1), 0))


def sinkhorn(z):
    shares = tf.exp(z)
    for _ in range(3):
        shares = shares / tf.reduce_sum(shares, -2, keepdims=True)
        shares = shares / tf.reduce_sum(shares, -1, keepdims=True)
    return shares


def bisected(power):
    """`max(0, z·(α−1) − τ)^power` with the threshold found by halving."""

    def shares(z):
        z = z / power
        low, high = z.max(-1, keepdims=True) - 1, z.max(-1, keepdims=True)
        for _ in range(80):
            middle = (low + high) / 2
            more = (np.maximum(z - middle, 0) ** power).sum(-1, keepdims=True) >= 1
            low, high = np.where(more, middle, low), np.where(more, high, middle)
        return np.maximum(z - low, 0) ** power

    return shares


def rows(numbers):
    """The reference: a loop over rows, in float64."""

    def shares(z):
        flat = [numbers(row) for row in z.reshape(-1, z.shape[-1])]
        return np.array([row / row.sum() for row in flat]).reshape(z.shape)

    return shares


def alternating(z):
    shares = np.exp(z)
    for _ in range(3):
        for axis in (-2, -1):
            shares = shares / shares.sum(axis, keepdims=True)
    return shares


def logistic(z):
    return 1 / (1 + np.exp(-z))


def by(total):
    """Exponentials by their sum, written in another way."""

    def shares(z):
        powers = tf.exp(z)
        return powers / total(powers)

    return shares


#: What a layer does with its scores; the same in NumPy; what it is called.
SHARES = {
    "relu": (lambda z: by_sum(ops.relu(z) + 1e-9), rows(lambda z: z.clip(0)), "relu"),
    "relu, written twice": (lambda z: tf.nn.relu(z) / tf.reduce_sum(tf.nn.relu(z), -1, keepdims=True),
                            rows(lambda z: z.clip(0)), "relu"),
    "relu by its L1 norm": (lambda z: tf.nn.relu(z) / tf.norm(tf.nn.relu(z), 1, axis=-1, keepdims=True),
                            rows(lambda z: z.clip(0)), "relu"),
    "relu under a mask": (lambda z: by_sum(tf.nn.relu(z) * tf.cast(SEEN, tf.float32)),
                          rows(lambda z: z.clip(0) * SEEN), "relu"),
    "maximum": (lambda z: by_sum(tf.maximum(z, 0), tf.math.divide_no_nan), rows(lambda z: z.clip(0)), "relu"),
    "softplus": (lambda z: by_sum(ops.softplus(z)), rows(lambda z: np.log1p(np.exp(z))), "softplus"),
    "sigmoid": (lambda z: by_sum(ops.sigmoid(z)), rows(logistic), "sigmoid"),
    "sigmoid where": (lambda z: by_sum(tf.where(SEEN, tf.sigmoid(z), 0.0)),
                      rows(lambda z: logistic(z) * SEEN), "sigmoid"),
    "absolute": (lambda z: by_sum(ops.abs(z)), rows(np.abs), "absolute"),
    "square": (lambda z: by_sum(ops.square(z)), rows(lambda z: z * z), "square"),
    "square as a product": (lambda z: by_sum(z * z), rows(lambda z: z * z), "square"),
    "square as a power": (lambda z: by_sum(z**2), rows(lambda z: z * z), "square"),
    "cube of a relu": (lambda z: by_sum(ops.relu(z) ** 3), rows(lambda z: z.clip(0) ** 3), "power"),
    "softmax, sharpened": (lambda z: by_sum(ops.softmax(z) ** 3), rows(lambda z: np.exp(3 * (z - z.max()))), "power"),
    "elu": (lambda z: by_sum(ops.elu(z) + 1), rows(lambda z: np.where(z > 0, z + 1, np.exp(z))), "elu"),
    "Taylor": (lambda z: by_sum(1 + z + z * z / 2), rows(lambda z: 1 + z + z * z / 2), "ratio"),
    "sparsemax": (sparsemax, bisected(1), "sparsemax"),
    "sparsemax of a matrix": (sparsemax_of_a_matrix, bisected(1), "sparsemax"),
    "entmax": (entmax15, bisected(2), "entmax"),
    "Sinkhorn": (sinkhorn, alternating, "two_axes"),
    "powers of two": (lambda z: by_sum(2.0**z), rows(lambda z: np.exp(np.log(2) * z)), "softmax"),
    "a bounded sum": (by(lambda e: tf.clip_by_value(tf.reduce_sum(e, -1, keepdims=True), 1e-6, 1e6)),
                      rows(np.exp), "softmax"),
    "a sum by einsum": (by(lambda e: tf.einsum("bhqk->bhq", e)[..., None]), rows(np.exp), "softmax"),
    "a product with ones": (by(lambda e: tf.matmul(e, tf.ones((1, 1, TOKENS, 1)))), rows(np.exp), "softmax"),
    "a power of -1": (lambda z: tf.exp(z) * tf.reduce_sum(tf.exp(z), -1, keepdims=True) ** -1, rows(np.exp), "softmax"),
    "divided the other way round": (lambda z: tf.transpose(
        tf.transpose(e := tf.exp(z), (3, 0, 1, 2)) / tf.reduce_sum(e, -1), (1, 2, 3, 0)), rows(np.exp), "softmax"),
    "hard": (lambda z: tf.one_hot(tf.argmax(z, -1), TOKENS), rows(lambda z: z == z.max()), "argmax"),
    "hard, of a softmax": (lambda z: ops.one_hot(ops.argmax(ops.softmax(z), -1), TOKENS),
                           rows(lambda z: z == z.max()), "argmax"),
    "softmax of a matrix": (lambda z: tf.reshape(tf.nn.softmax(tf.reshape(z, [-1, tf.shape(z)[-1]])), tf.shape(z)),
                            rows(np.exp), "softmax"),
}  # fmt: skip


class Heads(layers.Layer):
    """Self-attention of several heads, by products of matrices; `compiled` in a function of TensorFlow."""

    def __init__(self, shares, compiled=False, **options):
        super().__init__(**options)
        self.shares = shares
        self.attend = tf.function(self._attend) if compiled else self._attend

    def build(self, shape):
        sizes = {"q": (FEATURES, HEADS, SIZE), "k": (FEATURES, HEADS, SIZE)}
        self.kernels = [
            self.add_weight(shape=size, initializer="glorot_normal", name=name) for name, size in sizes.items()
        ]

    def _attend(self, x):
        q, k = (tf.einsum("btd,dhs->bhts", x, kernel) for kernel in self.kernels)
        return tf.matmul(self.shares(tf.matmul(q, k, transpose_b=True) + 0.1), k)

    def call(self, x):
        return self.attend(x)

    def compute_output_spec(self, x):
        return keras.KerasTensor((None, HEADS, None, SIZE))


def subclassed(shares):
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.own = Heads(shares, compiled=True, name="own")

        def call(self, x):
            return self.own(x)

    return Model()


def functional(shares):
    x = keras.Input((None, FEATURES))
    return keras.Model(x, Heads(shares, name="own")(layers.Lambda(lambda each: each * 1.0)(x)))


def beside(shares):
    """Behind another attention, whose queries are not changed by it."""
    x = keras.Input((None, FEATURES))
    other = layers.MultiHeadAttention(2, 3, name="other")(x, x)
    own = Heads(shares, name="own")(x)
    return keras.Model(x, layers.Flatten()(own[:, 0, :1]) + layers.Dense(SIZE)(other[:, 0]))


def scores_of(model):
    (own,) = (each for each in model._flatten_layers() if each.name == "own")
    q, k = (np.einsum("td,dhs->hts", X[0].astype(float), kernel.numpy().astype(float)) for kernel in own.kernels)
    return q @ k.transpose(0, 2, 1) + 0.1


def seen_through(build, shares):
    keras.utils.set_random_seed(5)
    model = build(shares)
    model(X)
    return attnviz.wrap(model, lambda _: (X, NAMES))


STYLES = dict(zip(SHARES, cycle([subclassed, functional, beside]), strict=False))


@pytest.mark.parametrize("name", SHARES)
def test_shares_are_numpys_and_called_by_their_name(name):
    shares, reference, how = SHARES[name]
    wrapped = seen_through(STYLES[name], shares)
    trace = wrapped.trace("x")
    block = next(each for each in trace.blocks if each.name.endswith("own"))
    assert (block.kind, block.normalisation) == ("self", how) and block.query.tokens == block.key.tokens == NAMES
    np.testing.assert_allclose(block.weights[0], reference(scores_of(wrapped.model)), atol=5e-6)
    told = [each for each in trace.notices if each.code == "no_softmax"]
    assert [each.parameters["normalisation"] for each in told] == [how] * (how != "softmax")
    for language in ("en", "ja"):
        assert all(translate(language, f"normalisations.{how}") in each.message(language) for each in told)
    again = AttentionTrace.from_dict(trace.to_dict())
    assert [each.normalisation for each in again.blocks] == [each.normalisation for each in trace.blocks]
    formula = wrapped.explain(wrapped.encode("x"), block.name).step("weights").formula
    assert formula == ("weights" if how == "softmax" else f"weights_{how}") and translate("ja", f"formulas.{formula}")


def test_they_can_be_changed_but_not_masked_as_a_softmax_is():
    wrapped = seen_through(functional, SHARES["relu"][0])
    encoded, even = wrapped.encode("x"), np.full((TOKENS, TOKENS), 1 / TOKENS, np.float32)
    np.testing.assert_allclose(wrapped.run(encoded, [Edit("own", even)]).blocks[0].weights, 1 / TOKENS, atol=1e-6)
    with pytest.raises(InputError, match="does not offer"):
        wrapped.run(encoded, [Edit("own", np.where(np.eye(TOKENS), HIDDEN, even))])
    (operation,), _ = parse_operations("temperature-2")
    with pytest.raises(InputError, match="does not offer"):
        perform(wrapped, encoded, [operation])


@pytest.mark.parametrize(
    "numbers",
    [
        ops.sigmoid,
        lambda z: ops.relu(z) / TOKENS,
        lambda z: tf.math.l2_normalize(z, -1),
        lambda z: z,
        lambda z: by_sum(z),
    ],
    ids=["sigmoid", "relu", "length one", "scores", "scores by their sum, negative ones too"],
)
def test_what_are_no_shares_is_named_and_not_shown(numbers):
    with pytest.raises(ModelError) as raised:
        seen_through(subclassed, numbers).trace("x")
    assert raised.value.code == "nothing_but_no_shares" and "own" in str(raised.value)
    trace = seen_through(beside, numbers).trace("x")
    assert [each.name for each in trace.blocks] == ["other"]
    assert [(each.code, each.parameters["layers"]) for each in trace.notices] == [("no_shares", "own")]


def _linear(sum_up, read):
    def attend(x):
        q, k = (ops.elu(layers.Dense(SIZE, name=name)(x)) + 1 for name in "qk")
        return read(q, sum_up(k, layers.Dense(SIZE, name="v")(x)))

    return attend


def _step_by_step(x):
    """Gated linear attention as a recurrent network, in a loop of Python's."""
    q, k, v, gate = (layers.Dense(SIZE, name=name)(x) for name in ("q", "k", "v", "gate"))
    state, read = 0.0, []
    for t in range(TOKENS):
        state = state * ops.sigmoid(gate[:, t, :, None]) + k[:, t, :, None] * v[:, t, None, :]
        read.append(ops.einsum("bd,bde->be", q[:, t], state))
    return ops.stack(read, 1)


def _scanned(x):
    """The same by `keras.ops.scan`, whose states are read when it is done."""

    def scan(qkv):
        def step(state, token):
            state = 0.9 * state + ops.einsum("bd,be->bde", *token)
            return state, state

        q, k, v = (ops.transpose(each, (1, 0, 2)) for each in qkv)
        _, states = ops.scan(step, ops.zeros((1, SIZE, SIZE)), (k, v))
        return ops.transpose(ops.einsum("tbd,tbde->tbe", q, states), (1, 0, 2))

    heads = [layers.Dense(SIZE, name=name)(x) for name in "qkv"]
    return layers.Lambda(scan, output_shape=(None, SIZE))(heads)


#: Linear attention, as it is written: keys with values first, queries then.
LINEAR = {
    "products": _linear(lambda k, v: ops.matmul(ops.transpose(k, (0, 2, 1)), v), ops.matmul),
    "einsum": _linear(lambda k, v: ops.einsum("btd,bte->bde", k, v), lambda q, s: ops.einsum("btd,bde->bte", q, s)),
    "causal": _linear(lambda k, v: ops.cumsum(ops.einsum("btd,bte->btde", k, v), 1),
                      lambda q, s: ops.einsum("btd,btde->bte", q, s)),
    "sums": _linear(lambda k, v: ops.sum(k[..., None] * v[..., None, :], 1), ops.matmul),
    "step by step": _step_by_step,
    "by a scan": _scanned,
}  # fmt: skip


@pytest.mark.parametrize("attend", LINEAR.values(), ids=LINEAR)
def test_linear_attention_is_named_for_it_has_no_matrix(attend):
    x = keras.Input((None, FEATURES))
    with pytest.raises(ModelError) as raised:
        attnviz.wrap(keras.Model(x, attend(x)), lambda _: (X, NAMES)).trace("x")
    assert raised.value.code == "nothing_but_linear"
    both = keras.Model(x, attend(layers.MultiHeadAttention(2, 3, name="other")(x, x)))
    trace = attnviz.wrap(both, lambda _: (X, NAMES)).trace("x")
    assert [each.name for each in trace.blocks] == ["other"]
    assert [each.code for each in trace.notices] == ["linear_attention"]


def test_gates_over_tokens_are_named():
    x = keras.Input((None, FEATURES))
    gate = layers.Dense(1, activation="sigmoid")(x)
    model = keras.Model(x, layers.Dense(2)(ops.sum(gate * layers.MultiHeadAttention(2, 3, name="other")(x, x), axis=1)))
    (notice,) = attnviz.wrap(model, lambda _: (X, NAMES)).trace("x").notices
    assert notice.code == "no_shares"


def test_what_happens_in_a_loop_is_named_too():
    def attend(x):
        return tf.map_fn(lambda each: tf.matmul(tf.sigmoid(tf.matmul(each, each, transpose_b=True)), each), x)

    x = keras.Input((None, FEATURES))
    attended = layers.MultiHeadAttention(2, FEATURES, name="other")(x, x)
    model = keras.Model(x, layers.Lambda(attend, output_shape=(None, FEATURES), name="looped")(attended))
    (notice,) = attnviz.wrap(model, lambda _: (X, NAMES)).trace("x").notices
    assert (notice.code, notice.parameters["layers"]) == ("no_shares", "looped")


@pytest.mark.parametrize(
    "model",
    [
        lambda x: ops.sum(x * ops.cast(ops.not_equal(x[..., :1], 0), "float32"), 1),
        lambda x: layers.GlobalAveragePooling1D()(x) * layers.Dense(FEATURES, "sigmoid")(ops.mean(x, 1)),
        lambda x: layers.Permute((2, 1))(layers.Dense(TOKENS)(layers.Permute((2, 1))(x))),
        lambda x: ops.matmul(ops.transpose(x, (0, 2, 1)), layers.Dense(SIZE)(x)),
        lambda x: layers.Conv1D(FEATURES, 3)(x * layers.Dense(FEATURES, "softmax")(x)),
        lambda x: ops.abs(x) / ops.sum(ops.abs(x), -1, keepdims=True) * layers.Dense(FEATURES)(x),
    ],
    ids=[
        "masked sum",
        "gated channels",
        "mixer",
        "bilinear pooling",
        "softmax over features",
        "features of length one",
    ],
)
def test_what_weighs_no_tokens_is_not_named(model):
    x = keras.Input((TOKENS, FEATURES))
    attended = layers.MultiHeadAttention(2, FEATURES, name="other")(x, x)
    trace = attnviz.wrap(keras.Model(x, model(attended)), lambda _: (X, NAMES)).trace("x")
    assert [each.name for each in trace.blocks] == ["other"] and not trace.notices
