"""Attention that somebody wrote: a softmax somewhere inside, the weights thrown away."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import layers
from keras.ops import softmax as bound_softmax

from tests.capture.reference import array, softmax
from tests.capture.zoo import (
    BATCH,
    BUILDERS,
    CLASSES,
    FEATURES,
    HEADS,
    X,
    builder,
    features,
    randomized,
    x_in,
)


@keras.saving.register_keras_serializable("tests")
class Pooling(layers.Layer):
    """As the published example: a softmax over the tokens inside `call`, the weights thrown away."""

    def __init__(self, how="tf.nn", **options):
        super().__init__(**options)
        self.how = how
        self.normalise = layers.Softmax(axis=1) if how == "layer" else None

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], 1), name="w")

    def call(self, x):
        scores = keras.ops.matmul(x, self.w)  # [batch, token, 1]
        if self.how == "last axis":
            weights = bound_softmax(scores[..., 0], axis=-1)[..., None]
        else:
            weights = {
                "tf.nn": lambda: tf.nn.softmax(scores, axis=1),
                "tf.math": lambda: tf.math.softmax(scores, axis=1),
                "keras.ops": lambda: keras.ops.softmax(scores, axis=1),
                "bound": lambda: bound_softmax(scores, axis=1),
                "activations": lambda: keras.activations.softmax(scores, axis=1),
                "layer": lambda: self.normalise(scores),
                "v1": lambda: tf.compat.v1.nn.softmax(scores, axis=1),
            }[self.how]()
        return keras.ops.sum(weights * x, axis=1)

    def get_config(self):
        return {**super().get_config(), "how": self.how}


def _custom(how):
    def build():
        layer, x = Pooling(how, name="pool"), x_in()
        model = randomized(keras.Model(x, layers.Softmax()(layers.Dense(CLASSES)(layer(x)))))
        return model, X, lambda: {"pool": softmax((X @ array(layer.w))[..., 0])[:, None, None]}

    return build


for _how in ("tf.nn", "tf.math", "keras.ops", "bound", "activations", "layer", "last axis", "v1"):
    BUILDERS[f"custom_{_how}"] = _custom(_how)


@builder
def custom_several_learned_queries():
    class Hops(layers.Layer):
        def build(self, shape):
            self.w = self.add_weight(shape=(shape[-1], HEADS), name="w")

        def call(self, x):
            weights = keras.ops.softmax(keras.ops.matmul(x, self.w), axis=1)  # [batch, token, hop]
            return keras.ops.einsum("bth,btd->bhd", weights, x)

    layer, x = Hops(name="hops"), x_in()
    model = randomized(keras.Model(x, layer(x)))
    return model, X, lambda: {"hops": softmax((X @ array(layer.w)).swapaxes(1, 2))[:, :, None]}


@builder
def custom_multi_axis_softmax_layer():
    class Map(layers.Layer):
        def __init__(self, **options):
            super().__init__(**options)
            self.normalise = layers.Softmax(axis=(1, 2))

        def build(self, shape):
            self.w = self.add_weight(shape=(shape[-1],), name="w")

        def call(self, x):
            weights = self.normalise(keras.ops.einsum("bxyd,d->bxy", x, self.w))
            return keras.ops.einsum("bxy,bxyd->bd", weights, x)

    layer, x = Map(name="map"), keras.Input((None, 3, FEATURES))
    model, image = randomized(keras.Model(x, layer(x))), features(BATCH, 5, 3, FEATURES)
    return (
        model,
        image,
        lambda: {
            "map": softmax((image @ array(layer.w)).reshape(BATCH, 15))[:, None, None],
        },
    )


@builder
def softmax_layer_in_a_functional_graph():
    x = x_in()
    scores = layers.Dot(axes=2, name="scores")([x, x])
    weights = layers.Softmax(name="weights")(scores)
    model = keras.Model(x, layers.Dense(CLASSES, activation="softmax")(layers.Dot(axes=(2, 1))([weights, x])))
    return randomized(model), X, lambda: {"weights": softmax(X.astype(float) @ X.swapaxes(1, 2))[:, None]}


@builder
def operations_in_a_functional_graph():
    x = x_in()
    weights = keras.ops.softmax(keras.ops.matmul(x, keras.ops.transpose(x, (0, 2, 1))), axis=-1)
    model = keras.Model(x, layers.Softmax(name="answer")(layers.Dense(CLASSES)(keras.ops.matmul(weights, x))))
    name = next(each.name for each in model.operations if "softmax" in each.name and each.name != "answer")
    return randomized(model), X, lambda: {name: softmax(X.astype(float) @ X.swapaxes(1, 2))[:, None]}
