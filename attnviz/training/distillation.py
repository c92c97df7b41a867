"""A finished model as teacher: its probabilities as targets, on the training sentences and on mixtures of them.

Source: Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network (2015).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from attnviz.training.batch import Batch

#: From ids int32 `[B, T]` to probabilities float32 `[B, C]`.
Teacher = Callable[[NDArray[np.int32]], NDArray[np.float32]]

#: From ids int32 `[B, T]` to weights float32 `[B, T]`, each row of which sums to 1.
Guide = Callable[[NDArray[np.int32]], NDArray[np.float32]]

#: Share of a mixture's tokens replaced by others of the training part.
REPLACED = 0.1

#: Share of the sentences that are the beginning of one and the end of another.
JOINED = 0.5


def mixtures(ids: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.int32]:
    """As many sentences nobody wrote: half of them joined from two, and some tokens of all of them replaced.

    Args:
        ids: Training sentences, int32 `[sentence, token]`, padded with 0 at the end.
        rng: Decides what is joined and replaced.

    Returns:
        int32 `[sentence, token]`, none of them empty.
    """
    count, width = ids.shape
    lengths = (ids > 0).sum(axis=1)
    other = rng.permutation(count)
    head = np.where(rng.random(count) < JOINED, rng.integers(0, lengths + 1), width)  # tokens of the first
    tail = rng.integers(0, lengths[other])  # where the second begins
    position = np.arange(width)[None, :]
    source = position - head[:, None] + tail[:, None]
    second = np.where(source < width, ids[other[:, None], np.clip(source, 0, width - 1)], 0)
    mixed = np.where(position < head[:, None], ids, second)
    replaced = (rng.random(mixed.shape) < REPLACED) & (mixed > 0)
    return np.where(replaced, rng.choice(ids[ids > 0], mixed.shape), mixed).astype(np.int32)


def lesson(train: Batch, teacher: Teacher, share: float, rng: np.random.Generator) -> Batch:
    """The training part and as many mixtures, shuffled, with the teacher's opinion in the targets.

    Args:
        train: One pass of training sentences, as the learner will see them.
        teacher: Says what it thinks of each.
        share: Of the teacher in the targets of the training sentences; those of the mixtures are the teacher's alone.
        rng: For the mixtures and the order.
    """
    mixed = mixtures(train.ids, rng)
    nothing = np.zeros_like(train.auxiliary)  # no finer annotation
    everything = Batch(
        np.concatenate([train.ids, mixed]),
        np.concatenate([train.labels, np.full(len(mixed), -1)]),
        np.concatenate([(1 - share) * train.targets + share * teacher(train.ids), teacher(mixed)]).astype(np.float32),
        np.concatenate([train.auxiliary, nothing]),
    )
    return everything.take(rng.permutation(len(everything.ids)))
