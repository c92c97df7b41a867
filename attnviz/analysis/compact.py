"""Weights in the precision that can be seen: 8 bits a weight, shrunk to the pixels there are."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.scales import ScaleKey, normalise


def coded(places: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Places on a colour scale, 0–1, as 0–255; a step is 1/255 of the scale, less than an eye tells apart."""
    codes: NDArray[np.uint8] = np.round(np.clip(places, 0, 1) * 255).astype(np.uint8)
    return codes


def packed(values: NDArray[np.generic]) -> str:
    """The bytes of an array, in order, as the scripts take them: in base64.

    >>> packed(np.array([0, 255], np.uint8))
    'AP8='
    """
    return base64.b64encode(values.tobytes()).decode()


def shrunk(
    matrices: NDArray[np.floating], limit: int, axes: Sequence[Literal[-2, -1]] = (-2, -1)
) -> NDArray[np.floating]:
    """Matrices made small enough to draw, each new cell the largest of those it stands for.

    The largest, not the mean: what stands out in the whole must stand out in the small.

    Args:
        matrices: `[..., row, column]`.
        limit: Most rows and columns to keep.
        axes: Rows (-2), columns (-1), or both.
    """
    values = np.asarray(matrices)
    for axis in axes:
        size = values.shape[axis]
        if size > limit:
            starts = (np.arange(limit) * size) // limit
            values = np.maximum.reduceat(values, starts, axis=axis)
    return values


def largest(rows: Sequence[NDArray[np.floating]], most: int) -> NDArray[np.intp]:
    """Places of the largest values of several rows of the same length, in their order; all where there are no more.

    Args:
        rows: Each float `[place]`; NaN is no value. A place counts by the largest absolute value that stands there.
        most: Places to keep.

    >>> largest([np.array([0.1, 0.7, 0.2])], 2).tolist()
    [1, 2]
    """
    values = np.nanmax(np.abs(np.nan_to_num(np.stack([np.asarray(row, np.float64) for row in rows]))), axis=0)
    return np.sort(np.argsort(-values, kind="stable")[:most])


def placed(weights: NDArray[np.floating], scale: ScaleKey, limit: int) -> NDArray[np.uint8]:
    """`coded(shrunk(normalise(weights, scale), limit))` without ever holding all of it in full precision.

    Keys go first: that keeps every row's largest weight, on which the scale may depend.

    Args:
        weights: `[layer, head, query, key]`.
        scale: How weights become colours.
        limit: Most rows and columns to keep.
    """
    layers = [shrunk(normalise(shrunk(layer, limit, (-1,)), scale), limit, (-2,)) for layer in weights]
    return coded(np.stack(layers))
