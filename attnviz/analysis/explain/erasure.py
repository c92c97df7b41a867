"""Comprehensiveness and sufficiency curves: what a class keeps as tokens go, or come, in an order.

Source: DeYoung et al. 2020, "ERASER: A Benchmark to Evaluate Rationalized NLP Models".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attnviz.analysis.explain.attribution import Run, places
from attnviz.deadline import check
from attnviz.trace import Encoded

Floats = NDArray[np.float64]

#: Texts in one call of the model, and places in all of them: bounds memory.
_BATCH, _POSITIONS = 512, 16_384

#: Up to so many tokens each step is taken; of more, as of the regions of a picture, so many steps evenly apart.
EACH, STEPS = 128, 24


@dataclass(frozen=True)
class Curves:
    """Probability of one class along an order of the tokens.

    Attributes:
        counts: Numbers of tokens, rising: 1 … n − 1, or some of them, n − 1 the last (see `steps`).
        without: With the first k tokens of the order removed, k = 0 and `counts`; float64 `[k]`.
        alone: With the first k tokens only, k of `counts` and n; float64 `[k]`.
    """

    counts: tuple[int, ...]
    without: Floats
    alone: Floats

    def along(self, kind: str) -> tuple[int, ...]:
        """Numbers of tokens of `without` or of `alone`."""
        return (0, *self.counts) if kind == "without" else (*self.counts, self.counts[-1] + 1 if self.counts else 1)

    @property
    def comprehensiveness(self) -> float:
        """Mean probability lost by removing the first k tokens, k of `counts`; NaN for a single token. High is good."""
        return float(np.mean(self.without[0] - self.without[1:])) if len(self.without) > 1 else float("nan")

    @property
    def sufficiency(self) -> float:
        """Mean probability missing with only the first k tokens, k of `counts`; NaN for a single token. Low is good."""
        return float(np.mean(self.without[0] - self.alone[:-1])) if len(self.alone) > 1 else float("nan")


def order(measure: NDArray[np.floating[Any]]) -> list[int]:
    """Places by falling value; equal ones as in the sentence, those without a value last."""
    return [int(place) for place in np.argsort(-np.nan_to_num(measure, nan=-np.inf), kind="stable")]


def steps(length: int) -> tuple[int, ...]:
    """Numbers of tokens that are removed or kept, of so many.

    >>> steps(4), len(steps(196))
    ((1, 2, 3), 24)
    """
    if length <= EACH:
        return tuple(range(1, length))
    return tuple(np.linspace(1, length - 1, STEPS).round().astype(int).tolist())


def curves(run: Run, encoded: Encoded, target: int, orders: Sequence[Sequence[int]]) -> list[Curves]:
    """Remove and keep tokens along several orders of the same text.

    Args:
        run: The model.
        encoded: The text.
        target: Class index.
        orders: Each names every position once, counted over those that are of the source (`attribution.places`).

    Returns:
        One a order; a set of tokens that occurs in several is run once.
    """
    own = places(encoded)
    special = sorted(set(range(len(encoded.axis))).difference(own))
    counts = steps(len(own))
    wanted = [
        (
            [frozenset(each[k:]) for k in (0, *counts)],
            [frozenset(each[:k]) for k in (*counts, len(own))],
        )
        for each in orders
    ]
    kept = sorted({group for pair in wanted for groups in pair for group in groups}, key=lambda g: (len(g), sorted(g)))
    known: dict[frozenset[int], float] = {}
    size = max(1, min(_BATCH, _POSITIONS // len(encoded.axis)))
    for start in range(0, len(kept), size):
        check()
        some = kept[start : start + size]
        probabilities = run([encoded.keep(sorted([*special, *(own[place] for place in group)])) for group in some])
        known |= {group: float(row[target]) for group, row in zip(some, probabilities, strict=True)}
    return [Curves(counts, *(np.array([known[group] for group in groups]) for groups in pair)) for pair in wanted]


def random_orders(length: int, count: int = 20, seed: int = 0) -> list[list[int]]:
    """Seeded orders of the positions."""
    generator = np.random.default_rng(seed)
    return [[int(place) for place in generator.permutation(length)] for _ in range(count)]


def table(named: dict[str, Curves], random: Sequence[Curves]) -> pd.DataFrame:
    """Curves as a table.

    Args:
        named: By measure.
        random: Of random orders; may be empty.

    Returns:
        Columns `measure` (a name, or `random`), `kind` (`without`, `alone`), `k`, `probability`; for `random`
        the mean, with `low` and `high`, the 5th and 95th percentile over the orders (NaN elsewhere).
    """
    rows = []
    for kind in ("without", "alone"):
        for name, curve in named.items():
            rows += [
                (name, kind, k, value, np.nan, np.nan)
                for k, value in zip(curve.along(kind), getattr(curve, kind), strict=True)
            ]
        if random:
            stacked = np.stack([getattr(curve, kind) for curve in random])  # [order, k]
            low, high = np.quantile(stacked, [0.05, 0.95], axis=0)
            for k, *band in zip(random[0].along(kind), stacked.mean(axis=0), low, high, strict=True):
                rows.append(("random", kind, k, *band))
    return pd.DataFrame(rows, columns=["measure", "kind", "k", "probability", "low", "high"])
