"""Weights that come about without a softmax: `exp(x) / sum(exp(x))`, with a small number or a mask in between, and
`exp(log_softmax(x))`. The operation that makes the rows sum to one is found by what it is made of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

#: Operations that leave every number where it is, and those that only move numbers.
_SAME = ("Identity", "StopGradient", "EnsureShape", "Cast", "PreventGradient")
_MOVED = (*_SAME, "Reshape", "ExpandDims", "Squeeze", "BroadcastTo", "Tile", "Transpose")

#: Operations looked at between a division and the exponentials in it.
_REACH = 12

#: What stands for a score where a mask was multiplied in.
_HIDDEN = -3e4


@dataclass(frozen=True)
class Found:
    """Weights by another name.

    Attributes:
        scores: What the exponentials were taken of, of the shape of the weights.
        axes: What the sum went over.
        instead: The tensors between the exponentials and the weights, these included.
    """

    scores: tf.Tensor
    axes: tuple[int, ...]
    instead: tuple[tf.Tensor, ...]


def divided(number: tf.Tensor, total: tf.Tensor) -> Found | None:
    """Whether `number / total` are exponentials by their sum."""
    added = _sum_of(number, total)
    if added is None:
        return None
    axes = tf.get_static_value(added.inputs[1])
    power = _power(number)
    if axes is None or power is None or not number.shape.rank:
        return None
    source, hidden, between = power
    scores = source.op.inputs[0]
    if source.op.type == "Softmax" or scores.shape.rank != number.shape.rank:
        scores = tf.math.log(number)
    elif hidden:
        masked = hidden[0]
        for each in hidden[1:]:
            masked = tf.logical_or(masked, each)
        scores = tf.where(masked, tf.cast(_HIDDEN, scores.dtype), scores)
    if not scores.shape.is_compatible_with(number.shape):
        scores = tf.math.log(number)
    return Found(scores, tuple(int(axis) for axis in np.atleast_1d(axes)), between)


def exponential(power: tf.Tensor) -> Found | None:
    """Whether `exp(power)` is that of a logarithm of a softmax."""
    moved, order = _behind(power, _SAME), None
    if moved.op.type == "Transpose":
        order = tf.get_static_value(moved.op.inputs[1])
        moved = _behind(moved.op.inputs[0], _SAME)
    if moved.op.type == "LogSoftmax":
        last = moved.shape.rank - 1
        axis = last if order is None else list(order).index(last)
        return Found(power, (axis,), ())
    if moved.op.type == "Sub" and order is None:
        added = _log_of_sum(moved.op.inputs[1])
        axes = None if added is None else tf.get_static_value(added.inputs[1])
        if added is not None and axes is not None and _comes_from(added.inputs[0], moved.op.inputs[0]):
            return Found(moved.op.inputs[0], tuple(int(axis) for axis in np.atleast_1d(axes)), ())
    return None


def reciprocal(tensor: tf.Tensor) -> tf.Tensor | None:
    """What `1 / x` or `reciprocal(x)` was taken of; None if this is neither."""
    tensor = _behind(tensor, _MOVED)
    if tensor.op.type in ("Reciprocal", "Inv"):
        return tensor.op.inputs[0]
    if tensor.op.type in ("RealDiv", "DivNoNan"):
        one = tf.get_static_value(tensor.op.inputs[0])
        if one is not None and np.all(one == 1):
            return tensor.op.inputs[1]
    return None


def _behind(tensor: tf.Tensor, through: tuple[str, ...]) -> tf.Tensor:
    for _ in range(_REACH):
        if tensor.op.type not in through:
            break
        tensor = tensor.op.inputs[0]
    return tensor


def _sum_of(number: tf.Tensor, total: tf.Tensor) -> tf.Operation | None:
    """The sum of just these numbers, perhaps with a constant added, at the root of a total."""
    number = _behind(number, _SAME)
    for _ in range(_REACH):
        operation = total.op
        if operation.type == "Sum":
            return operation if _behind(operation.inputs[0], _SAME) is number else None
        if operation.type in _MOVED:
            total = operation.inputs[0]
        elif operation.type in ("AddV2", "Add", "Maximum", "Select", "SelectV2"):
            sides = operation.inputs[-2:]
            fixed = [tf.get_static_value(each) is not None or each.op.type in ("Fill", "OnesLike") for each in sides]
            if fixed[0] == fixed[1]:
                return None
            total = sides[0] if fixed[1] else sides[1]
        else:
            return None
    return None


def _power(number: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor], tuple[tf.Tensor, ...]] | None:
    """The exponentials (or a softmax) that numbers are, where masks hide some, and all tensors on the way."""
    hidden: list[tf.Tensor] = []
    between = [number]
    for _ in range(_REACH):
        operation = number.op
        if operation.type in ("Exp", "Softmax"):
            return number, hidden, tuple(between)
        if operation.type in ("If", "StatelessIf"):  # an edit may stand behind a softmax
            inner = [each for each in operation.inputs if each.op.type == "Softmax"]
            if not inner:
                return None
            number = inner[0]
        elif operation.type in _MOVED:
            number = operation.inputs[0]
        elif operation.type == "Mul":
            sides = list(operation.inputs)
            chosen = next((side for side in sides if _leads(side)), None)
            if chosen is None:
                return None
            other = sides[1] if chosen is sides[0] else sides[0]
            hidden.append(tf.equal(other, tf.zeros((), other.dtype)))
            number = chosen
        elif operation.type in ("Select", "SelectV2"):
            condition, first, second = operation.inputs
            if _leads(first):
                hidden.append(tf.logical_not(condition))
                number = first
            elif _leads(second):
                hidden.append(condition)
                number = second
            else:
                return None
        elif operation.type in ("AddV2", "Add") and any(
            tf.get_static_value(each) is not None for each in operation.inputs
        ):
            number = next(each for each in operation.inputs if tf.get_static_value(each) is None)
        else:
            return None
        between.append(number)
    return None


def _computed(operation: tf.Operation) -> list[tf.Tensor]:
    """The operands that are no constants."""
    return [each for each in operation.inputs if tf.get_static_value(each) is None]


def _leads(tensor: tf.Tensor) -> bool:
    """Whether exponentials stand behind a tensor."""
    for _ in range(_REACH):
        operation = tensor.op
        if operation.type in ("Exp", "Softmax"):
            return True
        if operation.type in ("If", "StatelessIf"):
            return any(each.op.type == "Softmax" for each in operation.inputs)
        if operation.type in _MOVED:
            tensor = operation.inputs[0]
        elif operation.type in ("Mul", "Select", "SelectV2", "AddV2"):
            inner = [each for each in operation.inputs if each.op.type in ("Exp", "Softmax", "If", *_MOVED, "Mul")]
            if len(inner) != 1:
                return any(_leads(each) for each in inner)
            tensor = inner[0]
        else:
            return False
    return False


def _log_of_sum(tensor: tf.Tensor) -> tf.Operation | None:
    """The sum under a logarithm that a tensor is, perhaps with the largest number added again."""
    tensor = _behind(tensor, _MOVED)
    sides = list(tensor.op.inputs) if tensor.op.type in ("AddV2", "Add") else [tensor]
    for side in sides:
        side = _behind(side, _MOVED)
        if side.op.type == "Log":
            added = _behind(side.op.inputs[0], _MOVED).op
            return added if added.type == "Sum" and _leads(added.inputs[0]) else None
    return None


def _comes_from(tensor: tf.Tensor, source: tf.Tensor) -> bool:
    """Whether exponentials were taken of a tensor, less perhaps its largest number."""
    power = _behind(tensor, _MOVED)
    if power.op.type != "Exp":
        return False
    given = _behind(power.op.inputs[0], _SAME)
    wanted = _behind(source, _SAME)
    return given is wanted or (given.op.type == "Sub" and _behind(given.op.inputs[0], _SAME) is wanted)
