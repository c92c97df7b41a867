"""What each head does, in figures: how spread out it is, how far it looks, and where."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attnviz.trace import AttentionBlock


def heads(block: AttentionBlock) -> pd.DataFrame:
    """One head a row; every figure is a mean over the queries.

    Args:
        block: Self-attention: queries and keys are the same tokens.

    Returns:
        Columns `layer`, `head` (from 1); `entropy` (nats); `distance` (tokens between query and key, weighted);
        `previous`, `next`, `same`, `first`, `special`: share of the weight on the token before, after, the query,
        the first token, and all special tokens. Shares at the edge of the sentence, where there is no such token, are
        left out of the mean; NaN where there is none at all.

    Source: Clark et al. 2019, "What Does BERT Look At?".
    """
    weights = block.weights.astype(np.float64)  # [layer, head, query, key]
    layers, number, queries, keys = weights.shape
    place = np.arange(queries)[:, None] - np.arange(keys)[None, :]
    special = np.array(block.key.special, dtype=bool)
    entropy = -np.sum(np.where(weights > 0, weights * np.log(np.where(weights > 0, weights, 1)), 0), axis=-1)
    index = np.indices((layers, number)).reshape(2, -1) + 1
    return pd.DataFrame(
        {
            "layer": index[0],
            "head": index[1],
            "entropy": _flat(entropy.mean(axis=-1)),
            "distance": _flat((weights * np.abs(place)).sum(axis=-1).mean(axis=-1)),
            "previous": _flat(_diagonal(weights, -1)),
            "next": _flat(_diagonal(weights, 1)),
            "same": _flat(_diagonal(weights, 0)),
            "first": _flat(weights[..., 0].mean(axis=-1)),
            "special": _flat(weights[..., special].sum(axis=-1).mean(axis=-1)),
        }
    )


def _diagonal(weights: NDArray[np.float64], offset: int) -> NDArray[np.float64]:
    """Mean weight on the key `offset` tokens after the query, over the queries that have one."""
    line = np.diagonal(weights, offset=offset, axis1=-2, axis2=-1)
    if line.shape[-1] == 0:
        return np.full(weights.shape[:2], np.nan)
    mean: NDArray[np.float64] = line.mean(axis=-1)
    return mean


def _flat(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values.reshape(-1)
