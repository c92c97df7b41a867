"""Sentences worth opening, kept while a corpus goes by: the highest, the lowest, and a few of every interval.

A sentence is known by a number drawn from its text (`number`), which also says who stays where many would: what is kept
does not hang on the order in which sentences come, nor on how they are parted. A sentence that comes twice counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Self

import numpy as np
from numpy.typing import NDArray

from attnviz.corpus.bins import BINS

#: How many are kept: of the highest and of the lowest, and of each interval.
MOST, FEW = 10, 2

#: Stands where no sentence does.
NONE = np.uint64(2**64 - 1)

Numbers = NDArray[np.uint64]
Floats = NDArray[np.float64]


def number(text: str) -> int:
    """A sentence as a number, the same on every machine."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") % (2**64 - 1)


@dataclass(frozen=True, eq=False)
class Chosen:
    """What is kept, one row for every figure of every head.

    Attributes:
        high, high_of: Values falling, float64 `[row, MOST]`, −inf where there is none, and whose they are.
        low, low_of: Likewise rising, with their signs turned.
        few, few_of: float64 `[row, interval, FEW]`, and whose.
    """

    high: Floats
    high_of: Numbers
    low: Floats
    low_of: Numbers
    few: Floats
    few_of: Numbers

    @classmethod
    def nothing(cls, rows: int) -> Self:
        """Of no sentence."""
        top, spread = (rows, MOST), (rows, BINS, FEW)
        return cls(
            np.full(top, -np.inf),
            np.full(top, NONE),
            np.full(top, -np.inf),
            np.full(top, NONE),
            np.full(spread, np.nan),
            np.full(spread, NONE),
        )

    @classmethod
    def of(cls, values: Floats, numbers: Numbers, places: NDArray[np.int64]) -> Self:
        """Of some sentences.

        Args:
            values: float64 `[sentence, row]`; NaN where a figure has none.
            numbers: uint64 `[sentence]`.
            places: int64 `[sentence, row]`, the interval of each value.
        """
        kept = cls.nothing(values.shape[1])
        names, first = np.unique(numbers, return_index=True)
        values, places = values[first], np.where(np.isnan(values[first]), BINS, places[first])
        for held, held_of, signed in ((kept.high, kept.high_of, values), (kept.low, kept.low_of, -values)):
            signed = np.where(np.isnan(signed), -np.inf, signed)
            order = np.argsort(-signed, axis=0, kind="stable")[:MOST]  # [≤ MOST, row]; equal ones by number
            best = np.take_along_axis(signed, order, axis=0).T
            held[:, : len(order)] = best
            held_of[:, : len(order)] = np.where(np.isfinite(best), names[order].T, NONE)
        order = np.argsort(places, axis=0, kind="stable")  # [sentence, row]: by interval, then by number
        sorted_places = np.take_along_axis(places, order, axis=0)
        at = np.broadcast_to(np.arange(len(names))[:, None], order.shape)
        starts = np.ones_like(sorted_places, dtype=bool)
        starts[1:] = sorted_places[1:] != sorted_places[:-1]
        rank = at - np.maximum.accumulate(np.where(starts, at, 0), axis=0)
        sentence, row = np.nonzero((rank < FEW) & (sorted_places < BINS))
        whose = order[sentence, row]
        target = (row, sorted_places[sentence, row], rank[sentence, row])
        kept.few_of[target] = names[whose]
        kept.few[target] = values[whose, row]
        return kept

    def with_(self, other: Self) -> Self:
        """Of both."""
        return type(self)(
            *_highest(self.high, self.high_of, other.high, other.high_of),
            *_highest(self.low, self.low_of, other.low, other.low_of),
            *_fewest(self.few, self.few_of, other.few, other.few_of),
        )

    def numbers(self) -> set[int]:
        """Of all sentences that are kept."""
        return {int(each) for part in (self.high_of, self.low_of, self.few_of) for each in np.unique(part)} - {
            int(NONE)
        }


def _once(values: Floats, whose: Numbers, gone: float) -> tuple[Floats, Numbers]:
    """By number along the last axis; of two of one number the second goes."""
    order = np.argsort(whose, axis=-1, kind="stable")
    values, whose = np.take_along_axis(values, order, axis=-1), np.take_along_axis(whose, order, axis=-1)
    again = np.zeros(whose.shape, bool)
    again[..., 1:] = whose[..., 1:] == whose[..., :-1]
    return np.where(again, gone, values), np.where(again, NONE, whose)


def _highest(values: Floats, whose: Numbers, more: Floats, more_of: Numbers) -> tuple[Floats, Numbers]:
    both, both_of = _once(np.concatenate([values, more], -1), np.concatenate([whose, more_of], -1), -np.inf)
    order = np.argsort(-both, axis=-1, kind="stable")[..., :MOST]
    return np.take_along_axis(both, order, axis=-1), np.take_along_axis(both_of, order, axis=-1)


def _fewest(values: Floats, whose: Numbers, more: Floats, more_of: Numbers) -> tuple[Floats, Numbers]:
    both, both_of = _once(np.concatenate([values, more], -1), np.concatenate([whose, more_of], -1), np.nan)
    order = np.argsort(both_of, axis=-1, kind="stable")[..., :FEW]
    return np.take_along_axis(both, order, axis=-1), np.take_along_axis(both_of, order, axis=-1)
