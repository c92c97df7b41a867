"""Operations that join tensors, and part them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from attnviz.capture.back import back, inputs
from attnviz.capture.flow.atoms import UNIT, Atom, Axis, Role, joined
from attnviz.capture.flow.blank import ZEROS, blank
from attnviz.capture.flow.known import Known, Picked
from attnviz.capture.flow.operations import handles, static, straight

#: Operations looked at behind each of the tensors that are stacked.
_REACH = 60


@handles("Pack")
def _pack(known: Known, operation: tf.Operation) -> None:
    at = operation.get_attr("axis")
    parts = [known.axes[id(each)] for each in operation.inputs]
    rank = len(parts[0])
    axes, sources = known.broadcast(list(enumerate(operation.inputs)), rank)
    at %= rank + 1
    axes.insert(at, _parted(known, parts, axes) or _stacked(known, operation.inputs))
    sources.insert(at, [])
    known.note(operation.outputs[0], axes, sources)


def _parted(known: Known, parts: Sequence[Sequence[Axis]], axes: list[Axis]) -> Axis:
    """Of parts of one sequence that are stacked the axis that counts the parts; what is along them in `axes` is said
    to be places in a part, for it would go by the first part's name. Empty where they are no such parts.

    Args:
        known: What is known of the graph.
        parts: The axes of each of the tensors.
        axes: Those of a tensor that is stacked of them.
    """
    for place, axis in enumerate(axes):
        own = [known.root(each[place]) for each in parts if place < len(each)]
        origins = {_origin(each) for each in own}
        if len(set(own)) < 2 or len(origins) != 1 or None in origins or known.size(axis) == 1:
            continue
        whole, size = _whole(known, own), known.size(axis)
        if whole is not None and len(whole) == 1:
            outer, inner = whole[0].halves(len(own), size)
            axes[place] = (inner,)
            return (outer,)
        axes[place] = known.fresh(("place in a part",), size, own)
        return known.fresh(("parts",), len(own), own)
    return ()


def _origin(axis: Axis) -> Axis | None:
    """The sequence that an axis is a part of."""
    key: Any = axis[0].key if len(axis) == 1 else None
    if axis and axis[0].role == "sequence" and isinstance(key, tuple) and len(key) == 2 and isinstance(key[0], tuple):
        cut = key[0][0] in ("slice", "part", "take") and key[0] != ("slice", None, None, -1)
        return key[1][0] if cut and len(key[1]) == 1 else None
    return None


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
        apart = _parted(known, axes, new)
        made = joined([*(apart or known.fresh(("copies", len(own)), len(own), role="weight")), *own[0]])
    elif (whole := _whole(known, own)) is not None:
        made = whole
    elif len(own) > 1 and not any(own):  # single things, as if they were stacked
        made = _parted(known, axes, new) or _stacked(known, parts)
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
    if blank(part):
        return known.fresh((ZEROS, part.name, at), part.shape.as_list()[at], role="weight")
    if id(part) in known.dependent or known.role(axis) != "sequence":
        return axis
    return known.fresh((part.name, at), part.shape.as_list()[at], role="weight")


def _heir(known: Known, axes: Sequence[Axis]) -> Role:
    """What an axis counts that others were joined to."""
    order: tuple[Role, ...] = ("sequence", "batch", "opaque", "feature", "weight")
    roles = [known.role(axis) for axis in axes]
    return next((each for each in order if each in roles), "opaque")
