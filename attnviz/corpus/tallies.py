"""What is known of the heads of one block after some sentences: sums, counts and sentences kept. Parts are added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from attnviz.corpus.bins import BINS, width
from attnviz.corpus.chosen import Chosen, Floats, Numbers

#: Most different tokens that are told apart; what comes later is not counted by token.
MOST_TOKENS = 100_000


@dataclass(frozen=True)
class Form:
    """Which block, and what is counted of it.

    Attributes:
        block: Its name.
        kind: Of attention.
        layers, heads: How many.
        figures: Names, in order.
        longest: Most tokens the model takes; None: it does not say.
    """

    block: str
    kind: str
    layers: int
    heads: int
    figures: tuple[str, ...]
    longest: int | None

    @property
    def rows(self) -> int:
        """Of a tally: a figure of a head each, layer by layer, head by head."""
        return self.layers * self.heads * len(self.figures)

    @property
    def widths(self) -> Floats:
        """Of the intervals of each row."""
        return np.tile([width(name, self.longest) for name in self.figures], self.layers * self.heads)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "figures": list(self.figures)}

    @classmethod
    def from_dict(cls, said: dict[str, Any]) -> Self:
        """What `to_dict` wrote."""
        return cls(**{**said, "figures": tuple(said["figures"])})


@dataclass(frozen=True, eq=False)
class Tally:
    """Figures of all heads of one block over some sentences.

    Attributes:
        form: Which.
        count: int64 `[row]`, sentences that have a value.
        total, squares: float64 `[row]`, sums of values and of their squares.
        least, most: float64 `[row]`.
        histogram: int64 `[row, interval]`.
        chosen: Sentences kept.
    """

    form: Form
    count: NDArray[np.int64]
    total: Floats
    squares: Floats
    least: Floats
    most: Floats
    histogram: NDArray[np.int64]
    chosen: Chosen

    @classmethod
    def of(cls, form: Form, values: Floats, numbers: Numbers) -> Self:
        """Of some sentences.

        Args:
            form: Which block.
            values: float64 `[sentence, row]`; NaN where a figure has none.
            numbers: uint64 `[sentence]`, see `chosen.number`.
        """
        there = np.isfinite(values)
        filled = np.where(there, values, 0.0)
        # A share that is a rounding error below an interval's edge belongs to that interval on every machine.
        places = np.clip(np.floor(filled / form.widths + 1e-6), 0, BINS - 1).astype(np.int64)
        rows = np.arange(form.rows) * BINS
        counted = np.bincount((places + rows)[there], minlength=form.rows * BINS)
        return cls(
            form,
            there.sum(axis=0),
            filled.sum(axis=0),
            (filled**2).sum(axis=0),
            np.where(there, values, np.inf).min(axis=0),
            np.where(there, values, -np.inf).max(axis=0),
            counted.reshape(form.rows, BINS),
            Chosen.of(np.where(there, values, np.nan), numbers, places),
        )

    def with_(self, other: Self) -> Self:
        """Of both."""
        return type(self)(
            self.form,
            self.count + other.count,
            self.total + other.total,
            self.squares + other.squares,
            np.minimum(self.least, other.least),
            np.maximum(self.most, other.most),
            self.histogram + other.histogram,
            self.chosen.with_(other.chosen),
        )


@dataclass(frozen=True, eq=False)
class Tokens:
    """What falls on each token as a key, or what rows it has as a query.

    Attributes:
        names: The tokens; all that the vocabulary lacks are one, the empty string.
        count: int64 `[token]`, how often each came.
        total: float64 `[head, token]`, sums: see `batches`.
        beyond: How many came that are not told apart.
    """

    names: tuple[str, ...]
    count: NDArray[np.int64]
    total: Floats
    beyond: int = 0

    @classmethod
    def of(cls, tokens: Sequence[str], values: Floats) -> Self:
        """Of tokens as they come, with values float64 `[head, token]`."""
        names: dict[str, int] = {}
        codes = np.array([names.setdefault(token, len(names)) for token in tokens], np.int64)
        total = np.zeros((len(values), len(names)))
        for row, own in zip(total, values, strict=True):
            row += np.bincount(codes, own, len(names))
        return cls(tuple(names), np.bincount(codes, minlength=len(names)), total)

    def with_(self, other: Self) -> Self:
        """Of both."""
        names = {name: code for code, name in enumerate(self.names)}
        codes = np.array([names.setdefault(name, len(names)) for name in other.names], np.int64)
        known = codes < MOST_TOKENS
        size = min(len(names), MOST_TOKENS)
        count, total = np.zeros(size, np.int64), np.zeros((len(self.total), size))
        count[: len(self.count)], total[:, : len(self.count)] = self.count, self.total
        count[codes[known]] += other.count[known]
        total[:, codes[known]] += other.total[:, known]
        beyond = self.beyond + other.beyond + int(other.count[~known].sum())
        return replace(self, names=tuple(names)[:size], count=count, total=total, beyond=beyond)
