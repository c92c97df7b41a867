"""EfficientNet-Lite0 up to its last block: what of a picture stands where.

Source: Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019); the Lite variants
have neither squeeze-and-excitation nor swish. Batch normalisation is part of the convolutions before it.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

#: Pixels of the side of a picture, where nothing else is said.
SIDE = 224

#: Rows and columns of the regions that are read, whatever the side of the picture.
GRID = 14

#: Rows (and columns) of the two maps that are read, and their features: of block 10, and of the last.
FINE, COARSE = (14, 112), (7, 320)

#: Of each stage: expansion, kernel, stride, features, blocks.
_STAGES = ((1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3), (6, 5, 2, 192, 4),
           (6, 3, 1, 320, 1))  # fmt: skip

#: The last block at 14 × 14, and those behind it.
_FINE_BLOCK = 10
_LAST = range(_FINE_BLOCK + 1, sum(stage[4] for stage in _STAGES))


def build(side: int = SIDE) -> keras.Model:
    """The network, untrained: from pixels `[batch, 224, 224, 3]`, 0 to 255, to maps `[batch, 14, 14, 112]` and
    `[batch, 7, 7, 320]`; from pictures of twice the side to maps of twice the side.

    Convolutions are called `stem`, `block_{i}_expand`, `block_{i}_depthwise`, `block_{i}_project`.

    Args:
        side: Pixels of the side of a picture, a multiple of 32.
    """
    pixels = keras.Input((side, side, 3), name="pixels")
    x = keras.layers.Rescaling(1 / 128, offset=-127 / 128, name="scale")(pixels)
    x = _convolved(x, "stem", 32, kernel=3, stride=2)
    fine = _blocks(x, range(_FINE_BLOCK + 1))
    return keras.Model(pixels, [fine, _blocks(fine, _LAST)], name="vision")


def build_last() -> keras.Model:
    """The blocks behind the fine map alone: from that map of any side to the coarse one of half the side."""
    fine = keras.Input((None, None, FINE[1]), name="fine")
    return keras.Model(fine, _blocks(fine, _LAST), name="vision_last")


def _blocks(x: Any, numbers: range) -> Any:
    """Some of the blocks, one after the other."""
    rows = [row if place == 0 else (*row[:2], 1, row[3], 1) for row in _STAGES for place in range(row[4])]
    for block in numbers:
        expansion, kernel, stride, features, _ = rows[block]
        before = x
        if expansion > 1:
            x = _convolved(x, f"block_{block}_expand", expansion * x.shape[-1])
        depthwise = keras.layers.DepthwiseConv2D(kernel, stride, padding="same", name=f"block_{block}_depthwise")
        x = keras.layers.ReLU(6.0, name=f"block_{block}_relu")(depthwise(x))
        x = keras.layers.Conv2D(features, 1, name=f"block_{block}_project")(x)
        if stride == 1 and before.shape[-1] == features:
            x = keras.layers.Add(name=f"block_{block}_sum")([x, before])
    return x


def _convolved(x: Any, name: str, features: int, kernel: int = 1, stride: int = 1) -> Any:
    x = keras.layers.Conv2D(features, kernel, stride, padding="same", name=name)(x)
    return keras.layers.ReLU(6.0, name=f"{name}_relu")(x)


def regions(fine: NDArray[np.floating[Any]], coarse: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Both maps side by side on one grid: of a map of more places the mean of those of a region, one of fewer spread.

    Args:
        fine: `[batch, 14, 14, 112]`, or of twice the side.
        coarse: `[batch, 7, 7, 320]`, or of twice the side.

    Returns:
        float32 `[batch, 196, 432]`, regions row by row.
    """
    both = np.concatenate([_spread(pooled(each)) for each in (fine, coarse)], axis=-1, dtype=np.float32)
    return both.reshape(len(both), GRID * GRID, -1)


def pooled(maps: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """A map of more places than there are regions with the mean of those of each region, `[batch, 14, 14, feature]`;
    any other as it is."""
    batch, side, _, features = maps.shape
    if side <= GRID:
        return maps
    cells = maps.reshape(batch, GRID, side // GRID, GRID, side // GRID, features)
    found: NDArray[np.floating[Any]] = cells.mean(axis=(2, 4), dtype=np.float32)
    return found


def _spread(maps: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    times = GRID // maps.shape[1]
    return np.repeat(np.repeat(maps, times, axis=1), times, axis=2)
