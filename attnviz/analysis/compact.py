"""Weights in the precision that can be seen: 8 bits a weight, shrunk to the pixels there are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def coded(places: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Places on a colour scale, 0–1, as 0–255; a step is 1/255 of the scale, less than an eye tells apart."""
    codes: NDArray[np.uint8] = np.round(np.clip(places, 0, 1) * 255).astype(np.uint8)
    return codes


def shrunk(matrices: NDArray[np.floating], limit: int) -> NDArray[np.float64]:
    """Matrices made small enough to draw, each new cell the largest of those it stands for.

    The largest, not the mean: what stands out in the whole must stand out in the small.

    Args:
        matrices: `[..., row, column]`.
        limit: Most rows and columns to keep.
    """
    values = np.asarray(matrices, dtype=np.float64)
    for axis in (-2, -1):
        size = values.shape[axis]
        if size > limit:
            starts = (np.arange(limit) * size) // limit
            values = np.maximum.reduceat(values, starts, axis=axis)
    return values
