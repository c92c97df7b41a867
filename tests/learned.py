"""A training that no model went through: from equal weights and chances to a shipped model's own, look by look."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

import attnviz
from attnviz.trace import AttentionTrace, Classification

#: Steps of the looks; the last look has the number of the one before it.
STEPS = (0, 1, 2, 5, 11, 23, 23)


if TYPE_CHECKING:
    from attnviz.families.learning import Learning

    Looks = Learning
else:

    @dataclass(frozen=True)
    class Looks:
        """What `zoo.learning` gives."""

        steps: NDArray[np.int64]
        loss: NDArray[np.float32]
        accuracy: NDArray[np.float32]
        entropy: NDArray[np.float32]
        sentences: tuple[str, ...]
        traces: tuple[tuple[AttentionTrace, ...], ...]


@cache
def learned(name: str, sentences: tuple[str, ...] | None = None, steps: tuple[int, ...] = STEPS) -> Looks:
    """Looks of a shipped classifier; its examples if no sentences are given."""
    model = attnviz.load(name)
    sentences = model.card.examples if sentences is None else sentences
    shares = np.linspace(0, 1, len(steps))
    return Looks(
        np.array(steps, np.int64),
        (1.9 - 1.5 * shares).astype(np.float32),
        (0.25 + 0.6 * shares).astype(np.float32),
        (1.3 - 0.7 * shares).astype(np.float32),
        sentences,
        tuple(tuple(_between(trace, share) for share in shares) for trace in map(model.trace, sentences)),
    )


def _between(trace: AttentionTrace, share: float) -> AttentionTrace:
    (block,), output = trace.blocks, trace.output
    assert isinstance(output, Classification)
    weights = (1 - share) / len(block.key) + share * block.weights
    chances = (1 - share) / len(output.labels) + share * output.probabilities
    return replace(
        trace,
        blocks=(replace(block, weights=weights.astype(np.float32)),),
        output=Classification(output.labels, chances.astype(np.float32)),
    )
