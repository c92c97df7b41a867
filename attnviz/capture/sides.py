"""Who asks and who is asked: where in the graph the query's side of a score parts from the key's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

import tensorflow as tf

from attnviz.capture.back import back, inputs
from attnviz.capture.flow import Axis, Flow, Picked
from attnviz.capture.products import PRODUCTS

#: Operations looked at between a softmax and what asks.
_REACH = 400

#: Operations that choose the largest.
_CHOOSING = ("TopKV2", "TopK")

#: Where an axis of a result comes from: operands and their axes.
Source = list[tuple[int, int]]


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

    def sides(tensor: tf.Tensor, one: int, two: int) -> tuple[Source, Source]:
        sources = flow.sources.get(id(tensor), [])
        return (sources[one], sources[two]) if max(one, two) < len(sources) else ([], [])

    def before(stop: tuple[tf.Tensor, int, int, int]) -> Iterator[tuple[tf.Tensor, int, int, int]]:
        tensor, one, two, distance = stop
        for (number, first), (other, second) in product(*sides(tensor, one, two)):
            if number == other and first != second:
                yield tensor.op.inputs[number], first, second, distance + 1

    way = back((scores, query, key, 0), before, lambda stop: (id(stop[0]), *stop[1:3]), _REACH)
    for tensor, one, two, distance in way:
        asks, asked = sides(tensor, one, two)
        if asks and asked and not {number for number, _ in asks} & {number for number, _ in asked}:
            return Parting(distance, tensor.op.inputs[asks[0][0]], tensor.op.inputs[asked[0][0]])
    return None


def stacked(flow: Flow, scores: tf.Tensor, axis: int) -> bool:
    """Whether an axis of the scores begins where tensors were stacked, one after the other."""

    def before(stop: tuple[tf.Tensor, int]) -> Iterator[tuple[tf.Tensor, int]]:
        tensor, at = stop
        sources = flow.sources.get(id(tensor), [])
        yield from ((tensor.op.inputs[number], place) for number, place in (sources[at] if at < len(sources) else ()))

    way = back((scores, axis), before, lambda stop: (id(stop[0]), stop[1]), _REACH)
    return any(
        tensor.op.type == "Pack" and not flow.sources[id(tensor)][at]
        for tensor, at in way
        if at < len(flow.sources.get(id(tensor), []))
    )


def _beside_key(flow: Flow, scores: tf.Tensor, key: int, border: frozenset[int]) -> Iterator[tf.Tensor]:
    """What the keys' side is combined with on its way into the scores, nearest first."""

    def carrying(tensor: tf.Tensor, axis: int) -> Source:
        sources = flow.sources.get(id(tensor), [])
        return sources[axis] if axis < len(sources) and id(tensor) not in border else []

    def before(stop: tuple[tf.Tensor, int]) -> Iterator[tuple[tf.Tensor, int]]:
        tensor, axis = stop
        if not _mixed(flow, tensor, carrying(tensor, axis)):
            yield from ((tensor.op.inputs[number], at) for number, at in carrying(tensor, axis))

    for tensor, axis in back((scores, key), before, lambda stop: (id(stop[0]), stop[1]), _REACH):
        numbers = {number for number, _ in carrying(tensor, axis)}
        if not numbers or _mixed(flow, tensor, carrying(tensor, axis)):
            continue
        for number, operand in enumerate(tensor.op.inputs):
            other = number not in numbers and operand.dtype.is_floating and id(operand) in flow.axes
            if other and not (tensor.op.type in ("Sub", "RealDiv") and _reduced(operand)):
                yield operand


def computed_key(flow: Flow, scores: tf.Tensor, key: int) -> bool:
    """Whether the keys of scores meet the queries in a product of two things that are computed of the inputs."""

    def sources(stop: tuple[tf.Tensor, int]) -> Source:
        found = flow.sources.get(id(stop[0]), [])
        return found[stop[1]] if stop[1] < len(found) else []

    def before(stop: tuple[tf.Tensor, int]) -> Iterator[tuple[tf.Tensor, int]]:
        yield from ((stop[0].op.inputs[number], at) for number, at in sources(stop))

    for tensor, axis in back((scores, key), before, lambda stop: (id(stop[0]), stop[1]), _REACH):
        operation, numbers = tensor.op, {number for number, _ in sources((tensor, axis))}
        product = operation.type in PRODUCTS and len(operation.inputs) == 2 and len(numbers) == 1
        if product and all(id(each) in flow.dependent for each in operation.inputs):
            return True
    return False


def chosen(flow: Flow, scores: tf.Tensor, key: int, queries: Iterable[Axis]) -> bool:
    """Whether every query chooses the tokens that it looks at, as the best of its scores.

    Args:
        flow: What is known of the graph.
        scores: What goes into the softmax.
        key: Axis of the keys.
        queries: What its axes of queries run along.
    """
    asking = {axis for axis in queries if axis}

    def before(stop: tuple[tf.Tensor, int]) -> Iterator[tuple[tf.Tensor, int]]:
        tensor, at = stop
        sources = flow.sources.get(id(tensor), [])
        yield from ((tensor.op.inputs[number], place) for number, place in (sources[at] if at < len(sources) else ()))

    for tensor, at in back((scores, key), before, lambda stop: (id(stop[0]), stop[1]), _REACH):
        if tensor.op.type in _CHOOSING and asking.intersection(flow.of(tensor) or ()):
            return at == len(flow.of(tensor) or ()) - 1
    return False


def _mixed(flow: Flow, tensor: tf.Tensor, carrying: Source) -> bool:
    """Whether this is what tokens have read of others, the tokens of one side summed over: nobody asks there."""
    if tensor.op.type not in PRODUCTS or tensor.op.type == "Mul":
        return False
    if not any(id(tensor.op.inputs[number]) in flow.dependent for number, _ in carrying):
        return False  # a layer's own kernel
    shown = {pair for axis in flow.sources.get(id(tensor), []) for pair in axis}
    for number, operand in enumerate(tensor.op.inputs):
        gone = [axis for place, axis in enumerate(flow.of(operand) or ()) if (number, place) not in shown]
        if number not in {each for each, _ in carrying} and any(flow.role(axis) == "sequence" for axis in gone):
            return True
    return False


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

    def before(each: tf.Tensor) -> list[tf.Tensor]:
        return [one for one in each.op.inputs if id(one) in flow.dependent]

    for each in back(tensor, before, reach=_REACH):
        taken = flow.picked.get(id(each))
        if taken is not None and flow.role(taken.axis) == "sequence":
            return Picked(flow.root(taken.axis), taken.index)
        axes: list[Axis] = flow.axes.get(id(each), [])
        if any(flow.role(axis) == "sequence" for axis in axes):
            return _single(flow, axes)
        if each.op.type in ("Sum", "Mean", "Max", "Min") or each.op.type.startswith("TensorList"):
            return None
    return None


def mapped_along(flow: Flow, tensor: tf.Tensor) -> Axis | None:
    """Along which axis a map goes: where what it computes takes out one thing after the other, tokens if there are."""
    taken = (flow.picked.get(id(each)) for each in back(tensor, inputs, reach=_REACH))
    found = [flow.root(each.axis) for each in taken if each is not None and each.index is None]
    return next((axis for axis in found if flow.role(axis) == "sequence"), found[0] if found else None)


def in_parts(flow: Flow, scores: tf.Tensor, axis: int) -> bool:
    """Whether an axis of scores counts parts of a sequence for who asks and who is asked, not features or units of one
    of them, as heads do that a cache of keys has an axis for."""

    def before(stop: tuple[tf.Tensor, int]) -> Iterator[tuple[tf.Tensor, int]]:
        tensor, at = stop
        sources = flow.sources.get(id(tensor), [])
        given = ((tensor.op.inputs[number], place) for number, place in (sources[at] if at < len(sources) else ()))
        yield from (each for each in given if id(each[0]) in flow.dependent)

    if flow.role((flow.of(scores) or [])[axis]) != "sequence":
        return False
    way = back((scores, axis), before, lambda stop: (id(stop[0]), stop[1]), _REACH)
    known = ((flow.of(tensor) or [], at) for tensor, at in way)
    return not any(at < len(axes) and flow.role(axes[at]) in ("feature", "weight") for axes, at in known)


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
