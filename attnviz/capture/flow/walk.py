"""The walk through a graph that finds out what the axes of its tensors are, into loops and functions too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from attnviz.capture.flow import arranging, combining, picking, stacking, writing
from attnviz.capture.flow.atoms import Atom, Axis, Role, length_of
from attnviz.capture.flow.known import Known, Listed
from attnviz.capture.flow.operations import ELEMENTWISE, HANDLERS

#: Their handlers are in the table once they are imported.
_PARTS = (arranging, combining, picking, stacking, writing)

_LOOPS = ("While", "StatelessWhile")
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_READING_NOTHING = ("Shape", "ShapeN", "Rank", "Size", "ZerosLike", "OnesLike")
_PYTHON = ("PyFunc", "EagerPyFunc", "PyFuncStateless")
_VARIABLES = ("ReadVariableOp", "ResourceGather")


class Flow(Known):
    """What is known of all tensors of a traced model.

    Args:
        graph: Of the traced function.
        inputs: The model's inputs in it, in flattened order.
        alias: By id of a tensor, the one it stands for: an edit may stand between weights and what uses them.

    Attributes:
        stepped: By id of a loop's body, the axes the loop goes along.
    """

    def __init__(self, graph: Any, inputs: Sequence[tf.Tensor], alias: Mapping[int, tf.Tensor]) -> None:
        super().__init__()
        self.stepped: dict[int, list[Axis]] = {}
        self.dependent = {id(each) for each in inputs}
        self._alias = alias
        self._read(graph, {id(each): _axes_of_input(place, each) for place, each in enumerate(inputs)})

    def _read(self, graph: Any, given: Mapping[int, Listed | list[Axis] | None]) -> None:
        for operation in graph.get_operations():
            for output in operation.outputs:
                known = given.get(id(output))
                if isinstance(known, Listed):
                    self.lists[id(output)] = known
                elif known is not None:
                    self.note(output, known, [[] for _ in known])
            if operation.outputs and id(operation.outputs[0]) not in self.axes:
                self._operation(operation, graph)
            if operation.type not in _READING_NOTHING and any(id(each) in self.dependent for each in operation.inputs):
                self.dependent.update(map(id, operation.outputs))

    def _operation(self, operation: tf.Operation, graph: Any) -> None:
        real = self._alias.get(id(operation.outputs[0]))
        if real is not None and id(real) in self.axes:
            self.axes[id(operation.outputs[0])] = self.axes[id(real)]
            return
        try:
            if operation.type in HANDLERS:
                HANDLERS[operation.type](self, operation)
            elif operation.type in _LOOPS:
                self._loop(operation)
            elif operation.type in _CALLS:
                self._call(operation, graph)
        except (KeyError, IndexError, ValueError, TypeError, AttributeError):  # a form not thought of: it is opaque
            pass
        for output in operation.outputs:
            if id(output) not in self.axes and output.shape.rank is not None and output.dtype != tf.variant:
                self._guess(operation, output)

    def _guess(self, operation: tf.Operation, output: tf.Tensor) -> None:
        """Axes of the operands as if element by element; where lengths forbid that, or there are none, new ones."""
        rank, sizes = output.shape.rank, output.shape.as_list()
        made = operation.type in (*_VARIABLES, *_PYTHON) or not operation.inputs
        least = 0 if operation.type in ELEMENTWISE else rank  # a stranger may be anything
        operands = [
            (place, each)
            for place, each in enumerate(operation.inputs)
            if not made and least <= len(self.axes.get(id(each), [None] * (rank + 1))) <= rank
        ]
        axes, sources = self.broadcast(operands, rank)
        name = operation.inputs[0].name if operation.type in _VARIABLES else output.name
        role: Role = "weight" if made and operation.type not in _PYTHON else "opaque"
        for place, size in enumerate(sizes):
            if size == 1:
                continue
            length = length_of(axes[place])
            wrong = axes[place] and size is not None and length is not None and not length[1] and length[0] != size
            if not axes[place] or wrong:
                parents = [axes[place]] if wrong and operation.type not in ELEMENTWISE else []
                key = (name, id(operation.graph), place)
                axes[place] = self.fresh(key, size, parents) if parents else (Atom((key, ()), role, size),)
        self.note(output, axes, sources)

    def _loop(self, operation: tf.Operation) -> None:
        body = operation._body_graph
        self._enter(body, operation.inputs)
        picked = [
            self.picked[id(output)]
            for inside in body.get_operations()
            for output in inside.outputs
            if id(output) in self.picked
        ]
        self.stepped[id(body)] = [each.axis for each in picked if each.index is None]
        for place, output in enumerate(operation.outputs):
            inside, before = body.outputs[place], operation.inputs[place]
            if output.dtype == tf.variant:
                old, new = self.lists.get(id(before), Listed()), self.lists.get(id(inside), Listed())
                along = next((axis for axis in self.stepped[id(body)] if self.role(axis) == "sequence"), old.along)
                along = old.along if self.role(old.along) in ("sequence", "batch") else along
                exchanged = (axis for axis in self.stepped[id(body)] if self.is_permuted(axis, along))
                along = next(exchanged, along)  # as long as what it goes through in another order
                self.lists[id(output)] = Listed(along, new.element or old.element)
                continue
            axes = self.axes.get(id(before)) or self.axes.get(id(inside))
            if axes is not None:
                self.note(output, axes, [[(place, at)] for at in range(len(axes))])

    def _call(self, operation: tf.Operation, graph: Any) -> None:
        body = graph._get_function(operation.get_attr("f").name).graph
        self._enter(body, operation.inputs)
        for inside, output in zip(body.outputs, operation.outputs, strict=False):
            if id(inside) in self.lists:
                self.lists[id(output)] = self.lists[id(inside)]
            elif id(inside) in self.axes:
                self.note(output, self.axes[id(inside)], [[] for _ in self.axes[id(inside)]])

    def _enter(self, body: Any, outer: Sequence[tf.Tensor]) -> None:
        given: dict[int, Listed | list[Axis] | None] = {}
        for inside, outside in zip(body.inputs, outer, strict=False):
            given[id(inside)] = self.lists.get(id(outside)) or self.axes.get(id(outside))
            if id(outside) in self.dependent:
                self.dependent.add(id(inside))
        self._read(body, given)


def _axes_of_input(place: int, tensor: tf.Tensor) -> list[Axis] | None:
    """What the axes of an input count: the batch, then tokens or rows and columns; last of numbers, features."""
    if tensor.shape.rank is None:
        return None
    sizes = tensor.shape.as_list()
    features = tensor.dtype.is_floating or (tensor.dtype != tf.bool and len(sizes) > 3)
    roles: list[Role] = ["sequence"] * len(sizes)
    if sizes:
        roles[0] = "batch"
    if len(sizes) > 1 and features:
        roles[-1] = "feature"
    return [
        (Atom(("input", 0 if role == "batch" else place, axis), role, size),)
        for axis, (role, size) in enumerate(zip(roles, sizes, strict=True))
    ]
