"""How sharp or spread attention is: the entropy of a row of weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def entropy(weights: Floats) -> NDArray[np.float64]:
    """Shannon entropy of each row of weights: 0 if one key has it all, ln(n) if n keys share it evenly.

    Args:
        weights: float `[..., key]`, each row not negative and summing to 1; zeros (padding, masks) add nothing.

    Returns:
        Nats, float64 `[...]`.

    >>> entropy(np.array([[1.0, 0.0], [0.5, 0.5]])).round(3).tolist()
    [0.0, 0.693]
    """
    values = np.asarray(weights, dtype=np.float64)
    terms: NDArray[np.float64] = np.zeros_like(values)
    np.log(values, out=terms, where=values > 0)
    nats: NDArray[np.float64] = np.abs((values * terms).sum(axis=-1))  # a certain row is 0, not -0
    return nats


def normalised_entropy(weights: Floats, keys: NDArray[np.integer[Any]] | int | None = None) -> NDArray[np.float64]:
    """Entropy as a share of what even weights would have, so that sentences of different lengths compare.

    Args:
        weights: float `[..., key]`, each row summing to 1.
        keys: How many keys a row really has, int `[...]` or one for all; None means all of the last axis.

    Returns:
        float64 `[...]` from 0 (one key) to 1 (even); a row of a single key is 0.
    """
    count = np.asarray(np.shape(weights)[-1] if keys is None else keys, dtype=np.float64)
    most = np.log(np.maximum(count, 1.0))
    share: NDArray[np.float64] = entropy(weights) / np.where(most > 0, most, 1.0)
    return np.where(most > 0, share, 0.0)
