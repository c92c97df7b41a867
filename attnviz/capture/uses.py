"""What a graph does with a tensor: whether an answer depends on it, and what its axes are multiplied with."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

import tensorflow as tf

from attnviz.capture.back import back
from attnviz.capture.flow import Flow
from attnviz.capture.products import PRODUCTS

#: Operations that read no value.
READING_NOTHING = frozenset({"Shape", "ShapeN", "Rank", "Size", "ZerosLike", "OnesLike"})

#: Operations that hand a probability on without combining it with anything.
_HANDING_ON = frozenset(
    (
        *("Identity", "IdentityN", "Cast", "Reshape", "Squeeze", "ExpandDims", "Transpose", "Select", "SelectV2"),
        *("StridedSlice", "GatherV2", "Pack", "ConcatV2", "Log", "ArgMax", "Max", "TopKV2", "If", "StatelessIf"),
        *("StopGradient", "EnsureShape", "Tile", "BroadcastTo"),
    )
)


def used(answers: Iterable[tf.Tensor], ours: Mapping[int, frozenset[int]]) -> set[int]:
    """Ids of all tensors an answer is computed from, those inside loops too.

    Args:
        answers: What the model gives out.
        ours: By id of a loop's body, which of its outputs were only added to look in.
    """
    seen: set[int] = set()
    pending = list(answers)
    while pending:
        tensor = pending.pop()
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        operation = tensor.op
        if operation.type in READING_NOTHING:
            continue
        pending.extend(operation.inputs)
        body = getattr(operation, "_body_graph", None) if operation.type in ("While", "StatelessWhile") else None
        if body is not None:
            added = ours.get(id(body), frozenset())
            pending.extend(each for place, each in enumerate(body.outputs) if place not in added)
    return seen


def only_handed_on(weights: tf.Tensor, outputs: Iterable[tf.Tensor]) -> bool:
    """True if nothing in the graph uses these probabilities except to answer with them."""
    answers = {id(output) for output in outputs}
    answered = False
    for tensor, operation in onward(weights, _HANDING_ON):
        answered |= id(tensor) in answers
        if operation is not None and operation.type not in _HANDING_ON:
            return False
    return answered


def onward(weights: tf.Tensor, through: frozenset[str]) -> Iterator[tuple[tf.Tensor, Any]]:
    """Every tensor the weights become, with each operation that reads it; operations outside `through` end the way."""
    seen: set[int] = set()
    pending = [weights]
    while pending:
        tensor = pending.pop()
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        yield tensor, None
        for operation in tensor.consumers():
            if operation.type in READING_NOTHING:
                continue
            yield tensor, operation
            if operation.type in through:
                pending.extend(operation.outputs)


def multiplied(flow: Flow, weights: tf.Tensor) -> bool:
    """Whether something computed of the inputs is multiplied with these weights."""
    return any(id(other) in flow.dependent for other in partners(weights))


def computed(flow: Flow, scores: tf.Tensor) -> bool:
    """Whether scores come from a product of what the model is given: masks, counts and graphs that are given do not."""
    given = back(scores, lambda each: (one for one in each.op.inputs if id(one) in flow.dependent))
    products = (each.op.type in PRODUCTS or each.op.type.startswith("Conv") for each in given)
    return id(scores) in flow.dependent and any(products)


def recalls(flow: Flow, weights: tf.Tensor) -> bool:
    """Whether the weights choose from a memory that is learned: vectors of the model's own are multiplied with them."""
    others = list(partners(weights))
    return any((each.shape.rank or 0) > 1 for each in others) and all(id(each) not in flow.dependent for each in others)


def projections(flow: Flow, weights: tf.Tensor, over: Iterable[int], projected: Container[int]) -> tuple[bool, bool]:
    """Whether a layer of units takes weights, perhaps laid out anew, for features; and whether one mixes their heads.

    Args:
        flow: What is known of the graph.
        weights: What comes out of a softmax.
        over: Its axes.
        projected: Ids of what such layers were given.
    """
    axes = flow.of(weights) or []
    keys = {atom for axis in over if axis < len(axes) for atom in axes[axis]}
    given = (flow.of(tensor) for tensor, _ in onward(weights, _HANDING_ON) if id(tensor) in projected)
    kinds = [bool(keys.intersection(own[-1])) for own in given if own]
    return True in kinds, False in kinds


def partners(weights: tf.Tensor) -> Iterator[tf.Tensor]:
    """What is multiplied with these weights."""
    through = (_HANDING_ON - {"Log", "ArgMax", "Max", "TopKV2"}) | {"Unpack", "Split", "SplitV", "Mean"}
    for tensor, operation in onward(weights, through):
        if operation is not None and operation.type in PRODUCTS:
            yield from (other for other in operation.inputs if other is not tensor)
