"""Weights that are divided by their sum where they cannot be put together: a loop or a scan adds them up step by step,
above and below the line, also a loop of Python's; they belong to the edges of a graph, or they are products of two
factors that are summed over before they meet.

Source: Milakov and Gimelshein 2018, "Online normalizer calculation for softmax"; Peng et al. 2023, "RWKV"; Feng et al.
2024, "Attention as an RNN"; Zhai et al. 2021, "An Attention Free Transformer".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import tensorflow as tf

from attnviz.capture.back import back, inputs
from attnviz.capture.constants import constant
from attnviz.capture.normalised import alike
from attnviz.capture.products import MATRICES
from attnviz.capture.roots import MOVED, REACH, SAME, behind, leads, moves

_SUMS = ("AddV2", "Add")

#: Sums over what belongs together, and how far back of a division they are looked for.
_SEGMENTS = ("UnsortedSegmentSum", "SegmentSum", "SegmentSumV2")
_FAR = 100


def out_of_reach(above: tf.Tensor, below: tf.Tensor, outermost: Any, scans: Iterable[frozenset[int]]) -> bool:
    """Whether a division is one of these.

    Args:
        above, below: Of the division.
        outermost: The graph that is no loop.
        scans: For each scan that adds up exponentials the ids of what it gave out.
    """
    stepwise = recurrent(above, below, outermost) or scanned(above, below, scans)
    return stepwise or unrolled(above, below) or by_edges(above, below) or factored(above, below)


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
    if not any(map(is_state, added)) or not any(map(is_state, total)):
        return False
    values = (behind(each, MOVED).op.type for each in added)
    numbers = [each.op.inputs[0] if each.op.type == "Sum" else each for each in total if not is_state(each)]
    return any(leads(each, lambda _: None) for each in numbers) and any(each in (*MATRICES, "Mul") for each in values)


def unrolled(above: tf.Tensor, below: tf.Tensor) -> bool:
    """Whether both sides of a division are sums of what was computed of one token after the other, as in a loop of
    Python's: `n = n * w + exp(k[:, t]) * v[:, t]` by `d = d * w + exp(k[:, t])`.

    Args:
        above, below: Of the division.
    """
    weighed = [each for each in map(_moved, _addends(above)) if each.op.type == "Mul"]
    total = [each for each in _addends(below) if leads(each, lambda _: None)]
    for number in total:
        weighs = any(_same(side, number) for each in weighed for side in each.op.inputs)
        others = [each for each in total if each is not number]
        if weighs and any(_of_one_sequence(number, each) for each in others):
            return True
    return False


def _moved(tensor: tf.Tensor) -> tf.Tensor:
    return behind(tensor, MOVED)


def _of_one_sequence(one: tf.Tensor, other: tf.Tensor) -> bool:
    """Whether two tensors were computed of two places of one tensor."""
    places = [
        {(id(each.op.inputs[0]), id(each)) for each in back(start, inputs, reach=_FAR) if _takes_one(each.op)}
        for start in (one, other)
    ]
    return any(whole == same and place != at for whole, place in places[0] for same, at in places[1])


def _takes_one(operation: tf.Operation) -> bool:
    """Whether one place along an axis is taken out."""
    sliced = operation.type == "StridedSlice" and operation.get_attr("shrink_axis_mask")
    return bool(sliced) or operation.type in ("Unpack", "GatherV2")


def by_edges(above: tf.Tensor, below: tf.Tensor) -> bool:
    """Whether numbers, one for each edge of a graph, are divided by their sum over the edges of one node: there is no
    number for every query and key.

    Args:
        above: Of the division, what is added up.
        below: The sum that each edge finds at its node.
    """
    sums = (each.op for each in back(below, inputs, reach=_FAR) if each.op.type in _SEGMENTS)
    return any(behind(each.inputs[0], MOVED) is behind(above, MOVED) for each in sums)


def scanned(above: tf.Tensor, below: tf.Tensor, scans: Iterable[frozenset[int]]) -> bool:
    """Whether both sides of a division come out of one scan that adds up exponentials (`keras.ops.associative_scan`).

    Args:
        above, below: Of the division.
        scans: For each such scan the ids of what it gave out.
    """
    one, other = ({id(part) for part in _parts_of(each)} for each in (above, below))
    return any(not one.isdisjoint(scan) and not other.isdisjoint(scan) for scan in scans)


def factored(above: tf.Tensor, below: tf.Tensor) -> bool:
    """Whether values are weighed with products of two factors, one of the places and one of the keys, which are summed
    over the keys apart: `exp(p) @ (exp(k) * v) / (exp(p) @ exp(k))`.

    Args:
        above, below: Of the division.
    """
    over = behind(above, MOVED).op
    sides = [over, *(behind(each, MOVED).op for each in over.inputs)] if over.type == "Mul" else [over]
    total = behind(below, MOVED).op
    for side in sides:
        if side.type not in MATRICES or total.type not in MATRICES or not len(side.inputs) == len(total.inputs) == 2:
            continue
        for place in (0, 1):
            number, weighed = total.inputs[1 - place], behind(side.inputs[1 - place], MOVED).op
            shared = _same(side.inputs[place], total.inputs[place]) and leads(number, lambda _: None)
            if shared and weighed.type == "Mul" and any(_same(each, number) for each in weighed.inputs):
                return True
    return False


def _same(one: tf.Tensor, other: tf.Tensor) -> bool:
    one, other = behind(one, MOVED), behind(other, MOVED)
    return one is other or alike(one, other)


def _parts_of(tensor: tf.Tensor) -> Iterator[tf.Tensor]:
    """A tensor and all that it is a part of, perhaps with a small number added."""
    for _ in range(REACH):
        yield tensor
        operation = tensor.op
        rest = [each for each in operation.inputs if constant(each) is None]
        if operation.type in (*_SUMS, "Maximum") and len(rest) == 1:
            tensor = rest[0]
        elif moves(operation) or operation.type == "StridedSlice":
            tensor = operation.inputs[0]
        else:
            break


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


def is_state(tensor: tf.Tensor, reach: int = REACH) -> bool:
    """Whether this is what a loop hands from step to step, perhaps scaled, or a part of it at a fixed place."""
    operation = behind(tensor, MOVED).op
    if operation.type == "Mul" and reach:
        return any(is_state(each, reach - 1) for each in operation.inputs)
    inside = operation.outputs[0]
    if operation.type == "TensorListGetItem" and constant(operation.inputs[1]) is not None:  # as `keras.ops.scan` does
        operation = operation.inputs[0].op
        inside = operation.outputs[0]
    captured = getattr(operation.graph, "internal_captures", ())
    return operation.type == "Placeholder" and not any(each is inside for each in captured)
