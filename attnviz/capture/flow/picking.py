"""Operations that take parts out of a tensor, and lists of tensors as loops have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from attnviz.capture.constants import constant
from attnviz.capture.flow.atoms import UNIT, Atom, Axis, unpadded
from attnviz.capture.flow.known import Known, Listed, Picked, Sources
from attnviz.capture.flow.operations import handles, static, straight

#: Operations looked at behind a computed place.
_DEEP = 12


@handles("StridedSlice")
def _slice(known: Known, operation: tf.Operation) -> None:
    given, output = operation.inputs[0], operation.outputs[0]
    axes, sizes = known.axes[id(given)], given.shape.as_list()
    begin, end, stride = (known.length(each) for each in operation.inputs[1:])
    begins, strides = static(operation.inputs[1]), static(operation.inputs[3])
    ends = static(operation.inputs[2])
    bits = {
        name: operation.get_attr(f"{name}_mask") for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }
    count = len(begin or end or stride or ())
    said = sum(not (bits["new_axis"] | bits["ellipsis"]) >> place & 1 for place in range(count))
    left: list[Axis] = []
    sources: Sources = []
    at = 0
    for place in range(count):
        bit = 1 << place
        if bits["ellipsis"] & bit:
            for _ in range(len(axes) - said):
                left.append(axes[at])
                sources.append([(0, at)])
                at += 1
        elif bits["new_axis"] & bit:
            left.append(UNIT)
            sources.append([])
        elif bits["shrink_axis"] & bit:
            if axes[at]:
                known.picked[id(output)] = Picked(axes[at], None if begins is None else begins[place])
            at += 1
        else:
            first = None if bits["begin"] & bit else (begins[place] if begins is not None else "?")
            last = None if bits["end"] & bit else (ends[place] if ends is not None else "?")
            step = strides[place] if strides is not None else 1
            whole = first in (None, 0) and (last is None or last == sizes[at]) and step == 1
            to = end[place] if end is not None and last == "?" else None
            if whole:
                left.append(axes[at])
            elif (first, last, step) == (None, None, -1):
                left.append(known.permuted(axes[at], ("slice", None, None, -1)))
            elif _one_step(operation, place):
                known.picked[id(output)] = Picked(axes[at], None)
                left.append(UNIT)
            elif first in (None, 0) and to is not None and step == 1 and to[0] == 1 and len(to[1]) == 1:
                left.append(to[1])  # the first n, n the length of something: as a table of positions is cut
            else:
                bounds = _bounds(known, operation.inputs[1:3], place, (first, last), output.name)
                left.append(_part(known, output, axes[at], bounds, step, sizes[at], len(left)))
            sources.append([(0, at)])
            at += 1
    rest = range(at, len(axes))
    known.note(output, [*left, *(axes[each] for each in rest)], [*sources, *([(0, each)] for each in rest)])


def _one_step(operation: tf.Operation, place: int) -> bool:
    """Whether one thing is taken along an axis where a loop counts, as by `x[:, i : i + 1]`."""
    first, last = (element(each, place) for each in operation.inputs[1:3])
    if first is None or last is None or last.op.type not in ("AddV2", "Add"):
        return False
    ones = [constant(each) == 1 for each in last.op.inputs]
    return any(one and other is first for one, other in zip(ones, last.op.inputs[::-1], strict=True))


def element(tensor: tf.Tensor, place: int) -> tf.Tensor | None:
    """One of the numbers that a list of them was put together of, where it is computed."""
    while tensor.op.type in ("Identity", "Cast"):
        tensor = tensor.op.inputs[0]
    element = tensor.op.inputs[place] if tensor.op.type == "Pack" else None
    return None if element is None or constant(element) is not None else element


@handles("Slice")
def _sliced(known: Known, operation: tf.Operation) -> None:
    given, output = operation.inputs[0], operation.outputs[0]
    axes, sizes = known.axes[id(given)], given.shape.as_list()
    begins, counts = static(operation.inputs[1]), static(operation.inputs[2])
    left: list[Axis] = []
    for place, axis in enumerate(axes):
        count = -1 if counts is None else counts[place]
        begin: int | None = None if begins is None else begins[place]
        if axis and count == 1 and begin is None and element(operation.inputs[1], place) is not None:
            known.picked[id(output)] = Picked(axis, None)
            left.append(UNIT)
        elif counts is not None and (count == sizes[place] or (count == -1 and begin == 0)):
            left.append(axis)
        else:
            last = None if count == -1 else "?" if begin is None or counts is None else begin + count
            ends = ("?" if begin is None else begin, last)
            bounds = _bounds(known, operation.inputs[1:3], place, ends, output.name)
            left.append(_part(known, output, axis, bounds, 1, sizes[place], place))
    known.note(output, left, straight(len(axes)))


def _bounds(
    known: Known, said: Sequence[tf.Tensor], place: int, ends: tuple[int | str | None, ...], name: str
) -> tuple[Any, ...]:
    """Where a part begins and ends; what is computed as it is written, so that parts cut alike are told to be so."""
    found: list[Any] = []
    for tensor, end in zip(said, ends, strict=True):
        one = element(tensor, place) if end == "?" else None
        found.append(end if end != "?" else _written(known, one) if one is not None else name)
    return tuple(found)


def _written(known: Known, number: tf.Tensor, reach: int = _DEEP) -> Any:
    """A number as it is computed of lengths."""
    length = known.length(number) if number.dtype.is_integer else None
    if length and len(length) == 1 and length[0] is not None:
        return length[0]
    if not reach or not number.op.inputs:
        return number.name
    return (number.op.type, *(_written(known, each, reach - 1) for each in number.op.inputs))


def _part(
    known: Known, output: tf.Tensor, axis: Axis, bounds: tuple[Any, ...], step: int, size: int | None, place: int
) -> Axis:
    if not axis:
        return UNIT
    first, last = bounds
    plain = isinstance(first, int | None) and isinstance(last, int | None)
    ends = (first or 0, -(last or 0)) if plain else (-1, -1)
    whole = unpadded(axis, sum(ends)) if step == 1 and min(ends) >= 0 else None
    if whole is not None:
        return whole
    length = output.shape.as_list()[place] if output.shape.rank is not None else None
    if length is None and plain:
        counted = range(size or 1 << 30)[first:last:step]
        one = len(counted) == 1 and (size is not None or (first or 0) * (last or 1) >= 0 or last is None)
        length = len(counted) if size is not None or one else None
    key = ("slice", first, last, step) if plain else ("slice", (first, last, step))
    role = known.role(axis)
    return (Atom((key, (axis,)), role or "opaque", length),)


@handles("GatherV2", "ResourceGather", "Gather")
def _gather(known: Known, operation: tf.Operation) -> None:
    table, chosen = operation.inputs[:2]
    output = operation.outputs[0]
    indices = known.axes.get(id(chosen))
    if operation.type != "GatherV2":
        rows: list[Axis] = [known.fresh((table.name, place), None, role="weight") for place in range(output.shape.rank)]
        indices = indices or []
        axes = [*indices, *rows[len(indices) :]]
        known.note(output, axes, [*straight(len(indices), 1), *([] for _ in axes[len(indices) :])])
        return
    axes = known.axes[id(table)]
    places = static(operation.inputs[2])
    if places is None or indices is None:
        return
    at, shared = places[0] % len(axes), operation.get_attr("batch_dims")
    fixed = static(chosen)
    if not indices:
        known.picked[id(output)] = Picked(axes[at], None if fixed is None else fixed[0])
    own = [axis if axis else UNIT for axis in indices[shared:]]
    if fixed is not None and chosen.shape.rank == 1 and axes[at]:
        own = [(Atom((("take", tuple(fixed)), (axes[at],)), known.role(axes[at]) or "opaque", len(fixed)),)]
    new = [*axes[:at], *own, *axes[at + 1 :]]
    inserted: Sources = [[(1, shared + place)] for place in range(len(own))]
    sources = straight(len(axes))
    known.note(output, new, [*sources[:at], *inserted, *sources[at + 1 :]])


@handles("GatherNd")
def _gather_nd(known: Known, operation: tf.Operation) -> None:
    table, places = (known.axes[id(each)] for each in operation.inputs)
    deep = operation.inputs[1].shape.as_list()[-1]
    rest = range(deep, len(table))
    axes = [*places[:-1], *(table[each] for each in rest)]
    known.note(operation.outputs[0], axes, [*straight(len(places) - 1, 1), *([(0, each)] for each in rest)])


@handles("TensorListFromTensor")
def _list_of(known: Known, operation: tf.Operation) -> None:
    axes = known.axes[id(operation.inputs[0])]
    known.lists[id(operation.outputs[0])] = Listed(axes[0], list(axes[1:]))


@handles("TensorListReserve", "EmptyTensorList")
def _list_reserved(known: Known, operation: tf.Operation) -> None:
    count = known.length(operation.inputs[1])
    length = count[0] if count else None
    along: Axis = UNIT
    if length is not None:
        number, atoms = length
        along = atoms if atoms and number == 1 else known.fresh(operation.name, number or None, role="opaque")
    known.lists[id(operation.outputs[0])] = Listed(along)


@handles("TensorListGetItem")
def _list_read(known: Known, operation: tf.Operation) -> None:
    listed = known.lists[id(operation.inputs[0])]
    index = static(operation.inputs[1])
    if listed.along:
        known.picked[id(operation.outputs[0])] = Picked(listed.along, None if index is None else index[0])
    if listed.element is not None:
        known.note(operation.outputs[0], listed.element, [[] for _ in listed.element])


@handles("TensorListSetItem", "TensorListPushBack", "TensorListResize")
def _list_written(known: Known, operation: tf.Operation) -> None:
    listed = known.lists.get(id(operation.inputs[0]), Listed())
    item = operation.inputs[2 if operation.type == "TensorListSetItem" else 1]
    element = known.axes.get(id(item)) if operation.type != "TensorListResize" else None
    known.lists[id(operation.outputs[0])] = Listed(listed.along, element or listed.element)


@handles("TensorListStack")
def _list_stacked(known: Known, operation: tf.Operation) -> None:
    listed, output = known.lists[id(operation.inputs[0])], operation.outputs[0]
    if listed.element is not None and output.shape.rank is not None:
        along = listed.along or known.fresh(operation.name, output.shape.as_list()[0])
        axes = [along, *listed.element]
        known.note(output, axes, [[] for _ in axes])
