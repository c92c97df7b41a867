"""Weights that come about without a softmax: `exp(x) / sum(exp(x))`, with a small number or a mask in between; the same
of other numbers that are not negative, as of a ReLU, a sigmoid, squares; and `exp(log_softmax(x))`. The operation that
makes the rows sum to one is found by what it is made of, and called by what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from attnviz.capture.constants import constant
from attnviz.capture.roots import MOVED, REACH, SAME, Met, Root, behind, moves, plain_root, root_of
from attnviz.trace.block import Normalisation

#: What stands for a score where a mask was multiplied in.
HIDDEN = -3e4


@dataclass(frozen=True)
class Found:
    """Weights by another name.

    Attributes:
        scores: What they were computed from, of the shape of the weights.
        axes: What the sum went over.
        instead: The tensors between the scores and the weights.
        how: What the weights are.
        weights: The weights, where no operation of the model gives them.
        again: From these weights to what the operation gave that they were found at.
        weighed: What other numbers than these have weighed in their place.
    """

    scores: tf.Tensor
    axes: tuple[int, ...]
    instead: tuple[tf.Tensor, ...]
    how: Normalisation = "softmax"
    weights: tf.Tensor | None = None
    again: Callable[[tf.Tensor], tf.Tensor] | None = None
    weighed: tuple[tf.Tensor, ...] = ()


def divided(number: tf.Tensor, total: tf.Tensor, met: Met) -> Found | None:
    """Whether `number / total` are numbers by their sum.

    Args:
        number: Above the line.
        total: Below.
        met: Tells weights that were met before.
    """
    over = _sum_of(number, total)
    if over is None or not number.shape.rank:
        return None
    root = root_of(number, met)
    how = root.how
    if root.known is not None and _elsewhere(root, over, number.shape.rank):
        how = "two_axes"
    scores = scored(root, number)
    if scores is None:
        scores = tf.math.log(number) if how == "softmax" else number
    return Found(scores, over, tuple(root.between), how)


def scored(root: Root, number: tf.Tensor) -> tf.Tensor | None:
    """What numbers were made of, one for each and hidden where a mask hides them; None where that has another form."""
    scores = root.before
    if scores is not None and root.order is not None and root.order != sorted(root.order):
        scores = None if root.hidden else tf.transpose(scores, root.order)
    if scores is not None and root.hidden:
        masked = root.hidden[0]
        for each in root.hidden[1:]:
            masked = tf.logical_or(masked, each)
        scores = tf.where(masked, tf.cast(HIDDEN, scores.dtype), scores) if _fits(scores, number) else None
    return scores if scores is not None and _fits(scores, number) else None


def _fits(scores: tf.Tensor, number: tf.Tensor) -> bool:
    return scores.shape.rank == number.shape.rank and bool(scores.shape.is_compatible_with(number.shape))


def _elsewhere(root: Root, over: Sequence[int], rank: int) -> bool:
    """Whether weights are made to sum to one along another axis than they did before."""
    if root.known is None or root.order is None or len(root.known.over) != len(over):
        return False
    return {axis % rank for axis in over} != {root.order.index(axis) for axis in root.known.over}


def exponential(power: tf.Tensor, _: Met) -> Found | None:
    """Whether `exp(power)` is that of a logarithm of a softmax."""
    moved, order = behind(power, SAME), None
    if moved.op.type == "Transpose":
        order = constant(moved.op.inputs[1])
        moved = behind(moved.op.inputs[0], SAME)
    if moved.op.type == "LogSoftmax":
        last = moved.shape.rank - 1
        axis = last if order is None else list(order).index(last)
        return Found(power, (axis,), ())
    if moved.op.type == "Sub" and order is None:
        added = _log_of_sum(moved.op.inputs[1])
        axes = None if added is None else constant(added.inputs[1])
        if added is not None and axes is not None and _comes_from(added.inputs[0], moved.op.inputs[0]):
            return Found(moved.op.inputs[0], tuple(int(axis) for axis in np.atleast_1d(axes)), ())
    return None


def reciprocal(tensor: tf.Tensor) -> tf.Tensor | None:
    """What `1 / x`, `reciprocal(x)` or `x ** -1` was taken of; None if this is neither."""
    tensor = behind(tensor, MOVED)
    if tensor.op.type in ("Reciprocal", "Inv"):
        return tensor.op.inputs[0]
    if tensor.op.type == "Pow":
        power = constant(tensor.op.inputs[1])
        return tensor.op.inputs[0] if power is not None and np.all(power == -1) else None
    if tensor.op.type in ("RealDiv", "DivNoNan"):
        one = constant(tensor.op.inputs[0])
        if one is not None and np.all(one == 1):
            return tensor.op.inputs[1]
    return None


def _sum_of(number: tf.Tensor, total: tf.Tensor) -> tuple[int, ...] | None:
    """The axes of these numbers along which a total is their sum (or that of their amounts), perhaps with a constant
    added or a bound."""
    number = behind(number, SAME)
    for _ in range(REACH):
        operation = total.op
        added = summed(operation)
        if added is not None:
            return _along(number, *added)
        if moves(operation) or _by_one(operation):
            total = operation.inputs[0]
        elif operation.type in ("AddV2", "Add", "Maximum", "Minimum", "Select", "SelectV2"):
            sides = operation.inputs[-2:]
            fixed = [constant(each) is not None or each.op.type in ("Fill", "OnesLike") for each in sides]
            if fixed[0] == fixed[1]:  # what more stands below the line, as in a softmax that may look at nothing
                more = [plain_root(behind(each, MOVED)) is not None for each in sides]
                if operation.type not in ("AddV2", "Add") or more[0] == more[1]:
                    return None
                total = sides[0] if more[1] else sides[1]
                continue
            total = sides[0] if fixed[1] else sides[1]
        else:
            return None
    return None


def _by_one(operation: tf.Operation) -> bool:
    """Whether this is the first power, as a norm of order one takes it."""
    exponent = constant(operation.inputs[1]) if operation.type == "Pow" else None
    return exponent is not None and bool(np.all(exponent == 1))


def summed(operation: tf.Operation) -> tuple[tf.Tensor, tuple[int, ...]] | None:
    """What is added up, and along which axes: by a sum, by an einsum of one tensor, by a product with ones."""
    if operation.type == "Sum":
        axes = constant(operation.inputs[1])
        return None if axes is None else (operation.inputs[0], tuple(int(axis) for axis in np.atleast_1d(axes)))
    if operation.type == "Einsum" and len(operation.inputs) == 1:
        given, _, left = operation.get_attr("equation").decode().replace(" ", "").partition("->")
        gone = tuple(place for place, letter in enumerate(given) if letter not in left)
        return None if "." in given or not gone else (operation.inputs[0], gone)
    if operation.type in ("MatMul", "BatchMatMulV2") and operation.inputs[1].shape[-1:] == [1]:
        flipped = operation.get_attr("transpose_a" if operation.type == "MatMul" else "adj_x")
        ones = constant(operation.inputs[1])
        if not flipped and ones is not None and np.all(ones == 1):
            return operation.inputs[0], (operation.inputs[0].shape.rank - 1,)
    return None


def _along(number: tf.Tensor, added: tf.Tensor, axes: tuple[int, ...]) -> tuple[int, ...] | None:
    """The axes of `number` that were summed over, if it is what was added, perhaps with its axes exchanged."""
    added = behind(added, SAME)
    while added is not number and (added.op.type == "Abs" or _by_one(added.op)):
        added = behind(added.op.inputs[0], SAME)
    if added is number or alike(added, number):
        return axes
    order = constant(number.op.inputs[1]) if number.op.type == "Transpose" else None
    if order is None or behind(number.op.inputs[0], SAME) is not added:
        return None
    return tuple(list(order).index(axis % len(order)) for axis in axes)


def alike(one: tf.Tensor, other: tf.Tensor) -> bool:
    """Whether two tensors are one function of one tensor, written down twice: `relu(x) / sum(relu(x))`."""
    for _ in range(REACH):
        if one is other:
            return True
        first, second = one.op, other.op
        if first.type != second.type or len(first.inputs) != len(second.inputs) or not first.inputs:
            return False
        if one.value_index != other.value_index or first.node_def.attr != second.node_def.attr:
            return False  # two parts of one split, or the one turned round
        pairs = list(zip(first.inputs, second.inputs, strict=True))
        apart = [(a, b) for a, b in pairs if a is not b and not _same_constant(a, b)]
        if len(apart) != 1:
            return not apart
        one, other = apart[0]
    return False


def _same_constant(one: tf.Tensor, other: tf.Tensor) -> bool:
    values = constant(one), constant(other)
    return values[0] is not None and values[1] is not None and np.array_equal(*values)


def _log_of_sum(tensor: tf.Tensor) -> tf.Operation | None:
    """The sum under a logarithm that a tensor is, perhaps with the largest number added again."""
    tensor = behind(tensor, MOVED)
    sides = list(tensor.op.inputs) if tensor.op.type in ("AddV2", "Add") else [tensor]
    for side in sides:
        side = behind(side, MOVED)
        if side.op.type == "Log":
            added = behind(side.op.inputs[0], MOVED).op
            return added if added.type == "Sum" and behind(added.inputs[0], MOVED).op.type == "Exp" else None
    return None


def _comes_from(tensor: tf.Tensor, source: tf.Tensor) -> bool:
    """Whether exponentials were taken of a tensor, less perhaps its largest number."""
    power = behind(tensor, MOVED)
    if power.op.type != "Exp":
        return False
    given = behind(power.op.inputs[0], SAME)
    wanted = behind(source, SAME)
    return given is wanted or (given.op.type == "Sub" and behind(given.op.inputs[0], SAME) is wanted)
