"""Maps of query × key: one head's weights, and what can be made of several."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attnviz.analysis.heads.norms import weighted
from attnviz.analysis.heads.rollout import rollout
from attnviz.trace import AttentionBlock

MapKey = Literal["weights", "mean", "all", "rollout", "norms"]
MAPS: tuple[MapKey, ...] = ("weights", "mean", "all", "rollout", "norms")


def offered(block: AttentionBlock, norms: bool) -> tuple[MapKey, ...]:
    """The maps that say something other than those before them.

    Args:
        block: What there is.
        norms: Whether the model gives the norms of its values.
    """
    layers, heads, queries, keys = block.shape
    there: dict[MapKey, bool] = {
        "weights": True,
        "mean": heads > 1,
        "all": layers > 1,
        "rollout": layers > 1 and queries == keys and block.kind in ("self", "causal"),
        "norms": norms,
    }
    return tuple(key for key in MAPS if there[key])


def values(
    block: AttentionBlock, kind: MapKey, layer: int, head: int, norms: NDArray[np.floating[Any]] | None = None
) -> NDArray[np.float64]:
    """One map.

    Args:
        block: Whose weights.
        kind: `weights` of a head; `mean` over the heads of a layer; `all`, mean over all layers and heads; `rollout`
            up to a layer; `norms`, weights of a head times norms of its transformed values.
        layer: From 0; not for `all`.
        head: From 0; for `weights` and `norms`.
        norms: float `[layer, head, key]`, for `norms` only.

    Returns:
        float64 `[query, key]`; rows sum to 1 but for `norms`.
    """
    weights = block.weights
    if kind == "mean":
        over_heads: NDArray[np.float64] = weights[layer].mean(axis=0, dtype=np.float64)
        return over_heads
    if kind == "all":
        over_all: NDArray[np.float64] = weights.mean(axis=(0, 1), dtype=np.float64)
        return over_all
    if kind == "rollout":
        up_to: NDArray[np.float64] = rollout(weights, layers=layer + 1)[layer]
        return up_to
    if kind == "norms":
        if norms is None:
            raise ValueError("Expected norms [layer, head, key]. Received: None")
        return weighted(weights[layer, head], norms[layer, head])
    own: NDArray[np.float64] = weights[layer, head].astype(np.float64)
    return own


def shown(drawn: NDArray[np.float64], block: AttentionBlock) -> NDArray[np.float64]:
    """A map over the model's own tokens as a reading shows it: merged keys added up, merged queries averaged.

    Args:
        drawn: float64 `[query, key]` over the model's own positions.
        block: As read, see `analysis.reading`; what it hides is left out, and nothing is scaled up for it.
    """
    if block.parts is None:
        return drawn
    queries, keys = block.parts
    columns = np.stack([drawn[:, list(group)].sum(axis=1) for group in keys], axis=1)
    rows: NDArray[np.float64] = np.stack([columns[list(group)].mean(axis=0) for group in queries])
    return rows


def masked(block: AttentionBlock, kind: MapKey, layer: int, head: int) -> NDArray[np.int8]:
    """Which cells of a map a mask keeps at zero, int8 `[query, key]` of `attnviz.trace`'s `MASK_…`."""
    mask = block.mask_of(layer, head)
    if block.mask is None or block.mask.ndim == 2 or kind in ("weights", "norms"):
        return mask
    alike = (block.mask == mask).all(axis=(0, 1))
    return np.where(alike, mask, 0).astype(np.int8)


def table(block: AttentionBlock, drawn: NDArray[np.float64], name: str) -> pd.DataFrame:
    """A map, one cell a row.

    Args:
        block: Whose tokens.
        drawn: float64 `[query, key]`.
        name: Column of the values.

    Returns:
        Columns `query`, `key` (from 0), `query_token`, `key_token` and `name`.
    """
    query, key = np.indices(drawn.shape).reshape(2, -1)
    return pd.DataFrame(
        {
            "query": query,
            "key": key,
            "query_token": np.array(block.query.tokens, dtype=object)[query],
            "key_token": np.array(block.key.tokens, dtype=object)[key],
            name: drawn.reshape(-1),
        }
    )
