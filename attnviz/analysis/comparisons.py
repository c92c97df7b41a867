"""What differs between two runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attnviz.analysis.counterparts import Pair, counterpart, pairs
from attnviz.analysis.divergence import jensen_shannon
from attnviz.analysis.focus import Focus
from attnviz.trace import AttentionTrace, Classification, TokenAxis


@dataclass(frozen=True)
class Reordered:
    """What another order of the same tokens changed.

    Attributes:
        largest_weight_change: Largest absolute change of a token's weight.
        token: The token it happened to.
        largest_probability_change: Largest absolute change of a class probability.
    """

    largest_weight_change: float
    token: str
    largest_probability_change: float


def reordered(trace: AttentionTrace, shuffled: AttentionTrace, order: Sequence[int]) -> Reordered:
    """Compare a run with the run on its tokens in another order, token by token.

    Args:
        trace: With a pooling block first, and a classification.
        shuffled: The run on the tokens at `order`.
        order: Place in `trace` of each token of `shuffled`.
    """
    before = trace.blocks[0].weights[0, 0, 0][np.asarray(order)]
    change = np.abs(shuffled.blocks[0].weights[0, 0, 0] - before)
    place = int(np.argmax(change))
    probability = 0.0
    if isinstance(trace.output, Classification) and isinstance(shuffled.output, Classification):
        probability = float(np.abs(trace.output.probabilities - shuffled.output.probabilities).max())
    return Reordered(float(change[place]), shuffled.blocks[0].key.tokens[place], probability)


@dataclass(frozen=True, eq=False)
class Rows:
    """Two rows of weights on tokens set side by side.

    Attributes:
        pairs: Which tokens stand for each other.
        axes: The keys of both rows.
        first: Weight of each pair in the first row, summed over its tokens, float64 `[pair]`; NaN where it has none.
        second: The same in the second row.
    """

    pairs: tuple[Pair, ...]
    axes: tuple[TokenAxis, TokenAxis]
    first: NDArray[np.float64]
    second: NDArray[np.float64]

    @property
    def difference(self) -> NDArray[np.float64]:
        """Second minus first, float64 `[pair]`; NaN where only one row has the token."""
        return self.second - self.first

    @property
    def divergence(self) -> float:
        """Jensen–Shannon divergence in nats, 0 (equal) to ln 2 (no token in common); a token one row lacks has 0."""
        return float(jensen_shannon(np.nan_to_num(self.first), np.nan_to_num(self.second)))

    def tokens(self, side: int) -> list[str]:
        """The tokens of each pair on one side, 0 or 1; empty where it has none."""
        places = [(each.first, each.second)[side] for each in self.pairs]
        return [" ".join(self.axes[side].tokens[place] for place in group) for group in places]

    def table(self) -> pd.DataFrame:
        """One pair a row.

        Returns:
            Columns `a_position` (from 1, `3+4` for several), `a_token`, `a_weight`, the same with `b`, and `b_minus_a`.
        """
        columns: dict[str, object] = {}
        for side, (name, values) in enumerate((("a", self.first), ("b", self.second))):
            places = [(each.first, each.second)[side] for each in self.pairs]
            columns[f"{name}_position"] = ["+".join(str(place + 1) for place in group) for group in places]
            columns[f"{name}_token"] = self.tokens(side)
            columns[f"{name}_weight"] = values
        return pd.DataFrame({**columns, "b_minus_a": self.difference})


def rows(first: AttentionTrace, chosen: Focus, second: AttentionTrace, other: Focus) -> Rows:
    """Set two rows of weights side by side.

    Args:
        first: With the row `chosen`.
        second: With the row `other`; of the same run, of another text or of another model.

    Raises:
        InputError: A trace has no such block.
    """
    axes = chosen.keys(first), other.keys(second)
    found = pairs(*axes, (axes[0].text or first.text, axes[1].text or second.text))
    weights = chosen.row(first).astype(np.float64), other.row(second).astype(np.float64)
    sums = (
        np.array([row[list(group)].sum() if group else np.nan for group in groups])
        for row, groups in zip(weights, ([p.first for p in found], [p.second for p in found]), strict=True)
    )
    return Rows(found, axes, *sums)


def matching_query(first: AttentionTrace, chosen: Focus, second: AttentionTrace, block: str) -> int | None:
    """The query of another run's block that stands for the query of a row; None if there is none."""
    axes = first.block(chosen.block).query, second.block(block).query
    found = pairs(*axes, (axes[0].text or first.text, axes[1].text or second.text))
    return counterpart(found, chosen.query)
