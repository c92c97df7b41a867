"""What stands along the keys: tokens in the order in which they are, what is computed of them, padding that a mask only
lowers; each beside the softmax of an eager run."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

import attnviz
from attnviz.trace import MASK_CAUSAL
from tests.families.own.observed import observed
from tests.families.own.test_late import FEATURES, NAMES, SIZE, TOKENS, Own, X

HEADS = 3
PLACES = tuple(map(str, range(TOKENS)))


def attention(q, k, v):
    return tf.matmul(tf.nn.softmax(tf.matmul(q, k, transpose_b=True)), v)


def keys(exchange):
    return lambda x, q, k, v, _: attention(q, exchange(k), exchange(v))


def sorted_by_size(values):
    order = tf.argsort(tf.reduce_sum(values, (1, 3)), -1)
    return tf.transpose(tf.gather(tf.transpose(values, (0, 2, 1, 3)), order, batch_dims=1), (0, 2, 1, 3))


def joined(*parts):
    return tf.concat(parts, 2)


def shifted_and_back(x, q, k, v, _):
    return tf.roll(attention(*(tf.roll(each, 2, 2) for each in (q, k, v))), -2, 2)


def query_by_query(x, q, k, v, _):
    def body(at, gathered):
        answer = attention(q[:, :, at : at + 1], k, v)[:, :, 0]
        return at + 1, tf.tensor_scatter_nd_update(gathered, [[at]], [answer])

    return tf.while_loop(lambda at, _: at < TOKENS, body, (0, tf.zeros((TOKENS, 1, HEADS, SIZE))))[1]


def query_by_query_sliced(x, q, k, v, _):
    def body(at, total):
        return total + attention(tf.slice(q, [0, 0, at, 0], [-1, -1, 1, -1]), k, v)

    return ops.fori_loop(0, TOKENS, body, tf.zeros_like(q[:, :, :1]))


def queries_in_two_parts(x, q, k, v, _):
    return tf.concat([attention(each, k, v) for each in tf.split(q, [3, 4], 2)], 2)


def projected(x, q, k, v, scorer):
    """Linformer: keys and values are mixtures of the tokens."""
    mixed = tf.transpose(scorer)[:, :TOKENS]  # [mixture, token]
    return attention(q, *(tf.einsum("nt,bhts->bhns", mixed, each) for each in (k, v)))


def windows(x, q, k, v, _):
    beside = tf.range(TOKENS)[:, None] + tf.range(3)[None]
    k, v = (tf.gather(tf.pad(each, [[0, 0], [0, 0], [1, 1], [0, 0]]), beside, axis=2) for each in (k, v))
    return tf.einsum("bhtw,bhtws->bhts", tf.nn.softmax(tf.einsum("bhts,bhtws->bhtw", q, k)), v)


def blocks(x, q, k, v, _):
    q, k, v = (tf.reshape(each[:, :, :6], (-1, HEADS, 2, 3, SIZE)) for each in (q, k, v))
    return attention(q, k, v)


def shifted(x, q, k, v, _):
    """RWKV's token shift: to every key a part of the one before it is added."""
    return attention(q, tf.roll(k, 1, 2) + k, v)


def moved_by_a_machine(x, q, k, v, scorer):
    """The addressing of a Neural Turing Machine: weights are moved along the memory, and read it where they come."""
    weights = tf.nn.softmax(tf.squeeze(tf.matmul(x, scorer[:, :1]), 2))
    moved = sum(share * tf.roll(weights, step, 1) for step, share in ((-1, 0.2), (0, 0.5), (1, 0.3)))
    sharp = moved**2
    return tf.einsum("bt,btd->bd", sharp / tf.reduce_sum(sharp, 1, keepdims=True), x)


T = NAMES
ASKS = ("learned query",)
ORDER = [2, 0, 1, 6, 5, 4, 3]
COMPUTED = tuple(f"computed key {place}" for place in (1, 2, 3))

#: What a layer does; of every block kind, queries and keys; notices.
ORDERS = {
    "reversed": (keys(lambda each: tf.reverse(each, [2])), [("self", T, T[::-1])], []),
    "a slice backwards": (keys(lambda each: each[:, :, ::-1]), [("self", T, T[::-1])], []),
    "turned back again": (keys(lambda each: tf.reverse(each[:, :, ::-1], [2])), [("self", T, T)], []),
    "rolled": (keys(lambda each: tf.roll(each, 2, 2)), [("self", T, T[-2:] + T[:-2])], []),
    "rolled the other way": (keys(lambda each: tf.roll(each, -3, 2)), [("self", T, T[3:] + T[:3])], []),
    "shifted and back": (shifted_and_back, [("self", T[-2:] + T[:-2], T[-2:] + T[:-2])], []),
    "taken in an order": (
        keys(lambda each: tf.gather(each, ORDER, axis=2)),
        [("self", T, tuple(T[at] for at in ORDER))],
        [],
    ),
    "halves exchanged": (keys(lambda each: joined(each[:, :, 3:], each[:, :, :3])), [("self", T, T[3:] + T[:3])], []),
    "every other one first": (
        keys(lambda each: joined(each[:, :, ::2], each[:, :, 1::2])),
        [("self", T, T[::2] + T[1::2])],
        [],
    ),
    "some of them twice": (
        keys(lambda each: joined(each[:, :, 3:], each[:, :, 4:])),
        [("cross", T, T[3:] + T[4:])],
        [],
    ),
    "added to what was rolled": (shifted, [("self", T, T)], []),
    "weights that are moved": (
        moved_by_a_machine,
        [("pooling", ASKS, T), ("pooling", ASKS, T)],
        ["no_softmax", "weights_changed"],
    ),
    "sorted": (keys(sorted_by_size), [("self", T, PLACES)], ["axis_by_position"]),
    "queries in two parts": (queries_in_two_parts, [("cross", T[:3], T), ("cross", T[3:], T)], []),
    "query by query": (query_by_query, [("self", T, T)], []),
    "query by query, sliced": (query_by_query_sliced, [("self", T, T)], []),
    "projected keys": (projected, [("cross", T, COMPUTED)], ["keys_computed"]),
    "a window beside each": (windows, [("cross", T, COMPUTED)], ["keys_computed"]),
    "blocks": (blocks, [("self", PLACES[:3], PLACES[:3])], ["windows_as_heads", "axis_by_position"]),
}


#: Those of which only a run can tell how long their parts are.
OPEN = ("taken in an order", "halves exchanged", "every other one first", "some of them twice")


@pytest.mark.parametrize("name", ORDERS)
def test_keys_are_called_what_they_are(name):
    attend, told, notices = ORDERS[name]
    keras.utils.set_random_seed(5)
    x = keras.Input((None if name in OPEN else TOKENS, FEATURES))
    model = keras.Model(x, Own(attend)(x))
    with observed() as seen:
        model(X)
    trace = attnviz.wrap(model, lambda _: (X, NAMES)).trace("x")
    assert [(each.kind, each.query.tokens, each.key.tokens) for each in trace.blocks] == told
    assert [each.code for each in trace.notices] == notices
    sharp = seen["RealDiv"] if name == "weights that are moved" else []
    found = [each[0] for each in (*seen["Softmax"], *sharp)]
    if len(found) == TOKENS:
        found = [np.concatenate(found, 1)]
    for block, expected in zip(trace.blocks, found, strict=True):
        expected = expected.reshape(-1, *block.weights.shape[-2:])
        np.testing.assert_allclose(block.weights[0], expected, atol=1e-6)


def test_a_softmax_over_channels_is_no_linear_attention():
    x = keras.Input((TOKENS, FEATURES))
    across = Own(lambda x, q, k, v, _: tf.matmul(v, tf.nn.softmax(tf.matmul(q, k, transpose_a=True)), transpose_b=True))
    model = keras.Model(x, [across(x), layers.MultiHeadAttention(2, 3, name="other")(x, x)])
    trace = attnviz.wrap(model, lambda _: (X, NAMES)).trace("x")
    assert [each.name for each in trace.blocks] == ["other"]
    assert [each.code for each in trace.notices] == ["first_output_only"]


IDS = np.array([[3, 5, 2, 9, 4, 0, 0]])
HIDDEN = {
    "-100": lambda scores, seen: scores + (1 - seen) * -100.0,
    "log": lambda scores, seen: (scores + ops.log(seen + 1e-12)) / 1.5,
    "chosen": lambda scores, seen: ops.where(seen > 0, scores, -30.0),
    "of queries too": lambda scores, seen: scores + (1 - seen * ops.transpose(seen, (0, 2, 1))) * -100.0,
}
LEFT = {
    "-10": lambda scores, seen: scores + (1 - seen) * -10.0,
    "a little log": lambda scores, seen: scores + ops.log(seen + 1e-3),
    "chosen a little": lambda scores, seen: ops.where(ops.equal(seen, 0), -9.0, scores),
}


def softly(hide, given):
    """Attention whose mask comes from ids that are 0, or is an input of its own."""
    ids, mask = keras.Input((None,), name="ids"), keras.Input((None,), name="mask")
    x = layers.Embedding(11, FEATURES)(ids)
    q, k = (layers.Dense(FEATURES, name=name)(x) for name in "qk")
    seen = (mask if given else ops.cast(ops.not_equal(ids, 0), "float32"))[:, None, :]
    weights = ops.softmax(hide(ops.matmul(q, ops.transpose(k, (0, 2, 1))), seen))
    inputs = {"ids": IDS, "mask": (IDS > 0).astype(np.float32)} if given else IDS
    model = keras.Model({"ids": ids, "mask": mask} if given else ids, ops.matmul(weights, x))
    return model, inputs, {"ids": NAMES[:5]} if given else NAMES[:5]


@pytest.mark.parametrize("name", [*HIDDEN, *LEFT])
def test_padding_whose_scores_are_only_lowered(name):
    keras.utils.set_random_seed(5)
    model, inputs, names = softly({**HIDDEN, **LEFT}[name], name in ("-100", "-10"))
    with observed() as seen:
        model(keras.tree.map_structure(np.asarray, inputs))
    trace = attnviz.wrap(model, lambda _: (inputs, names)).trace("x")
    (block,), (whole,) = trace.blocks, seen["Softmax"]
    assert (block.kind, block.query.tokens) == ("self", NAMES[:5])
    assert block.key.tokens == NAMES[:5] + (() if name in HIDDEN else ("[PAD]", "[PAD]"))
    np.testing.assert_allclose(block.weights[0, 0], whole[0, :5, : len(block.key)], atol=2e-6)
    if name in HIDDEN:
        assert not trace.notices
    else:
        (notice,) = trace.notices
        assert notice.code == "padding_lowered"
        np.testing.assert_allclose(float(notice.parameters["percent"]) / 100, whole[0, :5, 5:].sum(-1).mean(), rtol=0.1)


def test_a_word_that_such_a_mask_hides_is_named():
    model, _, _ = softly(HIDDEN["chosen"], False)
    trace = attnviz.wrap(model, lambda _: (np.array([[3, 0, 2]]), ["a", "real", "word"])).trace("x")
    assert trace.blocks[0].key.tokens == ("a", "real", "word")
    assert [(each.code, each.parameters["tokens"]) for each in trace.notices] == [("keys_hidden", "real")]


@pytest.mark.parametrize("padded", [False, True])
def test_a_causal_mask_that_only_lowers_scores_is_causal(padded):
    earlier = np.tri(TOKENS, dtype=np.float32)
    model, ids, names = softly(lambda scores, seen: scores + (1 - (seen if padded else 1) * earlier) * -100.0, False)
    ids, names = (ids, names) if padded else (ids + 1, NAMES)
    (block,) = attnviz.wrap(model, lambda _: (ids, names)).trace("x").blocks
    assert (block.kind, block.key.tokens) == ("causal", names)
    np.testing.assert_array_equal(block.mask[0, 0] == MASK_CAUSAL, earlier[: len(names), : len(names)] == 0)


def test_steps_of_a_loop_that_runs_backwards_stand_as_it_went():
    x = keras.Input((None, FEATURES))
    states = layers.GRU(SIZE, return_sequences=True, go_backwards=True)(x)
    both = layers.Bidirectional(layers.GRU(SIZE, return_sequences=True))(x)
    pooled = [ops.einsum("bt,btd->bd", ops.softmax(layers.Dense(1)(each)[..., 0]), each) for each in (states, both)]
    blocks = attnviz.wrap(keras.Model(x, layers.Concatenate()(pooled)), lambda _: (X, NAMES)).trace("x").blocks
    assert {each.key.tokens for each in blocks} == {NAMES[::-1], NAMES}


def test_a_position_bias_hides_no_padding():
    """ALiBi and a table of distances lower scores, too, but say nothing of padding."""

    def far(x, q, k, v, scorer):
        place = tf.cast(tf.range(tf.shape(x)[1]), tf.float32)
        bias = -10 * tf.abs(place[None] - place[:, None]) + (place * -9)[None, None, None]
        return tf.matmul(tf.nn.softmax(tf.matmul(q, k, transpose_b=True) + bias), v)

    x = keras.Input((None, FEATURES))
    (block,) = attnviz.wrap(keras.Model(x, Own(far)(x)), lambda _: (X, NAMES)).trace("x").blocks
    assert block.key.tokens == NAMES
