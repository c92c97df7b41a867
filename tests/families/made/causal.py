"""Words → the next word: no encoder, every token looks at those before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from attnviz.capture import CapturedModel
from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.families.common.arrays import set_weights
from attnviz.families.common.cleaning import cleaned
from attnviz.families.common.derivative import Derivative
from attnviz.families.common.encoding import text_of, told
from attnviz.families.common.projection import check_indices, head_steps
from attnviz.families.model import Floats
from attnviz.families.writing import sentence
from attnviz.families.writing.model import WritingModel
from attnviz.families.writing.sentence import START, Sentence
from attnviz.families.writing.sides import Read, Sides, fitted
from attnviz.families.writing.subwords import END_ID, START_ID, UNKNOWN_ID, WholeWords
from attnviz.tokenizers import WordTokenizer
from attnviz.trace import Edit, Encoded, Source, Steps, Text, TokenAxis, WrittenKind
from tests.families.made.folder import write as write_folder

FAMILY, NAME, SOURCE = "made-causal", "causal", "the cat sat on"
FILES = ("weights.npz",)
EXAMPLES = [SOURCE, "a dog ran"]
WORDS = ("the", "cat", "dog", "sat", "on", "a", "mat", "and", "ran", "away", ".")
BLOCK, HEADS, SIZE, LAYERS, LONGEST, LIMIT = "decoder", 3, 7, 2, 11, 17


def build() -> keras.Model:
    """int32 `[batch, token]` to logits of what follows each token, float32 `[batch, token, entry]`."""
    size = len(WORDS) + 4
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = layers.Embedding(size, HEADS * SIZE, name="embedding")(tokens)
    for i in range(LAYERS):
        x = x + layers.MultiHeadAttention(HEADS, SIZE, name=f"attention_{i}")(x, x, use_causal_mask=True)
    return keras.Model(tokens, layers.Dense(size, name="logits")(x))


class NextWord(WritingModel):
    """Goes on with a text."""

    writes: ClassVar[WrittenKind] = "continuation"

    def __init__(self, network: keras.Model, card: ModelCard) -> None:
        super().__init__(card, WholeWords(WordTokenizer(), WORDS, spaced=True), LONGEST)
        self.model = network
        parts = [f"attention_{i}/{part}" for i in range(LAYERS) for part in ("query", "key", "value")]
        self._captured = CapturedModel(network, observe=[*parts, "embedding"])
        self._derivative = Derivative(self._tail, [tf.TensorSpec([None, None], tf.int32)], HEADS * SIZE)

    def encode(self, source: Source | str) -> Encoded:
        """Cut a text into its words."""
        shown, notices = cleaned(text_of(source))
        shown, cut, total = sentence.cut(shown, self.pieces, LIMIT)
        axis = sentence.source_axis(cut, self.pieces)
        notices += told(axis, shown, self.card.languages, LIMIT, total)
        ids = np.array([[piece.id for piece in cut]], np.int32)
        return Encoded(Text(shown), {"tokens": ids}, {"tokens": axis}, tuple(notices))

    @property
    def unknown_id(self) -> int:
        """Id of the word that stands for any that is not known."""
        return UNKNOWN_ID

    def read(self, encoded: Encoded, ids: Sequence[int], edits: Sequence[Edit] = ()) -> Read:
        """Read a text and what it goes on with at once."""
        run = self._run(encoded, ids, edits)
        weights = np.concatenate([run.sites[f"attention_{i}"].weights for i in range(LAYERS)])
        return Read(run.prediction[0, -len(ids) :], {BLOCK: weights})

    def sides(self, encoded: Encoded, output: Sentence) -> dict[str, Sides]:
        """All that the model is given: the start token, the text, and what is written but for the last."""
        text, written = encoded.axis, output.axis.take(range(len(output.ids) - 1))
        whole = TokenAxis.of(
            [START, *text.tokens, *written.tokens],
            [None, *text.spans, *[None] * len(written)],
            [True, *text.special, *written.special],
            [False, *text.unknown, *written.unknown],
        )
        return {BLOCK: Sides("causal", whole, whole)}

    def check(self, encoded: Encoded, edits: Sequence[Edit]) -> None:
        """See that edits fit."""
        for edit in edits:
            if edit.block != BLOCK:
                raise InputError("no_such_block", received=edit.block, expected=BLOCK)
            check_indices(layer=(edit.layer, LAYERS), head=(edit.head or 0, HEADS))
            if edit.weights.ndim != 2 or edit.weights.shape[0] != edit.weights.shape[1]:
                raise InputError("edit_shape", received=str(edit.weights.shape), expected="(token, token)")

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
        ids = self.ids(encoded, tokens)
        if block not in ("", BLOCK):
            raise InputError("no_such_block", received=block, expected=BLOCK)
        length = len(encoded.axis) + len(ids)
        check_indices(layer=(layer, LAYERS), head=(head, HEADS), query=(query, length))
        run, name = self._run(encoded, ids, edits), f"attention_{layer}"
        q, k, v = (run.layers[f"{name}/{part}"][0, :, head] for part in ("query", "key", "value"))
        scores, weights = run.sites[name].scores[0, head, query], run.sites[name].weights[0, head, query]
        return head_steps(self.model.get_layer(name), head, q[query], k, v, scores, weights)

    def embed(self, encoded: Encoded) -> Floats:
        """float32 `[token, feature]` of the text's own tokens."""
        vectors: Floats = self._run(encoded, [END_ID], ()).layers["embedding"][0, 1:]
        return vectors

    def gradients(
        self,
        encoded: Encoded,
        target: Any = None,
        features: Floats | None = None,
        tokens: Sequence[str] | None = None,
    ) -> Floats:
        """Derivative of the probability of one word by the text's vectors."""
        before, index = self.asked(encoded, target, tokens)
        features = self.embed(encoded)[None] if features is None else features
        given = np.repeat(self._ids(encoded, [*before, END_ID]), len(features), 0)
        return self._derivative([given], features, index)

    def next_logits(self, batch: Sequence[Encoded], before: Sequence[int]) -> Floats:
        """float32 `[text, entry]`."""
        return np.stack([self.read(each, [*before, END_ID]).logits[-1] for each in batch])

    def _ids(self, encoded: Encoded, ids: Sequence[int]) -> Any:
        return np.array([[START_ID, *encoded.inputs["tokens"][0], *ids[:-1]]], np.int32)

    def _run(self, encoded: Encoded, ids: Sequence[int], edits: Sequence[Edit]) -> Any:
        side = self.sides(encoded, sentence.written(ids, self.pieces))[BLOCK]
        placed = [Edit(f"attention_{e.layer}", fitted(e.weights, side), 0, e.head, e.label) for e in edits]
        return self._captured(self._ids(encoded, ids), placed)

    def _tail(self, ids: Any, vectors: Any) -> Any:
        embedding = self.model.get_layer("embedding")
        network = keras.Model(embedding.output, self.model.output)
        length = tf.shape(vectors)[1]
        whole = tf.concat([embedding(ids[:, :1]), vectors, embedding(ids[:, 1 + length :])], axis=1)
        return tf.nn.softmax(network(whole, training=False)[:, -1])


def load(folder: Path, card: ModelCard, read_weights: Callable[..., dict[str, Any]]) -> NextWord:
    """The model of a folder."""
    network = build()
    set_weights(network, read_weights(folder))
    return NextWord(network, card)


def write(place: Path) -> Path:
    """A folder with random weights."""
    card = {
        "family": FAMILY,
        "writes": "continuation",
        "kinds": ["causal"],
        "languages": ["en"],
        "examples": [SOURCE, "a dog ran"],
    }
    return write_folder(place, NAME, build(), card, seed=142)
