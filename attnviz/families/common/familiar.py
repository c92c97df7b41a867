"""How far what is seen in a picture is from all that a model was taught.

The Mahalanobis distance to the nearest of the means of all classes, with one covariance for all of them. Source: Lee et
al., "A Simple Unified Framework for Detecting Out-of-Distribution Samples and Adversarial Attacks" (2018).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.families.common.vision import FINE, GRID

#: Names of the arrays in a file of weights begin so.
PREFIX = "familiar/"

#: The features of a region that are compared, those of the encoder's last block.
SEEN = slice(FINE[1], None)


@dataclass(frozen=True)
class Familiar:
    """What was taught.

    Attributes:
        whitening: Takes features to coordinates in which every class spreads by 1 all around, `[feature, coordinate]`.
        means: Of each class in these coordinates, `[class, coordinate]`.
        limit: The distance beyond which a picture is called strange.
    """

    whitening: NDArray[np.float32]
    means: NDArray[np.float32]
    limit: float

    @classmethod
    def within(cls, arrays: Mapping[str, NDArray[Any]]) -> Familiar | None:
        """That of a file of weights, see `arrays`; None where it has none."""
        if f"{PREFIX}means" not in arrays:
            return None
        whitening, means = (np.asarray(arrays[f"{PREFIX}{name}"], np.float32) for name in ("whitening", "means"))
        return cls(whitening, means, float(arrays[f"{PREFIX}limit"][0]))

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """All of it, for a file of weights."""
        limit = np.array([self.limit], np.float32)
        return {f"{PREFIX}whitening": self.whitening, f"{PREFIX}means": self.means, f"{PREFIX}limit": limit}

    def distance(self, regions: NDArray[np.floating[Any]]) -> float:
        """How far the most familiar part of a picture is, in spreads of a class: of the whole, its halves and quarters.

        Args:
            regions: What is seen in each, `[region, feature]`, as `vision.regions` gives them.
        """
        views = np.stack(list(_views(regions[:, SEEN]))) @ self.whitening
        apart = ((views[:, None] - self.means[None]) ** 2).sum(axis=-1)
        return float(np.sqrt(apart.min() / self.means.shape[1]))


def _views(regions: NDArray[np.floating[Any]]) -> Iterator[NDArray[np.floating[Any]]]:
    """Mean features of the whole picture, its halves and its quarters."""
    grid, half = regions.reshape(GRID, GRID, -1), GRID // 2
    parts = (slice(None), slice(half), slice(half, None))
    for rows in parts:
        for columns in parts:
            yield grid[rows, columns].mean(axis=(0, 1), dtype=np.float64)
