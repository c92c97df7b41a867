"""What heads do, in figures, for many sentences of one shape at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.entropy import entropy
from attnviz.trace import AttentionBlock, Kind

Figures = Mapping[str, NDArray[np.float64]]

#: Of heads whose queries and keys are the same tokens, in order.
FIGURES = ("entropy", "distance", "previous", "next", "same", "first", "special", "copy", "induction", "largest")

#: Of heads that look from one sequence at another; a learned query has no special keys to look at.
ACROSS = ("entropy", "first", "special", "largest")


def figures_of(kind: Kind) -> tuple[str, ...]:
    """The figures that mean something of a block of a kind."""
    if kind == "pooling":
        return tuple(name for name in ACROSS if name != "special")
    return FIGURES if kind in ("self", "causal") else ACROSS


def behaviour(
    weights: NDArray[np.floating[Any]], special: NDArray[np.bool_], alike: NDArray[np.bool_] | None = None
) -> dict[str, NDArray[np.float64]]:
    """Every figure of every head, a mean over the queries; see `roles.heads` for what each is.

    Args:
        weights: float `[sentence, layer, head, query, key]`.
        special: bool `[sentence, key]`, keys that are the model's, not the text's.
        alike: bool `[sentence, token, token]`, where a token of the row is like an earlier one of the column; None:
            queries and keys are not the same tokens, and only `ACROSS` is computed.

    Returns:
        By figure float64 `[sentence, layer, head]`; NaN where no query has such a token.

    >>> even = np.full((1, 1, 1, 2, 2), 0.5)
    >>> float(behaviour(even, np.zeros((1, 2), bool))["largest"][0, 0, 0])
    0.5
    """
    values = weights.astype(np.float64)  # [S, L, H, Q, K]
    queries, keys = values.shape[-2:]
    received = values.mean(axis=-2)  # [S, L, H, K]
    found = {
        "entropy": entropy(values).mean(axis=-1),
        "first": received[..., 0],
        "special": np.einsum("slhk,sk->slh", received, special),
        "largest": values.max(axis=-1).mean(axis=-1),
    }
    if alike is not None:
        apart = np.abs(np.arange(queries)[:, None] - np.arange(keys)[None, :])
        followed = np.zeros_like(alike)
        followed[..., 1:] = alike[..., :-1]
        found |= {
            "distance": np.einsum("slhqk,qk->slh", values, apart) / queries,
            "previous": _diagonal(values, -1),
            "next": _diagonal(values, 1),
            "same": _diagonal(values, 0),
            "copy": _share(values, alike),
            "induction": _share(values, followed),
        }
    return {name: found[name] for name in FIGURES if name in found}


def of_block(block: AttentionBlock, one_sequence: bool | None = None) -> dict[str, NDArray[np.float64]]:
    """The figures of every head of one trace's block, by name float64 `[layer, head]`.

    Args:
        block: Any.
        one_sequence: Whether queries and keys are the same tokens; None: as its kind says.

    >>> import attnviz
    >>> block = attnviz.load("sentiment-en").trace("a good film").blocks[0]
    >>> list(of_block(block)), of_block(block)["largest"].shape
    (['entropy', 'first', 'largest'], (1, 1))
    """
    layers, _, queries, keys = block.shape
    special = np.array([block.key.special], dtype=bool)
    one = block.kind in ("self", "causal") if one_sequence is None else one_sequence
    alike = None
    if one:
        alike = earlier(block.query.tokens) if queries == keys else np.zeros((queries, keys), bool)
        alike = alike[None]
    names = FIGURES if one else figures_of(block.kind)
    # Layer by layer: in float64 a long text's weights are twice as large.
    found = [behaviour(block.weights[None, layer : layer + 1], special, alike) for layer in range(layers)]
    return {name: np.stack([each[name][0, 0] for each in found]) for name in names}


def earlier(tokens: Sequence[str]) -> NDArray[np.bool_]:
    """Where a token of the row is like an earlier one of the column, bool `[token, token]`.

    >>> earlier(["a", "b", "a"])[2].tolist()
    [True, False, False]
    """
    names = np.array(tokens, dtype=object)
    alike: NDArray[np.bool_] = (names[:, None] == names[None, :]) & np.tri(len(names), k=-1, dtype=bool)
    return alike


def _share(weights: NDArray[np.float64], there: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean weight on the keys marked, over the queries that have any."""
    rows = there.any(axis=-1).sum(axis=-1)[:, None, None]  # [S, 1, 1]
    total = np.einsum("slhqk,sqk->slh", weights, there)
    return np.where(rows > 0, total / np.maximum(rows, 1), np.nan)


def _diagonal(weights: NDArray[np.float64], offset: int) -> NDArray[np.float64]:
    """Mean weight on the key `offset` tokens after the query, over the queries that have one."""
    line = np.diagonal(weights, offset=offset, axis1=-2, axis2=-1)
    mean: NDArray[np.float64] = line.mean(axis=-1) if line.shape[-1] else np.full(line.shape[:-1], np.nan)
    return mean
