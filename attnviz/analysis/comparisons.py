"""What differs between two runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attnviz.trace import AttentionTrace, Classification


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
