"""Certain numbers, carried through a graph: which of their axes is which after it, and the same of other numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from attnviz.capture.constants import constant
from attnviz.capture.normalised import alike
from attnviz.capture.products import EINSUMS
from attnviz.capture.roots import REACH, SAME, adds_axes, moves

#: Which axis of certain numbers each axis of a tensor is; None for one of length one, or of the values.
Axes = tuple[int | None, ...]


@dataclass(frozen=True)
class Cut:
    """A part of a tensor along one axis.

    Attributes:
        whole: Of what.
        axis: Along which of its axes.
        first, last: From where up to where.
        keeps: Whether the axis is left.
    """

    whole: tf.Tensor
    axis: int
    first: int
    last: int
    keeps: bool = True


def cut(tensor: tf.Tensor) -> Cut | None:
    """What a tensor is cut out of, if it is a part along one axis of known length and of nothing else."""
    operation = tensor.op
    if operation.type in ("Split", "SplitV"):
        at, given = (0, 1) if operation.type == "Split" else (2, 0)
        axis = constant(operation.inputs[at])
        whole = operation.inputs[given]
        sizes = [] if axis is None else [each.shape[int(axis)] for each in operation.outputs]
        if not sizes or None in sizes:
            return None
        first = sum(sizes[: tensor.value_index])
        return Cut(whole, int(axis) % whole.shape.rank, first, first + sizes[tensor.value_index])
    if operation.type != "StridedSlice" or operation.get_attr("new_axis_mask"):
        return None
    whole, *bounds = operation.inputs
    begins, ends, steps = (constant(each) for each in bounds)
    if begins is None or ends is None or whole.shape.rank is None or np.any(steps != 1):
        return None
    dots, shrunk = operation.get_attr("ellipsis_mask"), operation.get_attr("shrink_axis_mask")
    axis, found = 0, list[Cut]()
    for place, (begin, end) in enumerate(zip(map(int, begins), map(int, ends), strict=True)):
        bit = 1 << place
        if dots & bit:
            axis += whole.shape.rank - len(begins) + 1
            continue
        size = whole.shape[axis]
        first = None if operation.get_attr("begin_mask") & bit else begin
        last = None if operation.get_attr("end_mask") & bit else end
        if shrunk & bit:
            last = first + 1 if first not in (None, -1) else None
        if (first or 0, last) != (0, None) or shrunk & bit:
            if size is None:
                return None
            part = range(size)[first:last]
            if len(part) < size or shrunk & bit:
                found.append(Cut(whole, axis, part.start, part.stop, not shrunk & bit))
        axis += 1
    return found[0] if len(found) == 1 else None


def copied(operation: tf.Operation, operands: Sequence[tf.Tensor], output: int = 0) -> tf.Tensor:
    """What an operation gives of other operands: one of its results."""
    attributes = {name: value for name, value in operation.node_def.attr.items() if not name.startswith("_")}
    kinds = [each.dtype for each in operation.outputs]
    return operation.graph.create_op(operation.type, list(operands), kinds, attrs=attributes).outputs[output]


def axes_of_product(operation: tf.Operation, place: int, own: Axes, key: int) -> Axes | None:
    """The axes of a product of matrices by those of one operand, if that is summed over its keys and nothing else."""
    if operation.type in EINSUMS:
        equation = operation.get_attr("equation").decode().replace(" ", "")
        given, _, left = equation.partition("->")
        letters = given.split(",")[place]
        gone = [axis for letter, axis in zip(letters, own, strict=False) if letter not in left and axis is not None]
        if "." in equation or gone != [key]:
            return None
        return tuple(own[letters.index(letter)] if letter in letters else None for letter in left)
    flips = ("transpose_a", "transpose_b") if operation.type == "MatMul" else ("adj_x", "adj_y")
    row, inner = (-2, -1) if operation.get_attr(flips[place]) == bool(place) else (-1, -2)
    if own[inner] != key:
        return None
    pair = (own[row], None) if place == 0 else (None, own[row])
    return (*[None] * (operation.outputs[0].shape.rank - len(own)), *own[:-2], *pair)


def with_others(operation: tf.Operation, place: int, numbers: tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
    """From other numbers to what an operation gives of them, moved as these are."""
    way = way_to(operation.inputs[place], numbers) or []

    def again(given: tf.Tensor) -> tf.Tensor:
        for each in way:
            given = copied(each, [given, *each.inputs[1:]])
        return copied(operation, [given if at == place else each for at, each in enumerate(operation.inputs)])

    return again


def way_to(operand: tf.Tensor, numbers: tf.Tensor) -> list[tf.Operation] | None:
    """The operations that move certain numbers to where an operand has them, in order."""
    way: list[tf.Operation] = []
    for _ in range(REACH):
        if operand is numbers or alike(operand, numbers):
            return way[::-1]
        if not moves(operand.op):
            return None
        way.append(operand.op)
        operand = operand.op.inputs[0]
    return None


def axes_in(operand: tf.Tensor, numbers: tf.Tensor) -> Axes | None:
    """Which axis of certain numbers each axis of an operand is, if it is these numbers, moved."""
    way = way_to(operand, numbers)
    axes: Axes | None = None if way is None else tuple(range(numbers.shape.rank))
    for each in way or ():
        axes = None if axes is None else axes_after(each, axes)
    return axes


def axes_after(operation: tf.Operation, axes: Axes) -> Axes | None:
    """Axes after an operation that moves numbers; None where that cannot be told."""
    if operation.type in SAME:
        return axes
    if operation.type == "Transpose":
        order = constant(operation.inputs[1])
        return None if order is None else tuple(axes[place] for place in order)
    if operation.type == "ExpandDims":
        place = constant(operation.inputs[1])
        at = None if place is None else int(np.ravel(place)[0]) % (len(axes) + 1)
        return None if at is None else (*axes[:at], None, *axes[at:])
    if adds_axes(operation):
        new, dots = (operation.get_attr(f"{name}_mask") for name in ("new_axis", "ellipsis"))
        count = operation.inputs[1].shape.num_elements() or 0
        left, found = list(axes), list[int | None]()
        for place in range(count):
            taken = 0 if new >> place & 1 else 1
            if dots >> place & 1:
                taken = len(left) - sum(not new >> each & 1 for each in range(place + 1, count))
            found += left[:taken] if taken or dots >> place & 1 else [None]
            left = left[taken:]
        return (*found, *left)
    if operation.type in ("Reshape", "Squeeze"):
        return _reshaped(operation.inputs[0].shape.as_list(), operation.outputs[0].shape, axes)
    return None


def _reshaped(before: Sequence[int | None], shape: tf.TensorShape, axes: Axes) -> Axes | None:
    """Axes where a reshape only puts in axes of length one, or takes them out."""
    after = None if shape.rank is None else shape.as_list()
    own = [(size, axis) for size, axis in zip(before, axes, strict=True) if size != 1]
    if after is None or [size for size, _ in own] != [size for size in after if size != 1]:
        return None
    left = iter(own)
    return tuple(None if size == 1 else next(left)[1] for size in after)


def summed_axes(operation: tf.Operation) -> list[int]:
    """The axes a sum goes over."""
    axes = constant(operation.inputs[1])
    rank = operation.inputs[0].shape.rank
    return [] if axes is None or not rank else [int(axis) % rank for axis in np.ravel(axes)]


def cumulated_along(operation: tf.Operation) -> int | None:
    """Along which axis a cumulative sum goes, from the first on and each with itself."""
    turned = operation.get_attr("exclusive") or operation.get_attr("reverse")
    return None if turned or len(summed_axes(operation)) != 1 else summed_axes(operation)[0]


def laid(tensor: tf.Tensor, axes: Axes, rank: int) -> tf.Tensor:
    """A tensor with these axes of the numbers, in their order; the others have length one."""
    axes = axes[len(axes) - tensor.shape.rank :]
    single = [place for place, axis in enumerate(axes) if axis is None]
    known = [axis for axis in axes if axis is not None]
    if (*known,) != (*range(rank),) or single:
        tensor = tf.squeeze(tensor, single) if single else tensor
        if known != sorted(known):
            tensor = tf.transpose(tensor, np.argsort(known))
        for axis in range(rank):
            tensor = tensor if axis in known else tf.expand_dims(tensor, axis)
    return tensor


def cumulated(axes: Axes, key: int, other: tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
    """From weights `[…, query, key, …]` to what they weigh of values, whose axes may have another order."""
    order: list[int] = []
    for axis in axes:
        if axis is not None:
            order += [key, key + 1] if axis == key else [axis + (axis > key)]
    at = axes.index(key)

    def again(given: tf.Tensor) -> tf.Tensor:
        laid = given if order == sorted(order) else tf.transpose(given, order)
        for place, axis in enumerate(axes):
            if axis is None:
                laid = tf.expand_dims(laid, place + (place > at))
        return tf.reduce_sum(laid * tf.expand_dims(other, at), at + 1)

    return again
