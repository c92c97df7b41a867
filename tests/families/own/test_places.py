"""Keys that are written, cut, chosen or computed by place: a cache that is filled, windows, the best of the scores,
deformable attention; each beside the softmax of an eager run."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

import attnviz
from attnviz.trace import RegionAxis
from tests.families.own.observed import canonical, observed

TOKENS, FEATURES, SIZE, ROOM = 7, 13, 5, 11
NAMES = [f"t{place}" for place in range(TOKENS)]
EMPTY = ["empty place"] * (ROOM - TOKENS)


def features(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


X = features(1, TOKENS, FEATURES)


class Own(layers.Layer):
    """Queries, keys and values of the first input, and what a function makes of them and of the others."""

    def __init__(self, function, units=SIZE, name="own"):
        super().__init__(name=name)
        self.function = function
        self.q, self.k, self.v = (layers.Dense(units, name=each) for each in "qkv")

    def call(self, inputs):
        x, *others = inputs if isinstance(inputs, list | tuple) else [inputs]
        return self.function(self.q(x), self.k(x), self.v(x), *others)


class Called(keras.Model):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, inputs):
        return self.layer(inputs)


def attention(q, k, v, hide=lambda scores: scores):
    return tf.matmul(tf.nn.softmax(hide(tf.matmul(q, k, transpose_b=True))), v)


def seen(function, inputs=X, tokens=NAMES, units=SIZE, length=None):
    """The trace of a model of one such layer, and the weights an eager run computes, in order."""
    keras.utils.set_random_seed(5)
    model = Called(Own(function, units))
    if length is not None:
        x = keras.Input((length, FEATURES))
        model = keras.Model(x, model.layer(x))
    with observed() as run:
        model(inputs)
    return attnviz.wrap(model, lambda _: (inputs, tokens)).trace("x"), run["Softmax"]


def codes(trace):
    return [each.code for each in trace.notices]


# A cache of keys -----------------------------------------------------------------------------------------------------


def later_hidden(scores):
    ahead = tf.range(tf.shape(scores)[-1])[None] > tf.range(tf.shape(scores)[-2])[:, None]
    return tf.where(ahead, tf.constant(-1e9), scores)


def written(k, place=0):
    return ops.slice_update(tf.zeros((1, ROOM, SIZE)), (0, place, 0), k)


def turned(write, each):
    return tf.transpose(write(tf.transpose(each, (1, 0, 2))), (1, 0, 2))


WRITTEN = {
    "a slice": written,
    "a slice of an open length": lambda k: ops.slice_update(tf.zeros((tf.shape(k)[0], ROOM, SIZE)), (0, 0, 0), k),
    "rows": lambda k: turned(
        lambda rows: tf.tensor_scatter_nd_update(tf.zeros((ROOM, 1, SIZE)), tf.range(TOKENS)[:, None], rows), k
    ),
    "rows of nothing": lambda k: turned(
        lambda rows: tf.scatter_nd(tf.range(TOKENS)[:, None], rows, (ROOM, 1, SIZE)), k
    ),
    "zeros behind": lambda k: tf.concat([k, tf.zeros((1, ROOM - TOKENS, SIZE))], 1),
    "padded": lambda k: tf.pad(k, ((0, 0), (0, ROOM - TOKENS), (0, 0))),
    "piece by piece": lambda k: ops.slice_update(written(k[:, :3]), (0, 3, 0), k[:, 3:7]),
    "one written over": lambda k: ops.slice_update(written(k), (0, 2, 0), k[:, 2:3]),
}

#: Those of which only a fixed length tells where they are.
SETTLED = ("piece by piece", "one written over")


@pytest.mark.parametrize("way", WRITTEN)
@pytest.mark.parametrize("masked", [True, False])
def test_places_that_hold_nothing_are_called_so(way, masked):
    def attend(q, k, v):
        write = WRITTEN[way]
        return attention(q, write(k), write(v), *([later_hidden] if masked else []))

    trace, expected = seen(attend, length=TOKENS if way in SETTLED else None)
    block = trace.block(0)
    assert (block.kind, block.query.tokens, block.key.tokens) == ("cross", tuple(NAMES), (*NAMES, *EMPTY))
    np.testing.assert_allclose(block.weights[0, 0], expected[0][0], atol=1e-6)
    assert codes(trace) == (["other_mask", "keys_hidden"] if masked else ["padding_weighs"])
    if not masked:
        percent = 100 * expected[0][0][:, TOKENS:].sum(-1).mean()
        assert float(trace.notices[0].parameters["percent"]) == pytest.approx(percent, abs=0.51)


def test_a_cache_that_is_full_is_the_sequence_itself():
    def attend(q, k, v):
        k, v = (ops.slice_update(tf.zeros((1, TOKENS, SIZE)), (0, 0, 0), each) for each in (k, v))
        return attention(q, k, v, later_hidden)

    trace, expected = seen(attend)
    assert (trace.block(0).kind, trace.block(0).key.tokens, codes(trace)) == ("causal", tuple(NAMES), [])
    np.testing.assert_allclose(trace.block(0).weights[0, 0], expected[0][0], atol=1e-6)


def step_by_step(q, k, v):
    """A loop of Python's that writes a token's key and lets the token ask."""
    keys, values, answers = tf.zeros((1, TOKENS, SIZE)), tf.zeros((1, TOKENS, SIZE)), []
    for at in range(TOKENS):
        keys = ops.slice_update(keys, (0, at, 0), k[:, at : at + 1])
        values = ops.slice_update(values, (0, at, 0), v[:, at][:, None])
        answers.append(attention(q[:, at : at + 1], keys, values))
    return tf.concat(answers, 1)


def test_step_by_step_each_token_is_there_once_it_is_written():
    trace, expected = seen(step_by_step)
    assert len(trace.blocks) == len(expected) == TOKENS
    for at, (block, weights) in enumerate(zip(trace.blocks, expected, strict=True)):
        assert block.query.tokens == (f"t{at}",)
        assert block.key.tokens == (*NAMES[: at + 1], *["empty place"] * (TOKENS - at - 1))
        np.testing.assert_allclose(block.weights[0, 0], weights[0], atol=1e-6)
    assert codes(trace) == ["padding_weighs"] * (TOKENS - 1)


def in_a_loop(masked):
    def attend(q, k, v):
        def body(at, keys, values, answers):
            keys = ops.slice_update(keys, (0, at, 0), k[:, at][:, None])
            values = ops.slice_update(values, (0, at, 0), v[:, at][:, None])
            scores = tf.einsum("bs,bks->bk", q[:, at], keys)
            scores = tf.where(tf.range(TOKENS) <= at, scores, tf.constant(-1e9)) if masked else scores
            return at + 1, keys, values, answers.write(at, tf.einsum("bk,bks->bs", tf.nn.softmax(scores), values))

        room = tf.zeros((1, TOKENS, SIZE))
        start = (0, room, room, tf.TensorArray(tf.float32, TOKENS))
        return tf.transpose(tf.while_loop(lambda at, *_: at < TOKENS, body, start)[3].stack(), (1, 0, 2))

    return attend


@pytest.mark.parametrize("masked", [True, False])
def test_a_cache_that_a_loop_fills_has_the_tokens_names(masked):
    trace, expected = seen(in_a_loop(masked))
    block = trace.block(0)
    assert (block.kind, block.query.tokens) == ("causal" if masked else "self", tuple(NAMES))
    assert block.key.tokens == tuple(NAMES) and codes(trace) == ([] if masked else ["keys_unwritten"])
    np.testing.assert_allclose(block.weights[0, 0], np.concatenate(expected), atol=1e-6)


@pytest.mark.parametrize("heads", [1, 2])
def test_a_cache_that_is_given_keeps_its_own_places(heads):
    """New tokens are written into it at a place that is given, too, as when a text is continued."""
    new, width = 3, SIZE * heads
    cache, names = features(1, ROOM, heads, SIZE, seed=1), [f"c{place}" for place in range(ROOM)]

    def attend(q, k, v, keys, values, at):
        q, k, v = (tf.reshape(each, (-1, tf.shape(each)[1], heads, SIZE)) for each in (q, k, v))
        keys, values = (ops.slice_update(a, (0, at[0, 0], 0, 0), b) for a, b in ((keys, k), (values, v)))
        last = at[0, 0] + tf.range(new)[:, None]
        scores = tf.where(tf.range(ROOM) <= last, tf.einsum("bqhs,bkhs->bhqk", q, keys), tf.constant(-1e9))
        return tf.einsum("bhqk,bkhs->bqhs", tf.nn.softmax(scores), values)

    inputs = [features(1, new, FEATURES), cache, cache, np.array([[4]], np.int32)]
    trace, expected = seen(attend, inputs, {"0": NAMES[:new], "1": names}, width)
    block = trace.block(0)
    assert (block.kind, block.query.tokens, block.key.tokens) == ("cross", tuple(NAMES[:new]), tuple(names))
    np.testing.assert_allclose(block.weights[0], expected[0][0], atol=1e-6)
    assert codes(trace) == ["other_mask", "keys_hidden"]
    trace, _ = seen(attend, inputs, NAMES[:new], width)
    assert (trace.block(0).shape[1:], codes(trace)) == ((heads, new, 7), ["axis_by_position", "other_mask"])


# Windows -------------------------------------------------------------------------------------------------------------


def parts(cut, count=2):
    def attend(q, k, v):
        return attention(*(cut(each[:, : tf.shape(each)[1] // count * count], count) for each in (q, k, v)))

    return attend


WINDOWS = {
    "of an open length": lambda each, count: tf.reshape(each, (-1, tf.shape(each)[1] // count, count, SIZE)),
    "in the batch": lambda each, count: tf.reshape(each, (-1, count, SIZE)),
    "stacked": lambda each, count: tf.stack([each[:, at : at + count] for at in range(0, 6, count)], 1),
    "split": lambda each, count: tf.stack(tf.split(each, 6 // count, 1), 1),
    "beside each other in the batch": lambda each, count: tf.concat(
        [each[:, at : at + count] for at in range(0, 6, count)], 0
    ),
    "that overlap": lambda each, count: tf.stack([each[:, at : at + count] for at in range(0, 6 - count + 1)], 1),
}


@pytest.mark.parametrize("name", WINDOWS)
@pytest.mark.parametrize("length", [TOKENS, None])
def test_windows_are_numbered_and_said_to_be_some(name, length):
    keras.utils.set_random_seed(5)
    cut = parts(WINDOWS[name])
    given = keras.Input((length, FEATURES))
    model = keras.Model(given, Own(lambda q, k, v: cut(q[:, :6], k[:, :6], v[:, :6]))(given))
    with observed() as run:
        model(X)
    trace = attnviz.wrap(model, lambda _: (X, NAMES)).trace("x")
    block = trace.block(0)
    assert (block.kind, block.query.tokens, block.key.tokens) == ("self", ("0", "1"), ("0", "1"))
    assert codes(trace) == ["windows_as_heads", "axis_by_position"]
    np.testing.assert_allclose(block.weights[0], run["Softmax"][0].reshape(-1, 2, 2), atol=1e-6)


@pytest.mark.parametrize("name", ["of an open length", "in the batch"])
def test_a_single_window_is_none(name):
    trace, expected = seen(parts(WINDOWS[name], TOKENS))
    assert (trace.block(0).kind, trace.block(0).key.tokens, codes(trace)) == ("self", tuple(NAMES), [])
    np.testing.assert_allclose(trace.block(0).weights[0], expected[0].reshape(1, TOKENS, TOKENS), atol=1e-6)


@pytest.mark.parametrize("how", [{"kernel_size": 1}, {"kernel_size": 3, "strides": 2, "padding": "valid"}])
def test_convolutions_that_look_alike_go_over_the_same_places(how):
    picture = keras.Input((9, 11, 3))
    keras.utils.set_random_seed(5)
    q, k, v = (layers.Conv2D(SIZE, **how)(picture) for _ in range(3))
    rows, columns = q.shape[1:3]
    q, k, v = (ops.reshape(each, (-1, rows * columns, SIZE)) for each in (q, k, v))
    model = keras.Model(picture, layers.Attention(name="attention")([q, v, k]))
    axis = RegionAxis.grid_of(rows, columns)
    (block,) = attnviz.wrap(model, lambda _: (features(1, 9, 11, 3), axis)).trace("x").blocks
    assert (block.kind, block.query, block.key) == ("self", axis, axis)


def test_a_map_over_queries_and_a_repeated_memory_goes_over_the_queries():
    other, names = features(1, ROOM, FEATURES, seed=1), [f"s{place}" for place in range(ROOM)]

    def attend(q, k, v, memory):
        def one(given):
            rows, asks = given
            return tf.linalg.matvec(rows, tf.nn.softmax(tf.linalg.matvec(rows, asks)), transpose_a=True)

        return tf.map_fn(one, (tf.repeat(memory, TOKENS, 0), q[0]), fn_output_signature=tf.float32)[None]

    trace, expected = seen(attend, [X, other], {"0": NAMES, "1": names}, FEATURES)
    block = trace.block(0)
    assert (block.kind, block.query.tokens, block.key.tokens) == ("cross", tuple(NAMES), tuple(names))
    np.testing.assert_allclose(block.weights[0, 0], np.stack(expected), atol=1e-6)


# Chosen and computed places ------------------------------------------------------------------------------------------


def test_keys_that_each_query_chooses_are_numbered():
    def attend(q, k, v):
        best, places = tf.math.top_k(tf.matmul(q, k, transpose_b=True), 3)
        return tf.einsum("bqk,bqks->bqs", tf.nn.softmax(best), tf.gather(v, places, batch_dims=1))

    trace, expected = seen(attend)
    block = trace.block(0)
    assert (block.query.tokens, block.key.tokens) == (tuple(NAMES), tuple(f"chosen key {at}" for at in (1, 2, 3)))
    np.testing.assert_allclose(block.weights[0, 0], expected[0][0], atol=1e-6)
    assert codes(trace) == ["keys_chosen"]


def offsets(q):
    """Where each query looks: its own place and four numbers that it computes."""
    return tf.cast(tf.range(TOKENS), tf.float32)[None, :, None] + q[..., 1:]


def nearest(q, k, v):
    places = tf.clip_by_value(tf.cast(tf.round(offsets(q)), tf.int32), 0, TOKENS - 1)
    return tf.einsum("bqp,bqps->bqs", tf.nn.softmax(k[..., 1:]), tf.gather(v, places, batch_dims=1))


def between(q, k, v):
    """Bilinear: what stands beside the place on either side, by how near it is."""
    at = tf.clip_by_value(offsets(q), 0.0, TOKENS - 1.0)
    low = tf.floor(at)
    left, right = (tf.gather(v, tf.cast(each, tf.int32), batch_dims=1) for each in (low, tf.math.ceil(at)))
    found = left * (1 - (at - low))[..., None] + right * (at - low)[..., None]
    return tf.reduce_sum(found * tf.nn.softmax(k[..., 1:])[..., None], 2)


def weights_first(q, k, v):
    at = tf.clip_by_value(offsets(q), 0.0, TOKENS - 1.0)
    low = tf.floor(at)
    near = tf.nn.softmax(k[..., 1:]) * (1 - (at - low))
    return tf.einsum("bqp,bqps->bqs", near, tf.gather(v, tf.cast(low, tf.int32), batch_dims=1))


def in_a_grid(q, k, v):
    """As Deformable DETR: rows and columns are computed."""
    grid = tf.reshape(tf.tile(v, (1, 2, 1)), (-1, 2, TOKENS, SIZE))
    at = tf.stack([tf.sigmoid(q[..., 1:]), tf.sigmoid(q[..., :-1]) * (TOKENS - 1.0)], -1)
    found = tf.gather_nd(grid, tf.cast(tf.round(at), tf.int32), batch_dims=1)
    return tf.einsum("bqp,bqps->bqs", tf.nn.softmax(k[..., 1:]), found)


def as_many_as_tokens(q, k, v):
    """The points are told from tokens though there are as many."""
    q, k = (tf.concat([each, each[..., :3]], -1) for each in (q, k))
    return nearest(q, k, v)


@pytest.mark.parametrize("attend", [nearest, between, weights_first, in_a_grid, as_many_as_tokens])
def test_deformable_attention_is_named(attend):
    with pytest.raises(attnviz.ModelError) as raised:
        seen(attend)
    assert raised.value.code == "nothing_but_sampled" and "own" in str(raised.value)
    x = keras.Input((TOKENS, FEATURES))
    states = layers.Dense(FEATURES)(Own(attend, name="deformable")(x))
    model = keras.Model(x, layers.MultiHeadAttention(2, SIZE, name="plain")(states, states))
    trace = attnviz.wrap(model, lambda _: (X, NAMES)).trace("x")
    assert [each.name for each in trace.blocks] == ["plain"] and codes(trace) == ["sampled_attention"]
    assert trace.notices[0].parameters["layers"] == "deformable"


# Who asks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [TOKENS, None])
@pytest.mark.parametrize(("where", "name"), [((-1, None), "t6"), ((0, 1), "t0"), ((2, 3), "t2")])
def test_a_token_that_a_layer_of_units_asks_for_is_called_by_its_name(where, name, length):
    keras.utils.set_random_seed(5)
    states = keras.Input((length, FEATURES))
    asks, keys = layers.Dense(SIZE), layers.Dense(SIZE)

    class Asks(layers.Layer):
        def call(self, x):
            return attention(asks(x[:, slice(*where)]), keys(x), x)

    model = keras.Model(states, Asks(name="asks")(states))
    with observed() as run:
        model(X)
    trace = attnviz.wrap(model, lambda _: (X, NAMES)).trace("x")
    block = trace.block(0)
    assert (block.kind, block.query.tokens, block.key.tokens) == ("pooling", (name,), tuple(NAMES))
    assert codes(trace) == []
    np.testing.assert_allclose(block.weights[0, 0], run["Softmax"][0][0], atol=1e-6)


# Weights that are scores once more -----------------------------------------------------------------------------------


def test_weights_that_go_through_a_softmax_again_are_said_to_be_changed():
    def attend(q, k, v):
        first = tf.nn.softmax(tf.matmul(q, k, transpose_b=True))
        return tf.matmul(tf.nn.softmax(3 * first), v)

    trace, expected = seen(attend)
    assert [each.name for each in trace.blocks] == ["own", "own#2"] and codes(trace) == ["weights_changed"]
    assert trace.notices[0].parameters == {"block": "own"}
    for block, weights in zip(trace.blocks, expected, strict=True):
        np.testing.assert_allclose(block.weights[0], canonical(weights, "bqk"), atol=1e-6)


def test_learned_vectors_among_the_tokens_ask_as_tokens():
    keras.utils.set_random_seed(5)
    registers = tf.Variable(features(1, 2, SIZE, seed=3))

    def attend(q, k, v):
        q, k, v = (tf.concat([registers, each], 1) for each in (q, k, v))
        return attention(q, k, v)

    trace, expected = seen(attend)
    block = trace.block(0)
    assert block.kind == "self" and block.query.tokens == block.key.tokens == ("learned token",) * 2 + tuple(NAMES)
    np.testing.assert_allclose(block.weights[0, 0], expected[0][0], atol=1e-6)
