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

from attnviz.capture.carried import (
    Axes,
    axes_after,
    axes_in,
    axes_of_product,
    copied,
    cumulated,
    cumulated_along,
    laid,
    summed_axes,
    with_others,
)
from attnviz.capture.masks import truths
from attnviz.capture.normalised import HIDDEN, Found, scored, summed
from attnviz.capture.roots import MOVED, REACH, SAME, Met, Root, behind, leads, moves, root_of

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
    if any(each.how != how or each.known is not None for each in roots) or truths(totals[0].numbers):
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
        place = cumulated_along(operation)
        return None if place is None else [Total(behind(operation.inputs[0], SAME), place, tuple(range(rank)), True)]
    if moves(operation):
        found = _totals(operation.inputs[0], reach - 1)
        moved = [(each, axes_after(operation, each.axes)) for each in found or ()]
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
        axes = axes_after(operation, each.axes)
        if axes is None:
            return None
        moved.append(replace(each, axes=axes, again=_then(each.again, operation)))
    return None if products is None else moved


def _then(before: Callable[[tf.Tensor], tf.Tensor], operation: tf.Operation) -> Callable[[tf.Tensor], tf.Tensor]:
    return lambda given: copied(operation, [before(given), *operation.inputs[1:]])


def _product(operation: tf.Operation, total: Total) -> Product | None:
    """Whether these numbers weigh something here that is summed over their keys."""
    if operation.type in (*_MATRICES, "Einsum") and len(operation.inputs) == 2 and not total.causal:
        for place, operand in enumerate(operation.inputs):
            own = axes_in(operand, total.numbers)
            axes = None if own is None else axes_of_product(operation, place, own, total.key)
            if axes is not None:
                return Product(total, axes, with_others(operation, place, total.numbers))
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
                return Product(total, axes, cumulated(axes, total.key, other))
        elif summed_axes(operation) == [key]:
            left = tuple(None if axis == total.key else axis for axis in axes)
            left = left if operation.get_attr("keep_dims") else (*left[:key], *left[key + 1 :])
            inner = with_others(product, place, total.numbers)
            return Product(total, left, _then(inner, operation))
    return None


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


def _shares(total: Total, below: tf.Tensor) -> tf.Tensor:
    """Numbers by their sum."""
    rank = total.numbers.shape.rank
    scaled = total.numbers
    for scale, axes in total.scales:
        scaled = scaled * laid(scale, axes, rank)
    shares: tf.Tensor = scaled / tf.cast(laid(below, total.axes, rank), scaled.dtype)
    return shares


def _so_far(total: Total, below: tf.Tensor, scores: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor | None]:
    """Numbers by their sum so far `[…, query, key, …]`, and their scores: every query has its own sum."""
    key, rank = total.key, total.numbers.shape.rank
    place = tf.range(tf.shape(total.numbers)[key])
    seen = place[None, :] <= place[:, None]
    for _ in range(key + 1, rank):
        seen = seen[..., None]
    below = tf.expand_dims(laid(below, total.axes, rank), key + 1)
    numbers = tf.expand_dims(total.numbers, key)
    weights = tf.where(seen, numbers / tf.cast(below, numbers.dtype), tf.zeros((), numbers.dtype))
    if scores is None:
        return weights, None
    return weights, tf.where(seen, tf.expand_dims(scores, key), tf.cast(HIDDEN, scores.dtype))


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
