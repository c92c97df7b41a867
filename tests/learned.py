"""A training that no model went through: from equal weights and chances to a shipped model's own, look by look."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

import attnviz
from attnviz import zoo
from attnviz.errors import ModelError
from attnviz.trace import AttentionTrace, Classification, Output, Written
from attnviz.ui import cache as page_cache

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
        written: tuple[tuple[str, ...], ...] = ()


@cache
def learned(name: str, sentences: tuple[str, ...] | None = None, steps: tuple[int, ...] = STEPS) -> Looks:
    """Looks of a model; its examples if no sentences are given. A translation is written to its half, then whole."""
    model = attnviz.load(name)
    sentences = model.card.examples if sentences is None else sentences
    shares = np.linspace(0, 1, len(steps))
    traces = [model.trace(sentence) for sentence in sentences]
    texts = [trace.output.text for trace in traces if isinstance(trace.output, Written)]
    return Looks(
        np.array(steps, np.int64),
        (1.9 - 1.5 * shares).astype(np.float32),
        (0.25 + 0.6 * shares).astype(np.float32),
        (1.3 - 0.7 * shares).astype(np.float32),
        sentences,
        tuple(tuple(_between(trace, share) for share in shares) for trace in traces),
        tuple(tuple(text[: round(len(text) * (1 + share) / 2)] for share in shares) for text in texts),
    )


def _between(trace: AttentionTrace, share: float) -> AttentionTrace:
    block, output = trace.blocks[-1], trace.output
    weights = (1 - share) / len(block.key) + share * block.weights
    return replace(
        trace,
        blocks=(replace(block, weights=weights.astype(np.float32)),),
        output=_unsure(output, share),
    )


def _unsure(output: Output, share: float) -> Output:
    if isinstance(output, Written):
        return replace(output, log_probabilities=output.log_probabilities - 7 * (1 - share), alternatives=())
    assert isinstance(output, Classification)
    chances = (1 - share) / len(output.labels) + share * output.probabilities
    return Classification(output.labels, chances.astype(np.float32))


def unreadable(monkeypatch: pytest.MonkeyPatch, folder: str) -> ModelError:
    """Let no recording be read from now on, as if that of a folder were cut off.

    Returns:
        What is raised instead.
    """
    error = ModelError("file_unreadable", folder=folder, file="learning.npz", cause="cut off")

    def broken(name: str) -> None:
        raise error

    monkeypatch.setattr(zoo, "learning", broken)
    page_cache.learning.cache_clear()
    return error
