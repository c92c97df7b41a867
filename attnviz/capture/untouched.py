"""A model traced by us is left as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf
from keras import tree


@contextmanager
def untouched(model: keras.Model) -> Iterator[None]:
    """Whatever a layer keeps of a call would be a tensor of our graph: leave every layer as it was."""
    before = [(layer, dict(vars(layer)), list(layer._losses)) for layer in model._flatten_layers()]
    try:
        yield
    finally:
        for layer, state, losses in before:
            now = vars(layer)
            for name in list(now):
                if name in state and now[name] is state[name]:
                    continue
                # What others do with a model meanwhile (predict, fit) shows in the model's own attributes.
                if isinstance(layer, keras.Model) and not _of_a_graph(now[name]):
                    continue
                if name in state:
                    now[name] = state[name]
                else:
                    del now[name]
            layer._losses[:] = losses


def _of_a_graph(value: Any) -> bool:
    """Whether this is a tensor of a graph, or holds one."""
    return any(isinstance(each, tf.Tensor) and not hasattr(each, "numpy") for each in tree.flatten(value))
