"""The softmax, and what a temperature does to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def at_temperature(scores: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """softmax(scores / temperature) along the last axis, in float64.

    Args:
        scores: `[..., key]`, finite.
        temperature: Above 0; 1 is the plain softmax, smaller sharpens, larger flattens.

    Returns:
        Weights of the same shape, rows summing to 1.

    >>> at_temperature(np.array([0.0, np.log(3)]), 1).round(3).tolist()
    [0.25, 0.75]
    """
    if not temperature > 0:
        raise ValueError(f"Expected a temperature above 0. Received: {temperature}")
    values = np.asarray(scores, dtype=np.float64)
    exponential = np.exp((values - values.max(axis=-1, keepdims=True)) / temperature)
    weights: NDArray[np.float64] = exponential / exponential.sum(axis=-1, keepdims=True)
    return weights
