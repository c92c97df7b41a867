"""Where numbers come from that are divided by their sum: what made them not negative, behind masks and whatever moves
them, and what that was taken of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from attnviz.capture.back import back, inputs
from attnviz.capture.constants import constant
from attnviz.capture.products import MAKING
from attnviz.capture.recorder import Tapped
from attnviz.trace.block import Normalisation

#: Operations that leave every number where it is, and those that only move numbers.
SAME = ("Identity", "StopGradient", "EnsureShape", "Cast", "PreventGradient")
MOVED = (*SAME, "Reshape", "ExpandDims", "Squeeze", "BroadcastTo", "Tile", "Transpose")

#: Operations looked at between a division and what its numbers come from.
REACH = 12

#: How far back of a mask products are looked for, which masks are not made by.
_MASK_REACH = 60

#: Operations that give numbers which are not negative, and what their share in the sum is called.
_ROOTS: dict[str, Normalisation] = {
    **{"Exp": "softmax", "Softmax": "softmax", "Relu": "relu", "Relu6": "relu", "Softplus": "softplus"},
    **{"Sigmoid": "sigmoid", "Abs": "absolute", "Square": "square", "Elu": "elu"},
}

#: What is known of a tensor: the weights that were met under it, edited or not.
Met = Callable[[tf.Tensor], Tapped | None]


@dataclass
class Root:
    """Where numbers come from that are divided by their sum.

    Attributes:
        tensor: What made them not negative; None where nothing known did.
        how: What it is called.
        before: What it was made of, one number for each.
        between: All tensors on the way.
        hidden: Where masks on the way hide some.
        known: The weights this is, where it is some that were met before.
        order: How axes were exchanged on the way, None where that is not known.
    """

    tensor: tf.Tensor | None
    how: Normalisation
    before: tf.Tensor | None
    between: list[tf.Tensor]
    hidden: list[tf.Tensor] = field(default_factory=list)
    known: Tapped | None = None
    order: list[int] | None = None


def root_of(number: tf.Tensor, met: Met) -> Root:
    """What makes numbers not negative, behind masks and whatever moves them."""
    found = Root(None, "ratio", None, [number], order=list(range(number.shape.rank)))
    power = False
    first = number
    for _ in range(REACH):
        operation = number.op
        known = met(number)
        if known is not None and known.how == "masked":
            number = known.inner[1]  # behind an edit that may have been put in
            operation, known = number.op, None
        if known is not None and known.how != "ratio":
            found.tensor, found.known, found.how = number, known, "power" if power else known.how
            return found
        plain = plain_root(number)
        if plain is not None:
            found.tensor, found.before = number, None if operation.type == "Softmax" else plain[1]
            found.how = "power" if power else plain[0]
            return found
        if moves(operation):
            found.order = _moved(operation, found.order)
            number = operation.inputs[0]
        elif operation.type == "Pow" and constant(operation.inputs[1]) is not None:
            number, power = operation.inputs[0], True
        elif operation.type == "Mul":
            sides = list(operation.inputs)
            chosen = [side for side in sides if leads(side, met)]
            if len(chosen) != 1:
                break
            other = sides[1] if chosen[0] is sides[0] else sides[0]
            if any(each.op.type in MAKING for each in back(other, inputs, reach=_MASK_REACH)):
                break  # numbers of its own, no mask
            found.hidden.append(tf.equal(other, tf.zeros((), other.dtype)))
            number = chosen[0]
        elif operation.type in ("Select", "SelectV2"):
            condition, one, two = operation.inputs
            if leads(one, met) == leads(two, met):
                break
            found.hidden.append(tf.logical_not(condition) if leads(one, met) else condition)
            number = one if leads(one, met) else two
        elif operation.type in ("AddV2", "Add") and len(_computed(operation)) == 1:
            number = _computed(operation)[0]
        else:
            break
        found.between.append(number)
    return Root(None, "ratio", None, [first], order=list(range(first.shape.rank)))


def plain_root(number: tf.Tensor) -> tuple[Normalisation, tf.Tensor] | None:
    """What an operation that gives no negative numbers is called, and what it was taken of."""
    operation = number.op
    if operation.type in _ROOTS:
        return _ROOTS[operation.type], operation.inputs[0]
    if operation.type == "Mul" and operation.inputs[0] is operation.inputs[1]:
        return "square", operation.inputs[0]
    if operation.type == "Pow":
        base, exponent = (constant(each) for each in operation.inputs)
        if base is not None and np.size(base) == 1 and base > 0:
            return "softmax", operation.inputs[1] * tf.cast(np.log(base), number.dtype)
        if exponent is not None and np.size(exponent) == 1 and float(exponent) == 2:
            return "square", operation.inputs[0]
    if operation.type == "Maximum" and len(_computed(operation)) == 1:
        least = next(each for each in map(constant, operation.inputs) if each is not None)
        return ("relu", _computed(operation)[0]) if np.all(least >= 0) else None
    return None


def _moved(operation: tf.Operation, order: list[int] | None) -> list[int] | None:
    """For each axis at the end of the way, the one it is before an operation."""
    if operation.type in SAME or order is None:
        return order
    exchanged = constant(operation.inputs[1]) if operation.type == "Transpose" else None
    return None if exchanged is None else [int(exchanged[axis]) for axis in order]


def _computed(operation: tf.Operation) -> list[tf.Tensor]:
    """The operands that are no constants."""
    return [each for each in operation.inputs if constant(each) is None]


def leads(tensor: tf.Tensor, met: Met, reach: int = REACH) -> bool:
    """Whether numbers that are not negative stand behind a tensor."""
    for step in range(reach):
        operation = tensor.op
        if met(tensor) is not None or plain_root(tensor) is not None:
            return True
        if moves(operation) or operation.type == "Pow":
            tensor = operation.inputs[0]
        elif operation.type in ("Mul", "Select", "SelectV2", "AddV2"):
            return any(leads(each, met, (reach - step) // 2) for each in operation.inputs)
        else:
            return False
    return False


def moves(operation: tf.Operation) -> bool:
    """Whether an operation only moves numbers."""
    return operation.type in MOVED or adds_axes(operation)


def adds_axes(operation: tf.Operation) -> bool:
    """Whether this is a slice that takes everything and adds axes of length one, as `x[:, None]`."""
    if operation.type != "StridedSlice":
        return False
    new, whole, dots = (operation.get_attr(f"{name}_mask") for name in ("new_axis", "begin", "ellipsis"))
    whole &= operation.get_attr("end_mask")
    count = operation.inputs[1].shape.num_elements() or 0
    return bool(new) and not operation.get_attr("shrink_axis_mask") and (new | whole | dots) == (1 << count) - 1


def unchanged(tensor: tf.Tensor) -> tf.Tensor:
    """What a tensor is a copy of."""
    return behind(tensor, SAME)


def behind(tensor: tf.Tensor, through: tuple[str, ...]) -> tf.Tensor:
    for _ in range(REACH):
        if tensor.op.type not in through and not (through is MOVED and adds_axes(tensor.op)):
            break
        tensor = tensor.op.inputs[0]
    return tensor
