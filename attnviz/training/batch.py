"""Sentences as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Batch:
    """Sentences as the model takes them.

    Attributes:
        ids: int32 `[sentence, token]`, padded with 0.
        labels: int64 `[sentence]`; -1 for no class.
        targets: float32 `[sentence, class]`.
        auxiliary: float32 `[sentence, any]`.
    """

    ids: NDArray[np.int32]
    labels: NDArray[np.int64]
    targets: NDArray[np.float32]
    auxiliary: NDArray[np.float32]

    def take(self, rows: NDArray[np.int64]) -> Batch:
        """Some of the sentences."""
        return Batch(*(array[rows] for array in vars(self).values()))


def join(*batches: Batch) -> Batch:
    """All sentences of several, padded to the longest."""
    width = max(each.ids.shape[1] for each in batches)
    wide = [replace(each, ids=np.pad(each.ids, ((0, 0), (0, width - each.ids.shape[1])))) for each in batches]
    return Batch(*(np.concatenate(arrays) for arrays in zip(*(vars(each).values() for each in wide), strict=True)))


def padded(rows: Sequence[Sequence[int] | NDArray[np.int32]], width: int = 0) -> NDArray[np.int32]:
    """Ids of sentences, int32 `[sentence, token]`, with 0 after the end of each; as wide as the longest, or wider."""
    ids = np.zeros((len(rows), max(width, *map(len, rows))), np.int32)
    for target, row in zip(ids, rows, strict=True):
        target[: len(row)] = row
    return ids
