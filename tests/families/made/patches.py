"""Patches of a picture → classes: self-attention over regions with a class token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from attnviz.capture import CapturedModel
from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.families.common.arrays import set_weights
from attnviz.families.common.derivative import Derivative
from attnviz.families.common.masking import mask_after
from attnviz.families.common.projection import check_indices, head_steps
from attnviz.families.model import Floats, Model
from attnviz.trace import (
    AttentionBlock,
    AttentionTrace,
    Classification,
    Edit,
    Encoded,
    RegionAxis,
    Source,
    Steps,
)
from tests.families.made.drawing import SIDE, drawn, patches
from tests.families.made.folder import write as write_folder

FAMILY, NAME, SOURCE = "made-patches", "patches", "red,blue,grey;green,red,blue"
FILES = ("weights.npz",)
LABELS = ("warm", "cold", "none")
BLOCK, FEATURES, HEADS = "regions", 3 * SIDE**2, 5


def build() -> keras.Model:
    """float32 `[batch, region, feature]`, the first an empty class token, to probabilities `[batch, class]`."""
    regions = keras.Input((None, FEATURES), name="regions")
    x = layers.Dense(35, name="embedding")(regions)
    x = layers.MultiHeadAttention(HEADS, 7, name="attention")(x, x)
    vector = layers.GlobalAveragePooling1D(name="mean")(x)
    return keras.Model(regions, layers.Dense(len(LABELS), activation="softmax", name="prediction")(vector))


class PatchClassifier(Model):
    """A classifier of pictures."""

    def __init__(self, network: keras.Model, card: ModelCard) -> None:
        super().__init__(card)
        self.model = network
        parts = [f"attention/{part}" for part in ("query", "key", "value")]
        self._captured = CapturedModel(network, observe=[*parts, "embedding"])
        self._derivative = Derivative(self._tail, [tf.TensorSpec([None, None, FEATURES])], 35)

    def encode(self, source: Source | str) -> Encoded:
        """Cut a picture into its squares, behind a class token that is empty."""
        picture = drawn(source)
        values, (rows, columns) = patches(picture)
        inputs = np.concatenate([np.zeros_like(values[:, :1]), values], axis=1)
        return Encoded(picture, {"regions": inputs}, {"regions": RegionAxis.grid_of(rows, columns, ["[CLS]"])})

    def attend(self, encoded: Encoded, edits: Sequence[Edit] = ()) -> AttentionTrace:
        """One block of all heads, and the classes."""
        self.check(encoded, edits)
        run = self._captured(encoded.inputs["regions"], [Edit("attention", e.weights, 0, e.head) for e in edits])
        weights, axis = run.sites["attention"].weights, encoded.axis
        mask = mask_after(None, edits, BLOCK, weights.shape)  # type: ignore[arg-type]
        block = AttentionBlock(BLOCK, "self", axis, axis, weights, mask, edited=bool(edits))
        answer = Classification(self.card.labels, run.prediction[0])
        return AttentionTrace(self.card.name, encoded.source, (block,), answer, encoded.notices, tuple(edits))

    def check(self, encoded: Encoded, edits: Sequence[Edit]) -> None:
        """See that edits fit."""
        expected = (len(encoded.axis), len(encoded.axis))
        for edit in edits:
            if edit.block != BLOCK:
                raise InputError("no_such_block", received=edit.block, expected=BLOCK)
            check_indices(layer=(edit.layer, 1), head=(edit.head or 0, HEADS))
            if edit.weights.shape != expected:
                raise InputError("edit_shape", received=str(edit.weights.shape), expected=str(expected))

    def explain(
        self,
        encoded: Encoded,
        block: str = "",
        layer: int = 0,
        head: int = 0,
        query: int = 0,
        edits: Sequence[Edit] = (),
        tokens: Sequence[str] | None = None,
    ) -> Steps:
        """One row of one head."""
        if block not in ("", BLOCK):
            raise InputError("no_such_block", received=block, expected=BLOCK)
        check_indices(layer=(layer, 1), head=(head, HEADS), query=(query, len(encoded.axis)))
        run = self._captured(encoded.inputs["regions"], [Edit("attention", e.weights, 0, e.head) for e in edits])
        site = run.sites["attention"]
        q, k, v = (run.layers[f"attention/{part}"][0, :, head] for part in ("query", "key", "value"))
        scores, weights = site.scores[0, head, query], site.weights[0, head, query]
        return head_steps(self.model.get_layer("attention"), head, q[query], k, v, scores, weights)

    def blank(self, encoded: Encoded) -> Floats:
        """The mean of all regions."""
        mean: Floats = encoded.inputs["regions"][0, 1:].mean(axis=0)
        return mean

    def probabilities(self, batch: Sequence[Encoded]) -> Floats:
        """Of several pictures; float32 `[picture, class]`."""
        return np.concatenate([self.model(each.inputs["regions"], training=False).numpy() for each in batch])

    def embed(self, encoded: Encoded) -> Floats:
        """float32 `[region, feature]`."""
        vectors: Floats = self._captured(encoded.inputs["regions"]).layers["embedding"][0]
        return vectors

    def gradients(self, encoded: Encoded, target: Any = None, features: Floats | None = None) -> Floats:
        """Derivative of the probability of a class."""
        features = self.embed(encoded)[None] if features is None else features
        chosen = int(np.argmax(self.probabilities([encoded])[0])) if target is None else int(target)
        return self._derivative([np.repeat(encoded.inputs["regions"], len(features), 0)], features, chosen)

    def _tail(self, regions: Any, vectors: Any) -> Any:
        mean, prediction = self.model.get_layer("mean"), self.model.get_layer("prediction")
        return prediction(mean(self.model.get_layer("attention")(vectors, vectors)))


def load(folder: Path, card: ModelCard, read_weights: Callable[..., dict[str, Any]]) -> PatchClassifier:
    """The model of a folder."""
    network = build()
    set_weights(network, read_weights(folder))
    return PatchClassifier(network, card)


def write(place: Path) -> Path:
    """A folder with random weights."""
    card = {"family": FAMILY, "labels": list(LABELS), "kinds": ["self"], "examples": [SOURCE, "red,red;blue,green"]}
    return write_folder(place, NAME, build(), card, seed=11)
