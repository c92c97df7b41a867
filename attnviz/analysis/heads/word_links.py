"""Attention as links between words, judged by links set by hand.

Source: Och and Ney, A Systematic Comparison of Various Statistical Alignment Models (2003).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

#: A source word and a target word, from 0.
Link = tuple[int, int]

_LINK = re.compile(r"(\d+)([-p])(\d+)")


@dataclass(frozen=True)
class GoldPair:
    """One pair of sentences with its links.

    Attributes:
        number: Of the pair in its data.
        source, target: Words.
        sure: Links that must be found.
        possible: Links that may be; the sure ones are among them.
    """

    number: int
    source: tuple[str, ...]
    target: tuple[str, ...]
    sure: frozenset[Link]
    possible: frozenset[Link]

    def turned(self) -> GoldPair:
        """The same for the other direction."""
        sure, possible = (frozenset((t, s) for s, t in links) for links in (self.sure, self.possible))
        return GoldPair(self.number, self.target, self.source, sure, possible)


def parsed(text: str) -> tuple[GoldPair, ...]:
    """Pairs from lines of number, source words, target words and links (`3-2` sure, `3p2` possible), tabs between.

    Raises:
        ValueError: A line cannot be read, a link points beyond its words, stands twice, or none is sure.
    """
    pairs = []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        try:
            number, source, target, links = line.split("\t")
            pair = linked(tuple(source.split(" ")), tuple(target.split(" ")), links.split(" "), int(number))
        except ValueError as error:
            raise ValueError(f"{error} in {line!r}") from error
        pairs.append(pair)
    return tuple(pairs)


def linked(source: tuple[str, ...], target: tuple[str, ...], codes: Sequence[str], number: int = 0) -> GoldPair:
    """Two sentences and their links.

    Args:
        source, target: Words.
        codes: `3-2` sure, `3p2` possible: source word, target word.
        number: Of the pair in its data.

    Raises:
        ValueError: A link cannot be read, points beyond the words, stands twice, or none is sure.
    """
    kinds: dict[Link, str] = {}
    for code in codes:
        match = _LINK.fullmatch(code)
        if match is None:
            raise ValueError(f"Expected links such as 3-2 or 3p2. Received: {code}")
        link = (int(match[1]), int(match[3]))
        if link in kinds or link[0] >= len(source) or link[1] >= len(target):
            raise ValueError(f"Expected each link once, between words. Received: {code}")
        kinds[link] = match[2]
    sure = frozenset(link for link, kind in kinds.items() if kind == "-")
    if not sure:
        raise ValueError("Expected a sure link. Received: none")
    return GoldPair(number, source, target, sure, frozenset(kinds))


def strongest(weights: ArrayLike) -> frozenset[Link]:
    """One link for each target word, to the source word of the greatest weight; the first of equals.

    Args:
        weights: `[target word, source word]`, specials left out.
    """
    return frozenset((int(source), target) for target, source in enumerate(np.argmax(np.asarray(weights), axis=1)))


def diagonal(sources: int, targets: int) -> frozenset[Link]:
    """One link for each target word, to the source word that stands at the same share of its sentence."""
    return frozenset(((2 * target + 1) * sources // (2 * targets), target) for target in range(targets))


def agreement(found: Sequence[frozenset[Link]], gold: Sequence[GoldPair]) -> dict[str, float]:
    """How well links agree with those set by hand, over all pairs together.

    With A the links found, S the sure and P the possible ones (S ⊆ P): precision |A∩P| / |A|, recall |A∩S| / |S|, and
    the alignment error rate 1 − (|A∩S| + |A∩P|) / (|A| + |S|).

    Returns:
        `precision`, `recall`, `aer`, in 0…1.
    """
    a = s = in_sure = in_possible = 0
    for links, pair in zip(found, gold, strict=True):
        a, s = a + len(links), s + len(pair.sure)
        in_sure, in_possible = in_sure + len(links & pair.sure), in_possible + len(links & pair.possible)
    return {"precision": in_possible / a, "recall": in_sure / s, "aer": 1 - (in_sure + in_possible) / (a + s)}
