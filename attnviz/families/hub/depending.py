"""What the answer of a pretrained Transformer depends on: the vectors of its tokens, and derivatives by them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnviz.families.common.derivative import Derivative


class Vectors:
    """The vectors of tokens in a network, and what comes out where other vectors stand in their place.

    Args:
        backbone: KerasHub's.
        network: The backbone, or a model that goes on from it, of the same inputs.
        answer: From what the network gives out, and further inputs `[batch, token]`, to probabilities `[batch, class]`.
        more: How many further inputs there are.
    """

    def __init__(
        self, backbone: Any, network: keras.Model, answer: Callable[..., Any] | None = None, more: int = 0
    ) -> None:
        embedding = next((each for each in backbone.layers if each is backbone.token_embedding), None)
        self._vectors = (embedding or backbone.embeddings).output
        self._network, self._answer, self._more = network, answer, more
        self._embedding: Any = None
        self._derivative: Any = None
        self._making = threading.Lock()

    def embed(self, inputs: Any) -> NDArray[np.float32]:
        """Vectors of a batch of one, float32 `[token, feature]`.

        For RoBERTa and DistilBERT they have those of the positions in them, which come out of one layer.
        """
        with self._making:
            if self._embedding is None:
                self._embedding = keras.Model(self._network.inputs, self._vectors)
        return np.asarray(self._embedding(inputs, training=False).numpy()[0], np.float32)

    def derivative(
        self, inputs: Sequence[NDArray[Any]], features: NDArray[np.float32], target: int
    ) -> NDArray[np.float32]:
        """Derivative of the probability of a class by vectors float32 `[batch, token, feature]`, of the same shape.

        Args:
            inputs: The network's, then the further ones, a batch of one.
            features: Where.
            target: Class index.
        """
        with self._making:
            if self._derivative is None:
                specs = [tf.TensorSpec([None, None], tf.int32) for _ in inputs]
                self._derivative = Derivative(self._tail, specs, features.shape[-1])
        repeated = [np.repeat(values, len(features), axis=0) for values in inputs]
        found: NDArray[np.float32] = self._derivative(repeated, features, target)
        return found

    def _tail(self, *arguments: Any) -> Any:
        *given, vectors = arguments
        own, more = given[: len(given) - self._more], given[len(given) - self._more :]
        tail = keras.Model([*self._network.inputs, self._vectors], self._network.output)
        outputs = tail([*own, vectors], training=False)
        return outputs if self._answer is None else self._answer(outputs, *more)
