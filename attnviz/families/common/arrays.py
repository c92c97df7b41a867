"""A model's arrays by name: as they stand in a weights file, and put back from it."""

from __future__ import annotations

from typing import Any

import keras


def names(model: keras.Model) -> dict[str, Any]:
    """A model's variables by `layer/variable` (`layer/part/variable` inside attention)."""
    found = {}
    for layer in model.layers:
        for variable in layer.trainable_variables:
            found[f"{layer.name}/{variable.path.rpartition(layer.name + '/')[2]}"] = variable
    return found


def set_weights(model: keras.Model, weights: dict[str, Any]) -> None:
    """Put arrays named as by `names` into a model.

    Raises:
        ValueError: A name or a shape does not agree.
    """
    variables = names(model)
    if set(variables) != set(weights):
        raise ValueError(f"Expected arrays {sorted(variables)}. Received: {sorted(weights)}")
    for name, variable in variables.items():
        if tuple(variable.shape) != weights[name].shape:
            raise ValueError(f"Expected {name} of shape {tuple(variable.shape)}. Received: {weights[name].shape}")
        variable.assign(weights[name])
