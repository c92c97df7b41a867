"""Layers that compute where a graph shows nothing: in functions compiled beforehand, and in Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras


def called_compiled(graph: Any, model: keras.Model) -> Iterator[str]:
    """Layers that call a function which was compiled beforehand and holds a softmax: it cannot be opened any more."""
    for operation in graph.get_operations():
        if any(each.type == "Softmax" for each in _called(operation)):
            yield layer_of(operation, model)


def _called(operation: Any) -> Iterator[Any]:
    """The operations of the function that an operation calls, and of those called in there."""
    if operation.type in ("PartitionedCall", "StatefulPartitionedCall"):
        body = operation.graph._get_function(operation.get_attr("f").name)
        for each in () if body is None else body.graph.get_operations():
            yield each
            yield from _called(each)


def called_in_python(graph: Any, model: keras.Model) -> Iterator[str]:
    """Layers that hand tensors to a function of Python."""
    for operation in graph.get_operations():
        if operation.type in ("PyFunc", "PyFuncStateless", "EagerPyFunc"):
            yield layer_of(operation, model)


def layer_of(operation: Any, model: keras.Model) -> str:
    """Name of the innermost layer that an operation is of; its own where it is of none."""
    layers = {layer.name: layer.name for layer in model._flatten_layers(False)}
    scopes = operation.name.split("/")[-2::-1]
    names = (layers.get(scope) or layers.get(scope.rpartition("_")[0]) for scope in scopes)
    name: str = next((name for name in names if name), operation.name)
    return name
