"""Does attention tell what an answer rests on? The figures of a model card over any corpus, with intervals.

The intervals are of a bootstrap that can be added up part by part: every sentence counts in each sample as often as a
Poisson variable of mean 1 says.

Source: Chamandy et al. 2012, "Estimating Uncertainty for Massive Data Streams"; DeYoung et al. 2020 (ERASER).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.explain import attribution, erasure
from attnviz.analysis.explain.agreement import agreement
from attnviz.analysis.focus import answering
from attnviz.trace import AttentionTrace, Classification, Encoded

#: One row a sentence; all but τ-b in probability of the predicted class.
COLUMNS = ("kendall", "drop_top", "drop_random", "comprehensiveness", "comprehensiveness_random")

#: Samples of the bootstrap, the share of them an interval holds, and random orders of tokens.
SAMPLES, LEVEL, ORDERS = 1000, 0.95, 5


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """Sums over some sentences.

    Attributes:
        count: int64 `[column]`, sentences that have a value.
        total: float64 `[column]`.
        drawn_count, drawn_total: float64 `[sample, column]`, the same of each sample.
    """

    count: NDArray[np.int64]
    total: NDArray[np.float64]
    drawn_count: NDArray[np.float64]
    drawn_total: NDArray[np.float64]

    @staticmethod
    def rows(model: Any, batch: Sequence[Encoded], traces: Sequence[AttentionTrace]) -> NDArray[np.float64]:
        """Of each sentence, float64 `[sentence, column]`; NaN for one of a single token."""
        return np.array([_row(model, *each) for each in zip(batch, traces, strict=True)]).reshape(-1, len(COLUMNS))

    @classmethod
    def of(cls, rows: NDArray[np.float64], seed: int) -> Self:
        """Sums of sentences, and of samples drawn from a seed."""
        there = np.isfinite(rows)
        filled = np.where(there, rows, 0.0)
        often = np.random.default_rng(seed).poisson(1.0, (SAMPLES, len(rows))).astype(np.float64)
        return cls(there.sum(axis=0), filled.sum(axis=0), often @ there.astype(np.float64), often @ filled)

    def with_(self, other: Self) -> Self:
        """Of both."""
        return type(self)(
            self.count + other.count,
            self.total + other.total,
            self.drawn_count + other.drawn_count,
            self.drawn_total + other.drawn_total,
        )

    def summary(self) -> dict[str, dict[str, float | int | None]]:
        """By column, and as `drop_ratio` (how many times more the top token costs than another): `mean` or None, the
        interval `low` to `high`, and of how many sentences, `n`."""
        means = np.divide(self.total, self.count, out=np.full(len(COLUMNS), np.nan), where=self.count > 0)
        samples = self.drawn_total / np.maximum(self.drawn_count, 1)
        found = {name: _told(means[at], samples[:, at], int(self.count[at])) for at, name in enumerate(COLUMNS)}
        top, other = COLUMNS.index("drop_top"), COLUMNS.index("drop_random")
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = _told(means[top] / means[other], samples[:, top] / samples[:, other], int(self.count[top]))
        return {**found, "drop_ratio": ratio}


def _row(model: Any, encoded: Encoded, trace: AttentionTrace) -> list[float]:
    output = trace.output
    if not isinstance(output, Classification) or len(attribution.places(encoded)) < 2:
        return [np.nan] * len(COLUMNS)
    target, row = output.predicted, answering(trace).astype(np.float64)
    lost = attribution.removed(model.probabilities, encoded, target)
    top = int(row.argmax())
    orders = [erasure.order(row), *erasure.random_orders(len(row), ORDERS, 0)]
    own, *random = (each.comprehensiveness for each in erasure.curves(model.probabilities, encoded, target, orders))
    kendall = agreement(row, np.abs(lost)).kendall
    return [kendall, float(lost[top]), float(np.delete(lost, top).mean()), own, float(np.mean(random))]


def _told(mean: float, samples: NDArray[np.float64], count: int) -> dict[str, float | int | None]:
    finite = samples[np.isfinite(samples)]
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(finite, [tail, 1 - tail]) if len(finite) else (np.nan, np.nan)
    numbers = {"mean": mean, "low": low, "high": high}
    return {**{name: float(value) if np.isfinite(value) else None for name, value in numbers.items()}, "n": count}
