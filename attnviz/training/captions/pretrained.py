"""The encoder of pictures, converted from the weights that others trained on ImageNet."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.training.captions.torch_file import tensors
from attnviz.training.data import EFFICIENTNET, content

#: Convolutions of a block, as they are called here, with their names and their normalisations' in the file.
_PARTS = {
    "expand": ("_expand_conv", "_bn0"),
    "depthwise": ("_depthwise_conv", "_bn1"),
    "project": ("_project_conv", "_bn2"),
}

#: Of its batch normalisations.
_EPSILON = 1e-3


def vision_weights(*, quiet: bool = False) -> dict[str, NDArray[np.float32]]:
    """Weights of `families.common.vision.build` by `layer/variable`.

    Raises:
        DataError: The file cannot be had, or is not what it should be.
    """
    state = tensors(content(EFFICIENTNET, EFFICIENTNET.files[0].name, quiet=quiet))
    found = _folded(state, "stem", "_conv_stem", "_bn0")
    blocks = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("_blocks."))
    for block in range(blocks):
        for part, (layer, norm) in _PARTS.items():
            place = f"_blocks.{block}."
            if f"{place}{layer}.weight" in state:
                depthwise = part == "depthwise"
                found |= _folded(state, f"block_{block}_{part}", place + layer, place + norm, depthwise=depthwise)
    return found


def _folded(
    state: dict[str, NDArray[Any]], name: str, layer: str, norm: str, *, depthwise: bool = False
) -> dict[str, NDArray[np.float32]]:
    """A convolution with the normalisation behind it folded in: kernel `[row, column, in, out]` and bias."""
    scale, shift, mean, variance = (
        state[f"{norm}.{part}"].astype(np.float64) for part in ("weight", "bias", "running_mean", "running_var")
    )
    factor = scale / np.sqrt(variance + _EPSILON)
    kernel = state[f"{layer}.weight"].astype(np.float64) * factor[:, None, None, None]  # [out, in, row, column]
    order = (2, 3, 0, 1) if depthwise else (2, 3, 1, 0)
    return {
        f"{name}/kernel": kernel.transpose(order).astype(np.float32),
        f"{name}/bias": (shift - mean * factor).astype(np.float32),
    }
