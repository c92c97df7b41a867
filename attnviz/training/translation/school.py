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
from attnviz.training.networks import Weights, halves
from attnviz.training.run import stamp
from attnviz.training.translation.learner import LONGEST, better, course
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
        lesson, settings = self.lesson(), self.settings
        first = self._fit(lesson, settings, checkpoint, label=label, quiet=quiet, keep=keep)
        if (more := settings.second()) is None:
            return first
        stored = {name: array.astype(np.float32) for name, array in halves(first[0]).items()}
        steps, file = first[1]["steps"], checkpoint and checkpoint.with_name(f"again-{checkpoint.name}")

        def later(step: int, weights: Weights) -> None:
            if keep and step:  # those before its first step are of the first go
                keep(steps + step, weights)

        told: Any = {"label": f"{label}, again", "quiet": quiet, "keep": later if keep else None}
        return joined(first, self._fit(lesson, more, file, stored, settings.epochs, **told))

    def _fit(
        self,
        lesson: Lesson,
        settings: TranslationSettings,
        checkpoint: Path | None,
        start: Weights | None = None,
        passed: int = 0,
        **told: Any,
    ) -> tuple[Weights, dict[str, Any]]:
        origin = [] if start is None else [start[name] for name in sorted(start)]
        chosen = course(
            lesson,
            settings,
            lambda trained: self.measure(trained, self.corpus.dev)[0],
            stamp(asdict(settings), self.source, self.target, self.corpus.train, *origin),
            start,
            passed,
        )
        return fit(chosen, checkpoint=checkpoint, **told)

    def measure(self, networks: Networks, part: tuple[Pair, ...]) -> tuple[dict[str, float], list[str]]:
        """Scores of greedy translations of a part, and the translations."""
        sources, references = sides(part, self.source)
        ids = [[piece.id for piece in self.subwords[self.source].cut(text)] for text in sources]
        written = [self.subwords[self.target].join(row) for row in Greedy(networks, LONGEST)(ids)]
        return scores(written, references, self.target), written


def joined(
    first: tuple[Weights, dict[str, Any]], second: tuple[Weights, dict[str, Any]]
) -> tuple[Weights, dict[str, Any]]:
    """Two goes as one: the better one's weights, and one record, of all passes in their order."""
    (weights, record), (others, after) = first, second
    kept, found = record["history"][record["best_epoch"] - 1], after["history"][after["best_epoch"] - 1]
    better_later = better(found, kept)
    return others if better_later else weights, {
        "best_epoch": record["epochs"] + after["best_epoch"] if better_later else record["best_epoch"],
        "history": [*record["history"], *after["history"]],
        **{key: record[key] + after[key] for key in ("epochs", "steps", "seconds", "seconds_before")},
    }


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
