"""Weights that are divided by their sum only after they have weighed: `exp(s) @ v / sum(exp(s))`.

There is no tensor of weights in such a graph, but it says what they are: what stands above the line is numbers with
which values are weighed, what stands below is the sum of the same numbers. The weights are put together, and the values
weighed with them, so that they can be changed as others can. So are weights over blocks of keys that are added up one
after the other, each with what it is scaled by, and over all keys so far (`cumsum`).

Source: Milakov and Gimelshein 2018, "Online normalizer calculation for softmax"; Dao et al. 2022, "FlashAttention";
Zhai et al. 2021, "An Attention Free Transformer".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf

from attnviz.capture.masks import of_truth
from attnviz.capture.normalised import HIDDEN, Found, alike, scored, summed
from attnviz.capture.roots import MOVED, REACH, SAME, Met, Root, adds_axes, behind, leads, moves, root_of

#: Which axis of certain numbers each axis of a tensor is; None for one of length one, or of the values.
Axes = tuple[int | None, ...]

_MATRICES = ("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")
_SUMS = ("AddV2", "Add")


@dataclass(frozen=True)
class Total:
    """Numbers that are added up below the line.

    Attributes:
        numbers: What is added up.
        key: Along which axis.
        axes: Which axis of the numbers each axis of the sum is.
        causal: Whether it is the sum of all so far; its axis is then that of the queries.
        scales: What the sum is multiplied with on its way, nearest first, each with the axes it has there.
    """

    numbers: tf.Tensor
    key: int
    axes: Axes
    causal: bool = False
    scales: tuple[tuple[tf.Tensor, Axes], ...] = ()


@dataclass(frozen=True)
class Product:
    """Values that are weighed above the line.

    Attributes:
        total: With what, as it stands below.
        axes: Which axis of the numbers each axis of the product is.
        again: The product of other numbers.
        scales: What the product is multiplied with on its way, nearest first.
    """

    total: Total
    axes: Axes
    again: Callable[[tf.Tensor], tf.Tensor]
    scales: tuple[tf.Tensor, ...] = ()


def late(above: tf.Tensor, below: tf.Tensor, met: Met) -> Found | None:
    """Whether `above / below` is what weights weigh that are not yet divided by their sum.

    Args:
        above: Values that were weighed and summed.
        below: The sum of what they were weighed with.
        met: Tells weights that were met before.
    """
    totals = _totals(below)
    products = _products(above, totals) if totals else None
    if not totals or not products or not _together(totals, products):
        return None
    roots = [root_of(each.numbers, met) for each in totals]
    how, key, causal = roots[0].how, totals[0].key, totals[0].causal
    if any(each.how != how or each.known is not None for each in roots) or of_truth(totals[0].numbers):
        return None
    scores = _scores(totals, roots)
    if causal:
        weights, scores = _so_far(totals[0], below, scores)
    else:
        shares = [_shares(each, below) for each in totals]
        weights = shares[0] if len(shares) == 1 else tf.concat(shares, key)
    if scores is None:
        scores = tf.math.log(weights) if how == "softmax" else weights
    lengths = [tf.shape(each.numbers)[key] for each in totals]

    def again(given: tf.Tensor) -> tf.Tensor:
        parts = [given] if len(totals) == 1 else tf.split(given, lengths, key, num=len(lengths))
        by_total = {id(total): part for total, part in zip(totals, parts, strict=True)}
        answer = tf.add_n([each.again(by_total[id(each.total)]) for each in products])
        return tf.ensure_shape(answer, above.shape)

    return Found(scores, (key + causal,), (), how, weights, again)


def recurrent(above: tf.Tensor, below: tf.Tensor, outermost: Any) -> bool:
    """Whether both sides of a division are sums that a loop adds to, step by step, as of weights: there they cannot be
    told apart again.

    Args:
        above, below: Of the division, in a loop or behind it.
        outermost: The graph that is no loop.
    """
    one, other = _in_loop(above), _in_loop(below)
    if one.graph is outermost or one.graph is not other.graph:
        return False
    added, total = _addends(one), _addends(other)
    if not any(map(_is_state, added)) or not any(map(_is_state, total)):
        return False
    values = (behind(each, MOVED).op.type for each in added)
    numbers = [each.op.inputs[0] if each.op.type == "Sum" else each for each in total if not _is_state(each)]
    return any(leads(each, lambda _: None) for each in numbers) and any(
        each in (*_MATRICES, "Einsum", "Mul") for each in values
    )


def _in_loop(tensor: tf.Tensor) -> tf.Tensor:
    """What a loop gave out, as its body computes it; the tensor itself where it comes from none."""
    start = tensor
    for _ in range(REACH):
        operation = tensor.op
        if operation.type in ("While", "StatelessWhile"):
            inside = behind(operation._body_graph.outputs[tensor.value_index], SAME)
            return inside.op.inputs[2] if inside.op.type == "TensorListSetItem" else inside
        if not moves(operation) and operation.type not in ("StridedSlice", "TensorListStack"):
            break
        tensor = operation.inputs[0]
    return start


def _addends(tensor: tf.Tensor, reach: int = REACH) -> list[tf.Tensor]:
    """What is added up in a tensor."""
    operation = behind(tensor, MOVED).op
    if operation.type not in _SUMS or not reach:
        return [behind(tensor, MOVED)]
    return [each for side in operation.inputs for each in _addends(side, reach - 1)]


def _is_state(tensor: tf.Tensor, reach: int = REACH) -> bool:
    """Whether this is what a loop hands from step to step, perhaps scaled."""
    operation = behind(tensor, MOVED).op
    if operation.type == "Mul" and reach:
        return any(_is_state(each, reach - 1) for each in operation.inputs)
    inside = operation.outputs[0]
    captured = operation.graph.internal_captures
    return operation.type == "Placeholder" and not any(each is inside for each in captured)


def _together(totals: Sequence[Total], products: Sequence[Product]) -> bool:
    """Whether what stands below the line is the sum of just what weighs above it, with the same axes."""
    first = totals[0]
    if any((each.key, each.causal, each.axes) != (first.key, first.causal, first.axes) for each in totals):
        return False
    if len(products) != len(totals) or {id(each.total) for each in products} != {id(each) for each in totals}:
        return False
    if first.causal and (len(totals) > 1 or first.scales):
        return False
    for each in products:
        known = each.axes[len(each.axes) - len(first.axes) :]
        fits = all(below in (None, above) for below, above in zip(first.axes, known, strict=True))
        scales = [behind(scale, MOVED) for scale, _ in each.total.scales]
        same = [one is behind(two, MOVED) for one, two in zip(scales, each.scales, strict=False)]
        if len(each.axes) < len(first.axes) or not fits or len(scales) != len(each.scales) or not all(same):
            return False
    return True


def _totals(tensor: tf.Tensor, reach: int = REACH) -> list[Total] | None:
    """What is added up below the line; none of a zero, None where something else stands there."""
    operation, rank = tensor.op, tensor.shape.rank
    if _is_zero(tensor):
        return []
    if not reach or rank is None:
        return None
    added = summed(operation)
    if added is not None and len(added[1]) == 1 and added[0].shape.rank:
        count = added[0].shape.rank
        key = added[1][0] % count
        axes = tuple(None if axis == key else axis for axis in range(count))
        axes = axes if rank == count else tuple(axis for axis in axes if axis is not None)
        return [Total(behind(added[0], SAME), key, axes)]
    if operation.type == "Cumsum":
        place = _so_far_along(operation)
        return None if place is None else [Total(behind(operation.inputs[0], SAME), place, tuple(range(rank)), True)]
    if moves(operation):
        found = _totals(operation.inputs[0], reach - 1)
        moved = [(each, _moved(operation, each.axes)) for each in found or ()]
        if found is None or any(axes is None for _, axes in moved):
            return None
        return [replace(each, axes=axes) for each, axes in moved if axes is not None]
    if operation.type in (*_SUMS, "Maximum"):
        sides = [each for each in operation.inputs if tf.get_static_value(each) is None or _is_zero(each)]
        if len(sides) == 2 and operation.type == "Maximum":
            return None
        parts = [_totals(each, reach - 1) for each in sides]
        return None if any(part is None for part in parts) else [each for part in parts for each in part or ()]
    if operation.type == "Mul":
        for side, scale in (operation.inputs, operation.inputs[::-1]):
            found = _totals(side, reach - 1)
            if found is not None:
                return [replace(each, scales=(*each.scales, (scale, each.axes))) for each in found]
    return None


def _products(tensor: tf.Tensor, totals: Sequence[Total], reach: int = REACH) -> list[Product] | None:
    """What is weighed above the line; none of a zero, None where something else stands there."""
    operation = tensor.op
    if _is_zero(tensor):
        return []
    if not reach or tensor.shape.rank is None:
        return None
    for total in totals:
        found = _product(operation, total)
        if found is not None:
            return [found]
    if moves(operation):
        return _each_moved(operation, _products(operation.inputs[0], totals, reach - 1))
    if operation.type in _SUMS:
        parts = [_products(each, totals, reach - 1) for each in operation.inputs]
        return None if any(part is None for part in parts) else [each for part in parts for each in part or ()]
    if operation.type == "Mul":
        for side, scale in (operation.inputs, operation.inputs[::-1]):
            products = _products(side, totals, reach - 1)
            if products is not None:
                return [replace(each, scales=(*each.scales, scale)) for each in products]
    return None


def _each_moved(operation: tf.Operation, products: list[Product] | None) -> list[Product] | None:
    moved = []
    for each in products or ():
        axes = _moved(operation, each.axes)
        if axes is None:
            return None
        moved.append(replace(each, axes=axes, again=_then(each.again, operation)))
    return None if products is None else moved


def _then(before: Callable[[tf.Tensor], tf.Tensor], operation: tf.Operation) -> Callable[[tf.Tensor], tf.Tensor]:
    return lambda given: _copied(operation, [before(given), *operation.inputs[1:]])


def _copied(operation: tf.Operation, operands: Sequence[tf.Tensor]) -> tf.Tensor:
    """What an operation gives of other operands."""
    attributes = {name: value for name, value in operation.node_def.attr.items() if not name.startswith("_")}
    kinds = [each.dtype for each in operation.outputs]
    return operation.graph.create_op(operation.type, list(operands), kinds, attrs=attributes).outputs[0]


def _product(operation: tf.Operation, total: Total) -> Product | None:
    """Whether these numbers weigh something here that is summed over their keys."""
    if operation.type in (*_MATRICES, "Einsum") and len(operation.inputs) == 2 and not total.causal:
        for place, operand in enumerate(operation.inputs):
            own = _axes_in(operand, total.numbers)
            axes = None if own is None else _of_product(operation, place, own, total.key)
            if axes is not None:
                return Product(total, axes, _in_place(operation, place, total.numbers))
    if operation.type != ("Cumsum" if total.causal else "Sum") or operation.inputs[0].op.type != "Mul":
        return None
    product = operation.inputs[0].op
    for place, operand in enumerate(product.inputs):
        own = _axes_in(operand, total.numbers)
        if own is None or total.key not in own:
            continue
        rank = product.outputs[0].shape.rank
        axes = (*[None] * (rank - len(own)), *own)
        key = axes.index(total.key)
        if total.causal:
            other = product.inputs[1 - place]
            if _so_far_along(operation) == key and other.shape.rank == rank:
                return Product(total, axes, _cumulated(axes, total.key, other))
        elif _over(operation) == [key]:
            left = tuple(None if axis == total.key else axis for axis in axes)
            left = left if operation.get_attr("keep_dims") else (*left[:key], *left[key + 1 :])
            inner = _in_place(product, place, total.numbers)
            return Product(total, left, _then(inner, operation))
    return None


def _of_product(operation: tf.Operation, place: int, own: Axes, key: int) -> Axes | None:
    """The axes of a product of matrices by those of one operand, if that is summed over its keys and nothing else."""
    if operation.type == "Einsum":
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


def _in_place(operation: tf.Operation, place: int, numbers: tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
    """From other numbers to what an operation gives of them, moved as these are."""
    way = _way(operation.inputs[place], numbers) or []

    def again(given: tf.Tensor) -> tf.Tensor:
        for each in way:
            given = _copied(each, [given, *each.inputs[1:]])
        return _copied(operation, [given if at == place else each for at, each in enumerate(operation.inputs)])

    return again


def _way(operand: tf.Tensor, numbers: tf.Tensor) -> list[tf.Operation] | None:
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


def _axes_in(operand: tf.Tensor, numbers: tf.Tensor) -> Axes | None:
    """Which axis of certain numbers each axis of an operand is, if it is these numbers, moved."""
    way = _way(operand, numbers)
    axes: Axes | None = None if way is None else tuple(range(numbers.shape.rank))
    for each in way or ():
        axes = None if axes is None else _moved(each, axes)
    return axes


def _moved(operation: tf.Operation, axes: Axes) -> Axes | None:
    """Axes after an operation that moves numbers; None where that cannot be told."""
    if operation.type in SAME:
        return axes
    if operation.type == "Transpose":
        order = tf.get_static_value(operation.inputs[1])
        return None if order is None else tuple(axes[place] for place in order)
    if operation.type == "ExpandDims":
        place = tf.get_static_value(operation.inputs[1])
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


def _over(operation: tf.Operation) -> list[int]:
    """The axes a sum goes over."""
    axes = tf.get_static_value(operation.inputs[1])
    rank = operation.inputs[0].shape.rank
    return [] if axes is None or not rank else [int(axis) % rank for axis in np.ravel(axes)]


def _so_far_along(operation: tf.Operation) -> int | None:
    """Along which axis a cumulative sum goes, from the first on and each with itself."""
    turned = operation.get_attr("exclusive") or operation.get_attr("reverse")
    return None if turned or len(_over(operation)) != 1 else _over(operation)[0]


def _is_zero(tensor: tf.Tensor) -> bool:
    """Whether a tensor is nothing but zeros, as sums begin with."""
    operation = tensor.op
    if operation.type in ("ZerosLike", "Const"):
        return operation.type == "ZerosLike" or not np.any(tf.get_static_value(tensor))
    if operation.type == "Mul":
        return any(_is_zero(each) for each in operation.inputs)
    if operation.type == "Fill":
        return _is_zero(operation.inputs[1])
    return moves(operation) and _is_zero(operation.inputs[0])


def _laid(tensor: tf.Tensor, axes: Axes, rank: int) -> tf.Tensor:
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


def _shares(total: Total, below: tf.Tensor) -> tf.Tensor:
    """Numbers by their sum."""
    rank = total.numbers.shape.rank
    scaled = total.numbers
    for scale, axes in total.scales:
        scaled = scaled * _laid(scale, axes, rank)
    shares: tf.Tensor = scaled / tf.cast(_laid(below, total.axes, rank), scaled.dtype)
    return shares


def _so_far(total: Total, below: tf.Tensor, scores: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor | None]:
    """Numbers by their sum so far `[…, query, key, …]`, and their scores: every query has its own sum."""
    key, rank = total.key, total.numbers.shape.rank
    place = tf.range(tf.shape(total.numbers)[key])
    seen = place[None, :] <= place[:, None]
    for _ in range(key + 1, rank):
        seen = seen[..., None]
    below = tf.expand_dims(_laid(below, total.axes, rank), key + 1)
    numbers = tf.expand_dims(total.numbers, key)
    weights = tf.where(seen, numbers / tf.cast(below, numbers.dtype), tf.zeros((), numbers.dtype))
    if scores is None:
        return weights, None
    return weights, tf.where(seen, tf.expand_dims(scores, key), tf.cast(HIDDEN, scores.dtype))


def _cumulated(axes: Axes, key: int, other: tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
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


def _scores(totals: Sequence[Total], roots: Sequence[Root]) -> tf.Tensor | None:
    """The scores of all keys; of blocks without what each took off its own, as it is another for each."""
    found = [scored(root, total.numbers) for root, total in zip(roots, totals, strict=True)]
    if len(found) == 1:
        return found[0]
    key = totals[0].key
    whole = [None if each is None else _unshifted(each, key) for each in found]
    return None if any(each is None for each in whole) else tf.concat(whole, key)


def _unshifted(scores: tf.Tensor, key: int) -> tf.Tensor | None:
    """Scores before a number was taken off all of a row."""
    operation = scores.op
    if operation.type != "Sub" or operation.inputs[1].shape.rank != scores.shape.rank:
        return None
    return operation.inputs[0] if operation.inputs[1].shape[key] == 1 else None
