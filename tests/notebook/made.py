"""Traces made by hand, of every kind there is; what they say would be markup if anybody read it as such."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import attnviz
from attnviz.trace import AttentionTrace, Embedding, Tensor, Written
from tests.shipped import pooled

NASTY = "</script><script>alert(1)</script><img src=x onerror=alert(1)>{layer}&amp;"
TOKENS = ["a", NASTY, "b", "c", "d", "e", "f"]


def weights(*shape: int) -> np.ndarray:
    drawn = np.exp(3 * np.random.default_rng(5).normal(size=shape)).astype(np.float32)
    return drawn / drawn.sum(axis=-1, keepdims=True)


def written(alternatives: bool = True) -> AttentionTrace:
    tokens = ("▁x", NASTY, "[EOS]")
    logs = np.log(np.array([0.5, 0.7, 0.9], np.float32))
    steps = tuple(((token, float(log)), ("▁other", -3.0)) for token, log in zip(tokens, logs, strict=True))
    output = Written("translation", f"x {NASTY}", tokens, logs, steps if alternatives else ())
    return attnviz.from_arrays(weights(2, 3, 3, 7), TOKENS, tokens, kind="cross", output=output)


MADE: dict[str, Callable[[], AttentionTrace]] = {
    "pooling": lambda: pooled(TOKENS, [0.1, 0.2, 0.3, 0.1, 0.1, 0.1, 0.1]),
    "self": lambda: attnviz.from_arrays(weights(2, 3, 7, 7), TOKENS, output={NASTY: 0.9, "other": 0.1}),
    "causal": lambda: attnviz.from_arrays(
        causal(weights(2, 3, 7, 7)), TOKENS, output=Embedding(np.ones(3, np.float32))
    ),
    "cross": lambda: attnviz.from_arrays(weights(2, 3, 5, 7), TOKENS, ["v", "w", "x", "y", NASTY]),
    "written": written,
    "written without alternatives": lambda: written(False),
    "no numbers": lambda: attnviz.from_arrays(weights(7, 7), TOKENS, output=Tensor(np.array([np.nan]))),
}


def causal(rows: np.ndarray) -> np.ndarray:
    lower = np.tril(rows)
    return lower / lower.sum(axis=-1, keepdims=True)
