"""What all classifiers share, whatever they are given: one run, many runs, derivatives."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.families.common.derivative import Derivative
from attnviz.families.model import Model
from attnviz.trace import AttentionTrace, Edit, Encoded


class Classifier(Model):
    """A trained classifier with its card; what it is given is `encode`'s and `stacked`'s to say.

    Args:
        model: From what `stacked` gives to probabilities; its layer `embedding` makes the vectors of the keys.
        card: What the model is.
        given: What it is given, as `stacked` gives it.
        features: Length of a key's vector.
    """

    def __init__(self, model: keras.Model, card: ModelCard, given: tf.TensorSpec, features: int) -> None:
        super().__init__(card)
        self.model = model
        self._derivative = Derivative(self._tail, [given], features)

    @abstractmethod
    def stacked(self, batch: Sequence[Encoded]) -> NDArray[Any]:
        """Several sources as the network takes them in one call."""

    def attend(self, encoded: Encoded, edits: Sequence[Edit] = ()) -> AttentionTrace:
        """One run: a trace with one block and a `Classification`."""
        return self.run_batch([encoded], edits)[0]

    @abstractmethod
    def run_batch(self, batch: Sequence[Encoded], edits: Sequence[Edit] = ()) -> list[AttentionTrace]:
        """Several sources in one call of the model; the same traces as one by one."""

    @abstractmethod
    def forward(self, given: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What `stacked` gives to probabilities `[source, class]` and weights `[source, key]`."""

    def probabilities(self, batch: Sequence[Encoded]) -> NDArray[np.float32]:
        """Class probabilities of several sources in one call, without their traces.

        Args:
            batch: From `encode`, or parts of it.

        Returns:
            float32 `[source, class]`.
        """
        return self.forward(self.stacked(batch))[0]

    @abstractmethod
    def embed(self, encoded: Encoded) -> NDArray[np.float32]:
        """Embedding vectors float32 `[key, feature]`, where `gradients` differentiates."""

    def gradients(
        self, encoded: Encoded, target: Any = None, features: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Derivative of a class probability by the embedding vectors.

        Args:
            encoded: From `encode`, or a part of it.
            target: Class index; None means the predicted class.
            features: float32 `[batch, key, feature]` to differentiate at; None means the source's own vectors.

        Returns:
            float32, of the shape of `features` (a batch of one if none are given).

        Raises:
            InputError: There is no such class.
        """
        if target is not None and not 0 <= target < len(self.card.labels):
            raise InputError("no_such_index", what="class", received=target, last=len(self.card.labels) - 1)
        if features is None:
            features = self.embed(encoded)[None]
        if target is None:
            target = self.run(encoded).output.predicted  # type: ignore[union-attr]
        return self._derivative([np.repeat(self.stacked([encoded]), len(features), axis=0)], features, target)

    @abstractmethod
    def _tail(self, given: Any, vectors: Any) -> Any:
        """What follows the embedding: from what `stacked` gives and vectors to class probabilities."""
