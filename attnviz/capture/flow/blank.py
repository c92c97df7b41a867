"""Places that hold nothing: zeros that no call decides about."""

from __future__ import annotations

import tensorflow as tf

from attnviz.capture.constants import constant

#: What the key of an axis of nothing but zeros begins with: places nobody has written to, and zeros that were put
#: beside something.
EMPTY, ZEROS = "empty", "zeros"

#: Operations that make zeros of zeros.
_KEPT = frozenset(
    (
        "Identity",
        "Cast",
        "Reshape",
        "BroadcastTo",
        "Tile",
        "StridedSlice",
        "Slice",
        "ExpandDims",
        "Squeeze",
        "Transpose",
    )
)


def blank(tensor: tf.Tensor) -> bool:
    """Whether a tensor is made of zeros, whatever the model is given."""
    operation = tensor.op
    while operation.type in _KEPT:
        operation = operation.inputs[0].op
    if operation.type == "ZerosLike":
        return True
    value = constant(operation.inputs[1]) if operation.type == "Fill" else None
    value = constant(operation.outputs[0]) if operation.type == "Const" else value
    return value is not None and value.dtype.kind in "fiu" and not value.any()
