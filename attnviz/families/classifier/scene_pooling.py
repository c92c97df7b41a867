"""Classifiers of composed pictures with one attention pooling layer: the published example, over regions not words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnviz.families.card import ModelCard
from attnviz.families.classifier.pooling import BIAS_L2, Pooling
from attnviz.families.common import vision
from attnviz.families.common.arrays import set_weights
from attnviz.families.common.seeing import REGIONS, scene_of, seen
from attnviz.families.model import Floats
from attnviz.layers import AttentionPooling
from attnviz.trace import Encoded, Source

#: What `load` reads of a model folder; the card has a checksum of each.
FILES = ("weights.npz", "vision.npz")

#: Numbers of a region.
NUMBERS = vision.FINE[1] + vision.COARSE[1]


def build(*, classes: int, features: int = 64, hidden: int = 32) -> keras.Model:
    """`Dense` on each region → `AttentionPooling` → `Dense(relu)` → `Dense(softmax)`.

    The first layer stands where a text model has its embedding; b is one number for each place of the picture.

    Args:
        classes: Number of classes.
        features: Length of a region's vector.
        hidden: Units of the hidden layer.

    Returns:
        A model from regions float32 `[batch, 196, 432]` to probabilities float32 `[batch, class]`.
    """
    regions = keras.Input((None, NUMBERS), name="regions")
    normal = keras.layers.LayerNormalization(epsilon=1e-5, name="regions_norm")(regions)
    vectors = keras.layers.Dense(features, name="embedding")(normal)
    pooling = AttentionPooling(len(REGIONS), bias_regularizer=keras.regularizers.L2(BIAS_L2), name="attention_pooling")
    context, _ = pooling(vectors)
    activity = keras.layers.Dense(hidden, activation="relu", name="dense")(context)
    prediction = keras.layers.Dense(classes, activation="softmax", name="prediction")(activity)
    return keras.Model(regions, prediction, name="scene_pooling")


class ScenePooling(Pooling):
    """A trained pooling classifier of scenes.

    Args:
        encoder: As `vision.build` makes it.
        model: As `build` makes it.
        card: What the model is.
    """

    def __init__(self, encoder: keras.Model, model: keras.Model, card: ModelCard) -> None:
        given = tf.TensorSpec([None, None, NUMBERS], tf.float32)
        super().__init__(model, card, given, model.get_layer("embedding").units)
        encoder.compile(jit_compile=False)
        self._encoder = encoder

    def encode(self, source: Source | str) -> Encoded:
        """Draw the scene, see what is where.

        Args:
            source: A scene, or its code.

        Returns:
            Input `regions` float32 `[1, region, feature]`.

        Raises:
            InputError: `empty_text`; `scene_only`: a picture that is no scene; what `Scene` says.
        """
        scene = scene_of(source)
        return Encoded(scene, {"regions": seen(self._encoder, scene)}, {"regions": REGIONS})

    def stacked(self, batch: Sequence[Encoded]) -> NDArray[np.float32]:
        """Regions float32 `[scene, region, feature]`."""
        return np.concatenate([encoded.inputs["regions"] for encoded in batch])

    def probabilities(self, batch: Sequence[Encoded]) -> Floats:
        """As `Classifier.probabilities`; scenes with regions taken out go together by how many are left."""
        found = np.zeros((len(batch), len(self.card.labels)), np.float32)
        lengths = np.array([len(encoded.axis) for encoded in batch])
        for length in np.unique(lengths):
            rows = np.flatnonzero(lengths == length).tolist()
            found[rows] = self.forward(self.stacked([batch[row] for row in rows]))[0]
        return found

    def blank(self, encoded: Encoded) -> Floats:
        """The mean of all regions."""
        mean: Floats = encoded.inputs["regions"][0].mean(axis=0)
        return mean


def load(folder: Path, card: ModelCard, read_weights: Callable[..., dict[str, Any]]) -> ScenePooling:
    """The model of a folder whose checksums agree.

    Raises:
        ValueError: Card and weights are not of one model.
    """
    config = card.details["config"]
    if config["classes"] != len(card.labels):
        raise ValueError(f"Expected {config['classes']} labels. Received: {len(card.labels)}")
    encoder, model = vision.build(), build(**config)
    set_weights(encoder, read_weights(folder, "vision.npz"))
    set_weights(model, read_weights(folder))
    return ScenePooling(encoder, model, card)
