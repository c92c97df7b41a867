"""Derivatives of a probability by the vectors a network goes on from."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnviz.families.common.forward import parts

#: Positions of all rows that are differentiated at once: what each layer made of them is kept until then.
_MOST = 2048


class Derivative:
    """A compiled derivative, traced once for all lengths, when it is first asked for.

    Args:
        tail: What follows the vectors: from the other inputs and vectors `[batch, position, feature]` to probabilities
            `[batch, class]`.
        inputs: What the other inputs look like.
        features: Length of a vector.
    """

    def __init__(self, tail: Callable[..., Any], inputs: Sequence[tf.TensorSpec], features: int) -> None:
        self._tail = tail
        self._inputs = list(inputs)
        self._signature = [*inputs, tf.TensorSpec([None, None, features], tf.float32), tf.TensorSpec([], tf.int32)]
        self._lock = threading.Lock()
        self._function: Any = None

    def __call__(
        self, inputs: Sequence[NDArray[Any]], features: NDArray[np.float32], target: int
    ) -> NDArray[np.float32]:
        """Derivative of the probability of a class.

        Args:
            inputs: The other inputs, each with the batch of `features`.
            features: float32 `[batch, position, feature]`.
            target: Class index.

        Returns:
            float32, of the shape of `features`.
        """
        with self._lock:
            if self._function is None:
                self._function = tf.function(self._differentiate, input_signature=self._signature, autograph=False)
        asked, found = tf.constant(target, tf.int32), []
        for part in parts(len(features), features.shape[1], _MOST):
            given = [tf.constant(each[part], spec.dtype) for each, spec in zip(inputs, self._inputs, strict=True)]
            found.append(self._function(*given, tf.constant(features[part], tf.float32), asked).numpy())
        return np.concatenate(found)

    def _differentiate(self, *arguments: Any) -> Any:
        *inputs, features, target = arguments
        with tf.GradientTape() as tape:
            tape.watch(features)
            probability = self._tail(*inputs, features)[:, target]
        return tape.gradient(probability, features)
