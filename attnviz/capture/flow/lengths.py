"""What a small tensor of whole numbers says of lengths: the shape operand of a reshape, followed to its origin."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from attnviz.capture.constants import constant
from attnviz.capture.flow.atoms import Axis, Length, length_of, times

#: Axes of a tensor, or None where nothing is known of it.
AxesOf = Callable[[tf.Tensor], "Sequence[Axis] | None"]

_SAME = ("Identity", "Cast", "Squeeze", "ExpandDims", "Reshape", "StopGradient")

#: Longer vectors are no shapes.
_LONGEST = 16


def lengths(tensor: tf.Tensor, axes_of: AxesOf) -> list[Length] | None:
    """The numbers in a scalar or vector, each a length or unknown; None where not even their count is known."""
    count = 1 if tensor.shape.rank == 0 else tensor.shape.num_elements()
    if count is None or count > _LONGEST:
        return None
    if tensor.op.type == "Const":
        return _constant(tensor)
    found = _computed(tensor, axes_of)
    if found is None or len(found) != count:
        return [None] * count
    return found


def _constant(tensor: tf.Tensor) -> list[Length]:
    values = np.atleast_1d(constant(tensor)).reshape(-1)
    return [(int(each), ()) if each >= 0 else None for each in values]


def _computed(tensor: tf.Tensor, axes_of: AxesOf) -> list[Length] | None:
    operation = tensor.op
    inputs = operation.inputs
    kind = operation.type
    if kind in _SAME:
        return lengths(inputs[0], axes_of)
    if kind == "Shape":
        return _shape(inputs[0], axes_of)
    if kind in ("Pack", "ConcatV2"):
        parts = [lengths(each, axes_of) for each in (inputs if kind == "Pack" else inputs[:-1])]
        return None if any(part is None for part in parts) else [each for part in parts for each in part or ()]
    if kind in ("StridedSlice", "GatherV2"):
        return _chosen(operation, axes_of)
    if kind == "Prod":
        whole = lengths(inputs[0], axes_of)
        return None if whole is None else [times(whole)]
    if kind == "Range":
        bounds = [lengths(each, axes_of) for each in inputs]
        numbers = [each[0][0] for each in bounds if each and each[0] is not None and not each[0][1]]
        return [(each, ()) for each in range(*numbers)] if len(numbers) == 3 else None
    if kind in ("Mul", "FloorDiv", "RealDiv", "Maximum", "BroadcastArgs", "Sub", "Add", "AddV2"):
        first, second = (lengths(each, axes_of) for each in inputs)
        if first is None or second is None or len(first) != len(second):
            return None
        return [_together(kind, one, two) for one, two in zip(first, second, strict=True)]
    return None


def _shape(tensor: tf.Tensor, axes_of: AxesOf) -> list[Length] | None:
    if tensor.shape.rank is None:
        return None
    axes = axes_of(tensor)
    return [
        (size, ()) if size is not None else (length_of(axes[place]) if axes is not None and axes[place] else None)
        for place, size in enumerate(tensor.shape.as_list())
    ]


def _chosen(operation: tf.Operation, axes_of: AxesOf) -> list[Length] | None:
    whole = lengths(operation.inputs[0], axes_of)
    bounds = [constant(each) for each in operation.inputs[1:]]
    if whole is None or any(each is None for each in bounds):
        return None
    places = np.arange(len(whole))
    if operation.type == "GatherV2":
        return [whole[int(place)] for place in np.atleast_1d(bounds[0]).reshape(-1)]
    begin, end, stride = (int(each[0]) for each in bounds)
    first = None if operation.get_attr("begin_mask") & 1 else begin
    last = None if operation.get_attr("end_mask") & 1 else end
    if operation.get_attr("shrink_axis_mask") & 1:
        return [whole[begin]]
    return [whole[int(place)] for place in places[first:last:stride]]


def _together(kind: str, one: Length, two: Length) -> Length:
    if kind == "Mul":
        return times((one, two))
    if kind in ("Maximum", "BroadcastArgs"):
        return one if two in ((0, ()), (1, ())) else two if one in ((0, ()), (1, ())) else one if one == two else None
    if kind in ("Sub", "Add", "AddV2"):
        if one is None or two is None or one[1] or two[1]:
            return None
        number = one[0] - two[0] if kind == "Sub" else one[0] + two[0]
        return (number, ()) if number >= 0 else None
    if one is None or two is None or not two[0] or one[0] % two[0]:
        return None
    atoms = list(one[1])
    for atom in two[1]:
        if atom not in atoms:
            return None
        atoms.remove(atom)
    return one[0] // two[0], tuple(atoms)
