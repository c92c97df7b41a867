"""What stands above the line of a division: values that were weighed with the numbers which are added up below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import tensorflow as tf

from attnviz.capture.below import Total, addends, is_zero, without
from attnviz.capture.carried import (
    Axes,
    axes_after,
    axes_in,
    axes_of_product,
    copied,
    cumulated,
    cumulated_along,
    cut,
    summed_axes,
    with_others,
)
from attnviz.capture.products import MATRICES
from attnviz.capture.roots import REACH, moves


@dataclass(frozen=True)
class Product:
    """Values that are weighed above the line.

    Attributes:
        total: With what, as it stands below.
        axes: Which axis of the numbers each axis of the product is.
        again: The product of other numbers.
        product: The product itself.
        scales: What the product is multiplied with on its way, nearest first, each with the axes it has there.
        blocks: Along which other axes the products of blocks of keys were added up.
    """

    total: Total
    axes: Axes
    again: Callable[[tf.Tensor], tf.Tensor]
    product: tf.Tensor
    scales: tuple[tuple[tf.Tensor, Axes], ...] = ()
    blocks: tuple[int, ...] = ()


def products(tensor: tf.Tensor, totals: Sequence[Total], reach: int = REACH) -> list[Product] | None:
    """What is weighed above the line; none of a zero, None where something else stands there."""
    operation = tensor.op
    if is_zero(tensor):
        return []
    if not reach or tensor.shape.rank is None:
        return None
    for total in totals:
        found = _product(operation, total)
        if found is not None:
            return [found]
    part = cut(tensor)
    if part is not None:
        inner = products(part.whole, totals, reach - 1)
        if inner is None or any(each.axes[part.axis] is not None for each in inner):
            return None
        place = next(at for at, each in enumerate(operation.inputs) if each is part.whole)
        return [
            replace(
                each,
                axes=without(each.axes, part.axis, part.keeps),
                again=_then(each.again, operation, place, tensor.value_index),
            )
            for each in inner
        ]
    if moves(operation):
        return _each_moved(operation, products(operation.inputs[0], totals, reach - 1))
    if sides := addends(operation):
        parts = [products(each, totals, reach - 1) for each in sides]
        return None if any(each is None for each in parts) else [each for part in parts for each in part or ()]
    if operation.type == "Sum" and len(summed_axes(operation)) == 1:
        stack = _of_stacked(operation, totals, reach)
        return stack or _of_blocks(operation, products(operation.inputs[0], totals, reach - 1))
    if operation.type == "Sub":
        less, more = (products(each, totals, reach - 1) for each in operation.inputs[::-1])
        return None if less is None or more is None else [*more, *_scaled(less, tf.constant(-1, tensor.dtype))]
    if operation.type == "RealDiv":
        divided = products(operation.inputs[0], totals, reach - 1)
        return None if divided is None else _scaled(divided, 1 / operation.inputs[1])
    if operation.type == "Mul":
        for side, scale in (operation.inputs, operation.inputs[::-1]):
            scaled = products(side, totals, reach - 1)
            if scaled is not None:
                return _scaled(scaled, scale)
    return None


def _scaled(found: Sequence[Product], scale: tf.Tensor) -> list[Product]:
    return [replace(each, scales=(*each.scales, (scale, each.axes))) for each in found]


def _of_stacked(operation: tf.Operation, totals: Sequence[Total], reach: int) -> list[Product] | None:
    """Of products that were stacked, scaled and added up along that axis, each with its own part of the scales."""
    product, (over,) = operation.inputs[0], summed_axes(operation)
    for stack, scales in (product.op.inputs, product.op.inputs[::-1]) if product.op.type == "Mul" else ():
        rank = stack.shape.rank
        if stack.op.type != "Pack" or rank != scales.shape.rank or stack.op.get_attr("axis") % rank != over:
            continue
        parts = [products(each, totals, reach - 1) for each in stack.op.inputs]
        if not operation.get_attr("keep_dims") and None not in parts:
            shares = [tf.gather(scales, place, axis=over) for place in range(len(parts))]
            return [each for part, share in zip(parts, shares, strict=True) for each in _scaled(part or (), share)]
    return None


def _of_blocks(operation: tf.Operation, found: Sequence[Product] | None) -> list[Product] | None:
    """Of blocks of keys along an axis of their own, whose products are added up."""
    (over,), keep = summed_axes(operation), operation.get_attr("keep_dims")
    added = []
    for each in found or ():
        block = each.axes[over]
        if block is None:
            return None
        axes, again = without(each.axes, over, keep), _then(each.again, operation)
        added.append(replace(each, axes=axes, again=again, blocks=(*each.blocks, block)))
    return None if found is None else added


def _each_moved(operation: tf.Operation, found: Sequence[Product] | None) -> list[Product] | None:
    moved = []
    for each in found or ():
        axes = axes_after(operation, each.axes)
        if axes is None:
            return None
        moved.append(replace(each, axes=axes, again=_then(each.again, operation)))
    return None if found is None else moved


def _then(
    before: Callable[[tf.Tensor], tf.Tensor], operation: tf.Operation, place: int = 0, output: int = 0
) -> Callable[[tf.Tensor], tf.Tensor]:
    """An operation after others, done again."""

    def again(given: tf.Tensor) -> tf.Tensor:
        new = before(given)
        return copied(operation, [new if at == place else each for at, each in enumerate(operation.inputs)], output)

    return again


def _product(operation: tf.Operation, total: Total) -> Product | None:
    """Whether these numbers weigh something here that is summed over their keys."""
    if operation.type in MATRICES and len(operation.inputs) == 2 and not total.causal:
        for place, operand in enumerate(operation.inputs):
            own = axes_in(operand, total.numbers)
            axes = None if own is None else axes_of_product(operation, place, own, total.key)
            if axes is not None:
                return Product(total, axes, with_others(operation, place, total.numbers), operation.outputs[0])
    if operation.type != ("Cumsum" if total.causal else "Sum") or operation.inputs[0].op.type != "Mul":
        return None
    product = operation.inputs[0].op
    for place, operand in enumerate(product.inputs):
        own = axes_in(operand, total.numbers)
        if own is None or total.key not in own:
            continue
        rank = product.outputs[0].shape.rank
        axes = (*[None] * (rank - len(own)), *own)
        key = axes.index(total.key)
        if total.causal:
            other = product.inputs[1 - place]
            if cumulated_along(operation) == key and other.shape.rank == rank:
                return Product(total, axes, cumulated(axes, total.key, other), operation.outputs[0])
        elif summed_axes(operation) == [key]:
            left = tuple(None if axis == total.key else axis for axis in axes)
            left = left if operation.get_attr("keep_dims") else (*left[:key], *left[key + 1 :])
            inner = with_others(product, place, total.numbers)
            return Product(total, left, _then(inner, operation), operation.outputs[0])
    return None
