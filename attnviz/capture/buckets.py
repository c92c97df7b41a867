"""A model compiled for a few lengths: what is typed is padded to the next of them, and cut back afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import tree
from numpy.typing import NDArray

from attnviz.capture.derived import compiled
from attnviz.capture.recorder import LOCK

#: Lengths in tokens that are compiled. XLA needs fixed lengths; it was faster than the open graph at each of these.
BUCKETS = (16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)


class Bucketed:
    """A Keras model at a few fixed lengths, one compiled function for each, made when it is first needed.

    The model must take a padding mask and answer the same for the tokens that are not padding. Many threads may call at
    once.

    Args:
        model: With inputs `[batch, token]` of integers.
        longest: Tokens the model bears.
    """

    def __init__(self, model: keras.Model, longest: int) -> None:
        self.model = model
        self.lengths = tuple(each for each in BUCKETS if each < longest) + (
            (longest,) if longest <= BUCKETS[-1] else ()
        )
        self._functions: dict[int, Any] = {}

    @property
    def traced(self) -> tuple[int, ...]:
        """The lengths compiled so far."""
        return tuple(sorted(self._functions))

    def length(self, tokens: int) -> int | None:
        """The bucket for so many tokens; None if there is none."""
        return next((each for each in self.lengths if each >= tokens), None)

    def prepare(self, names: Sequence[str]) -> None:
        """Compile every length now, for inputs of these names."""
        for length in self.lengths:
            self({name: np.ones((1, length), np.int32) for name in names})

    def __call__(self, inputs: Mapping[str, NDArray[Any]]) -> tuple[Any, NDArray[np.float32]]:
        """Run the model on one text that has a bucket.

        Args:
            inputs: By name, `[1, token]`; zeros are appended, so that the padding mask must be among them.

        Returns:
            The prediction in NumPy, its sequences as long as the bucket; weights float32 `[site, head, query, key]`,
            read-only, as long as the text.
        """
        tokens = next(iter(inputs.values())).shape[1]
        length = self.length(tokens)
        if length is None or "padding_mask" not in inputs:
            raise ValueError(f"expected a padding mask and at most {self.lengths[-1]} tokens. Received: {tokens}")
        padded = {name: np.pad(each, ((0, 0), (0, length - tokens))) for name, each in inputs.items()}
        leaves = [tf.constant(each) for each in tree.flatten(padded)]
        prediction, weights = self._function(length, padded, leaves)(*leaves)
        return tree.map_structure(lambda each: each.numpy(), prediction), _cut(weights, tokens)

    def _function(self, length: int, structure: Any, leaves: list[tf.Tensor]) -> Any:
        function = self._functions.get(length)
        if function is None:
            with LOCK:
                function = self._functions.get(length)
                if function is None:
                    specs = [tf.TensorSpec(each.shape, each.dtype) for each in leaves]
                    function = compiled(self.model, structure, specs)
                    self._functions[length] = function
        return function


def _cut(weights: tf.Tensor, tokens: int) -> NDArray[np.float32]:
    """Without padding; TensorFlow's own memory where there is none, for 512 tokens and 72 heads are 75 MB."""
    whole = np.asarray(memoryview(weights))
    cut: NDArray[np.float32] = whole if tokens == whole.shape[-1] else whole[:, :, :tokens, :tokens].copy()
    cut.setflags(write=False)
    return cut
