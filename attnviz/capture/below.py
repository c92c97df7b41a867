"""What stands below the line of a division: sums of numbers, also where a column of ones in the values gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf

from attnviz.capture.carried import (
    Axes,
    Cut,
    axes_after,
    axes_of_product,
    cumulated_along,
    cut,
    summed_axes,
)
from attnviz.capture.constants import constant
from attnviz.capture.normalised import summed
from attnviz.capture.products import MATRICES
from attnviz.capture.roots import REACH, SAME, behind, moves


@dataclass(frozen=True)
class Total:
    """Numbers that are added up below the line.

    Attributes:
        numbers: What is added up.
        key: Along which axis.
        axes: Which axis of the numbers each axis of the sum is.
        causal: Whether it is the sum of all so far; its axis is then that of the queries.
        scales: What the sum is multiplied with on its way, nearest first, each with the axes it has there.
        blocks: Along which other axes the sums of blocks of keys were added up.
    """

    numbers: tf.Tensor
    key: int
    axes: Axes
    causal: bool = False
    scales: tuple[tuple[tf.Tensor, Axes], ...] = ()
    blocks: tuple[int, ...] = ()


def totals(tensor: tf.Tensor, reach: int = REACH, column: int | None = None) -> list[Total] | None:
    """What is added up below the line; none of a zero, None where something else stands there.

    Args:
        tensor: Below the line.
        reach: How many operations are looked at.
        column: Of what was weighed the column that is looked at, the first (0) or the last (-1); None where a sum
            itself is.
    """
    operation, rank = tensor.op, tensor.shape.rank
    if is_zero(tensor):
        return []
    if not reach or rank is None:
        return None
    part = cut(tensor)
    if part is not None:
        return _of_column(part, reach) if column is None else None
    if column is not None and operation.type in MATRICES:
        return _of_ones(operation, column)
    if operation.type == "Sum" and (blocks := _of_blocks(operation, reach, column)):
        return blocks
    sides = addends(operation)
    if sides:
        parts = [totals(each, reach - 1, column) for each in sides if constant(each) is None or is_zero(each)]
        return None if any(each is None for each in parts) else [each for part in parts for each in part or ()]
    added = None if column is not None else summed(operation)
    if added is not None and len(added[1]) == 1 and added[0].shape.rank:
        count = added[0].shape.rank
        key = added[1][0] % count
        axes = tuple(None if axis == key else axis for axis in range(count))
        axes = axes if rank == count else tuple(axis for axis in axes if axis is not None)
        return [Total(behind(added[0], SAME), key, axes)]
    if operation.type == "Cumsum" and column is None:
        place = cumulated_along(operation)
        return None if place is None else [Total(behind(operation.inputs[0], SAME), place, tuple(range(rank)), True)]
    if moves(operation):
        if column is not None and operation.type not in SAME and not _keeps_last(operation):
            return None
        return _moved(operation, totals(operation.inputs[0], reach - 1, column))
    if operation.type == "Maximum":
        open_sides = [each for each in operation.inputs if constant(each) is None]
        return totals(open_sides[0], reach - 1, column) if len(open_sides) == 1 else None
    if operation.type == "Mul":
        for side, scale in (operation.inputs, operation.inputs[::-1]):
            found = totals(side, reach - 1, column)
            if found is not None:
                return [replace(each, scales=(*each.scales, (scale, each.axes))) for each in found]
    return None


def _moved(operation: tf.Operation, found: Sequence[Total] | None) -> list[Total] | None:
    moved = [(each, axes_after(operation, each.axes)) for each in found or ()]
    if found is None or any(axes is None for _, axes in moved):
        return None
    return [replace(each, axes=axes) for each, axes in moved if axes is not None]


def _of_blocks(operation: tf.Operation, reach: int, column: int | None) -> list[Total] | None:
    """Of sums of blocks of keys along an axis of their own, which are added up."""
    over, keep = summed_axes(operation), operation.get_attr("keep_dims")
    found = totals(operation.inputs[0], reach - 1, column) if len(over) == 1 else None
    added = []
    for each in found or ():
        block = each.axes[over[0]] if over[0] < len(each.axes) else None
        if block is None or each.causal:
            return None
        added.append(replace(each, axes=without(each.axes, over[0], keep), blocks=(*each.blocks, block)))
    return added


def _of_column(part: Cut, reach: int) -> list[Total] | None:
    """Of one column of what was weighed."""
    size = part.whole.shape[part.axis]
    if (
        part.last - part.first != 1
        or part.axis != part.whole.shape.rank - 1
        or not {part.first, part.last - size} & {0}
    ):
        return None
    found = totals(part.whole, reach - 1, 0 if part.first == 0 else -1)
    return found and [replace(each, axes=without(each.axes, part.axis, part.keeps)) for each in found]


def _of_ones(operation: tf.Operation, column: int) -> list[Total] | None:
    """Of a product whose values have a column of ones: there stands the sum of what weighs."""
    for place, operand in enumerate(operation.inputs):
        numbers, values = behind(operand, SAME), operation.inputs[1 - place]
        if len(operation.inputs) != 2 or not _ones_in(values, _value_axis(operation, 1 - place), column):
            continue
        for key in range(numbers.shape.rank or 0):
            axes = axes_of_product(operation, place, tuple(range(numbers.shape.rank)), key)
            if axes is not None:
                return [Total(numbers, key, axes)]
    return None


def _value_axis(operation: tf.Operation, place: int) -> int:
    """Which axis of an operand becomes the last of the product; -1 where none does."""
    rank = operation.inputs[place].shape.rank or 0
    if operation.type.endswith("Einsum"):
        given, _, left = operation.get_attr("equation").decode().replace(" ", "").partition("->")
        return int(given.split(",")[place].find(left[-1:]))
    flipped = operation.get_attr(
        ("transpose_a", "transpose_b")[place] if operation.type == "MatMul" else ("adj_x", "adj_y")[place]
    )
    return -1 if place == 0 else rank - (2 if flipped else 1)


def _ones_in(values: tf.Tensor, axis: int, column: int) -> bool:
    """Whether a column of values is made of ones, that were joined to them."""
    for _ in range(REACH):
        operation = values.op
        if axis < 0:
            return False
        if operation.type == "ConcatV2":
            along = constant(operation.inputs[-1])
            return along is not None and along % values.shape.rank == axis and _is_ones(operation.inputs[:-1][column])
        if operation.type == "PadV2":
            around, filled = (constant(each) for each in operation.inputs[1:])
            return filled is not None and filled == 1 and around is not None and bool(around[axis][column])
        if operation.type == "Transpose":
            order = constant(operation.inputs[1])
            axis = -1 if order is None else int(order[axis])
        elif operation.type not in SAME and not _along_another(operation, axis):
            return False
        values = operation.inputs[1 if operation.type == "Split" else 0]
    return False


def _along_another(operation: tf.Operation, axis: int) -> bool:
    """Whether this takes a part along other axes than one."""
    if operation.type in ("Split", "SplitV"):
        place = constant(operation.inputs[0 if operation.type == "Split" else 2])
        return place is not None and int(place) % operation.outputs[0].shape.rank != axis
    before, after = operation.inputs[0].shape, operation.outputs[0].shape
    same = before.rank == after.rank is not None and before[axis] == after[axis] is not None
    return operation.type == "StridedSlice" and same and bool(np.all(constant(operation.inputs[3]) == 1))


def _is_ones(tensor: tf.Tensor) -> bool:
    tensor = behind(tensor, (*SAME, "BroadcastTo", "Tile", "ExpandDims", "Reshape"))
    value = constant(tensor.op.inputs[1] if tensor.op.type == "Fill" else tensor)
    return tensor.op.type == "OnesLike" or (value is not None and bool(np.all(value == 1)))


def _keeps_last(operation: tf.Operation) -> bool:
    """Whether the last axis stays the last."""
    order = constant(operation.inputs[1]) if operation.type == "Transpose" else None
    return order is not None and order[-1] == len(order) - 1


def without(axes: Axes, place: int, kept: bool = False) -> Axes:
    """Axes where one was summed up or taken out; `kept` if one of length one is left."""
    return (*axes[:place], *([None] if kept else []), *axes[place + 1 :])


def addends(operation: tf.Operation) -> list[tf.Tensor]:
    """What an operation adds up, one by one or stacked; nothing where it does something else."""
    if operation.type in ("AddV2", "Add", "AddN"):
        return list(operation.inputs)
    stack = operation.inputs[0].op if operation.type == "Sum" else None
    if stack is None or stack.type != "Pack" or operation.get_attr("keep_dims"):
        return []
    rank = stack.outputs[0].shape.rank
    return list(stack.inputs) if rank and summed_axes(operation) == [stack.get_attr("axis") % rank] else []


def is_zero(tensor: tf.Tensor) -> bool:
    """Whether a tensor is nothing but zeros, as sums begin with."""
    operation = tensor.op
    if operation.type in ("ZerosLike", "Const"):
        return operation.type == "ZerosLike" or not np.any(constant(tensor))
    if operation.type == "Mul":
        return any(is_zero(each) for each in operation.inputs)
    if operation.type == "Fill":
        return is_zero(operation.inputs[1])
    return moves(operation) and is_zero(operation.inputs[0])
