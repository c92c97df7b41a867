"""The model folders that are there, for tests that hold for every one of them; and traces made by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from attnviz.trace import AttentionBlock, AttentionTrace, Classification, Text, TokenAxis

MODELS = Path(__file__).resolve().parent.parent / "models"
EVERY = sorted(path.parent.name for path in MODELS.glob("*/card.json"))

#: Those that are given a composed picture, and those that read a text.
SCENES = [
    name
    for name in EVERY
    if json.loads((MODELS / name / "card.json").read_text("utf-8"))["family"] in ("caption", "scene-pooling")
]
NAMES = [name for name in EVERY if name not in SCENES]

#: Those that pool.
POOLING = [name for name in NAMES if "pooling" in json.loads((MODELS / name / "card.json").read_text("utf-8"))["kinds"]]


def card(name: str) -> dict:
    """The card of a shipped model as it is on disk."""
    return json.loads((MODELS / name / "card.json").read_text(encoding="utf-8"))


def pooled(
    tokens: Sequence[str],
    weights: Sequence[float] | None = None,
    probabilities: Sequence[float] = (0.25, 0.75),
    model: str = "by-hand",
) -> AttentionTrace:
    """A trace of a pooling classifier that no model made; equal weights if none are given."""
    n = len(tokens)
    values = np.full(n, 1 / n) if weights is None else np.asarray(weights)
    starts = np.cumsum([0, *(len(token) + 1 for token in tokens)])
    spans = [(int(start), int(start) + len(token)) for start, token in zip(starts, tokens, strict=False)]
    block = AttentionBlock(
        "pooling",
        "pooling",
        TokenAxis.of(["W"], special=[True]),
        TokenAxis.of(tokens, spans),
        values.reshape(1, 1, 1, n),
    )
    labels = tuple(f"class-{index}" for index in range(len(probabilities)))
    return AttentionTrace(model, Text(" ".join(tokens)), (block,), Classification(labels, np.asarray(probabilities)))
