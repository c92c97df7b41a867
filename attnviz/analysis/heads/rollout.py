"""Attention followed through the layers: how much of each input token may have reached each position."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def rollout(
    weights: NDArray[np.floating[Any]], residual: float = 0.5, layers: int | None = None
) -> NDArray[np.float64]:
    """Attention rollout: the mean over heads, mixed with the identity, multiplied from the first layer up.

    A_l = residual · I + (1 - residual) · mean over heads of the weights of layer l; R_1 = A_1; R_l = A_l R_{l-1}.
    Row i of R_l says from which input tokens position i may have its content after layer l.

    It is not what the model computes: it takes all heads as equally important and the residual connection as worth
    exactly `residual`, and knows nothing of values, output projections, feed-forward layers and layer norms.

    Args:
        weights: float `[layer, head, query, key]`, self-attention (as many queries as keys), rows summing to 1.
        residual: Share 0-1 of what a position keeps of itself in each layer; the paper takes 0.5.
        layers: Only so many from the first; None means all.

    Returns:
        float64 `[layer, query, key]`; every row sums to 1. Entry n is the rollout up to and including layer n.

    Source: Abnar & Zuidema 2020, "Quantifying Attention Flow in Transformers".

    >>> rollout(np.full((1, 1, 2, 2), 0.5)).tolist()
    [[[0.75, 0.25], [0.25, 0.75]]]
    """
    chosen = weights[:layers]
    count, _, queries, keys = chosen.shape
    if queries != keys:
        raise ValueError(f"Expected as many queries as keys. Received: {queries} queries, {keys} keys")
    result = np.empty((count, queries, keys))
    below: NDArray[np.float64] = np.eye(queries)
    for layer in range(count):
        mixed = (1 - residual) * chosen[layer].mean(axis=0, dtype=np.float64) + residual * np.eye(queries)
        below = result[layer] = mixed @ below
    return result
