"""Sentences whose feeling hangs on a negation: minimal pairs made from frames and words, and phrases of reviews."""

from __future__ import annotations

import html
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.training import data
from attnviz.training.corpora import Corpus, Examples, one_hot

NEGATIVE, POSITIVE = 0, 1
FEELINGS = {"negative": NEGATIVE, "positive": POSITIVE}

#: Words that negate, as the phrases of reviews have them.
_NEGATION = re.compile(r"\b(not|no|never|none|nothing|without|cannot|can't|\w+n't)\b", re.IGNORECASE)

_SLOT = re.compile(r"\{(\w+)\}")
_PHRASE = re.compile(r"<(?:Pros|Cons)>(.*?)</", re.DOTALL)

#: Share of the made sentences that stand behind a training sentence of the same class.
_BEHIND = 0.25


@dataclass(frozen=True)
class Pair:
    """Two sentences that differ by a negation alone, and by what they say.

    Attributes:
        positive, negative: The two.
        negated: Whether the negation stands in the positive one.
    """

    positive: str
    negative: str
    negated: bool


@cache
def pairs() -> tuple[Pair, ...]:
    """The minimal pairs that are measured: written by hand, never learned from."""
    return tuple(Pair(**each) for each in _toml("negation_pairs.toml")["pair"])


def examples(corpus: Corpus, *, seed: int, made: int = 3_000, phrases: int = 2_000, quiet: bool = False) -> Examples:
    """Sentences to learn negation from.

    Args:
        corpus: Behind sentences of its training part some of the made ones stand; what equals one of its others is left
            out.
        seed: Of what is drawn.
        made: Pairs from the frames of `negation.toml`, the same number of each class.
        phrases: Phrases of product reviews of each class, half of them with a negation as far as there are so many.
        quiet: No progress of a download.

    Returns:
        Classes 0 (negative) and 1 (positive), none of them a sentence of `pairs`; no finer class.

    Raises:
        DataError: The phrases cannot be had.
    """
    rng = np.random.default_rng(seed)
    train = corpus.train
    measured = {plain(text) for pair in pairs() for text in (pair.positive, pair.negative)}
    measured |= {plain(text) for part in (corpus.validation, corpus.test) for text in part.texts}
    before = [[train.texts[i] for i in np.flatnonzero(train.labels == label)] for label in (NEGATIVE, POSITIVE)]
    found: list[tuple[str, int]] = []
    for text, label in _made(rng, made):
        joined = f"{before[label][rng.integers(len(before[label]))]} {text}" if rng.random() < _BEHIND else text
        found.append((joined, label))
    found += reviews(rng, phrases, {plain(text) for text in train.texts}, quiet=quiet)
    kept = [(text, label) for text, label in found if plain(text) not in measured]
    labels = np.array([label for _, label in kept])
    finer = np.zeros((len(kept), train.auxiliary.shape[1]), np.float32)
    return Examples(tuple(text for text, _ in kept), labels, one_hot(labels, 2), finer, ("",) * len(kept))


def plain(text: str) -> str:
    """Lower case, words alone: what is compared where one sentence may not be another."""
    return " ".join(re.findall(r"[a-z']+", text.lower()))


def reviews(rng: np.random.Generator, count: int, known: set[str], *, quiet: bool = False) -> list[tuple[str, int]]:
    """Phrases of product reviews: as many of each class, and of those with a negation as many of each class.

    Args:
        rng: Draws them.
        count: Of each class.
        known: Sentences, by `plain`, that are left out.
        quiet: No progress of a download.
    """
    archive = data.content(data.PROS_CONS, "pros_cons.zip", quiet=quiet)
    groups: dict[tuple[int, bool], list[str]] = {}
    for label, name in ((NEGATIVE, "IntegratedCons.txt"), (POSITIVE, "IntegratedPros.txt")):
        content = data.member(archive, f"pros_cons/{name}").decode("utf-8", errors="replace")
        texts = dict.fromkeys(" ".join(html.unescape(html.unescape(text)).split()) for text in _PHRASE.findall(content))
        for text in texts:
            if 2 <= len(text.split()) <= 30 and plain(text) not in known:
                groups.setdefault((label, bool(_NEGATION.search(text))), []).append(text)
    negated = min(count // 2, *(len(groups[label, True]) for label in (NEGATIVE, POSITIVE)))
    found = []
    for (label, with_negation), phrases in sorted(groups.items()):
        size = negated if with_negation else count - negated
        found += [(phrases[i], label) for i in rng.choice(len(phrases), size, replace=False)]
    return found


def _made(rng: np.random.Generator, count: int) -> Iterator[tuple[str, int]]:
    """Members of pairs, `count` pairs, and a tenth as many sentences whose negation turns nothing round."""
    source = _toml("negation.toml")
    words, frames = source["words"], source["frame"]
    weights = np.array([frame.get("weight", 1) for frame in frames], float)
    for i in rng.choice(len(frames), count, p=weights / weights.sum()):
        frame = frames[i]
        says = FEELINGS.get(frame.get("feeling"), int(rng.integers(2)))
        negated = frame["negated"][rng.integers(len(frame["negated"]))]
        for text, label in ((frame["plain"], says), (negated, 1 - says)):
            yield _ended(_filled(text, says, words, rng), rng), label
    for _ in range(count // 10):
        says = int(rng.integers(2))
        frame = source["same"][rng.integers(len(source["same"]))]
        yield _ended(_filled(frame["plain"], says, words, rng), rng), says


def _filled(frame: str, says: int, words: Mapping[str, Any], rng: np.random.Generator) -> str:
    def word(slot: re.Match[str]) -> str:
        choices = words[slot[1]]
        if isinstance(choices, Mapping):
            choices = choices["positive" if says == POSITIVE else "negative"]
        return str(choices[rng.integers(len(choices))])

    return re.sub(r"\ba (?=[aeiou])", "an ", _SLOT.sub(word, frame))


def _ended(text: str, rng: np.random.Generator) -> str:
    return text + ("", ".", "!")[rng.choice(3, p=(0.4, 0.5, 0.1))]


@cache
def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("attnviz.training").joinpath(name).read_text("utf-8"))


def right(positive: NDArray[np.int64], negative: NDArray[np.int64]) -> dict[str, Any]:
    """Figures of `pairs`.

    Args:
        positive, negative: The class a model gives to the positive and to the negative sentence of each, int `[pair]`.

    Returns:
        `pairs`, their number, and shares from 0 to 1: `sentences` right, `both` right, and right of those sentences
        that have the negation, `negated_positive` and `negated_negative`.

    >>> everything = right(np.ones(len(pairs()), int), np.ones(len(pairs()), int))  # whoever always says positive
    >>> everything["sentences"], everything["both"], everything["negated_positive"]
    (0.5, 0.0, 1.0)
    """
    good = np.stack([positive == POSITIVE, negative == NEGATIVE], axis=1)  # [pair, 2]
    turned = np.array([pair.negated for pair in pairs()])
    shares = {
        "sentences": good.mean(),
        "both": good.all(axis=1).mean(),
        "negated_positive": good[turned, 0].mean(),
        "negated_negative": good[~turned, 1].mean(),
    }
    return {"pairs": len(good), **{name: round(float(share), 4) for name, share in shares.items()}}
