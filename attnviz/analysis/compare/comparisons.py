"""What differs between two runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attnviz.analysis.compare.counterparts import Pair, counterpart, pairs
from attnviz.analysis.divergence import jensen_shannon
from attnviz.analysis.focus import Focus
from attnviz.analysis.heads.alignment import written_axis
from attnviz.trace import AttentionTrace, Axis, Classification, Written


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
class Beside:
    """The values of two sequences of tokens side by side.

    Attributes:
        what: They are: `weight` (of the keys of two rows) or `probability` (of the tokens of two translations).
        pairs: Which tokens stand for each other.
        axes: The tokens of both sides.
        first: Value of each pair on the first side, float64 `[pair]`; NaN where that has no token.
        second: The same on the second side.
    """

    what: str
    pairs: tuple[Pair, ...]
    axes: tuple[Axis, Axis]
    first: NDArray[np.float64]
    second: NDArray[np.float64]

    @property
    def difference(self) -> NDArray[np.float64]:
        """Second minus first, float64 `[pair]`; NaN where only one side has the token."""
        return self.second - self.first

    @property
    def divergence(self) -> float:
        """Of two rows: Jensen–Shannon divergence in nats, 0 (equal) to ln 2 (no token in common); a token one row lacks
        has weight 0."""
        return float(jensen_shannon(np.nan_to_num(self.first), np.nan_to_num(self.second)))

    def counts(self) -> dict[str, int]:
        """Pairs with tokens on `both` sides, and on the first (`a`) or second (`b`) alone."""
        alone = {"a": int(np.isnan(self.second).sum()), "b": int(np.isnan(self.first).sum())}
        return {"both": len(self.pairs) - sum(alone.values()), **alone}

    def tokens(self, side: int) -> list[str]:
        """The tokens of each pair on one side, 0 or 1; empty where it has none."""
        places = [(each.first, each.second)[side] for each in self.pairs]
        return [" ".join(self.axes[side].tokens[place] for place in group) for group in places]

    def table(self) -> pd.DataFrame:
        """One pair a row.

        Returns:
            Columns `a_position` (from 1, `3+4` for several), `a_token`, `a_weight` or `a_probability`, the same with
            `b`, and `b_minus_a`.
        """
        columns: dict[str, object] = {}
        for side, (name, values) in enumerate((("a", self.first), ("b", self.second))):
            places = [(each.first, each.second)[side] for each in self.pairs]
            columns[f"{name}_position"] = ["+".join(str(place + 1) for place in group) for group in places]
            columns[f"{name}_token"] = self.tokens(side)
            columns[f"{name}_{self.what}"] = values
        return pd.DataFrame({**columns, "b_minus_a": self.difference})


def rows(first: AttentionTrace, chosen: Focus, second: AttentionTrace, other: Focus) -> Beside:
    """Set two rows of weights side by side; the weights of the tokens of one pair are added up.

    Args:
        first: With the row `chosen`.
        second: With the row `other`; of the same run, of another text or of another model.

    Raises:
        InputError: A trace has no such block.

    >>> import attnviz
    >>> from attnviz.analysis import focus_on
    >>> model = attnviz.load("sentiment-en")
    >>> first, second = model.trace("a good film"), model.trace("a bad film")
    >>> beside = rows(first, focus_on(first), second, focus_on(second))
    >>> [(pair.first, pair.second) for pair in beside.pairs]
    [((0,), (0,)), ((1,), ()), ((), (1,)), ((2,), (2,))]
    """
    weights = chosen.row(first).astype(np.float64), other.row(second).astype(np.float64)
    return _beside("weight", (first, second), (chosen.keys(first), other.keys(second)), weights, np.sum)


def written(first: AttentionTrace, second: AttentionTrace) -> Beside:
    """Set two written texts side by side: the probability of each token, given those before it in its own text.

    Args:
        first, second: With a `Written` each. The tokens of one pair have the probability of being written together.

    >>> import attnviz
    >>> model = attnviz.load("translate-en-ja")
    >>> beside = written(model.trace("I like tea."), model.trace("I like coffee."))
    >>> beside.what, len(beside.first) == len(beside.pairs)
    ('probability', True)
    """
    axes = [written_axis(trace) for trace in (first, second)]
    outputs = [trace.output for trace in (first, second) if isinstance(trace.output, Written)]
    shares = [np.exp(output.log_probabilities.astype(np.float64)) for output in outputs]
    return _beside("probability", (first, second), (axes[0], axes[1]), shares, np.prod)


def _beside(
    what: str,
    traces: tuple[AttentionTrace, AttentionTrace],
    axes: tuple[Axis, Axis],
    values: Sequence[NDArray[np.float64]],
    together: Callable[[NDArray[np.float64]], float],
) -> Beside:
    """Pair the tokens, and put the values of those of one pair together."""
    found = _pairs(traces, axes)
    sides = [
        np.array([together(own[list(group)]) if group else np.nan for group in groups])
        for own, groups in zip(values, ([p.first for p in found], [p.second for p in found]), strict=True)
    ]
    return Beside(what, found, axes, sides[0], sides[1])


def _pairs(traces: tuple[AttentionTrace, AttentionTrace], axes: tuple[Axis, Axis]) -> tuple[Pair, ...]:
    """Which tokens of two traces stand for each other, by the texts their spans point into."""
    return pairs(*axes, (axes[0].text or traces[0].text, axes[1].text or traces[1].text))


def matching_query(first: AttentionTrace, chosen: Focus, second: AttentionTrace, block: str) -> int | None:
    """The query of another run's block that stands for the query of a row; None if there is none."""
    axes = first.block(chosen.block).query, second.block(block).query
    return counterpart(_pairs((first, second), axes), chosen.query)
