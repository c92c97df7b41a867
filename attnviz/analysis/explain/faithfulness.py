"""Does attention tell what the prediction rests on? Remove tokens and see what the predicted class loses.

Source: comprehensiveness as in DeYoung et al., ERASER (ACL 2020). A token is removed from the ids, never from the
string, which a tokenizer would cut differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]
Floats = NDArray[np.float64]

#: From ids int32 `[B, T]`, padded with 0, to probabilities `[B, C]` and weights `[B, T]`.
Forward = Callable[[Ids], tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]]]

#: Sentences taken apart at a time: bounds memory.
_SENTENCES = 256


@dataclass(frozen=True)
class Removal:
    """What removing k tokens costs, one row per sentence that has at least 2 k tokens.

    Attributes:
        rows: Which sentences, int64 `[sentence]`.
        drop_top: Predicted probability lost with the k tokens of most weight, float64 `[sentence]`.
        drop_random: The same for k random others, the mean over all of them (k = 1) or over random draws.
        flip_top: Whether the predicted class changes with the k tokens of most weight, float64 `[sentence]`, 0 or 1.
        flip_random: How often it changes with k random others.
    """

    rows: NDArray[np.int64]
    drop_top: Floats
    drop_random: Floats
    flip_top: Floats
    flip_random: Floats


@dataclass(frozen=True)
class Ratio:
    """How many times more the top token costs than a random other, with an interval; inf if that costs nothing."""

    value: float
    low: float
    high: float


def without(ids: Ids, remove: NDArray[np.bool_]) -> Ids:
    """Sentences without some of their tokens, closed up, padding at the end.

    Args:
        ids: int32 `[sentence, token]`.
        remove: bool `[sentence, token]`.
    """
    gone = remove | (ids == 0)
    order = np.argsort(gone, axis=1, kind="stable")
    kept: Ids = np.take_along_axis(np.where(gone, 0, ids), order, axis=1).astype(np.int32)
    return kept


def removal(forward: Forward, ids: Ids, *, k: int = 1, draws: int = 10, seed: int = 0) -> Removal:
    """Remove the k top-weighted tokens of each sentence, and k random others, and compare.

    Args:
        forward: The model.
        ids: Sentences, int32 `[sentence, token]`, padded with 0 at the end.
        k: How many tokens. With k = 1 every other token is tried; with more, `draws` random sets of others.
        draws: Random sets per sentence.
        seed: For the draws.
    """
    rng = np.random.default_rng(seed)
    lengths = (ids > 0).sum(axis=1)
    eligible = np.flatnonzero(lengths >= 2 * k)
    order = eligible[np.argsort(lengths[eligible], kind="stable")]  # alike lengths together: little padding
    rows: NDArray[np.int64] = np.sort(order)
    drop_top, drop_random, flip_top, flip_random = np.zeros((4, len(ids)))
    for some in _chunks(order):
        part = ids[some, : lengths[some].max()]
        probabilities, weights = forward(part)
        predicted = probabilities.argmax(axis=1)  # [S]
        before = probabilities[np.arange(len(part)), predicted].astype(np.float64)
        sets, owner, is_top = _sets(np.where(part > 0, weights, -1.0), lengths[some], k, draws, rng)
        after, _ = forward(without(part[owner], sets))
        drop = before[owner] - after[np.arange(len(owner)), predicted[owner]]
        flip = (after.argmax(axis=1) != predicted[owner]).astype(np.float64)
        for top, random, values in ((drop_top, drop_random, drop), (flip_top, flip_random, flip)):
            top[some] = values[is_top]
            others = np.bincount(owner[~is_top], minlength=len(some))
            random[some] = np.bincount(owner[~is_top], values[~is_top], minlength=len(some)) / others
    return Removal(rows, drop_top[rows], drop_random[rows], flip_top[rows], flip_random[rows])


def _chunks(order: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(order), _SENTENCES):
        yield order[start : start + _SENTENCES]


def _sets(
    weights: NDArray[np.floating[Any]], lengths: NDArray[np.int64], k: int, draws: int, rng: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.bool_]]:
    """Token sets to remove, bool `[set, token]`; whose sentence each is; whether it is the top one."""
    ranking = np.argsort(-weights, axis=1, kind="stable")  # [S, T], padding last
    picked: list[NDArray[np.int64]] = []
    owner: list[int] = []
    is_top: list[bool] = []
    for sentence, length in enumerate(lengths):
        others = ranking[sentence, k:length]
        sets = [ranking[sentence, :k]]
        if k == 1:
            sets += [others[i : i + 1] for i in range(len(others))]
        else:
            sets += [rng.choice(others, k, replace=False) for _ in range(draws)]
        picked += sets
        owner += [sentence] * len(sets)
        is_top += [True] + [False] * (len(sets) - 1)
    remove = np.zeros((len(picked), weights.shape[1]), dtype=np.bool_)
    np.put_along_axis(remove, np.array(picked), True, axis=1)
    return remove, np.array(owner, dtype=np.int64), np.array(is_top)


def ratio(top: Floats, random: Floats, *, samples: int = 2000, level: float = 0.95, seed: int = 0) -> Ratio:
    """Mean cost of the top token over mean cost of a random other, with a bootstrap interval over sentences.

    Args:
        top: float `[sentence]`.
        random: float `[sentence]`.
        samples: Bootstrap samples.
        level: Of the interval.
        seed: For the samples.
    """
    rng = np.random.default_rng(seed)
    drawn = np.empty(samples)
    for sample in range(samples):
        rows = rng.integers(0, len(top), len(top))
        drawn[sample] = _quotient(top[rows].mean(), random[rows].mean())
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], method="nearest")  # inf cannot be interpolated
    return Ratio(_quotient(top.mean(), random.mean()), float(low), float(high))


def _quotient(top: float, random: float) -> float:
    return float(top / random) if random > 0 else float("inf") if top > 0 else 0.0


def comprehensiveness(
    forward: Forward, ids: Ids, counts: Sequence[int] = (1, 2, 4), *, draws: int = 10, seed: int = 0
) -> Mapping[int, Removal]:
    """`removal` for several numbers of tokens.

    Args:
        forward: The model.
        ids: int32 `[sentence, token]`, padded with 0 at the end.
        counts: Numbers of tokens.
        draws, seed: As for `removal`.
    """
    return {k: removal(forward, ids, k=k, draws=draws, seed=seed) for k in counts}
