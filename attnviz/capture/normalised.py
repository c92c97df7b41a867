"""Weights that come about without a softmax: `exp(x) / sum(exp(x))`, with a small number or a mask in between; the same
of other numbers that are not negative, as of a ReLU, a sigmoid, squares; and `exp(log_softmax(x))`. The operation that
makes the rows sum to one is found by what it is made of, and called by what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from attnviz.capture.recorder import Tapped
from attnviz.trace.block import Normalisation

#: Operations that leave every number where it is, and those that only move numbers.
_SAME = ("Identity", "StopGradient", "EnsureShape", "Cast", "PreventGradient")
_MOVED = (*_SAME, "Reshape", "ExpandDims", "Squeeze", "BroadcastTo", "Tile", "Transpose")

#: Operations looked at between a division and what its numbers come from.
_REACH = 12

#: What stands for a score where a mask was multiplied in.
_HIDDEN = -3e4

#: Operations that give numbers which are not negative, and what their share in the sum is called.
_ROOTS: dict[str, Normalisation] = {
    **{"Exp": "softmax", "Softmax": "softmax", "Relu": "relu", "Relu6": "relu", "Softplus": "softplus"},
    **{"Sigmoid": "sigmoid", "Abs": "absolute", "Square": "square", "Elu": "elu"},
}

#: What is known of a tensor: the weights that were met under it, edited or not.
Met = Callable[[tf.Tensor], Tapped | None]


@dataclass(frozen=True)
class Found:
    """Weights by another name.

    Attributes:
        scores: What they were computed from, of the shape of the weights.
        axes: What the sum went over.
        instead: The tensors between the scores and the weights.
        how: What the weights are.
    """

    scores: tf.Tensor
    axes: tuple[int, ...]
    instead: tuple[tf.Tensor, ...]
    how: Normalisation = "softmax"


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


def divided(number: tf.Tensor, total: tf.Tensor, met: Met) -> Found | None:
    """Whether `number / total` are numbers by their sum.

    Args:
        number: Above the line.
        total: Below.
        met: Tells weights that were met before.
    """
    added = _sum_of(number, total)
    axes = None if added is None else tf.get_static_value(added.inputs[1])
    if axes is None or not number.shape.rank:
        return None
    over = tuple(int(axis) for axis in np.atleast_1d(axes))
    root = _root(number, met)
    how, scores = root.how, root.before
    if root.known is not None and _elsewhere(root, over, number.shape.rank):
        how = "two_axes"
    fits = scores is not None and scores.shape.rank == number.shape.rank
    if scores is None or not fits or not scores.shape.is_compatible_with(number.shape):
        scores = tf.math.log(number) if how == "softmax" else number
    elif root.hidden:
        masked = root.hidden[0]
        for each in root.hidden[1:]:
            masked = tf.logical_or(masked, each)
        scores = tf.where(masked, tf.cast(_HIDDEN, scores.dtype), scores)
        if not scores.shape.is_compatible_with(number.shape):
            scores = tf.math.log(number) if how == "softmax" else number
    return Found(scores, over, tuple(root.between), how)


def _elsewhere(root: Root, over: Sequence[int], rank: int) -> bool:
    """Whether weights are made to sum to one along another axis than they did before."""
    if root.known is None or root.order is None or len(root.known.over) != len(over):
        return False
    return {axis % rank for axis in over} != {root.order.index(axis) for axis in root.known.over}


def exponential(power: tf.Tensor, _: Met) -> Found | None:
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
    """The sum of just these numbers (or their amounts), perhaps with a constant added, at the root of a total."""
    number = _behind(number, _SAME)
    for _ in range(_REACH):
        operation = total.op
        if operation.type == "Sum":
            added = _behind(operation.inputs[0], _SAME)
            added = _behind(added.op.inputs[0], _SAME) if added is not number and added.op.type == "Abs" else added
            return operation if added is number or _alike(added, number) else None
        if operation.type in _MOVED:
            total = operation.inputs[0]
        elif operation.type in ("AddV2", "Add", "Maximum", "Select", "SelectV2"):
            sides = operation.inputs[-2:]
            fixed = [tf.get_static_value(each) is not None or each.op.type in ("Fill", "OnesLike") for each in sides]
            if fixed[0] == fixed[1]:  # what more stands below the line, as in a softmax that may look at nothing
                more = [_plain_root(_behind(each, _MOVED)) is not None for each in sides]
                if operation.type not in ("AddV2", "Add") or more[0] == more[1]:
                    return None
                total = sides[0] if more[1] else sides[1]
                continue
            total = sides[0] if fixed[1] else sides[1]
        else:
            return None
    return None


def _alike(one: tf.Tensor, other: tf.Tensor) -> bool:
    """Whether two tensors are one function of one tensor, written down twice: `relu(x) / sum(relu(x))`."""
    for _ in range(_REACH):
        if one is other:
            return True
        first, second = one.op, other.op
        if first.type != second.type or len(first.inputs) != len(second.inputs) or not first.inputs:
            return False
        pairs = list(zip(first.inputs, second.inputs, strict=True))
        apart = [(a, b) for a, b in pairs if a is not b and not _same_constant(a, b)]
        if len(apart) != 1:
            return not apart
        one, other = apart[0]
    return False


def _same_constant(one: tf.Tensor, other: tf.Tensor) -> bool:
    values = tf.get_static_value(one), tf.get_static_value(other)
    return values[0] is not None and values[1] is not None and np.array_equal(*values)


def _root(number: tf.Tensor, met: Met) -> Root:
    """What makes numbers not negative, behind masks and whatever moves them."""
    found = Root(None, "ratio", None, [number], order=list(range(number.shape.rank)))
    power = False
    first = number
    for _ in range(_REACH):
        operation = number.op
        known = met(number)
        if known is not None and known.how != "ratio":
            found.tensor, found.known, found.how = number, known, "power" if power else known.how
            return found
        plain = _plain_root(number)
        if plain is not None:
            found.tensor, found.before = number, None if operation.type == "Softmax" else plain[1]
            found.how = "power" if power else plain[0]
            return found
        if operation.type in _MOVED:
            found.order = _moved(operation, found.order)
            number = operation.inputs[0]
        elif operation.type == "Pow" and tf.get_static_value(operation.inputs[1]) is not None:
            number, power = operation.inputs[0], True
        elif operation.type == "Mul":
            sides = list(operation.inputs)
            chosen = [side for side in sides if _leads(side, met)]
            if len(chosen) != 1:
                break
            other = sides[1] if chosen[0] is sides[0] else sides[0]
            found.hidden.append(tf.equal(other, tf.zeros((), other.dtype)))
            number = chosen[0]
        elif operation.type in ("Select", "SelectV2"):
            condition, one, two = operation.inputs
            if _leads(one, met) == _leads(two, met):
                break
            found.hidden.append(tf.logical_not(condition) if _leads(one, met) else condition)
            number = one if _leads(one, met) else two
        elif operation.type in ("AddV2", "Add") and len(_computed(operation)) == 1:
            number = _computed(operation)[0]
        else:
            break
        found.between.append(number)
    return Root(None, "ratio", None, [first], order=list(range(first.shape.rank)))


def _plain_root(number: tf.Tensor) -> tuple[Normalisation, tf.Tensor] | None:
    """What an operation that gives no negative numbers is called, and what it was taken of."""
    operation = number.op
    if operation.type in _ROOTS:
        return _ROOTS[operation.type], operation.inputs[0]
    if operation.type == "Mul" and operation.inputs[0] is operation.inputs[1]:
        return "square", operation.inputs[0]
    if operation.type == "Pow":
        base, exponent = (tf.get_static_value(each) for each in operation.inputs)
        if base is not None and np.size(base) == 1 and base > 0:
            return "softmax", operation.inputs[1] * tf.cast(np.log(base), number.dtype)
        if exponent is not None and np.size(exponent) == 1 and float(exponent) == 2:
            return "square", operation.inputs[0]
    if operation.type == "Maximum" and len(_computed(operation)) == 1:
        least = next(each for each in map(tf.get_static_value, operation.inputs) if each is not None)
        return ("relu", _computed(operation)[0]) if np.all(least >= 0) else None
    return None


def _moved(operation: tf.Operation, order: list[int] | None) -> list[int] | None:
    """For each axis at the end of the way, the one it is before an operation."""
    if operation.type in _SAME or order is None:
        return order
    exchanged = tf.get_static_value(operation.inputs[1]) if operation.type == "Transpose" else None
    return None if exchanged is None else [int(exchanged[axis]) for axis in order]


def _computed(operation: tf.Operation) -> list[tf.Tensor]:
    """The operands that are no constants."""
    return [each for each in operation.inputs if tf.get_static_value(each) is None]


def _leads(tensor: tf.Tensor, met: Met, reach: int = _REACH) -> bool:
    """Whether numbers that are not negative stand behind a tensor."""
    for step in range(reach):
        operation = tensor.op
        if met(tensor) is not None or _plain_root(tensor) is not None:
            return True
        if operation.type in _MOVED or operation.type == "Pow":
            tensor = operation.inputs[0]
        elif operation.type in ("Mul", "Select", "SelectV2", "AddV2"):
            return any(_leads(each, met, (reach - step) // 2) for each in operation.inputs)
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
            return added if added.type == "Sum" and _behind(added.inputs[0], _MOVED).op.type == "Exp" else None
    return None


def _comes_from(tensor: tf.Tensor, source: tf.Tensor) -> bool:
    """Whether exponentials were taken of a tensor, less perhaps its largest number."""
    power = _behind(tensor, _MOVED)
    if power.op.type != "Exp":
        return False
    given = _behind(power.op.inputs[0], _SAME)
    wanted = _behind(source, _SAME)
    return given is wanted or (given.op.type == "Sub" and _behind(given.op.inputs[0], _SAME) is wanted)
