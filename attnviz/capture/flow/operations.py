"""What TensorFlow's operations do to axes: the table, and what all its parts need.

What is not in it is taken to work element by element, see `walk`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from attnviz.capture.constants import constant
from attnviz.capture.flow.known import Known, Sources
from attnviz.capture.flow.lengths import lengths

HANDLERS: dict[str, Callable[[Known, tf.Operation], None]] = {}

#: Operations that work element by element, so that every axis of the result is one of the operands'.
ELEMENTWISE = frozenset(
    (
        *(
            "Add",
            "AddV2",
            "Sub",
            "Mul",
            "RealDiv",
            "DivNoNan",
            "Maximum",
            "Minimum",
            "Pow",
            "SquaredDifference",
            "AddN",
        ),
        *("Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual", "LogicalAnd", "LogicalOr", "LogicalNot"),
        *("Select", "SelectV2", "BiasAdd", "Cast", "Identity", "Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Gelu"),
        *(
            "Tanh",
            "Sigmoid",
            "Softmax",
            "LogSoftmax",
            "Softplus",
            "Exp",
            "Log",
            "Sqrt",
            "Rsqrt",
            "Square",
            "Neg",
            "Abs",
        ),
        *("Sign", "Erf", "Erfc", "Reciprocal", "ZerosLike", "OnesLike", "StopGradient", "PreventGradient", "Round"),
        *("CheckNumerics", "EnsureShape", "FloorMod", "FloorDiv", "Floor", "Sin", "Cos", "ReverseV2", "Cumsum", "Roll"),
        *(
            "MatrixBandPart",
            "SquaredDifference",
            "Bitcast",
            "IsNan",
            "IsFinite",
            "IsInf",
            "ClipByValue",
            "Expm1",
            "Log1p",
        ),
    )
)


def handles(*kinds: str) -> Callable[[Callable[[Known, tf.Operation], None]], Callable[[Known, tf.Operation], None]]:
    """Enter what follows into the table, for operations of these types."""

    def entered(handler: Callable[[Known, tf.Operation], None]) -> Callable[[Known, tf.Operation], None]:
        HANDLERS.update(dict.fromkeys(kinds, handler))
        return handler

    return entered


def static(tensor: tf.Tensor) -> list[int] | None:
    """The whole numbers of a constant, also where it is put together of constants."""
    value = constant(tensor)
    if value is not None:
        return [int(each) for each in np.atleast_1d(value).reshape(-1)]
    found = lengths(tensor, lambda _: None)
    if found is None or any(each is None or each[1] for each in found):
        return None
    return [each[0] for each in found if each is not None]


def straight(count: int, operand: int = 0) -> Sources:
    """Every axis from the same axis of one operand."""
    return [[(operand, place)] for place in range(count)]


@handles("Identity", "IdentityN")
def _identities(known: Known, operation: tf.Operation) -> None:
    for place, (before, after) in enumerate(zip(operation.inputs, operation.outputs, strict=True)):
        if id(before) in known.lists:
            known.lists[id(after)] = known.lists[id(before)]
        elif id(before) in known.axes:
            axes = known.axes[id(before)]
            known.note(after, axes, straight(len(axes), place))


@handles("Cast")
def _cast(known: Known, operation: tf.Operation) -> None:
    given, output = operation.inputs[0], operation.outputs[0]
    axes = list(known.axes[id(given)])
    if given.dtype.is_floating and output.dtype.is_integer and len(axes) == 2:  # ids that were declared as numbers
        axes[1] = known.as_sequence(axes[1])
    known.note(output, axes, straight(len(axes)))
