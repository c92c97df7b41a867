"""Scaled dot-product attention of one query, written out number by number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attnviz.analysis.softmax import at_temperature
from attnviz.trace import Steps


def row(steps: Steps, keys: Sequence[str]) -> pd.DataFrame:
    """From q·k to the weight, for every key of one query, in float64.

    Args:
        steps: With `query` [feature], `key` [key, feature], `scores` and `weights` [key].
        keys: Tokens, one a key.

    Returns:
        Columns `position`, `token`, `product` (q·k), `scaled` (q·k / √d), `score` (the model's own, with its mask),
        `exponential` (e^(score − max)), `sum`, `weight`, and `model` (the model's own weight).
    """
    query, key = steps["query"].astype(np.float64), steps["key"].astype(np.float64)
    product = key @ query
    score = steps["scores"].astype(np.float64)
    exponential = np.exp(score - score.max())
    return pd.DataFrame(
        {
            "position": np.arange(1, len(keys) + 1),
            "token": list(keys),
            "product": product,
            "scaled": product / np.sqrt(len(query)),
            "score": score,
            "exponential": exponential,
            "sum": exponential.sum(),
            "weight": exponential / exponential.sum(),
            "model": steps["weights"],
        }
    )


def saturation(steps: Steps, divisors: Sequence[float]) -> pd.DataFrame:
    """How sharp the softmax of q·k / divisor is: the largest weight and the entropy.

    Args:
        steps: With `query` and `key`.
        divisors: Above 0; the square root of the query's length is the model's own.

    Returns:
        Columns `divisor`, `largest`, `entropy` (nats).
    """
    products = steps["key"].astype(np.float64) @ steps["query"].astype(np.float64)
    rows: list[NDArray[np.float64]] = [at_temperature(products, divisor) for divisor in divisors]
    return pd.DataFrame(
        {
            "divisor": list(divisors),
            "largest": [float(weights.max()) for weights in rows],
            "entropy": [float(-np.sum(weights * np.log(np.maximum(weights, 1e-300)))) for weights in rows],
        }
    )
