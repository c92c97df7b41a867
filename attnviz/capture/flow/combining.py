"""Operations that sum over axes or look through windows."""

from __future__ import annotations

import tensorflow as tf

from attnviz.capture.flow.atoms import UNIT, Axis, unpadded
from attnviz.capture.flow.known import Known, Sources
from attnviz.capture.flow.operations import handles, static, straight


@handles("Sum", "Mean", "Max", "Min", "Prod", "Any", "All", "EuclideanNorm", "ArgMax", "ArgMin")
def _reduce(known: Known, operation: tf.Operation) -> None:
    gone = static(operation.inputs[1])
    axes = known.axes[id(operation.inputs[0])]
    if gone is None:
        return
    over = {place % max(len(axes), 1) for place in gone}
    keep = operation.type not in ("ArgMax", "ArgMin") and operation.get_attr("keep_dims")
    pairs = [(UNIT, []) if place in over else (axis, [(0, place)]) for place, axis in enumerate(axes)]
    left = [pair for place, pair in enumerate(pairs) if keep or place not in over]
    known.note(operation.outputs[0], [axis for axis, _ in left], [list(source) for _, source in left])


@handles("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")
def _matmul(known: Known, operation: tf.Operation) -> None:
    first, second = (known.axes[id(each)] for each in operation.inputs)
    flips = ("transpose_a", "transpose_b") if operation.type == "MatMul" else ("adj_x", "adj_y")
    row, inner = (-1, -2) if operation.get_attr(flips[0]) else (-2, -1)
    other, column = (-1, -2) if operation.get_attr(flips[1]) else (-2, -1)
    if first[inner] and second[other]:
        known.meet([first[inner], second[other]])
    rank = max(len(first), len(second))
    axes: list[Axis] = []
    sources: Sources = []
    for place in range(-rank, -2):
        found = [
            (number, len(own) + place, own[place])
            for number, own in enumerate((first, second))
            if -place <= len(own) and own[place]
        ]
        found = [each for each in found if known.size(each[2]) != 1] or found[:1]
        axes.append(known.meet([axis for _, _, axis in found]) if found else UNIT)
        sources.append([(number, at) for number, at, _ in found])
    axes += [first[row], second[column]]
    sources += [[(0, len(first) + row)], [(1, len(second) + column)]]
    known.note(operation.outputs[0], axes, sources)


@handles("Einsum", "XlaEinsum")
def _einsum(known: Known, operation: tf.Operation) -> None:
    equation = operation.get_attr("equation").decode().replace(" ", "")
    given, _, answer = equation.partition("->")
    letters: dict[str, list[tuple[int, int]]] = {}
    ranks = [len(known.axes[id(each)]) for each in operation.inputs]
    for number, (part, rank) in enumerate(zip(given.split(","), ranks, strict=True)):
        for place, letter in enumerate(_spelt(part, rank)):
            letters.setdefault(letter, []).append((number, place))
    axes: dict[str, Axis] = {}
    for letter, places in letters.items():
        own = [known.axes[id(operation.inputs[number])][place] for number, place in places]
        own = [each for each in own if each and known.size(each) != 1] or [each for each in own if each][:1]
        axes[letter] = known.meet(own) if own else UNIT
    rank = operation.outputs[0].shape.rank
    named = _spelt(answer, rank if rank is not None else len(answer))
    known.note(operation.outputs[0], [axes[each] for each in named], [letters[each] for each in named])


def _spelt(part: str, rank: int) -> list[str]:
    """One name for each axis; those of an ellipsis counted from its end."""
    head, dots, tail = part.partition("...")
    if not dots:
        return list(part)
    hidden = rank - len(head) - len(tail)
    return [*head, *(f".{hidden - place}" for place in range(hidden)), *tail]


@handles("Conv2D", "Conv3D", "DepthwiseConv2dNative", "MaxPool", "AvgPool", "MaxPool3D", "AvgPool3D")
def _windows(known: Known, operation: tf.Operation) -> None:
    given, output = operation.inputs[0], operation.outputs[0]
    axes, sizes = known.axes[id(given)], output.shape.as_list()
    strides = list(operation.get_attr("strides"))
    same = operation.get_attr("padding") == b"SAME"
    new = [axes[0]]
    for place in range(1, len(axes) - 1):
        reach = 0 if same else _reach(operation, place)
        if strides[place] == 1 and reach == 0:
            new.append(axes[place])
        else:
            whole = None if same or strides[place] > 1 else unpadded(known.root(axes[place]), reach)
            key = ("windows", strides[place], same or reach)
            new.append(whole or known.fresh(key, sizes[place], [axes[place]]))
    last = axes[-1] if "Pool" in operation.type else known.fresh(operation.name, sizes[-1], role="feature")
    known.note(output, [*new, last], straight(len(axes)))


def _reach(operation: tf.Operation, place: int) -> int:
    """By how much windows without padding shorten an axis."""
    if len(operation.inputs) < 2:  # pooling
        return int(operation.get_attr("ksize")[place]) - 1
    dilated = int(operation.get_attr("dilations")[place])
    return ((operation.inputs[1].shape[place - 1] or 1) - 1) * dilated


@handles("Pad", "PadV2", "MirrorPad")
def _pad(known: Known, operation: tf.Operation) -> None:
    axes = known.axes[id(operation.inputs[0])]
    around, sizes = static(operation.inputs[1]), operation.outputs[0].shape.as_list()
    new = []
    for place, axis in enumerate(axes):
        edges = (0, 0) if around is None else (around[2 * place], around[2 * place + 1])
        plain = around is not None and edges == (0, 0)
        new.append(axis if plain else known.fresh(("pad", edges), sizes[place], [axis]))
    known.note(operation.outputs[0], new, straight(len(axes)))
