"""Whether two measures put the same tokens first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Level = Literal["none", "opposite", "unrelated", "weak", "strong"]


@dataclass(frozen=True)
class Agreement:
    """Rank correlation of two measures over the same tokens.

    Attributes:
        kendall: τ-b, from −1 to 1, ties counted; NaN if one measure ranks nothing.
        spearman: ρ, from −1 to 1; NaN likewise.
        tokens: How many were compared.
    """

    kendall: float
    spearman: float
    tokens: int

    @property
    def level(self) -> Level:
        """What τ means in a word; a sentence for each is in the catalogues."""
        if not np.isfinite(self.kendall):
            return "none"
        if self.kendall < -0.2:
            return "opposite"
        if self.kendall < 0.2:
            return "unrelated"
        return "weak" if self.kendall < 0.6 else "strong"


def agreement(one: NDArray[np.floating[Any]], other: NDArray[np.floating[Any]]) -> Agreement:
    """Compare two rankings of the same tokens.

    Args:
        one: float `[token]`.
        other: float `[token]`; tokens that have no value (NaN) in either are left out.

    Source: Kendall 1945, "The treatment of ties in ranking problems"; as used by Jain and Wallace 2019.

    >>> agreement(np.array([0.1, 0.2, 0.7]), np.array([5.0, 7.0, 9.0])).kendall
    1.0
    """
    from scipy import stats

    valued = np.isfinite(one) & np.isfinite(other)
    first, second = np.asarray(one)[valued], np.asarray(other)[valued]
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return Agreement(float("nan"), float("nan"), len(first))
    kendall = stats.kendalltau(first, second, variant="b").statistic
    return Agreement(float(kendall), float(stats.spearmanr(first, second).statistic), len(first))
