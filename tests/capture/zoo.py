"""Differently built models, each with inputs and the weights an independent computation expects.

A builder returns `(model, inputs, expected)`; `expected()` gives site name to float64 `[batch, head, query, key]`, nan
in rows where everything is masked. Every length is another prime, so that a transposed axis cannot pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

BATCH, TOKENS, SOURCE, FEATURES, HEADS, SIZE, CLASSES = 2, 7, 11, 13, 3, 5, 17

BUILDERS: dict[str, Callable[[], tuple[keras.Model, Any, Callable[[], dict[str, np.ndarray]]]]] = {}


def builder(function):
    BUILDERS[function.__name__] = function
    return function


def randomized(model, scale=0.6):
    """Weights large enough for attention to be sharp."""
    rng = np.random.default_rng(1)
    for weight in model.weights:
        if weight.dtype != "uint32" and "seed" not in weight.name:
            weight.assign(rng.normal(0, scale, weight.shape))
    return model


def features(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def ids(tokens=TOKENS, padded=3, seed=0):
    values = np.random.default_rng(seed).integers(1, 19, (BATCH, tokens)).astype(np.int32)
    values[1, tokens - padded :] = 0
    return values


def x_in(name="x"):
    return keras.Input((None, FEATURES), name=name)


def self_attention(layer, **call):
    x = x_in()
    return randomized(keras.Model(x, layers.Dense(CLASSES, activation="softmax")(layer(x, x, **call))))


X = features(BATCH, TOKENS, FEATURES)
Y = features(BATCH, SOURCE, FEATURES, seed=2)
