"""What a pass over the pairs shows: batches of pieces, and where each target piece should look."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from attnviz.families.writing.subwords import END_ID, START_ID, UNKNOWN_ID, Subwords

#: Ways to cut one word that a training knows.
VARIANTS = 16

#: Weaker links of the word aligner are noise.
FAINT = 0.1

Keys = Sequence[Sequence[str]]

#: A sentence's pieces and the number of each one's word.
Drawn = tuple[list[int], list[int]]


class Cuts:
    """Ways to cut each word into pieces, drawn once: some merges of byte pairs are left out at random.

    Args:
        subwords: The language's.
        keys: Words of all sentences.
        dropout: Share of merges left out; with 0 there is one way.
        seed: Of the draws.
    """

    def __init__(self, subwords: Subwords, keys: Keys, dropout: float, seed: int) -> None:
        model = json.loads(subwords.pairs.to_str())["model"]
        self._ids: dict[str, int] = model["vocab"]
        self._ranks = {tuple(pair): rank for rank, pair in enumerate(model["merges"])}
        rng = np.random.default_rng(seed)
        types = sorted({key for sentence in keys for key in sentence})
        number = {key: index for index, key in enumerate(types)}
        self._ways = [[self._cut(key, dropout, rng) for _ in range(VARIANTS if dropout else 1)] for key in types]
        self._sentences = [[number[key] for key in sentence] for sentence in keys]

    def draw(self, index: int, rng: np.random.Generator) -> Drawn:
        """A sentence's pieces and the number of each one's word."""
        pieces: list[int] = []
        words: list[int] = []
        sentence = self._sentences[index]
        for word, (key, way) in enumerate(zip(sentence, rng.integers(0, VARIANTS, len(sentence)), strict=True)):
            ways = self._ways[key]
            cut = ways[way % len(ways)]
            pieces.extend(cut)
            words.extend([word] * len(cut))
        return pieces, words

    def _cut(self, key: str, dropout: float, rng: np.random.Generator) -> list[int]:
        parts = list(key)
        while len(parts) > 1:
            candidates = [
                (self._ranks[pair], place)
                for place, pair in enumerate(pairwise(parts))
                if pair in self._ranks and not (dropout and rng.random() < dropout)
            ]
            if not candidates:
                break
            _, place = min(candidates)
            parts[place : place + 2] = [parts[place] + parts[place + 1]]
        return [self._ids.get(part, UNKNOWN_ID) for part in parts]


@dataclass(frozen=True)
class Batch:
    """Some pairs, padded with 0; sizes B, S source, T target.

    Attributes:
        source: int32 `[B, S]`, ended by the end id.
        target: int32 `[B, T]`, begun by the start id.
        wanted: int32 `[B, T]`, what is to follow each of `target`.
        links: float32 `[B, T, S]`, where each wanted piece should look; rows of 0 where nothing is known.
    """

    source: NDArray[np.int32]
    target: NDArray[np.int32]
    wanted: NDArray[np.int32]
    links: NDArray[np.float32]


class Lesson:
    """The training pairs, cut anew for each pass.

    Args:
        source, target: How the words of both sides are cut.
        alignments: For each pair float32 `[target word, source word]`.
        batch_size: Pairs.
        seed: Of order and cuts.
    """

    def __init__(
        self, source: Cuts, target: Cuts, alignments: Sequence[NDArray[np.float32]], batch_size: int, seed: int
    ) -> None:
        self._source, self._target, self._alignments = source, target, alignments
        self._batch_size, self._seed = batch_size, seed
        self.steps = -(-len(alignments) // batch_size)

    def batches(self, epoch: int) -> Iterator[Batch]:
        """All pairs once, those of like lengths together, in random order."""
        rng = np.random.default_rng((self._seed, epoch))
        count = len(self._alignments)
        drawn = [(self._source.draw(i, rng), self._target.draw(i, rng)) for i in range(count)]
        lengths = np.array([(len(target[0]), len(source[0])) for source, target in drawn]) + rng.random((count, 2)) * 2
        order = np.lexsort((lengths[:, 1], np.floor(lengths[:, 0])))
        starts = rng.permutation(np.arange(0, count, self._batch_size))
        for start in starts:
            rows = order[start : start + self._batch_size]
            yield self._batch([(*drawn[row], self._alignments[row]) for row in rows])

    @staticmethod
    def _batch(
        rows: Sequence[tuple[tuple[list[int], list[int]], tuple[list[int], list[int]], NDArray[np.float32]]],
    ) -> Batch:
        width = max(len(source[0]) for source, _, _ in rows) + 1
        height = max(len(target[0]) for _, target, _ in rows) + 1
        source_ids, target_ids, wanted = (np.zeros((len(rows), n), np.int32) for n in (width, height, height))
        links = np.zeros((len(rows), height, width), np.float32)
        for row, ((s, s_words), (t, t_words), alignment) in enumerate(rows):
            source_ids[row, : len(s) + 1] = [*s, END_ID]
            target_ids[row, : len(t) + 1] = [START_ID, *t]
            wanted[row, : len(t) + 1] = [*t, END_ID]
            links[row, : len(t), : len(s)] = _spread(alignment, t_words, s_words)
            links[row, len(t), len(s)] = 1.0
        return Batch(source_ids, target_ids, wanted, links)


def _spread(alignment: NDArray[np.float32], target: list[int], source: list[int]) -> NDArray[np.float32]:
    """Links of words to links of their pieces: a word's weight is shared by its pieces, rows sum to at most 1."""
    strong = np.where(alignment < FAINT, 0, alignment)
    strong = strong / np.maximum(strong.sum(axis=1, keepdims=True), 1.0)
    share = np.bincount(source, minlength=alignment.shape[1])[source]
    spread: NDArray[np.float32] = strong[np.ix_(target, source)] / share
    return spread
