"""One head of a Keras attention layer taken apart, to its part of the output projection."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from attnviz.errors import InputError, ModelError
from attnviz.trace import Step, Steps


def check_indices(**indices: tuple[int, int]) -> None:
    """Refuse an index that is out of range.

    Args:
        indices: What is counted: the index asked for, from 0, and how many there are.

    Raises:
        InputError: `no_such_index`.
    """
    for what, (index, size) in indices.items():
        if not 0 <= index < size:
            raise InputError("no_such_index", what=what, received=index, last=size - 1)


def head_steps(
    layer: Any,
    head: int,
    query: NDArray[np.float32],
    keys: NDArray[np.float32],
    values: NDArray[np.float32],
    scores: NDArray[np.float32],
    weights: NDArray[np.float32],
) -> Steps:
    """What one head does for one query, from q, k and v to its part of the output projection.

    Args:
        layer, head: As for `head_output`.
        query: float32 `[feature]`.
        keys, values: float32 `[key, feature]`.
        scores: q·k/√d with the mask, float32 `[key]`.
        weights: float32 `[key]`.
    """
    context = weights @ values
    return Steps(
        (
            Step("query", query, ("feature",), "query"),
            Step("key", keys, ("key", "feature"), "key"),
            Step("value", values, ("key", "feature"), "value"),
            Step("scores", scores, ("key",), "scaled_scores"),
            Step("weights", weights, ("key",), "weights"),
            Step("context", context, ("feature",), "head_context"),
            *head_output(layer, head, context),
        )
    )


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
    kernel = output_kernel(layer)
    if kernel is None or kernel.shape[1] != len(context):
        return ()
    return (
        Step("output_kernel", kernel[head], ("feature", "model"), "output_kernel"),
        Step("output", context @ kernel[head], ("model",), "head_output"),
    )


def value_norms(layer: Any, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """How long what each key has to give is, once projected: ‖v_j W_O‖ with the head's own rows of W_O.

    The bias of the output projection belongs to no head and no key and is left out.

    Args:
        layer: As for `head_output`, with as many value heads as heads.
        values: float32 `[key, head, feature]`, the value vectors with their bias.

    Returns:
        float32 `[head, key]`.

    Raises:
        ModelError: `no_value_norms`: the layer has no such projection.

    Source: Kobayashi et al. 2020, "Attention is Not Only a Weight: Analyzing Transformers with Vector Norms".
    """
    kernel = output_kernel(layer)
    if kernel is None or kernel.shape[:2] != values.shape[1:]:
        raise ModelError("no_value_norms", layer=layer.name)
    vectors = np.einsum("khf,hfm->hkm", values, kernel, optimize=True)
    norms: NDArray[np.float32] = np.linalg.norm(vectors, axis=-1)
    return norms


def output_kernel(layer: Any) -> NDArray[np.float32] | None:
    """W_O, float32 `[head, feature, model]`; None where there is none, or a gate multiplies the contexts first."""
    dense = getattr(layer, "_output_dense", None)
    gated = getattr(layer, "_use_gate", False) or getattr(layer, "use_gate", False)
    if gated or dense is None or getattr(dense, "quantization_mode", None):
        return None
    kernel: NDArray[np.float32] = np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(dense.kernel, "float32")))
    return kernel if kernel.ndim == 3 else None
