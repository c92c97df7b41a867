"""Operations that move axes, and lay them out anew."""

from __future__ import annotations

import math
from collections.abc import Sequence

import tensorflow as tf

from attnviz.capture.flow.atoms import UNIT, Axis, joined, regrouped
from attnviz.capture.flow.known import Known, Sources
from attnviz.capture.flow.operations import handles, static, straight


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
