"""What a model is traced for: the forms of inputs that it declares, and those that it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import tree


def declared(model: keras.Model, structure: Any) -> list[keras.KerasTensor] | None:
    """The inputs a functional model declares, in the flattened order of `structure`; None where it declares none."""
    inputs = getattr(model, "inputs", None)
    if not inputs or len(inputs) != len(tree.flatten(structure)):
        return None
    if isinstance(structure, Mapping):
        struct = getattr(model, "_inputs_struct", None)
        by_name = dict(struct) if isinstance(struct, Mapping) else {each.name: each for each in inputs}
        if set(by_name) != set(structure):
            return None
        inputs = tree.flatten({name: by_name[name] for name in structure})
    return list(inputs)


def signatures(model: keras.Model, structure: Any, leaves: Sequence[tf.Tensor]) -> list[tuple[tf.TensorSpec, ...]]:
    """From the most open to the exact one: as declared, all lengths open, the batch open, nothing open."""
    shapes = [leaf.shape.as_list() for leaf in leaves]
    candidates = [
        [[None] * len(shape) if len(shape) <= 2 else [*[None] * (len(shape) - 1), shape[-1]] for shape in shapes],
        [[None, *shape[1:]] if shape else [] for shape in shapes],
        shapes,
    ]
    known = declared(model, structure)
    if known is not None and all(
        tf.TensorShape(each.shape).is_compatible_with(shape) for each, shape in zip(known, shapes, strict=True)
    ):
        candidates.insert(0, [list(each.shape) for each in known])
    return [
        tuple(tf.TensorSpec(shape, leaf.dtype) for shape, leaf in zip(each, leaves, strict=True)) for each in candidates
    ]
