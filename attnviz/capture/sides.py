"""Who asks and who is asked: where in the graph the query's side of a score parts from the key's."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import tensorflow as tf

from attnviz.capture.flow import Axis, Flow, Picked

#: Operations looked at between a softmax and what asks.
_REACH = 400


@dataclass(frozen=True)
class Parting:
    """The operation where two axes of the scores come from different operands.

    Attributes:
        distance: How many operations lie between it and the softmax.
        query, key: The operands the two axes come from.
    """

    distance: int
    query: tf.Tensor
    key: tf.Tensor


def parting(flow: Flow, scores: tf.Tensor, query: int, key: int) -> Parting | None:
    """Where an axis of the scores parts from the key axis; None where both come from one tensor, as heads do not."""
    pending = deque([(scores, query, key, 0)])
    seen: set[tuple[int, int, int]] = set()
    while pending and len(seen) < _REACH:
        tensor, one, two, distance = pending.popleft()
        sources = flow.sources.get(id(tensor), [])
        if (id(tensor), one, two) in seen or max(one, two) >= len(sources):
            continue
        seen.add((id(tensor), one, two))
        asks, asked = sources[one], sources[two]
        operands = tensor.op.inputs
        if asks and asked and not {number for number, _ in asks} & {number for number, _ in asked}:
            return Parting(distance, operands[asks[0][0]], operands[asked[0][0]])
        for number, first in asks:
            for other, second in asked:
                if number == other and first != second:
                    pending.append((operands[number], first, second, distance + 1))
    return None


def _beside_key(flow: Flow, scores: tf.Tensor, key: int, border: frozenset[int]) -> Iterator[tf.Tensor]:
    """What the keys' side is combined with on its way into the scores, nearest first."""
    pending = deque([(scores, key)])
    seen: set[tuple[int, int]] = set()
    while pending and len(seen) < _REACH:
        tensor, axis = pending.popleft()
        if (id(tensor), axis) in seen or id(tensor) in border:
            continue
        seen.add((id(tensor), axis))
        sources = flow.sources.get(id(tensor), [])
        if axis >= len(sources):
            continue
        carrying = sources[axis]
        numbers = {number for number, _ in carrying}
        for number, operand in enumerate(tensor.op.inputs):
            other = carrying and number not in numbers and operand.dtype.is_floating and id(operand) in flow.axes
            if other and not (tensor.op.type in ("Sub", "RealDiv") and _reduced(operand)):
                yield operand
        pending.extend((tensor.op.inputs[number], at) for number, at in carrying)


def _reduced(tensor: tf.Tensor) -> bool:
    """Whether this is the largest, the sum or the mean of something, as is taken off or divided by to normalise it."""
    for _ in range(8):
        if tensor.op.type in ("Max", "Sum", "Mean"):
            return True
        if tensor.op.type not in ("Identity", "StopGradient", "Reshape", "ExpandDims", "Squeeze", "Sqrt", "AddV2"):
            return False
        tensor = tensor.op.inputs[0]
    return False


def asking(flow: Flow, scores: tf.Tensor, key: int, border: frozenset[int]) -> tf.Tensor | None:
    """Of scores without queries what asks, if it depends on the model's inputs; None where weights alone ask.

    Args:
        flow: What is known of the graph.
        scores: What goes into the softmax.
        key: Axis of the keys.
        border: Ids of the tensors the layer was called with; what lies behind them belongs to others.
    """
    return next((each for each in _beside_key(flow, scores, key, border) if id(each) in flow.dependent), None)


def picked_from(flow: Flow, tensor: tf.Tensor) -> Picked | None:
    """Which place of a sequence a lone vector was taken from; None where it is none of one sequence's."""
    pending = deque([tensor])
    seen: set[int] = set()
    while pending and len(seen) < _REACH:
        each = pending.popleft()
        if id(each) in seen:
            continue
        seen.add(id(each))
        taken = flow.picked.get(id(each))
        if taken is not None and flow.role(taken.axis) == "sequence":
            return Picked(flow.root(taken.axis), taken.index)
        axes: list[Axis] = flow.axes.get(id(each), [])
        if any(flow.role(axis) == "sequence" for axis in axes):
            return _single(flow, axes)
        before = [tensor for tensor in each.op.inputs if id(tensor) in flow.dependent]
        if each.op.type in ("Sum", "Mean", "Max", "Min") or each.op.type.startswith("TensorList"):
            return None
        pending.extend(before)
    return None


def mapped_along(flow: Flow, tensor: tf.Tensor) -> Axis | None:
    """Along which axis a map goes: where what it computes takes out one thing after the other."""
    pending = deque([tensor])
    seen: set[int] = set()
    while pending and len(seen) < _REACH:
        each = pending.popleft()
        if id(each) in seen:
            continue
        seen.add(id(each))
        taken = flow.picked.get(id(each))
        if taken is not None and taken.index is None:
            return flow.root(taken.axis)
        pending.extend(each.op.inputs)
    return None


def _single(flow: Flow, axes: list[Axis]) -> Picked | None:
    """A slice of length one, as `x[:, :1]`, perhaps laid together with other axes."""
    for atom in (atom for axis in axes for atom in axis):
        if atom.size == 1 and isinstance(atom.key, tuple):
            what, parents = atom.key[0], atom.key[1]
            if isinstance(what, tuple) and what[0] == "slice":
                return Picked(flow.root(parents[0]), what[1] or 0)
            if isinstance(what, tuple) and what[0] == "take":
                return Picked(flow.root(parents[0]), what[1][0])
    return None
