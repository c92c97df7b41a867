"""A fine-tuned classifier from a Hugging Face folder: a body, and a head whose classes have names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from attnviz.capture import Bucketed, CapturedModel
from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.families.hub.body import HubModel
from attnviz.families.hub.depending import Vectors
from attnviz.families.hub.pieces import Pieces
from attnviz.trace import Classification, Encoded, Notice, Output


class HubClassifier(HubModel):
    """A pretrained Transformer with a classifier on top.

    Args:
        backbone: KerasHub's.
        network: From the backbone's inputs to probabilities `[batch, class]`.
        tokenizer: Cuts a text into ids and tokens.
        card: What the model is; its labels are the classes.
        told: What every trace is to say of the folder.
    """

    def __init__(
        self,
        backbone: keras.Model,
        network: keras.Model,
        tokenizer: Pieces,
        card: ModelCard,
        told: Sequence[Notice] = (),
    ) -> None:
        super().__init__(backbone, tokenizer, card, told)
        self._network = network
        self._captured = CapturedModel(network)
        self._bucketed = Bucketed(network, self._limit)
        self._vectors = Vectors(backbone, network)

    def probabilities(self, batch: Sequence[Encoded]) -> NDArray[np.float32]:
        """Class probabilities of several texts, float32 `[text, class]`."""
        return np.concatenate([np.asarray(self._computed(each, ())[0], np.float32) for each in batch])

    def embed(self, encoded: Encoded) -> NDArray[np.float32]:
        """The vectors where `gradients` differentiates, float32 `[token, feature]`, see `Vectors.embed`."""
        return self._vectors.embed(self._inputs(encoded))

    def gradients(
        self, encoded: Encoded, target: Any = None, features: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Derivative of a class probability by the embedding vectors.

        Args:
            encoded: From `encode`, or a part of it.
            target: Class index; None means the predicted class.
            features: float32 `[batch, token, feature]` to differentiate at; None means the text's own vectors.

        Raises:
            InputError: There is no such class.
        """
        if target is not None and not 0 <= target < len(self.card.labels):
            raise InputError("no_such_index", what="class", received=target, last=len(self.card.labels) - 1)
        if features is None:
            features = self.embed(encoded)[None]
        if target is None:
            target = int(np.argmax(self.probabilities([encoded])[0]))
        return self._vectors.derivative(list(self._inputs(encoded).values()), features, target)

    def _output(self, prediction: Any, encoded: Encoded) -> Output:
        return Classification(self.card.labels, np.asarray(prediction[0], np.float32))
