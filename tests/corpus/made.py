"""A model whose weights are drawn from the text: quick, and never the same for two sentences."""

from __future__ import annotations

import os
import signal
import zlib
from pathlib import Path

import numpy as np

from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.families.model import Model
from attnviz.trace import AttentionBlock, AttentionTrace, Embedding, Encoded, Text, TokenAxis

LAYERS, HEADS, MEMORY = 2, 3, 5


class Made(Model):
    """Self-attention with [CLS] first, and a block that looks at five things of its own; counts what it runs."""

    def __init__(self):
        super().__init__(ModelCard("made", kinds=("self", "cross"), max_length=31))
        self.ran = 0

    def encode(self, source):
        words = ["[CLS]", *str(source).split()]
        if len(words) == 1:
            raise InputError("empty_text")
        special = [True, *[False] * (len(words) - 1)]
        axis = TokenAxis.of(words, special=special, unknown=[word.startswith("?") for word in words])
        return Encoded(Text(str(source)), {"tokens": np.zeros((1, len(words)), np.int32)}, {"tokens": axis})

    def attend(self, encoded, edits=()):
        self.ran += 1
        axis, memory = encoded.axis, TokenAxis.of([f"m{index}" for index in range(MEMORY)])
        blocks = (self._block("words", "self", axis, axis), self._block("memory", "cross", axis, memory))
        return AttentionTrace("made", encoded.source, blocks, Embedding(np.zeros(3)))

    def _block(self, name, kind, query, key):
        seed = zlib.crc32(f"{name} {query.tokens}".encode())
        scores = np.random.default_rng(seed).normal(size=(LAYERS, HEADS, len(query), len(key))) * 2
        weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
        return AttentionBlock(name, kind, query, key, weights.astype(np.float32))


class Mortal(Made):
    """Kills its process at one sentence, the first time any of its kind meets it: then there is a file."""

    def __init__(self, file: Path, last: str):
        super().__init__()
        self.file, self.last = file, last

    def encode(self, source):
        if str(source) == self.last and not self.file.exists():
            self.file.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode(source)


def sentences(number: int, seed: int = 0) -> list[str]:
    """Of 1 to 11 words, some of which come twice; no two alike."""
    rng = np.random.default_rng(seed)
    words = [f"w{index}" for index in range(23)] + ["?a", "?b"]
    return [f"s{at} " + " ".join(rng.choice(words, rng.integers(0, 11))) for at in range(number)]
