"""Weights times the length of what they are given to: a large weight on a short vector brings little."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def weighted(weights: NDArray[np.floating[Any]], norms: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """The norm of what each key adds to each query in a head: ‖a_ij · v_j W_O‖ = a_ij · ‖v_j W_O‖.

    These are lengths of vectors, not shares: rows do not sum to 1, and the vectors may point against each other, so
    that their sum may be shorter than any of them. The bias of the output projection belongs to no key and no head and
    is left out; so are the other heads, the residual connection and layer norm.

    Args:
        weights: float `[..., query, key]`, e.g. `[layer, head, query, key]`.
        norms: float `[..., key]`, ‖v_j W_O‖ with the head's own rows of W_O, as a model's `value_norms` gives them.

    Returns:
        float64 `[..., query, key]`, not negative, in the units of the model's hidden vectors.

    Source: Kobayashi et al. 2020, "Attention is Not Only a Weight: Analyzing Transformers with Vector Norms".
    """
    if weights.shape[:-2] != norms.shape[:-1] or weights.shape[-1] != norms.shape[-1]:
        raise ValueError(f"Expected norms of shape {(*weights.shape[:-2], weights.shape[-1])}. Received: {norms.shape}")
    product: NDArray[np.float64] = weights.astype(np.float64) * norms[..., None, :].astype(np.float64)
    return product
