"""Operations that move, part and join axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from attnviz.capture.back import back, inputs
from attnviz.capture.flow.atoms import UNIT, Atom, Axis, Role, joined, regrouped
from attnviz.capture.flow.known import Known, Picked, Sources
from attnviz.capture.flow.operations import handles, static, straight

#: Operations looked at behind each of the tensors that are stacked.
_REACH = 60


@handles("Reshape")
def _reshape(known: Known, operation: tf.Operation) -> None:
    given, output = operation.inputs[0], operation.outputs[0]
    if output.shape.rank is None:
        return
    sizes = output.shape.as_list()
    if None not in sizes:
        _settle(known, known.axes[id(given)], sizes)
    before = [known.root(axis) for axis in known.axes[id(given)]]
    said = known.length(operation.inputs[1]) or [None] * len(sizes)
    open_lengths = [None if each is None else (each[0], known.root(each[1])) for each in said]
    wanted = [(size, ()) if size is not None else each for size, each in zip(sizes, open_lengths, strict=True)]
    if sizes == given.shape.as_list() and None not in sizes[1:]:
        known.note(output, before, straight(len(before)))
        return
    after = regrouped(before, wanted)
    if after is None:
        return
    known.note(output, after, _places(before, after))


def _settle(known: Known, axes: Sequence[Axis], sizes: Sequence[int]) -> None:
    """What a form written in numbers says of open lengths: that of a batch of one, then the only one that is left."""
    atoms = [atom for axis in axes for atom in known.root(axis)]
    unknown = [atom for atom in atoms if atom.size is None]
    if len(unknown) == 2 and unknown[0].role == "batch" and sizes[0] == 1:
        known.settle(unknown.pop(0), 1)
    if len(unknown) == 1:
        known.settle(unknown[0], math.prod(sizes) // math.prod(atom.size or 1 for atom in atoms))


def _places(before: Sequence[Axis], after: Sequence[Axis]) -> Sources:
    """Which old axes share something with each new one, as the row-major order has it."""
    owners = [place for place, axis in enumerate(before) for _ in axis]
    flat = [atom for axis in before for atom in axis]
    sources: Sources = []
    at = 0
    for axis in after:
        found: list[int] = []
        for atom in axis:
            if at < len(flat) and flat[at] == atom:
                found.append(owners[at])
                at += 1
            elif at < len(flat):  # a half
                found.append(owners[at])
                key = atom.key
                if isinstance(key, tuple) and len(key) == 4 and key[3] == 1:
                    at += 1
        sources.append([(0, place) for place in dict.fromkeys(found)])
    return sources


@handles("Transpose")
def _transpose(known: Known, operation: tf.Operation) -> None:
    order = static(operation.inputs[1])
    if order is not None:
        axes = known.axes[id(operation.inputs[0])]
        known.note(operation.outputs[0], [axes[place] for place in order], [[(0, place)] for place in order])


@handles("ExpandDims")
def _expand(known: Known, operation: tf.Operation) -> None:
    places = static(operation.inputs[1])
    if places is not None:
        axes = list(known.axes[id(operation.inputs[0])])
        at = places[0] % (len(axes) + 1)
        sources = straight(len(axes))
        known.note(operation.outputs[0], [*axes[:at], UNIT, *axes[at:]], [*sources[:at], [], *sources[at:]])


@handles("Squeeze")
def _squeeze(known: Known, operation: tf.Operation) -> None:
    given = operation.inputs[0]
    axes, sizes = known.axes[id(given)], given.shape.as_list()
    gone = [place % len(axes) for place in operation.get_attr("squeeze_dims")]
    gone = gone or [place for place, size in enumerate(sizes) if size == 1]
    kept = [place for place in range(len(axes)) if place not in gone]
    known.note(operation.outputs[0], [axes[place] for place in kept], [[(0, place)] for place in kept])


@handles("ReverseV2")
def _reverse(known: Known, operation: tf.Operation) -> None:
    places = static(operation.inputs[1])
    axes = list(known.axes[id(operation.inputs[0])])
    for place in places or ():
        axes[place % len(axes)] = known.permuted(axes[place % len(axes)], ("slice", None, None, -1))
    known.note(operation.outputs[0], axes, straight(len(axes)))


@handles("Roll")
def _roll(known: Known, operation: tf.Operation) -> None:
    shifts, places = (static(each) for each in operation.inputs[1:])
    axes = list(known.axes[id(operation.inputs[0])])
    if shifts is None or places is None:
        axes = [known.permuted(axis, ("order", operation.name)) for axis in axes]
    for shift, place in zip(shifts or (), places or (), strict=True):
        if shift:
            axes[place % len(axes)] = known.permuted(axes[place % len(axes)], ("roll", shift), ("roll", -shift))
    known.note(operation.outputs[0], axes, straight(len(axes)))


@handles("TopKV2", "TopK")
def _ordered(known: Known, operation: tf.Operation) -> None:
    *axes, last = known.axes[id(operation.inputs[0])]
    for output in operation.outputs:
        size = output.shape.as_list()[-1]
        made = known.permuted(last, ("order", operation.name), size=size) if size != 1 else UNIT
        known.note(output, [*axes, made], straight(len(axes) + 1))


@handles("Pack")
def _pack(known: Known, operation: tf.Operation) -> None:
    at = operation.get_attr("axis")
    parts = [known.axes[id(each)] for each in operation.inputs]
    rank = len(parts[0])
    axes, sources = known.broadcast(list(enumerate(operation.inputs)), rank)
    at %= rank + 1
    axes.insert(at, _stacked(known, operation.inputs))
    sources.insert(at, [])
    known.note(operation.outputs[0], axes, sources)


def _stacked(known: Known, tensors: Sequence[tf.Tensor]) -> Axis:
    """The axis along which tensors are stacked: where each was computed from one place of an axis, that axis again."""
    counted = [_places_taken(known, each, place) for place, each in enumerate(tensors)]
    along = set.intersection(*counted)
    if along:
        return max(along, key=lambda axis: known.role(axis) == "sequence")
    return known.fresh(("stack", len(tensors), tensors[0].name), len(tensors), role="opaque")


def _places_taken(known: Known, tensor: tf.Tensor, place: int) -> set[Axis]:
    """The axes of which a tensor was computed from this place."""
    taken = (known.picked.get(id(each)) for each in back(tensor, inputs, reach=_REACH))
    return {each.axis for each in taken if each is not None and each.index == place and each.axis}


@handles("Unpack")
def _unpack(known: Known, operation: tf.Operation) -> None:
    axes = known.axes[id(operation.inputs[0])]
    at = operation.get_attr("axis") % len(axes)
    left = [axis for place, axis in enumerate(axes) if place != at]
    sources = [[(0, place)] for place in range(len(axes)) if place != at]
    for index, output in enumerate(operation.outputs):
        if axes[at]:
            known.picked[id(output)] = Picked(axes[at], index)
        known.note(output, left, sources)


@handles("Split", "SplitV")
def _split(known: Known, operation: tf.Operation) -> None:
    given, where = (1, 0) if operation.type == "Split" else (0, 2)
    places = static(operation.inputs[where])
    axes = known.axes[id(operation.inputs[given])]
    if places is None:
        return
    at, begin = places[0] % len(axes), 0
    sizes = [output.shape.as_list()[at] for output in operation.outputs]
    tokens = known.role(axes[at]) == "sequence" and None not in sizes
    for number, (output, size) in enumerate(zip(operation.outputs, sizes, strict=True)):
        part: Axis = UNIT
        if axes[at] and size != 1:
            key: Any = ("slice", begin or None, begin + size, 1) if tokens else ("split", len(sizes), size)
            if known.role(axes[at]) == "sequence" and not tokens:
                key = ("part", number, len(sizes))
            part = (Atom((key, (axes[at],)), known.role(axes[at]) or "opaque", size),)
        begin += size or 0
        new = [part if place == at else axis for place, axis in enumerate(axes)]
        known.note(output, new, straight(len(axes), given))


@handles("ConcatV2")
def _concat(known: Known, operation: tf.Operation) -> None:
    *parts, where = operation.inputs
    places = static(where)
    if places is None:
        return
    axes = [known.axes[id(each)] for each in parts]
    rank = len(axes[0])
    at = places[0] % rank
    new, sources = known.broadcast(list(enumerate(parts)), rank, apart=at)
    own = [_given(known, each, at) for each in parts]
    size = operation.outputs[0].shape.as_list()[at]
    made: Axis
    if len(set(own)) == 1 and known.role(own[0]) == "batch":  # heads, or other copies, put into the batch
        made = joined([*known.fresh(("copies", len(own)), len(own), role="weight"), *own[0]])
    elif (whole := _whole(known, own)) is not None:
        made = whole
    elif len(own) > 1 and not any(own):  # single things, as if they were stacked
        made = _stacked(known, parts)
    else:
        sizes = tuple(known.size(axis) for axis in own)
        made = (Atom((("concat", sizes), tuple(own)), _heir(known, own), size),)
    new[at] = made
    sources[at] = [(number, at) for number in range(len(parts))]
    known.note(operation.outputs[0], new, sources)


def _whole(known: Known, parts: Sequence[Axis]) -> Axis | None:
    """The axis whose parts are joined again in their order, as blocks of keys are; of an open length the last of them
    is taken to reach its end."""
    origins: set[Axis] = set()
    at: int | None = 0
    for axis in map(known.root, parts):
        key: Any = axis[0].key if len(axis) == 1 else None
        what = key[0] if isinstance(key, tuple) and len(key) == 2 else None
        if isinstance(what, tuple) and what[0] == "part" and what[2] == len(parts):
            what = ("slice", what[1], None if what[1] + 1 == what[2] else what[1] + 1, 1)  # counted in parts
        if not isinstance(what, tuple) or what[0] != "slice" or len(what) != 4 or what[3] != 1 or (what[1] or 0) != at:
            return None
        origins.update(key[1])
        at = what[2]
    if len(parts) < 2 or len(origins) != 1:
        return None
    (whole,) = origins
    total = known.size(whole)
    return whole if total is None or at is None or at >= total else None


def _given(known: Known, part: tf.Tensor, at: int) -> Axis:
    """The axis of a part that others are joined to; zeros of a sequence's form are nothing of that sequence."""
    axis = known.axes[id(part)][at]
    if id(part) in known.dependent or known.role(axis) != "sequence":
        return axis
    return known.fresh((part.name, at), part.shape.as_list()[at], role="weight")


def _heir(known: Known, axes: Sequence[Axis]) -> Role:
    """What an axis counts that others were joined to."""
    order: tuple[Role, ...] = ("sequence", "batch", "opaque", "feature", "weight")
    roles = [known.role(axis) for axis in axes]
    return next((each for each in order if each in roles), "opaque")


@handles("BroadcastTo", "Tile", "Fill")
def _spread(known: Known, operation: tf.Operation) -> None:
    output = operation.outputs[0]
    if output.shape.rank is None:
        return
    given = operation.inputs[1 if operation.type == "Fill" else 0]
    before = known.axes.get(id(given), [])
    before = [UNIT] * (output.shape.rank - len(before)) + list(before)
    said = known.length(operation.inputs[0 if operation.type == "Fill" else 1]) or [None] * output.shape.rank
    missing = output.shape.rank - len(given.shape.as_list() if given.shape.rank is not None else [])
    times = static(operation.inputs[1])
    axes, sources = [], []
    for place, (axis, length, size) in enumerate(zip(before, said, output.shape.as_list(), strict=True)):
        repeats = times[place] if operation.type == "Tile" and times else None
        if axis and (known.size(axis) != 1) and (operation.type != "Tile" or repeats == 1):
            axes.append(axis)
        elif length is not None and length[1] and length[0] == 1 and not (axis and operation.type == "Tile"):
            axes.append(length[1])
        elif axis and operation.type == "Tile":
            count = () if repeats is None else known.fresh(("copies", repeats), repeats, role="weight")
            axes.append(joined([*count, *axis]) if count else axis)
        else:
            axes.append(known.fresh((output.name, place), size, role="weight" if size else None))
        sources.append([(0, place - missing)] if axis and place >= missing else [])
    known.note(output, axes, sources)


@handles("Range")
def _range(known: Known, operation: tf.Operation) -> None:
    output = operation.outputs[0]
    limit = known.length(operation.inputs[1])
    start, step = static(operation.inputs[0]), static(operation.inputs[2])
    axis: Axis = known.fresh(output.name, output.shape.as_list()[0], role="weight")
    if start == [0] and step == [1] and limit and limit[0] is not None and limit[0][0] == 1 and limit[0][1]:
        axis = limit[0][1]
    known.note(output, [axis], [[]])


@handles("OneHot")
def _one_hot(known: Known, operation: tf.Operation) -> None:
    axes = known.axes[id(operation.inputs[0])]
    if operation.get_attr("axis") == -1:
        new = known.fresh(operation.name, operation.outputs[0].shape.as_list()[-1], role="feature")
        known.note(operation.outputs[0], [*axes, new], [*straight(len(axes)), []])
