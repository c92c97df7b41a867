"""Attention in models built in every way: nested, repeated, looped, subclassed, loaded, in half precision."""

from __future__ import annotations

import tempfile

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from tests.capture.models_custom import Pooling
from tests.capture.reference import array, causal, mha, softmax
from tests.capture.zoo import (
    BATCH,
    BUILDERS,
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
    x_in,
)


@builder
def nested_models():
    layer, x = layers.MultiHeadAttention(HEADS, SIZE, name="mha"), x_in()
    inner = keras.Model(x, layer(x, x), name="inner")
    y = x_in("y")
    model = randomized(keras.Model(y, layers.Dense(CLASSES)(keras.Sequential([inner], name="middle")(y))))
    return model, X, lambda: {"middle/inner/mha": mha(layer, X, X)[0]}


@builder
def one_layer_called_twice():
    layer, x = layers.MultiHeadAttention(HEADS, SIZE, name="mha"), x_in()
    once = layer(x, x)
    model = randomized(keras.Model(x, layer(once, x)), 0.3)

    def expected():
        first, output = mha(layer, X, X)
        return {"mha": first, "mha#2": mha(layer, output, X)[0]}

    return model, X, expected


class Sharp(layers.Layer):
    """Dot-product attention of one sequence with itself."""

    def call(self, x):
        weights = tf.nn.softmax(tf.matmul(x, x, transpose_b=True))
        return tf.matmul(weights, x)

    def compute_output_shape(self, input_shape):
        return input_shape


def _each_sentence(documents):
    wide = documents.astype(float)
    return softmax(wide @ wide.swapaxes(-1, -2))


@builder
def time_distributed_open_length():
    x = keras.Input((None, TOKENS, FEATURES))
    # Keras 3.15 maps over as many steps as the batch is long when the number of steps is open: so both are two here.
    documents = features(BATCH, BATCH, TOKENS, FEATURES) / 3
    model = keras.Model(x, layers.TimeDistributed(Sharp(name="sharp"), name="each")(x))
    return model, documents, lambda: {"each/sharp": _each_sentence(documents)}


@builder
def time_distributed_fixed_length():
    x = keras.Input((5, TOKENS, FEATURES))
    documents = features(BATCH, 5, TOKENS, FEATURES) / 3
    model = keras.Model(x, layers.TimeDistributed(Sharp(name="sharp"), name="each")(x))
    names = ["each/sharp", *(f"each/sharp#{index}" for index in range(2, 6))]
    return model, documents, lambda: {name: _each_sentence(documents)[:, [step]] for step, name in enumerate(names)}


@keras.saving.register_keras_serializable("tests")
class Recall(layers.Layer):
    """A recurrent cell that attends from its input to a fixed memory."""

    def __init__(self, **options):
        super().__init__(**options)
        self.state_size = self.output_size = FEATURES

    def build(self, shape):
        self.memory = self.add_weight(shape=(SOURCE, FEATURES), name="memory")

    def call(self, x, states):
        weights = keras.ops.softmax(keras.ops.matmul(x, keras.ops.transpose(self.memory)))
        return keras.ops.matmul(weights, self.memory) + 0 * states[0], [states[0]]

    def get_config(self):
        return super().get_config()


@builder
def bidirectional_cell():
    x = x_in()
    layer = layers.Bidirectional(layers.RNN(Recall(name="recall"), return_sequences=True, name="rnn"), name="both")
    model = randomized(keras.Model(x, layer(x)))

    def expected():
        forward, backward = (each.cell.memory for each in (layer.forward_layer, layer.backward_layer))
        return {
            "both/forward_rnn/recall": softmax(X @ array(forward).T)[:, None],
            "both/backward_rnn/recall": softmax(X @ array(backward).T)[:, None],
        }

    return model, X, expected


@builder
def recurrent_cell_last_state_only():
    x = x_in()
    layer = layers.RNN(Recall(name="recall"), name="rnn")
    model = randomized(keras.Model(x, layer(x)))
    return model, X, lambda: {"rnn/recall": softmax(X @ array(layer.cell.memory).T)[:, None]}


@builder
def function_compiled_by_the_author():
    class Compiled(Sharp):
        @tf.function
        def weigh(self, x):
            return tf.nn.softmax(tf.matmul(x, x, transpose_b=True))

        def call(self, x):
            return tf.matmul(self.weigh(x), x)

    x = x_in()
    model = keras.Model(x, Compiled(name="compiled")(x))
    model(X)
    return model, X, lambda: {"compiled": softmax(X.astype(float) @ X.swapaxes(1, 2))[:, None]}


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__(name="subclassed")
        self.embedding = layers.Embedding(19, FEATURES, mask_zero=True)
        self.attention = layers.MultiHeadAttention(HEADS, SIZE, name="attention")
        self.classify = layers.Dense(CLASSES)

    def call(self, inputs):
        x = self.embedding(inputs["tokens"])
        logits = self.classify(keras.ops.mean(self.attention(x, x), axis=1))
        return {"probabilities": tf.nn.softmax(logits), "logits": logits}


@builder
def subclassed_with_dict_and_own_softmax():
    model, given = Subclassed(), {"tokens": ids()}
    model(given)
    randomized(model)
    real = given["tokens"] != 0
    allowed = (real[:, :, None] & real[:, None, :])[:, None]

    def expected():
        vectors = array(model.embedding.embeddings)[given["tokens"]]
        return {"attention": mha(model.attention, vectors, vectors, allowed=allowed)[0]}

    return model, given, expected


@builder
def encoder_and_decoder():
    source, target = x_in("source"), x_in("target")
    encode = layers.MultiHeadAttention(HEADS, SIZE, name="encode")
    decode = layers.MultiHeadAttention(2, 3, name="decode")
    cross = layers.MultiHeadAttention(5, 2, name="cross")
    memory = encode(source, source)
    hidden = decode(target, target, use_causal_mask=True)
    model = randomized(keras.Model([source, target], cross(hidden, memory)), 0.3)

    def expected():
        first, memory = mha(encode, Y, Y)
        second, hidden = mha(decode, X, X, allowed=causal(TOKENS))
        return {"encode": first, "decode": second, "cross": mha(cross, hidden, memory)[0]}

    return model, [Y, X], expected


def _half(policy):
    def build():
        layer = layers.MultiHeadAttention(HEADS, SIZE, name="mha", dtype=policy)
        pool = layers.Softmax(axis=-1, name="own", dtype=policy)
        x = keras.Input((None, FEATURES), dtype="float32")
        y = layer(x, x)
        weights = pool(layers.Lambda(lambda t: t[..., 0], dtype=policy)(y))
        model = keras.Model(x, layers.Dot(axes=(1, 1), dtype=policy)([weights, y]))
        randomized(model, 0.3)

        def expected():
            first, output = mha(layer, X, X)
            return {"mha": first, "own": softmax(output[..., 0])[:, None, None]}

        return model, X, expected

    return build


for _policy in ("float16", "bfloat16", "mixed_float16", "mixed_bfloat16", "float64"):
    BUILDERS[f"precision_{_policy}"] = _half(_policy)


@builder
def sequential_loaded_from_a_file():
    model = keras.Sequential([x_in(), Pooling("keras.ops", name="pool"), layers.Dense(CLASSES, activation="softmax")])
    randomized(model)
    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/model.keras")
        loaded = keras.models.load_model(f"{folder}/model.keras")
    w = array(model.get_layer("pool").w)
    return loaded, X, lambda: {"pool": softmax((X @ w)[..., 0])[:, None, None]}


@builder
def scores_masked_by_adding():
    """As the Hugging Face models do it: -10000 is added where nobody may look."""

    class Added(layers.Layer):
        def call(self, x, allowed):
            scores = keras.ops.matmul(x, keras.ops.transpose(x, (0, 2, 1))) + (1 - allowed[:, None]) * -10000.0
            return keras.ops.matmul(keras.ops.softmax(scores), x)

    x, allowed = x_in(), keras.Input((None,), name="allowed")
    real = np.arange(TOKENS)[None] < np.array([[TOKENS], [5]])
    model = keras.Model([x, allowed], Added(name="added")(x, allowed))
    wide = X.astype(float)
    return (
        model,
        [X, real.astype(np.float32)],
        lambda: {"added": softmax(wide @ wide.swapaxes(1, 2), real[:, None])[:, None]},
    )


@builder
def length_fixed_by_the_model():
    layer = layers.MultiHeadAttention(HEADS, SIZE, name="mha")
    x = keras.Input((TOKENS, FEATURES))
    flat = layers.Flatten()(layer(x, x))
    model = randomized(keras.Model(x, layers.Dense(CLASSES, activation="softmax")(flat)))
    return model, X, lambda: {"mha": mha(layer, X, X)[0]}


@builder
def masks_that_differ_between_heads():
    layer, x = layers.MultiHeadAttention(HEADS, SIZE, name="mha"), x_in()
    mask = keras.Input((HEADS, None, None), dtype="bool", name="mask")
    model = randomized(keras.Model([x, mask], layer(x, x, attention_mask=mask)))
    allowed = np.random.default_rng(3).random((BATCH, HEADS, TOKENS, TOKENS)) < 0.6
    allowed |= np.eye(TOKENS, dtype=bool)
    return model, [X, allowed], lambda: {"mha": mha(layer, X, X, allowed=allowed)[0]}
