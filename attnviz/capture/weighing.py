"""Where tokens are weighed with one another: by weights that were met, something made of them, or no shares.

What is weighed is summed over the tokens, in a product of the weights with what each of the tokens has to give.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from attnviz.capture.back import back
from attnviz.capture.flow import Flow
from attnviz.capture.flow.operations import static
from attnviz.capture.masks import terms, truths
from attnviz.capture.products import MATRICES
from attnviz.capture.recorder import Tapped
from attnviz.capture.roles import token_like
from attnviz.capture.uses import computed

_LOOPS = ("While", "StatelessWhile")

#: Operations between weights and their product that change no weight but by a mask.
KEPT = frozenset(
    (
        *("Identity", "IdentityN", "StopGradient", "EnsureShape", "PreventGradient", "Cast", "Reshape", "Squeeze"),
        *("ExpandDims", "Transpose", "StridedSlice", "GatherV2", "Select", "SelectV2", "If", "StatelessIf"),
        *("BroadcastTo", "Tile", "ConcatV2", "Split", "SplitV", "Unpack", "Pack"),
    )
)

#: Operations looked at between a product and the weights in it.
_REACH = 300

#: On the way back: a tensor, where in it certain axes are, and whether nothing but masks lies behind.
_Stop = tuple[tf.Tensor, tuple[int, ...], bool]


@dataclass(frozen=True)
class Weighed:
    """One product of weights and what they weigh.

    Attributes:
        product: The product or sum.
        operation: Where, in the outermost graph: the loop, where it is in one.
        weights: What was met on the way to it.
        kept: Whether these weigh as they are.
    """

    product: tf.Operation
    operation: tf.Operation
    weights: tuple[Tapped, ...]
    kept: bool


def weighed(flow: Flow, graph: Any, tapped: Sequence[Tapped]) -> Iterator[Weighed]:
    """Every product in which something computed of the inputs weighs tokens.

    Args:
        flow: What is known of the graph.
        graph: Of the traced function.
        tapped: All weights that were met.
    """
    by_tensor = {id(tensor): each for each in tapped for tensor in (each.weights, each.inner[1])}
    for operation, outer in operations(graph):
        for tensor, axes in (*_matrix_weights(flow, operation), *_pooling_weights(flow, operation)):
            met, kept = _behind(flow, tensor, axes, by_tensor)
            if met or (computed(flow, tensor) and (len(axes) < 2 or _from_two(flow, tensor, axes))):
                yield Weighed(operation, outer, tuple(met), kept)
                break


def operations(graph: Any, outer: tf.Operation | None = None) -> Iterator[tuple[tf.Operation, tf.Operation]]:
    """All operations of a graph, those in loops too, each with where it is in the outermost graph."""
    for operation in graph.get_operations():
        if operation.type in _LOOPS:
            yield from operations(operation._body_graph, outer or operation)
        else:
            yield operation, outer or operation


def _matrix_weights(flow: Flow, operation: tf.Operation) -> Iterator[tuple[tf.Tensor, tuple[int, ...]]]:
    """Of a product of matrices the operands `[…, query, key]` or `[…, key]` whose last axis counts tokens and is summed
    over, each with its axes of tokens."""
    if operation.type not in MATRICES or len(operation.inputs) != 2:
        return
    taken = flow.sources.get(id(operation.outputs[0]))
    if taken is None or not all(id(each) in flow.dependent for each in operation.inputs):
        return
    shown = {pair for axis in taken for pair in axis}
    for number, operand in enumerate(operation.inputs):
        axes, others = flow.of(operand), flow.of(operation.inputs[1 - number])
        if axes is None or others is None:
            continue
        gone = [place for place, axis in enumerate(axes) if (number, place) not in shown and axis]
        left = [place for place in range(len(axes)) if place not in gone and axes[place]]
        tokens = [place for place in left if flow.role(axes[place]) == "sequence"]
        heads = [place for place in left if flow.role(axes[place]) in ("weight", "feature")]
        given = [axis for axis in others if not gone or axis != axes[gone[0]]]
        gives = any(flow.role(axis) in ("feature", "weight") for axis in given)
        if len(gone) == 1 and token_like(flow, axes[gone[0]]) and gives:
            if tokens:
                yield operand, (tokens[-1], gone[0])
            elif not heads:
                yield operand, (gone[0],)


def _pooling_weights(flow: Flow, operation: tf.Operation) -> Iterator[tuple[tf.Tensor, tuple[int, ...]]]:
    """Of a sum over tokens of products the operands with one number for each token, and that axis of tokens."""
    if operation.type != "Sum" or operation.inputs[0].op.type != "Mul":
        return
    over = static(operation.inputs[1])
    product = operation.inputs[0]
    axes = flow.of(product)
    if axes is None or over is None or len(over) != 1:
        return
    gone = over[0] % len(axes)
    others = [axis for place, axis in enumerate(axes) if place != gone]
    if not token_like(flow, axes[gone]) or not any(flow.role(axis) in ("feature", "weight") for axis in others):
        return
    for operand in product.op.inputs:
        own = flow.of(operand)
        if own is not None and len(own) == len(axes) and own[gone] and id(operand) in flow.dependent:
            rest = [axis for place, axis in enumerate(own) if place != gone and axis and flow.role(axis) != "batch"]
            if not rest:
                yield operand, (gone,)


def _from_two(flow: Flow, tensor: tf.Tensor, axes: tuple[int, ...]) -> bool:
    """Whether two axes of tokens come from two sides of a product or a sum, as scores do, and not from one table."""
    for each, places, _ in _back(flow, tensor, axes):
        sources = flow.sources.get(id(each), [])
        if max(places) < len(sources):
            ones, twos = ({number for number, _ in sources[place]} for place in places)
            operands = [each.op.inputs[number] for number in ones | twos]
            if ones and twos and not ones & twos and all(id(operand) in flow.dependent for operand in operands):
                return True
    return False


def _back(flow: Flow, tensor: tf.Tensor, axes: tuple[int, ...], ends: Container[int] = ()) -> Iterator[_Stop]:
    """A tensor and all before it that have these axes, with their places there, and whether nothing but masks lies
    between; what is in `ends` is gone no further."""

    def before(stop: _Stop) -> Iterator[_Stop]:
        each, places, plain = stop
        sources = flow.sources.get(id(each), [])
        if id(each) in ends or max(places) >= len(sources):
            return
        for number in {number for number, _ in sources[places[0]]}:
            found = [next((at for other, at in sources[place] if other == number), None) for place in places]
            known = tuple(at for at in found if at is not None)
            if len(known) == len(places) and len(set(known)) == len(known):
                yield each.op.inputs[number], known, plain and each.op.type in KEPT

    return back((tensor, axes, True), before, lambda stop: (id(stop[0]), stop[1]), _REACH)


def _behind(
    flow: Flow, tensor: tf.Tensor, axes: tuple[int, ...], by_tensor: Mapping[int, Tapped]
) -> tuple[list[Tapped], bool]:
    """The weights on the way to a product, and whether they are what weighs there."""
    found = [
        (by_tensor[id(each)], plain) for each, _, plain in _back(flow, tensor, axes, by_tensor) if id(each) in by_tensor
    ]
    masked = all(plain or (bool(terms(each.scores)) and _only_masked(tensor, each)) for each, plain in found)
    return [each for each, _ in found], masked


def _only_masked(tensor: tf.Tensor, known: Tapped) -> bool:
    """Whether a tensor is weights times a mask; where their scores were masked before, that changes nothing."""
    for _ in range(8):
        if tensor is known.weights or tensor is known.inner[1]:
            return True
        if tensor.op.type == "Mul":
            masks = [truths(each) for each in tensor.op.inputs]
            if masks.count(True) != 1:
                return False
            tensor = tensor.op.inputs[masks.index(False)]
        elif tensor.op.type in KEPT and tensor.op.inputs:
            tensor = tensor.op.inputs[tensor.value_index if tensor.op.type == "IdentityN" else 0]
        else:
            return False
    return False
