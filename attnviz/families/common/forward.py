"""What networks say of many inputs at once, in parts that take a bounded memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


def parts(rows: int, positions: int, most: int) -> Iterator[slice]:
    """Rows of a batch in parts of no more than `most` positions in all, one row at least.

    Args:
        rows: How many there are.
        positions: Of each row.
        most: In one part.

    >>> [(part.start, part.stop) for part in parts(5, 3, 6)]
    [(0, 2), (2, 4), (4, 6)]
    """
    size = max(1, most // max(positions, 1))
    return (slice(start, start + size) for start in range(0, rows, size))


class Forward:
    """A network compiled, traced once for all lengths, when it is first asked for.

    Args:
        network: From named arrays `[row, position, …]` to one array `[row, …]`.
        most: Positions, of all inputs and rows, that are computed at once.
    """

    def __init__(self, network: Any, most: int = 8192) -> None:
        self._network, self._most = network, most
        self._signature = {name: tf.TensorSpec(each.shape, each.dtype) for name, each in network.input.items()}
        self._lock = threading.Lock()
        self._function: Any = None

    def __call__(self, inputs: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """What the network says of inputs of as many rows each, float32 `[row, …]`."""
        with self._lock:
            if self._function is None:
                self._function = tf.function(self._run, input_signature=[self._signature], autograph=False)
        rows = len(next(iter(inputs.values())))
        positions = sum(each.shape[1] for each in inputs.values())
        found = []
        for part in parts(rows, positions, self._most):
            given = {name: tf.constant(inputs[name][part], spec.dtype) for name, spec in self._signature.items()}
            found.append(self._function(given).numpy())
        return np.concatenate(found)

    def _run(self, inputs: dict[str, Any]) -> Any:
        return self._network(inputs, training=False)
