"""How good captions are: whether every word is right, what they name, whether the weight lies where the thing is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.families.writing.subwords import BLANK
from attnviz.scenes import GRID
from attnviz.scenes.naming import mentions
from attnviz.training.captions.grammar import Language, text
from attnviz.training.captions.subjects import SCENES, Composed, Sentences, Subject


def perfect(sentences: Sentences, caption: str, language: Language) -> bool:
    """Whether a caption is one of the sentences that are right."""
    return any(text(each, language) == caption for each in sentences.every())


@dataclass(frozen=True)
class Written:
    """A caption that a model wrote.

    Attributes:
        scene: About it, or about the collage.
        language: Of the caption.
        words: Entries of the vocabulary, the end token left out.
        text: The words as a text.
    """

    scene: Composed
    language: Language
    words: tuple[str, ...]
    text: str

    @property
    def bare(self) -> list[str]:
        """Its words without blanks."""
        return [word.removeprefix(BLANK) for word in self.words]


def figures(captions: Sequence[Written], subject: Subject = SCENES) -> dict[str, float]:
    """Figures of captions of one language.

    Args:
        captions: Of pictures of the subject.
        subject: What they are about.

    Returns:
        `perfect`: share of captions of which every word is right; `named`: share of the kinds in the scenes that are
        named; `invented`: share of the things named that are not in the scene; `twice`: share of captions that name
        one thing twice.
    """
    right = named = there = said = invented = twice = 0
    for each in captions:
        right += perfect(subject.about(each.scene, each.language, True), each.text, each.language)
        kinds = {placed.kind for placed in each.scene.objects}
        told = [mention.kind for mention in mentions(each.bare, subject.world.kinds)]
        named += len(kinds & set(told))
        there += len(kinds)
        said += len(told)
        invented += sum(kind not in kinds for kind in told)
        twice += len(set(told)) < len(told)
    count = len(captions)
    return {
        "perfect": right / count,
        "named": named / max(there, 1),
        "invented": invented / max(said, 1),
        "twice": twice / count,
    }


def pointed(
    captions: Sequence[Written],
    weights: Sequence[NDArray[Any]],
    on: Sequence[NDArray[np.bool_]],
    subject: Subject = SCENES,
) -> Pointing:
    """Where the weight lies while things are named.

    Args:
        captions: Of scenes.
        weights: Of each float `[layer, head, word, region]`.
        on: Of each scene bool `[object, region]`, where each object is.
        subject: What the captions are about.

    Returns:
        Means over the words that name something there is, of each layer and head; 0 where there is no such word.
    """
    hits, shares, chance, centre = [], [], [], []
    middle = (GRID // 2) * GRID + GRID // 2
    for words, target in _named(captions, on, subject):
        row = weights[words.place][:, :, words.word]  # [layer, head, region]
        hits.append(target[row.argmax(axis=-1)])
        shares.append((row * target).sum(axis=-1))
        chance.append(target.mean())
        centre.append(target[middle])
    if not hits:
        nothing = np.zeros(weights[0].shape[:2])
        return Pointing(nothing, nothing, 0.0, 0.0, 0)
    return Pointing(
        np.mean(hits, axis=0), np.mean(shares, axis=0), float(np.mean(chance)), float(np.mean(centre)), len(hits)
    )


@dataclass(frozen=True)
class Pointing:
    """Where the weight lies while things are named.

    Attributes:
        hits: Share of words whose heaviest region lies on the thing, float `[layer, head]`.
        weight: Weight on the thing, float `[layer, head]`.
        chance: Share of the picture that the things cover, which a region chosen blindly would hit.
        centre: Share of words whose thing lies in the middle of the picture.
        words: How many were looked at.
    """

    hits: NDArray[np.float64]
    weight: NDArray[np.float64]
    chance: float
    centre: float
    words: int


@dataclass(frozen=True)
class _Word:
    place: int
    word: int


def _named(
    captions: Sequence[Written], on: Sequence[NDArray[np.bool_]], subject: Subject
) -> Iterator[tuple[_Word, NDArray[np.bool_]]]:
    for place, caption in enumerate(captions):
        for mention in mentions(caption.bare, subject.world.kinds):
            objects = [i for i, each in enumerate(caption.scene.objects) if each.kind == mention.kind]
            if objects:
                target = np.logical_or.reduce(on[place][objects])
                if target.any():
                    yield from ((_Word(place, word), target) for word in mention.words)
