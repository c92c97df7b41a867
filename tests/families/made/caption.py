"""Patches of a picture → a caption: regions looked at while words are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from keras.layers import MultiHeadAttention
from numpy.typing import NDArray

from attnviz.capture import CapturedModel
from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.families.common.arrays import set_weights
from attnviz.families.common.derivative import Derivative
from attnviz.families.common.projection import check_indices, head_steps
from attnviz.families.model import Floats
from attnviz.families.writing import sentence
from attnviz.families.writing.model import WritingModel
from attnviz.families.writing.sentence import Sentence
from attnviz.families.writing.sides import Read, Sides, fitted
from attnviz.families.writing.subwords import END_ID, START_ID, WholeWords
from attnviz.tokenizers import WordTokenizer
from attnviz.trace import Edit, Encoded, RegionAxis, Source, Steps, WrittenKind
from tests.families.made.drawing import SIDE, drawn, patches
from tests.families.made.folder import write as write_folder

FAMILY, NAME, SOURCE = "made-caption", "caption", "red,blue;green,red;grey,blue"
FILES = ("weights.npz",)
EXAMPLES = [SOURCE, "red,blue"]
WORDS = ("a", "red", "blue", "green", "square", "above", "below", "nothing", "and")
FEATURES, HEADS, SIZE, LONGEST = 3 * SIDE**2, {"words": 2, "regions": 3}, 7, 13
SITES = {"words": "self", "regions": "cross"}


def build() -> keras.Model:
    """From float32 `[batch, region, feature]` and int32 `[batch, word]` to logits `[batch, word, entry]`."""
    size = len(WORDS) + 4
    regions, words = keras.Input((None, FEATURES), name="regions"), keras.Input((None,), dtype="int32", name="words")
    seen = layers.Dense(35, name="embedding")(regions)
    x = layers.Embedding(size, 35, name="written")(words)
    x = x + MultiHeadAttention(HEADS["words"], SIZE, name="self")(x, x, use_causal_mask=True)
    x = x + MultiHeadAttention(HEADS["regions"], SIZE, name="cross")(x, seen)
    return keras.Model({"regions": regions, "words": words}, layers.Dense(size, name="logits")(x))


class Captioner(WritingModel):
    """Writes about a picture."""

    writes: ClassVar[WrittenKind] = "caption"

    def __init__(self, network: keras.Model, card: ModelCard) -> None:
        super().__init__(card, WholeWords(WordTokenizer(), WORDS, spaced=True), LONGEST)
        self.model = network
        parts = [f"{site}/{part}" for site in SITES.values() for part in ("query", "key", "value")]
        self._captured = CapturedModel(network, observe=[*parts, "embedding"])
        specs = [tf.TensorSpec([None, None, FEATURES]), tf.TensorSpec([None, None], tf.int32)]
        self._derivative = Derivative(self._tail, specs, 35)

    def encode(self, source: Source | str) -> Encoded:
        """Cut a picture into its squares."""
        picture = drawn(source)
        values, (rows, columns) = patches(picture)
        return Encoded(picture, {"regions": values}, {"regions": RegionAxis.grid_of(rows, columns)})

    def read(self, encoded: Encoded, ids: Sequence[int], edits: Sequence[Edit] = ()) -> Read:
        """Read a caption at once."""
        run = self._run(encoded, ids, edits)
        return Read(run.prediction[0], {block: run.sites[site].weights for block, site in SITES.items()})

    def sides(self, encoded: Encoded, output: Sentence) -> dict[str, Sides]:
        """What was written looks at what was written before, and at the regions."""
        words = Sides("causal", output.axis, sentence.inputs_axis(output.axis))
        return {"words": words, "regions": Sides("cross", output.axis, encoded.axis)}

    def check(self, encoded: Encoded, edits: Sequence[Edit]) -> None:
        """See that edits fit."""
        for edit in edits:
            if edit.block not in SITES:
                raise InputError("no_such_block", received=edit.block, expected=", ".join(SITES))
            check_indices(layer=(edit.layer, 1), head=(edit.head or 0, HEADS[edit.block]))
            expected = (len(edit.weights), len(edit.weights) if edit.block == "words" else len(encoded.axis))
            if edit.weights.shape != expected:
                raise InputError("edit_shape", received=str(edit.weights.shape), expected=str(expected))
            if np.isposinf(edit.weights).any():
                raise InputError("edit_not_offered", code=edit.label)

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
        block, ids = block or "regions", self.ids(encoded, tokens)
        if block not in SITES:
            raise InputError("no_such_block", received=block, expected=", ".join(SITES))
        check_indices(layer=(layer, 1), head=(head, HEADS[block]), query=(query, len(ids)))
        run, name = self._run(encoded, ids, edits), SITES[block]
        q, k, v = (run.layers[f"{name}/{part}"][0, :, head] for part in ("query", "key", "value"))
        scores, weights = run.sites[name].scores[0, head, query], run.sites[name].weights[0, head, query]
        return head_steps(self.model.get_layer(name), head, q[query], k, v, scores, weights)

    def blank(self, encoded: Encoded) -> Floats:
        """The mean of all regions."""
        mean: Floats = encoded.inputs["regions"][0].mean(axis=0)
        return mean

    def embed(self, encoded: Encoded) -> Floats:
        """float32 `[region, feature]`."""
        vectors: Floats = self._run(encoded, [END_ID], ()).layers["embedding"][0]
        return vectors

    def gradients(
        self,
        encoded: Encoded,
        target: Any = None,
        features: Floats | None = None,
        tokens: Sequence[str] | None = None,
    ) -> Floats:
        """Derivative of the probability of one word by the regions' vectors."""
        before, index = self.asked(encoded, target, tokens)
        features = self.embed(encoded)[None] if features is None else features
        given = (encoded.inputs["regions"], self._words([*before, END_ID]))
        return self._derivative([np.repeat(each, len(features), 0) for each in given], features, index)

    def next_logits(self, batch: Sequence[Encoded], before: Sequence[int]) -> Floats:
        """float32 `[picture, entry]`."""
        return np.stack([self.read(each, [*before, END_ID]).logits[-1] for each in batch])

    def _run(self, encoded: Encoded, ids: Sequence[int], edits: Sequence[Edit]) -> Any:
        sides = self.sides(encoded, sentence.written(ids, self.pieces))
        placed = [Edit(SITES[e.block], fitted(e.weights, sides[e.block]), 0, e.head, e.label) for e in edits]
        return self._captured({"regions": encoded.inputs["regions"], "words": self._words(ids)}, placed)

    def _words(self, ids: Sequence[int]) -> NDArray[np.int32]:
        return np.array([[START_ID, *ids[:-1]]], np.int32)

    def _tail(self, regions: Any, words: Any, vectors: Any) -> Any:
        embedded, inputs = self.model.get_layer("embedding").output, self.model.input
        network = keras.Model([inputs["regions"], inputs["words"], embedded], self.model.output)
        return tf.nn.softmax(network([regions, words, vectors], training=False)[:, -1])


def load(folder: Path, card: ModelCard, read_weights: Callable[..., dict[str, Any]]) -> Captioner:
    """The model of a folder."""
    network = build()
    set_weights(network, read_weights(folder))
    return Captioner(network, card)


def write(place: Path) -> Path:
    """A folder with random weights."""
    card = {
        "family": FAMILY,
        "writes": "caption",
        "kinds": ["causal", "cross"],
        "languages": ["en"],
        "examples": [SOURCE, "red,blue"],
    }
    return write_folder(place, NAME, build(), card, seed=56)
