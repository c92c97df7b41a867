"""Attention over parts of the keys, put together where it is one softmax over all of them: each part has a softmax of
its own, and what that gives is multiplied with how much the part has in all, before it is added up.

The weights are those of the parts times what the model multiplies them with. That they are those of one softmax is seen
by computing these factors of other scores: they have to be the shares of the parts in a softmax over all keys.

Source: Dao et al. 2023, "Flash-Decoding"; Liu et al. 2023, "Ring Attention with Blockwise Transformers".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnviz.capture.above import Product, products
from attnviz.capture.below import Total
from attnviz.capture.carried import laid
from attnviz.capture.parts import alike_scores, summed_scores, unshifted
from attnviz.capture.products import MATRICES
from attnviz.capture.recorder import Recorder, Tapped
from attnviz.capture.roots import MOVED
from attnviz.capture.uses import onward
from attnviz.capture.weighing import KEPT

#: What the parts go through from their products to their sum.
_JOINING = frozenset((*MOVED, "Mul", "AddV2", "Add", "AddN", "Sub", "RealDiv", "Sum", "Pack"))

#: Operations looked at from a sum back to the products in it: running sums over parts are as deep as there are parts.
_REACH = 60

#: How many tensors behind a product are looked at.
_WIDTH = 200

#: For a length that is open, when factors are computed of other scores.
_LENGTH = 3


@dataclass(frozen=True)
class _Sum:
    """Products of parts, added up."""

    parts: tuple[Tapped, ...]
    products: tuple[Product, ...]
    blocks: tuple[int, ...]


def join(recorder: Recorder) -> None:
    """Put together what was met and is one attention; the parts are superseded by the whole."""
    operations = recorder.scopes[0].graph.get_operations()
    summed = [scores for each in operations if each.type == "Log" for scores in summed_scores(each)]
    parts = [
        each
        for each in recorder.tapped
        if each.how == "softmax" and len(each.over) == 1 and not (each.steps or each.superseded)
        if any(alike_scores(scores, unshifted(each.scores)) for scores in summed)
    ]
    for part in parts:
        found = () if part.superseded else sorted(_sums(part, parts), key=lambda one: -len(one.parts))
        whole = next((each for each in (_whole(recorder, one) for one in found) if each is not None), None)
        if whole is not None:
            recorder.tapped.append(whole)


def _sums(part: Tapped, parts: Sequence[Tapped]) -> Iterator[_Sum]:
    """Where what a part weighs is added to what others weigh, or along an axis of blocks."""
    totals = [Total(each.weights, each.over[0], _others(each)) for each in parts]
    by_total = {id(total): each for total, each in zip(totals, parts, strict=True)}
    weighed = (reader for _, reader in onward(part.weights, KEPT) if reader is not None and reader.type in MATRICES)
    for product in weighed:
        for count, (tensor, operation) in enumerate(onward(product.outputs[0], _JOINING)):
            if count > _WIDTH:
                break
            if operation is not None or tensor.op.type not in _JOINING:
                continue
            found = products(tensor, totals, _REACH) or []
            own = tuple({id(each.total): by_total[id(each.total)] for each in found}.values())
            blocks = {each.blocks for each in found}
            if id(part) in map(id, own) and len(blocks) == 1 and (len(own) > 1 or found[0].blocks):
                yield _Sum(own, tuple(found), next(iter(blocks)))


def _others(part: Tapped) -> tuple[int | None, ...]:
    return tuple(None if axis == part.over[0] else axis for axis in range(part.weights.shape.rank))


def _whole(recorder: Recorder, found: _Sum) -> Tapped | None:
    """One attention in place of its parts; None where that is not shown."""
    first, key = found.parts[0], found.parts[0].over[0]
    scores = [unshifted(each.scores) for each in found.parts]
    factors = [_factor(part, found.products) for part in found.parts]
    if any(each.over != first.over for each in found.parts) or any(each is None for each in factors):
        return None
    if any(each.shape.rank != scores[0].shape.rank for each in scores):
        return None
    before = {id(each.weights): each.inner[1] for each in recorder.tapped}
    way = _proved(factors, scores, key, found.blocks, before)
    if way is None:
        return None
    own = set(map(id, found.parts))
    for each in recorder.tapped:
        each.superseded |= id(each) in own or id(each.inner[1]) in way
    pairs = [
        (part.inner[1], tf.cast(each, part.weights.dtype)) for part, each in zip(found.parts, factors, strict=True)
    ]
    inner = tf.concat(scores, key), tf.concat([weights * factor for weights, factor in pairs], key)
    over = (*sorted(found.blocks), key)
    whole = replace(first, over=over, scores=inner[0], weights=inner[1], inner=inner, parts=found.parts)
    return replace(whole, editable=False, maskable=False, superseded=False)


def _proved(
    factors: Sequence[tf.Tensor | None],
    scores: Sequence[tf.Tensor],
    key: int,
    blocks: Sequence[int],
    before: Mapping[int, tf.Tensor],
) -> set[int] | None:
    """Whether factors are the shares of parts in a softmax over all keys, seen at scores of any size.

    Args:
        factors: Of the weights of each part.
        scores: Of each part.
        key: Axis of the keys.
        blocks: Axes of blocks of keys.
        before: By id of a tensor the one it stands for: an edit may stand between.

    Returns:
        Ids of all tensors that factors are computed of; None where they are something else.
    """
    random, way = np.random.default_rng(0), set[int]()
    sizes = [[_LENGTH if size is None else size for size in each.shape] for each in scores]
    values = [random.normal(size=each) for each in sizes]
    powers = [np.exp(each).sum(key, keepdims=True) for each in values]
    try:
        total = sum(each.sum((key, *blocks), keepdims=True) for each in powers)
        given = {id(each): value for each, value in zip(scores, values, strict=True)}
        computed = _computed([each for each in factors if each is not None], given, before, way)
        pairs = zip(computed, powers, strict=True)
        same = all(np.allclose(one, power / total, 1e-3, 1e-5) for one, power in pairs)
    except (ValueError, TypeError, tf.errors.OpError):  # of something else than scores, or of another form
        return None
    return way if same else None


def _factor(part: Tapped, found: Sequence[Product]) -> tf.Tensor | None:
    """What the weights of a part are multiplied with in all, laid out as they are."""
    rank, sums = part.weights.shape.rank, []
    for each in found:
        if each.total.numbers is not part.weights:
            continue
        scaled = tf.ones([1] * rank, part.weights.dtype)
        for scale, axes in each.scales:
            own = axes[len(axes) - scale.shape.rank :]
            if any(size != 1 for axis, size in zip(own, scale.shape, strict=True) if axis is None):
                return None  # another for every feature
            scaled = scaled * laid(scale, axes, rank)
        sums.append(scaled)
    return tf.add_n(sums) if len({tuple(each.shape) for each in sums}) == 1 else sum(sums[1:], sums[0])


def _computed(
    tensors: Sequence[tf.Tensor], given: Mapping[int, NDArray[Any]], before: Mapping[int, tf.Tensor], way: set[int]
) -> list[NDArray[Any]]:
    """Tensors as they come out of other scores, in a graph of their own.

    Args:
        tensors: What is computed.
        given: By id of a tensor its value.
        before: By id of a tensor the one it stands for: an edit may stand between.
        way: Takes the ids of all tensors on the way.

    Raises:
        ValueError: Something is needed besides what is given.
    """
    graph, made = tf.Graph(), dict[int, Any]()

    def copy(tensor: tf.Tensor) -> tf.Tensor:
        tensor = before.get(id(tensor), tensor)
        way.add(id(tensor))
        if id(tensor) in given:
            return tf.constant(given[id(tensor)], tensor.dtype)
        operation = tensor.op
        if not operation.inputs and operation.type != "Const":
            raise ValueError(operation.type)
        if id(operation) not in made:
            attributes = {name: value for name, value in operation.node_def.attr.items() if not name.startswith("_")}
            operands, kinds = [copy(each) for each in operation.inputs], [each.dtype for each in operation.outputs]
            made[id(operation)] = graph.create_op(operation.type, operands, kinds, attrs=attributes)
        return made[id(operation)].outputs[tensor.value_index]

    with graph.as_default(), tf.compat.v1.Session(graph=graph) as session:
        values: list[NDArray[Any]] = session.run([copy(each) for each in tensors])
    return values
