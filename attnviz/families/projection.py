"""What a Keras attention layer does to the contexts of its heads."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from attnviz.trace import Step


def head_output(layer: Any, head: int, context: NDArray[np.float32]) -> tuple[Step, ...]:
    """One head's part of the output projection (Vaswani et al. 2017, section 3.2.2).

    The layer gives out the sum of the parts of all heads and, once, its bias.

    Args:
        layer: `keras.layers.MultiHeadAttention` or `GroupQueryAttention`, or one made from them.
        head: From 0.
        context: float32 `[feature]`, the head's own.

    Returns:
        `output_kernel` W_O of this head `[feature, model]` and `output` `[model]`; nothing where the layer has no such
        projection, or multiplies the contexts by a gate first.
    """
    dense = getattr(layer, "_output_dense", None)
    gated = getattr(layer, "_use_gate", False) or getattr(layer, "use_gate", False)
    if gated or dense is None or getattr(dense, "quantization_mode", None):
        return ()
    kernel = np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(dense.kernel, "float32")))
    if kernel.ndim != 3 or kernel.shape[1] != len(context):
        return ()
    return (
        Step("output_kernel", kernel[head], ("feature", "model"), "output_kernel"),
        Step("output", context @ kernel[head], ("model",), "head_output"),
    )
