"""From the pairs to a trained translation model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from attnviz.families.writing.subwords import Subwords, learn
from attnviz.families.writing.transformer import Networks
from attnviz.tokenizers import SudachiTokenizer, WordTokenizer
from attnviz.training.translation.lesson import Cuts, Lesson
from attnviz.training.translation.loop import LONGEST
from attnviz.training.translation.pairs import Pair, Pairs, pairs
from attnviz.training.translation.scores import Greedy, scores
from attnviz.training.translation.settings import TranslationSettings
from attnviz.training.translation.word_alignment import word_alignments

SIDE = {"en": 0, "ja": 1}


@dataclass(frozen=True)
class School:
    """The data of one direction, ready to be learned.

    Attributes:
        source, target: Codes of the languages.
        settings: How it is trained.
        corpus: The pairs.
    """

    source: str
    target: str
    settings: TranslationSettings
    corpus: Pairs

    @cached_property
    def subwords(self) -> dict[str, Subwords]:
        """By language; byte pairs are learned from the training pairs."""
        sizes = {self.source: self.settings.source_size, self.target: self.settings.target_size}
        made = {}
        for language in (self.source, self.target):
            plain = cutter(language, None, lower=self._lower(language))
            keys = (key for pair in self.corpus.train for key in plain.keys(pair[SIDE[language]]))
            made[language] = cutter(language, learn(keys, sizes[language]), lower=self._lower(language))
        return made

    def _lower(self, language: str) -> bool:
        return language == self.source == "en"

    def lesson(self) -> Lesson:
        """The training pairs with their alignments."""
        keys = {
            code: [self.subwords[code].keys(pair[SIDE[code]]) for pair in self.corpus.train]
            for code in (self.source, self.target)
        }
        bare = {code: [[key.lstrip("▁").lower() for key in sentence] for sentence in keys[code]] for code in keys}
        alignments = word_alignments(bare[self.source], bare[self.target])
        seed = self.settings.seed
        cuts = {
            code: Cuts(self.subwords[code], keys[code], self.settings.pair_dropout, seed + n)
            for n, code in enumerate(keys)
        }
        return Lesson(cuts[self.source], cuts[self.target], alignments, self.settings.batch_size, seed)

    def sides(self, part: tuple[Pair, ...]) -> tuple[list[str], list[str]]:
        """Sources and references of a part."""
        return [pair[SIDE[self.source]] for pair in part], [pair[SIDE[self.target]] for pair in part]

    def measure(self, networks: Networks, part: tuple[Pair, ...]) -> tuple[dict[str, float], list[str]]:
        """Scores of greedy translations of a part, and the translations."""
        sources, references = self.sides(part)
        ids = [[piece.id for piece in self.subwords[self.source].cut(text)] for text in sources]
        written = [self.subwords[self.target].join(row) for row in Greedy(networks, LONGEST)(ids)]
        return scores(written, references, self.target), written


def cutter(language: str, byte_pairs: Any, *, lower: bool) -> Subwords:
    """Pieces of a language."""
    words = WordTokenizer() if language == "en" else SudachiTokenizer(mode="A")
    return Subwords(words, byte_pairs, spaced=language == "en", lower=lower)


def school(
    source: str, target: str, settings: TranslationSettings, *, limit: int | None = None, quiet: bool = False
) -> School:
    """The data of one direction.

    Args:
        source, target: Codes of the languages.
        settings: How it is to be trained.
        limit: Learn from so many random pairs only.
        quiet: No progress.
    """
    corpus = pairs(quiet=quiet)
    if limit is not None:
        rows = np.random.default_rng(settings.seed).permutation(len(corpus.train))[:limit]
        corpus = Pairs(tuple(corpus.train[row] for row in rows), corpus.dev, corpus.test)
    return School(source, target, settings, corpus)
