"""How the values of a figure are counted: intervals of one width, known before the first sentence is read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Intervals of every figure; the last takes whatever is larger.
BINS = 50

#: Width of an interval of entropy (nats) and of distance (tokens, of a model of 128 tokens). All else is a share, 0–1.
ENTROPY, DISTANCE = 0.125, 0.5

#: The effect of switching a head off: total variation between the two answers, 0–1.
EFFECT = "effect"

#: While a caption names a thing: the share of words whose heaviest region lies on it, and the weight on it.
POINTING = ("pointing", "on_thing")


def width(figure: str, longest: int | None) -> float:
    """Width of the intervals of a figure.

    Args:
        figure: Of `analysis.heads.behaviour.FIGURES`, or `EFFECT`.
        longest: Most tokens the model takes; None: it does not say.

    >>> width("previous", 128), width("distance", 512)
    (0.02, 2.0)
    """
    if figure == "entropy":
        return ENTROPY
    return DISTANCE * max(1, round((longest or 128) / 128)) if figure == "distance" else 1 / BINS


def below(counts: NDArray[np.integer], wide: float, value: float) -> float:
    """Share 0–1 of the sentences below a value, those of its own interval in proportion.

    >>> below(np.array([1, 2, 1]), 1.0, 1.5)
    0.5
    """
    place = value / wide
    index = int(min(max(place, 0), len(counts) - 1))
    within = min(max(place - index, 0.0), 1.0)
    return float((counts[:index].sum() + within * counts[index]) / max(counts.sum(), 1))


def quantile(counts: NDArray[np.integer], wide: float, share: float) -> float:
    """The value that a share 0–1 of the sentences is below, even within an interval.

    >>> quantile(np.array([1, 2, 1]), 1.0, 0.5)
    1.5
    """
    passed = np.cumsum(counts)
    wanted = share * passed[-1]
    index = int(min(np.searchsorted(passed, wanted), len(counts) - 1))
    before = passed[index] - counts[index]
    return float((index + (wanted - before) / max(int(counts[index]), 1)) * wide)
