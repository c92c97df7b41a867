"""More of what strangers write: weights that are changed before they weigh, and who asks in a model without layers."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from tests.families.own.architectures import (
    ARCHITECTURES,
    FEATURES,
    HEADS,
    IDS,
    OTHER,
    SELF,
    SIDE,
    SIZE,
    SLOTS,
    SOURCE,
    TOKENS,
    Architecture,
    Truth,
    X,
    Y,
    architecture,
    own,
)

__all__ = ["ARCHITECTURES"]

KERNELS = {"q": (FEATURES, HEADS, SIZE), "k": (FEATURES, HEADS, SIZE)}


def _scores(layer, x):
    q, k = (ops.einsum("btd,dhs->bhts", x, w) for w in (layer.q, layer.k))
    return tf.matmul(q, k, transpose_b=True), k


def _changed(change, truths=SELF, notices=("weights_changed",), **more):
    """Attention whose weights are not what weighs in the end."""

    def attend(layer, x):
        scores, values = _scores(layer, x)
        return tf.matmul(change(layer, scores), values)

    return own(attend, X, truths=truths, notices=notices, **KERNELS, **more)


@architecture
def heads_that_talk():
    """Shazeer et al. 2020: behind the softmax heads are mixed."""
    mixed = {"mix": (HEADS, HEADS)}
    return _changed(lambda layer, s: ops.einsum("bhqk,hg->bgqk", tf.nn.softmax(s), layer.mix), **mixed)


@architecture
def a_difference_of_two_softmaxes():
    """As a Differential Transformer."""
    both = [*SELF, Truth("self", SIDE, SIDE, "bhqk", at=1)]
    return _changed(lambda layer, s: tf.nn.softmax(s) - 0.3 * tf.nn.softmax(-s), both)


@architecture
def heads_mixed_by_a_layer():
    mix = layers.Dense(HEADS, use_bias=False)

    def change(layer, scores):
        return ops.transpose(mix(ops.transpose(tf.nn.softmax(scores), (0, 2, 3, 1))), (0, 3, 1, 2))

    return _changed(change)


@architecture
def weights_under_a_gate():
    return _changed(lambda layer, s: tf.nn.softmax(s) * tf.sigmoid(s))


@architecture
def a_mask_behind_the_softmax_alone():
    """Nothing divides by what is left: rows are short of one."""
    seen = tf.cast(np.arange(TOKENS) < 5, tf.float32)
    masked = Truth("self", SIDE, SIDE, "bhqk", op="Mul", at=-1)
    told = ("no_softmax", "other_mask", "keys_hidden", "rows_short")
    return _changed(lambda layer, s: tf.nn.softmax(s) * seen, [masked], told)


def _padding_behind(put_on, op, notices=()):
    """The padding of an embedding is put on after the softmax."""

    def attend(layer, ids):
        scores, values = _scores(layer, tf.gather(layer.table, ids))
        return tf.matmul(put_on(tf.nn.softmax(scores), tf.not_equal(ids, 0)[:, None, None]), values)

    truths = [Truth("self", SIDE[:5], SIDE[:5], "bhqk", op=op, at=-1)]
    return own(attend, IDS, tokens=SIDE[:5], truths=truths, notices=notices, table=(SOURCE, FEATURES), **KERNELS)


@architecture
def padding_behind_the_softmax():
    return _padding_behind(lambda w, seen: w * tf.cast(seen, tf.float32), "Mul", ("no_softmax", "rows_short"))


@architecture
def padding_behind_the_softmax_normalised_again():
    def left(weights, seen):
        weights = tf.where(seen, weights, 0.0)
        return weights / tf.reduce_sum(weights, -1, keepdims=True)

    return _padding_behind(left, "RealDiv")


@architecture
def a_mask_in_front_and_behind():
    """What was masked in the scores is zero already; the product changes nothing."""
    seen = np.arange(TOKENS) < 5
    masked = Truth("self", SIDE, SIDE, "bhqk")

    def change(layer, scores):
        return tf.nn.softmax(tf.where(seen, scores, -1e9)) * tf.cast(seen, tf.float32)

    return _changed(change, [masked], ("other_mask", "keys_hidden"))


@architecture
def one_more_below_the_line():
    """“Softmax one”: a row may look at nothing. The largest score, or zero, is taken off first."""

    def change(layer, scores):
        top = ops.maximum(ops.max(scores, -1, keepdims=True), 0)
        powers = tf.exp(scores - top)
        return powers / (tf.exp(-top) + tf.reduce_sum(powers, -1, keepdims=True))

    return _changed(change, [Truth("self", SIDE, SIDE, "bhqk", op="RealDiv")], ("rows_short",))


@architecture
def features_and_classes_that_sum_to_one_are_none():
    """Of these only the first weighs tokens, though each is a softmax that the model goes on with."""
    keras.utils.set_random_seed(5)
    x = keras.Input((TOKENS, FEATURES))
    attended = layers.Attention(name="attention")([x, x])
    over_features = layers.Dense(SIZE)(layers.Softmax()(layers.Dense(SOURCE)(attended)))
    over_time = layers.Dense(SIZE)(layers.Flatten()(layers.Softmax(axis=1)(layers.Conv1D(SLOTS, 3)(attended))))
    expected = ops.sum(layers.Softmax()(layers.Dense(SIZE)(attended)) * ops.arange(SIZE, dtype="float32"), -1)
    smoothed = 0.9 * layers.Softmax()(layers.Dense(SIZE)(ops.mean(attended, 1))) + 0.1 / SIZE
    alike = ops.mean(attended, 1)
    batch = layers.Softmax()(ops.matmul(alike, ops.transpose(alike)))
    model = keras.Model(x, [over_features, over_time, expected, smoothed, batch])
    return Architecture(model, X, SIDE, [Truth("self", SIDE, SIDE, "bqk")], {"first_output_only"})


@architecture
def raw_operations():
    """TensorFlow's own, by their raw names."""

    def attend(layer, x):
        q, k = (ops.einsum("btd,dhs->bhts", x, w) for w in (layer.q, layer.k))
        weights = tf.raw_ops.Softmax(logits=tf.raw_ops.BatchMatMulV2(x=q, y=k, adj_y=True))
        powers = tf.raw_ops.Exp(x=tf.raw_ops.Einsum(inputs=[q, k], equation="bhqs,bhks->bhqk"))
        total = tf.raw_ops.Sum(input=powers, axis=[-1], keep_dims=True)
        return tf.raw_ops.BatchMatMulV2(x=weights + tf.raw_ops.RealDiv(x=powers, y=total), y=k)

    truths = [*SELF, Truth("self", SIDE, SIDE, "bhqk", op="RealDiv")]
    return own(attend, X, truths=truths, notices={"weights_changed"}, **KERNELS)


@architecture
def a_table_of_scores():
    """Tay et al. 2020, a random Synthesizer: every token has learned scores for every other."""

    def attend(layer, x):
        return x + ops.einsum("hqk,bkd->bqd", tf.nn.softmax(layer.table), x)

    return own(attend, X, truths=[Truth("self", SIDE, SIDE, "hqk")], table=(HEADS, TOKENS, TOKENS))


@architecture
def landmarks_stand_for_tokens():
    """A Nyströmformer's last step: means of some tokens ask, stacked one by one, in every head."""

    def attend(layer, x):
        q, k = (ops.einsum("btd,dhs->bhts", x, w) for w in (layer.q, layer.k))
        means = tf.stack([ops.mean(q[:, :, :4], 2), ops.mean(q[:, :, 4:], 2)], 2)
        return tf.matmul(tf.nn.softmax(tf.matmul(means, k, transpose_b=True)), k)

    truths = [Truth("cross", ("0", "1"), SIDE, "bhqk")]
    return own(attend, X, truths=truths, notices={"axis_by_position"}, **KERNELS)


@architecture
def inducing_points():
    """Lee et al. 2019, a Set Transformer: learned vectors read the tokens, and are read by them."""

    def attend(layer, x):
        points = tf.tile(layer.points[None], [tf.shape(x)[0], 1, 1])
        read = tf.matmul(tf.nn.softmax(tf.matmul(points, x, transpose_b=True)), x)
        return tf.matmul(tf.nn.softmax(tf.matmul(x, read, transpose_b=True)), read)

    computed = tuple(f"computed key {place + 1}" for place in range(SLOTS))
    truths = [Truth("pooling", ("learned query",), SIDE, "bhk"), Truth("cross", SIDE, computed, "bqk", at=1)]
    return own(attend, X, truths=truths, notices={"keys_computed"}, points=(SLOTS, FEATURES))


@architecture
def the_last_token_is_gathered():
    def attend(layer, x):
        asking = ops.matmul(tf.gather(x, [TOKENS - 1], axis=1), layer.q)
        return tf.matmul(tf.nn.softmax(tf.matmul(asking, x, transpose_b=True)), x)

    return own(attend, X, truths=[Truth("pooling", SIDE[-1:], SIDE, "bqk")], q=(FEATURES, FEATURES))


@architecture
def a_memory_before_the_tokens():
    """As Transformer-XL: keys are what was read before, and what is read now."""

    def attend(layer, x, memory):
        keys = ops.concatenate([memory, x], 1)
        return ops.matmul(tf.nn.softmax(ops.einsum("bqd,bkd->bqk", ops.matmul(x, layer.q), keys)), keys)

    truths = [Truth("cross", SIDE, (*OTHER, *SIDE), "bqk")]
    return own(attend, [X, Y], tokens={"x": SIDE, "memory": OTHER}, truths=truths, q=(FEATURES, FEATURES))


@architecture
def the_last_state_asks_without_a_layer():
    """Luong's attention of a functional model: Dot, Activation, Dot."""
    keras.utils.set_random_seed(5)
    x = keras.Input((None, FEATURES))
    states, last, _ = layers.LSTM(SIZE, return_sequences=True, return_state=True)(x)
    weights = layers.Activation("softmax", name="weights")(layers.Dot((2, 1))([states, last]))
    model = keras.Model(x, layers.Dot((1, 1))([weights, states]))
    return Architecture(model, X, SIDE, [Truth("pooling", ("computed query",), SIDE, "bk")])


@architecture
def a_vector_asks_without_a_layer():
    """Yang et al. 2016 in a functional model: Dense with tanh, Dense(1), Flatten, softmax, RepeatVector."""
    keras.utils.set_random_seed(5)
    x = keras.Input((SOURCE, FEATURES))
    states = layers.Bidirectional(layers.GRU(SIZE, return_sequences=True))(x)
    scores = layers.Flatten()(layers.Dense(1)(layers.Dense(3, activation="tanh")(states)))
    spread = layers.Permute((2, 1))(layers.RepeatVector(2 * SIZE)(layers.Activation("softmax", name="weights")(scores)))
    model = keras.Model(x, ops.sum(layers.Multiply()([states, spread]), 1))
    return Architecture(model, Y, OTHER, [Truth("pooling", ("learned query",), OTHER, "bk")])


@architecture
def a_vector_asks_behind_another_attention():
    """In one layer: what the tokens have read of each other asks for nothing."""

    def attend(layer, x):
        scores, values = _scores(layer, x)
        x = ops.sum(tf.matmul(tf.nn.softmax(scores), values), 1)
        return ops.sum(tf.nn.softmax(tf.matmul(x, layer.v), 1) * x, 1)

    truths = [*SELF, Truth("pooling", ("learned query",), SIDE, "b_k", at=1)]
    return own(attend, X, truths=truths, v=(SIZE, 1), **KERNELS)


@architecture
def heads_stacked_one_by_one():
    def attend(layer, x):
        scores = [tf.matmul(tf.matmul(x, layer.q[head]), x, transpose_b=True) for head in range(HEADS)]
        return tf.einsum("bqkh,bkd->bqd", tf.nn.softmax(tf.stack(scores, -1), axis=2), x)

    return own(attend, X, truths=[Truth("self", SIDE, SIDE, "bqhk")], q=(HEADS, FEATURES, FEATURES))


@architecture
def steps_stacked_one_by_one():
    """A decoder's loop in Python, its scores put together before the softmax."""

    def attend(layer, memory, target):
        asking = [tf.matmul(target[:, step], layer.q) for step in range(TOKENS)]
        scores = tf.stack([tf.einsum("bkd,bd->bk", memory, each) for each in asking], 1)
        return tf.matmul(tf.nn.softmax(scores), memory)

    truths = [Truth("cross", SIDE, OTHER, "bqk")]
    return own(attend, [Y, X], tokens={"memory": OTHER, "target": SIDE}, truths=truths, q=(FEATURES, FEATURES))


def _dense(spread):
    """A dense layer's shares of the tokens, spread over the features of what they weigh."""
    keras.utils.set_random_seed(5)
    x = keras.Input((TOKENS, FEATURES))
    shares = layers.Dense(TOKENS, activation="softmax", name="dense")
    weighed = layers.Multiply()([x, layers.Permute((2, 1))(spread(shares, x))])
    model = keras.Model(x, layers.GlobalAveragePooling1D()(weighed))
    return model


@architecture
def a_dense_layer_weighs_all_features_alike():
    model = _dense(lambda shares, x: layers.RepeatVector(FEATURES)(shares(layers.Flatten()(x))))
    return Architecture(model, X, SIDE, [Truth("pooling", ("computed query",), SIDE, "bk")])


@architecture
def a_dense_layer_weighs_by_its_mean():
    """philipperemy/keras-attention with `SINGLE_ATTENTION_VECTOR`: the shares of all features are averaged."""
    model = _dense(lambda shares, x: layers.RepeatVector(FEATURES)(ops.mean(shares(layers.Permute((2, 1))(x)), 1)))
    return Architecture(model, X, SIDE, [Truth("pooling", ("computed query",), SIDE, "bhk")])


def _with_a_class(attend, truths, tokens):
    """A learned vector stands before the tokens, as the class of a Vision Transformer."""

    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.first = self.add_weight(shape=(1, 1, FEATURES), name="first")
            self.attention = layers.MultiHeadAttention(HEADS, SIZE, name="attention")

        def call(self, x):
            whole = tf.concat([tf.tile(self.first, [tf.shape(x)[0], 1, 1]), x], 1)
            return attend(self.attention, whole)

    keras.utils.set_random_seed(5)
    model = Model()
    model(X)
    return Architecture(model, X, tokens, truths)


@architecture
def a_class_token_asks():
    names = ("[CLS]", *SIDE)
    return _with_a_class(lambda layer, x: layer(x[:, :1], x), [Truth("pooling", names[:1], names, "bhqk")], names)


@architecture
def a_learned_vector_among_tokens():
    names = ("learned token", *SIDE)
    return _with_a_class(lambda layer, x: layer(x, x), [Truth("self", names, names, "bhqk")], SIDE)


@architecture
def latents_that_look_at_each_other():
    """A Perceiver's second half: what the learned queries have read is self-attention of its own."""

    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.latents = self.add_weight(shape=(SLOTS, FEATURES), name="latents")
            self.reads = layers.MultiHeadAttention(HEADS, SIZE, name="reads")
            self.thinks = layers.MultiHeadAttention(HEADS, SIZE, name="thinks")

        def call(self, x):
            latents = self.reads(tf.tile(self.latents[None], [tf.shape(x)[0], 1, 1]), x)
            return self.thinks(latents, latents)

    keras.utils.set_random_seed(5)
    model = Model()
    model(X)
    asking = tuple(f"learned query {place + 1}" for place in range(SLOTS))
    latents = tuple(f"latent {place + 1}" for place in range(SLOTS))
    truths = [Truth("pooling", asking, SIDE, "bhqk"), Truth("self", latents, latents, "bhqk", at=1)]
    return Architecture(model, X, SIDE, truths)
