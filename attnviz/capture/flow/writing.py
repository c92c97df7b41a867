"""Operations that write parts into a tensor by place, as a cache of keys is filled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow as tf

from attnviz.capture.back import back, inputs
from attnviz.capture.constants import constant
from attnviz.capture.flow.atoms import Atom, Axis
from attnviz.capture.flow.blank import EMPTY, blank
from attnviz.capture.flow.known import Known, Picked, Sources
from attnviz.capture.flow.operations import handles, static
from attnviz.capture.flow.picking import element

#: Operations looked at behind what is written.
_REACH = 60

#: What the key of an axis begins with that is filled place by place in a loop: the places of a sequence, all of them.
FILLED = ("slice", None, None, 1)


@handles("XlaDynamicUpdateSlice")
def _updated(known: Known, operation: tf.Operation) -> None:
    whole, _, starts = operation.inputs
    rank = len(known.axes[id(whole)])
    begins = [_whole_number(each) for each in known.length(starts) or [None] * rank]
    indices = [element(starts, place) for place in range(rank)]
    axes = [
        _written(known, operation, place, place, begin, index)
        for place, (begin, index) in enumerate(zip(begins, indices, strict=True))
    ]
    known.note(operation.outputs[0], axes, _sources(known, whole, len(axes)))


@handles("TensorScatterUpdate", "TensorScatterAdd")
def _scattered(known: Known, operation: tf.Operation) -> None:
    whole, indices, part = operation.inputs
    deep, rank = indices.shape.as_list()[-1], len(known.axes[id(whole)])
    if deep != 1 or part.shape.rank != rank:
        return
    axes = [_written(known, operation, 0, 0, _begin(indices), None), *known.axes[id(part)][1:]]
    known.note(operation.outputs[0], axes, _sources(known, whole, rank))


@handles("ScatterNd")
def _scattered_into_zeros(known: Known, operation: tf.Operation) -> None:
    indices, part, _ = operation.inputs
    output = operation.outputs[0]
    if indices.shape.as_list()[-1] != 1 or part.shape.rank != output.shape.rank:
        return
    axes = [_written(known, operation, 0, 0, _begin(indices), None), *known.axes[id(part)][1:]]
    known.note(output, axes, [[(1, place)] for place in range(len(axes))])


def _sources(known: Known, whole: tf.Tensor, rank: int) -> Sources:
    return [[*([(0, place)] if id(whole) in known.dependent else []), (1, place)] for place in range(rank)]


def _whole_number(length: Any) -> int | None:
    return length[0] if length is not None and not length[1] else None


def _begin(indices: tf.Tensor) -> int | None:
    """Where a run of places begins that are written one after the other; None where they are no such run."""
    fixed = static(indices)
    if fixed is not None:
        return fixed[0] if fixed == list(range(fixed[0], fixed[0] + len(fixed))) else None
    tensor = indices
    while tensor.op.type in ("ExpandDims", "Reshape", "StridedSlice", "Cast", "Identity"):
        tensor = tensor.op.inputs[0]
    counted = tensor.op.type == "Range" and static(tensor.op.inputs[2]) == [1]
    first = static(tensor.op.inputs[0]) if counted else None
    return first[0] if first else None


def _written(
    known: Known, operation: tf.Operation, at: int, place: int, begin: int | None, index: tf.Tensor | None
) -> Axis:
    """The axis of a tensor after something was written into it along that axis.

    Args:
        known: What is known of the graph.
        operation: What writes.
        at, place: The axis, in the result and in what is written.
        begin: Where the writing begins; None where it is computed.
        index: The number that says where, if it is computed.
    """
    whole = None if operation.type == "ScatterNd" else operation.inputs[0]  # which writes into zeros of its own
    part = operation.inputs[2 if operation.type.startswith("TensorScatter") else 1]
    new = known.root(known.axes[id(part)][place])
    length = part.shape.as_list()[place] or (known.size(new) if new else 1)
    old = () if whole is None else known.root(known.axes[id(whole)][at])
    shape = (operation.outputs[0] if whole is None else whole).shape
    size = known.size(old) if shape.rank is None or shape[at] is None else shape[at]
    if (size is not None and size == length) or (new and new == old):
        return new  # all of it is written
    empty = whole is None or blank(whole)
    if begin is not None and length is not None and size is not None:
        pieces = _pieces(old, size) if not empty else [((_nothing(operation, size),), size)]
        if pieces is not None:
            new = new if length > 1 else _one(known, part, new)
            return _laid(known, pieces, begin, (new, length), size)
    if begin is not None and empty and size is not None and new:  # of an open length
        return (Atom((("concat", (None, None)), (new, (_nothing(operation, None),))), "sequence", size),)
    if index is not None and length == 1:
        stepped = _stepped(known, part, index)
        if stepped and known.size(stepped) in (None, size):  # in a loop, each place of a sequence at its own
            return (Atom((FILLED, (stepped,)), "sequence", size),)
    if not empty and known.role(old) == "sequence" and not _has_places_left(old):
        return old
    sequence = new if known.role(new) == "sequence" else next((each.axis for each in _taken(known, part)), ())
    if not sequence:
        return old or new
    return (Atom((("order", operation.name), (sequence,)), "sequence", size),)


def is_filled(axis: Axis) -> bool:
    """Whether an axis is filled place by place in a loop."""
    keys: list[Any] = [atom.key for atom in axis]
    return len(keys) == 1 and isinstance(keys[0], tuple) and keys[0][0] == FILLED


def _has_places_left(axis: Axis) -> bool:
    """Whether an axis was made by writing into zeros."""
    keys: list[Any] = [atom.key for atom in axis]
    for what, parents in (key for key in keys if isinstance(key, tuple) and len(key) == 2):
        if isinstance(what, tuple) and what[0] in (EMPTY, "order"):
            return True
        if isinstance(what, tuple) and what[0] == "concat" and any(_has_places_left(each) for each in parents):
            return True
    return False


def _nothing(operation: tf.Operation, size: int | None) -> Atom:
    return Atom(((EMPTY, operation.name), ()), "weight", size)


def _pieces(axis: Axis, size: int) -> list[tuple[Axis, int]] | None:
    """What an axis is laid together of, each with its length."""
    key: Any = axis[0].key if len(axis) == 1 else None
    if isinstance(key, tuple) and len(key) == 2 and isinstance(key[0], tuple) and key[0][0] == "concat":
        sizes, parts = key[0][1], key[1]
        return None if None in sizes else list(zip(parts, sizes, strict=True))
    return None if not axis else [(axis, size)]


def _laid(known: Known, pieces: Sequence[tuple[Axis, int]], begin: int, part: tuple[Axis, int], size: int) -> Axis:
    """An axis with a part of it overwritten."""
    begin = max(0, min(begin, size - part[1]))
    end = begin + part[1]
    made: list[tuple[Axis, int]] = []
    at = 0
    for axis, length in pieces:
        if at < begin:
            made.append(_cut(axis, 0, min(length, begin - at), length))
        if at <= begin < at + length:
            made.append(part)
        if at + length > end:
            made.append(_cut(axis, max(0, end - at), length, length))
        at += length
    merged: list[tuple[Axis, int]] = []
    for axis, length in made:
        before = _following(merged[-1][0], axis) if merged else None
        if before is None:
            merged.append((axis, length))
        else:
            first, last, whole = before
            length += merged.pop()[1]
            full = first == 0 and known.size(whole) in (length, None) and length == size
            key = (("slice", first or None, last, 1), (whole,))
            merged.append((whole if full else (Atom(key, "sequence", length),), length))
    if len(merged) == 1:
        return merged[0][0]
    return (Atom((("concat", tuple(each for _, each in merged)), tuple(each for each, _ in merged)), "sequence", size),)


def _cut(axis: Axis, first: int, last: int, size: int) -> tuple[Axis, int]:
    """A part of a piece."""
    if (first, last) == (0, size):
        return axis, size
    key: Any = axis[0].key if len(axis) == 1 else None
    if isinstance(key, tuple) and len(key) == 2 and isinstance(key[0], tuple) and key[0][0] == EMPTY:
        return (Atom(key, "weight", last - first),), last - first
    if isinstance(key, tuple) and len(key) == 2 and isinstance(key[0], tuple) and key[0][0] == "slice":
        begin = key[0][1] or 0
        return (Atom((("slice", begin + first, begin + last, 1), key[1]), "sequence", last - first),), last - first
    return (Atom((("slice", first or None, last, 1), (axis,)), "sequence", last - first),), last - first


def _following(one: Axis, two: Axis) -> tuple[int, int, Axis] | None:
    """First and last place of two parts of one axis that follow each other, and that axis."""
    ends: list[tuple[int, int, Axis]] = []
    for axis in (one, two):
        key: Any = axis[0].key if len(axis) == 1 else None
        what = key[0] if isinstance(key, tuple) and len(key) == 2 else None
        if not isinstance(what, tuple) or what[0] != "slice" or len(what) != 4 or what[2] is None:
            return None
        ends.append((what[1] or 0, what[2], key[1][0]))
    (first, middle, whole), (begin, last, other) = ends
    return (first, last, whole) if middle == begin and whole == other else None


def _one(known: Known, part: tf.Tensor, axis: Axis) -> Axis:
    """The single place that is written, by the sequence it was taken from."""
    if axis:
        return axis
    for each in _taken(known, part):
        if each.index is not None and each.index >= 0:
            return (Atom((("slice", each.index, each.index + 1, 1), (known.root(each.axis),)), "sequence", 1),)
    return axis


def _taken(known: Known, part: tf.Tensor) -> Iterator[Picked]:
    """What was taken out of sequences on the way to a tensor."""
    for each in back(part, inputs, reach=_REACH):
        found = known.picked.get(id(each))
        if found is not None and known.role(found.axis) == "sequence":
            yield found


def _stepped(known: Known, part: tf.Tensor, index: tf.Tensor) -> Axis:
    """The sequence of which a loop took what it writes from the place that it writes it to."""
    for each in back(part, inputs, reach=_REACH):
        found = known.picked.get(id(each))
        if found is None or found.index is not None or known.role(found.axis) != "sequence":
            continue
        operation = each.op
        chosen = operation.inputs[1]
        counts = [chosen] if operation.type in ("GatherV2", "TensorListGetItem") else []
        counts += [element(chosen, place) for place in range(chosen.shape.num_elements() or 0)]
        if any(one is not None and _plain(one) is _plain(index) for one in counts):
            return known.root(found.axis)
    return ()


def _plain(tensor: tf.Tensor) -> tf.Tensor:
    while tensor.op.type in ("Identity", "Cast") and constant(tensor) is None:
        tensor = tensor.op.inputs[0]
    return tensor
