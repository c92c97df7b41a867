"""The value of a tensor that is the same at every call, also where it is computed: `softmax(x, axis=-2)` puts its order
of axes together with sums and ranges, which TensorFlow does not work out by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

#: What computes numbers of numbers.
_COMPUTED: dict[str, Callable[..., Any]] = {
    "Add": np.add,
    "AddV2": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "RealDiv": np.divide,
    "FloorDiv": np.floor_divide,
    "FloorMod": np.mod,
    "Range": np.arange,
    "Pack": lambda *parts: np.stack(parts),
    "ConcatV2": lambda *parts: np.concatenate(parts[:-1]),
}

#: Operations looked at behind a tensor.
_REACH = 8


def constant(tensor: tf.Tensor, reach: int = _REACH) -> Any:
    """The value of a tensor as a NumPy array; None where a call decides about it."""
    value = tf.get_static_value(tensor)
    compute = _COMPUTED.get(tensor.op.type)
    if value is not None or compute is None or not reach:
        return value
    if tensor.shape.rank is None or tensor.shape.rank > (1 if tensor.dtype.is_integer else 0):
        return None
    parts = [constant(each, reach - 1) for each in tensor.op.inputs]
    return None if any(each is None for each in parts) else compute(*parts)
