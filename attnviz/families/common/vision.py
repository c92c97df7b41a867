"""EfficientNet-Lite0 up to its last block: what of a picture stands where.

Source: Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019); the Lite variants
have neither squeeze-and-excitation nor swish. Batch normalisation is part of the convolutions before it.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

#: Pixels of the side of a picture.
SIDE = 224

#: Rows (and columns) of the two maps that are read, and their features: of block 10, and of the last.
FINE, COARSE = (14, 112), (7, 320)

#: Of each stage: expansion, kernel, stride, features, blocks.
_STAGES = ((1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3), (6, 5, 2, 192, 4),
           (6, 3, 1, 320, 1))  # fmt: skip

#: The last block at 14 × 14.
_FINE_BLOCK = 10


def build() -> keras.Model:
    """The network, untrained: from pixels `[batch, 224, 224, 3]`, 0 to 255, to maps `[batch, 14, 14, 112]` and
    `[batch, 7, 7, 320]`.

    Convolutions are called `stem`, `block_{i}_expand`, `block_{i}_depthwise`, `block_{i}_project`.
    """
    pixels = keras.Input((SIDE, SIDE, 3), name="pixels")
    x = keras.layers.Rescaling(1 / 128, offset=-127 / 128, name="scale")(pixels)
    x = _convolved(x, "stem", 32, kernel=3, stride=2)
    block, maps = 0, []
    for expansion, kernel, first_stride, features, count in _STAGES:
        for place in range(count):
            stride, before = first_stride if place == 0 else 1, x
            if expansion > 1:
                x = _convolved(x, f"block_{block}_expand", expansion * x.shape[-1])
            depthwise = keras.layers.DepthwiseConv2D(kernel, stride, padding="same", name=f"block_{block}_depthwise")
            x = keras.layers.ReLU(6.0, name=f"block_{block}_relu")(depthwise(x))
            x = keras.layers.Conv2D(features, 1, name=f"block_{block}_project")(x)
            if stride == 1 and before.shape[-1] == features:
                x = keras.layers.Add(name=f"block_{block}_sum")([x, before])
            maps += [x] if block == _FINE_BLOCK else []
            block += 1
    return keras.Model(pixels, [*maps, x], name="vision")


def _convolved(x: Any, name: str, features: int, kernel: int = 1, stride: int = 1) -> Any:
    x = keras.layers.Conv2D(features, kernel, stride, padding="same", name=name)(x)
    return keras.layers.ReLU(6.0, name=f"{name}_relu")(x)


def regions(fine: NDArray[np.floating[Any]], coarse: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Both maps side by side, the coarse one spread over the fine.

    Args:
        fine: `[batch, 14, 14, 112]`.
        coarse: `[batch, 7, 7, 320]`.

    Returns:
        float32 `[batch, 196, 432]`, regions row by row.
    """
    spread = np.repeat(np.repeat(coarse, 2, axis=1), 2, axis=2)
    both = np.concatenate([fine, spread], axis=-1, dtype=np.float32)
    return both.reshape(len(both), FINE[0] ** 2, -1)
