"""Whether what was captured is what the model computes: its prediction beside that of the model as it is."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import tree

from attnviz.capture import CapturedModel
from attnviz.trace import Notice

#: How far two predictions of one model may lie apart by rounding, of its largest number.
ROUNDING = {"float32": 1e-4, "float64": 1e-4, "float16": 2e-2, "bfloat16": 1e-1}


def difference(model: keras.Model, prediction: Any, captured: CapturedModel, inputs: Any) -> tuple[Notice, ...]:
    """Call the model as anybody would, and compare.

    Args:
        model: As its author made it; one that keeps a state from call to call cannot be compared.
        prediction: What was captured.
        captured: The same model.
        inputs: As the model takes them.

    Returns:
        A notice with the largest difference, if it is more than rounding.
    """
    layers = model._flatten_layers()
    if any(getattr(layer, "stateful", False) for layer in layers):
        return ()
    pairs = list(zip(tree.flatten(prediction), tree.flatten(captured.called(inputs)), strict=True))
    tolerance = max(ROUNDING.get(layer.compute_dtype, 0.0) for layer in layers)
    largest, apart = 0.0, 0.0
    for shown, own in pairs:
        one, other = np.asarray(shown), np.asarray(own)
        if one.shape != other.shape or (one.dtype.kind not in "fiub" and str(one.dtype) != "bfloat16"):
            continue
        first, second = one.astype(np.float64), other.astype(np.float64)
        with np.errstate(invalid="ignore"):
            gap = np.where((first == second) | (np.isnan(first) & np.isnan(second)), 0, np.abs(first - second))
        largest = max(largest, float(np.abs(second[np.isfinite(second)]).max(initial=0)))
        apart = max(apart, float(np.nan_to_num(gap, nan=np.inf).max(initial=0)))
    if apart <= tolerance * largest + 1e-6:
        return ()
    return (Notice("prediction_differs", {"difference": f"{apart:.2g}", "largest": f"{largest:.2g}"}),)
