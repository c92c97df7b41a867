"""What a model of the next token expects: how surprised it is by each token, and what may follow at a temperature."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: Tokens listed of those that may follow.
LISTED = 12


def surprisal(log_probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """−log₂ p, in bits: 1 bit is a coin that fell this way; NaN stays.

    Args:
        log_probabilities: Nats.

    >>> surprisal(np.log([0.5, 0.25])).tolist()
    [1.0, 2.0]
    """
    bits: NDArray[np.float64] = -np.asarray(log_probabilities, np.float64) / np.log(2)
    return bits + 0.0  # no −0


def likely(
    following: NDArray[np.floating],
    shares: NDArray[np.floating],
    vocabulary: Sequence[str],
    never: Sequence[int] = (),
    count: int = LISTED,
) -> pd.DataFrame:
    """The most probable next tokens.

    Args:
        following: Log probabilities of the model's own, nats, `[vocabulary]`.
        shares: What is drawn from, `[vocabulary]`: the same at a temperature, cut off or not.
        vocabulary: Entries.
        never: Ids left out.
        count: How many.

    Returns:
        Columns `token`, `log_probability` (nats) and `probability` of the model's own, `drawn`; most probable first.
    """
    values = np.array(following, np.float64)
    values[list(never)] = -np.inf
    order = np.argsort(-values, kind="stable")[: min(count, int(np.isfinite(values).sum()))]
    return pd.DataFrame(
        {
            "token": [vocabulary[index] for index in order],
            "log_probability": values[order],
            "probability": np.exp(values[order]),
            "drawn": np.asarray(shares, np.float64)[order],
        }
    )


def nats(shares: NDArray[np.floating]) -> float:
    """Entropy of a distribution, nats."""
    there = np.asarray(shares, np.float64)
    there = there[there > 0]
    return float(-(there * np.log(there)).sum() + 0.0)
