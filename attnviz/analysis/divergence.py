"""How far apart two distributions are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def jensen_shannon(first: NDArray[np.floating[Any]], second: NDArray[np.floating[Any]]) -> Floats:
    """Jensen–Shannon divergence along the last axis, in nats: 0 for equal ones, ln 2 ≈ 0.693 for disjoint ones.

    Args:
        first, second: Float `[…, outcome]`, non-negative, rows summing to 1.

    Source: Lin 1991, "Divergence Measures Based on the Shannon Entropy".

    >>> float(jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0])).round(3))
    0.693
    """
    p, q = np.asarray(first, np.float64), np.asarray(second, np.float64)
    middle = (p + q) / 2
    divergence: Floats = (_relative(p, middle) + _relative(q, middle)) / 2
    return np.maximum(divergence, 0)


def total_variation(first: NDArray[np.floating[Any]], second: NDArray[np.floating[Any]]) -> Floats:
    """Total variation distance along the last axis: half the sum of absolute differences, 0–1.

    >>> float(total_variation(np.array([0.5, 0.5]), np.array([0.25, 0.75])))
    0.25
    """
    difference = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    distance: Floats = np.abs(difference).sum(-1) / 2
    return distance


def _relative(p: Floats, q: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * np.log(p / q), 0.0)
    total: Floats = terms.sum(-1)
    return total
