"""One step of a translation as a classifier of its source: probabilities of the next token, and their derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnviz.families.writing.decoding import log_softmax
from attnviz.families.writing.subwords import END_ID, START_ID, UNKNOWN_ID
from attnviz.trace import Encoded

if TYPE_CHECKING:
    from attnviz.families.writing.translation import TranslationModel


@dataclass(frozen=True, eq=False)
class NextToken:
    """One step of writing as a classifier of the source, for what `analysis` measures of classifiers.

    Attributes:
        model: The translation model.
        before: Ids written before.
    """

    model: TranslationModel
    before: tuple[int, ...]

    @property
    def unknown_id(self) -> int:
        """Id of the token that stands for any piece the vocabulary lacks."""
        return UNKNOWN_ID

    def index(self, token: str) -> int:
        """Id of an entry of the target vocabulary; raises `InputError` `no_such_token`."""
        return self.model.token_id(token)

    def probabilities(self, batch: Sequence[Encoded]) -> NDArray[np.float32]:
        """Probabilities of the next token given several sources, float32 `[text, vocabulary]`."""
        rows = [inputs(encoded, [*self.before, END_ID])["source"][0] for encoded in batch]
        source = np.zeros((len(rows), max(map(len, rows))), np.int32)
        for row, place in zip(rows, source, strict=True):
            place[: len(row)] = row
        shifted = np.array([[START_ID, *self.before]] * len(rows), np.int32)
        logits = self.model.logits(source, shifted)[:, -1]
        result: NDArray[np.float32] = np.exp(log_softmax(logits)).astype(np.float32)
        return result

    def embed(self, encoded: Encoded) -> NDArray[np.float32]:
        """As the model's."""
        return self.model.embed(encoded)

    def gradients(
        self, encoded: Encoded, target: int, features: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """As the model's, of the probability of the token with this id."""
        tokens = [self.model.vocabulary[index] for index in self.before]
        return self.model.gradients(encoded, (len(self.before), int(target)), features, tokens)


def with_end(encoded: Encoded) -> NDArray[np.int32]:
    """The source's ids with the end id, int32 `[1, token]`."""
    return np.concatenate([encoded.inputs["tokens"], [[END_ID]]], axis=1).astype(np.int32)


def inputs(encoded: Encoded, ids: Sequence[int]) -> dict[str, NDArray[np.int32]]:
    """What the whole network takes to predict these target ids."""
    return {"source": with_end(encoded), "target": np.array([[START_ID, *ids[:-1]]], np.int32)}


def tail(full: keras.Model) -> Any:
    """From ids, the vectors of the source's own tokens and a token to the derivative of its probability."""
    embedding = full.get_layer("source_embedding")
    source, shifted = full.input["source"], full.input["target"]
    network = keras.Model([source, shifted, embedding.output], full.output["logits"])

    @tf.function(
        autograph=False,
        input_signature=[
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None, None, embedding.output.shape[-1]], tf.float32),
            tf.TensorSpec([], tf.int32),
        ],
    )
    def gradient(source: tf.Tensor, shifted: tf.Tensor, features: tf.Tensor, token: tf.Tensor) -> tf.Tensor:
        last = embedding(source[:, -1:])
        with tf.GradientTape() as tape:
            tape.watch(features)
            vectors = tf.concat([features, last], axis=1)
            logits = network([source, shifted, vectors], training=False)[:, -1]
            probability = tf.nn.softmax(logits)[:, token]
        return tape.gradient(probability, features)

    return gradient
