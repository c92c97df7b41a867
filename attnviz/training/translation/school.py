"""The pairs of one direction, ready to be learned, and learning them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from attnviz.families.writing.subwords import Subwords, learn
from attnviz.families.writing.transformer import Networks
from attnviz.tokenizers import SudachiTokenizer, WordTokenizer
from attnviz.training.loop import Keep, fit
from attnviz.training.networks import Weights
from attnviz.training.run import stamp
from attnviz.training.translation.learner import LONGEST, course
from attnviz.training.translation.lesson import Cuts, Lesson
from attnviz.training.translation.pairs import Pair, Pairs
from attnviz.training.translation.scores import scores
from attnviz.training.translation.settings import TranslationSettings
from attnviz.training.translation.word_alignment import with_the_word_before, word_alignments
from attnviz.training.writing import Greedy

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
        if self.target == "ja":
            alignments = [with_the_word_before(each) for each in alignments]
        seed, dropout = self.settings.seed, (self.settings.pair_dropout, self.settings.written_pair_dropout)
        cuts = {code: Cuts(self.subwords[code], keys[code], dropout[n], seed + n) for n, code in enumerate(keys)}
        return Lesson(cuts[self.source], cuts[self.target], alignments, self.settings.batch_size, seed)

    def learn(
        self, *, checkpoint: Path | None = None, label: str = "Train", quiet: bool = False, keep: Keep | None = None
    ) -> tuple[Weights, dict[str, Any]]:
        """Train on the pairs; the pass that translates dev best is kept. As `loop.fit`."""
        chosen = course(
            self.lesson(),
            self.settings,
            lambda trained: self.measure(trained, self.corpus.dev)[0],
            stamp(asdict(self.settings), self.source, self.target, self.corpus.train),
        )
        return fit(chosen, checkpoint=checkpoint, label=label, quiet=quiet, keep=keep)

    def measure(self, networks: Networks, part: tuple[Pair, ...]) -> tuple[dict[str, float], list[str]]:
        """Scores of greedy translations of a part, and the translations."""
        sources, references = sides(part, self.source)
        ids = [[piece.id for piece in self.subwords[self.source].cut(text)] for text in sources]
        written = [self.subwords[self.target].join(row) for row in Greedy(networks, LONGEST)(ids)]
        return scores(written, references, self.target), written


def cutter(language: str, byte_pairs: Any, *, lower: bool) -> Subwords:
    """Pieces of a language."""
    words = WordTokenizer() if language == "en" else SudachiTokenizer(mode="A")
    return Subwords(words, byte_pairs, spaced=language == "en", lower=lower)


def sides(part: tuple[Pair, ...], source: str) -> tuple[list[str], list[str]]:
    """Sources and references of a part."""
    first = SIDE[source]
    return [pair[first] for pair in part], [pair[1 - first] for pair in part]


def fewer(corpus: Pairs, limit: int, seed: int) -> Pairs:
    """The same with so many random pairs to learn from."""
    rows = np.random.default_rng(seed).permutation(len(corpus.train))[:limit]
    return Pairs(tuple(corpus.train[row] for row in rows), corpus.dev, corpus.test)
