"""What a captioner may be about: scenes of drawn things, or collages of photographs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from attnviz.families.common.seeing import WORLDS, World
from attnviz.training.captions import grammar, photo_grammar, photo_parts
from attnviz.training.captions import parts as scene_parts
from attnviz.training.captions.grammar import LANGUAGES, Caption, Grammar, Language
from attnviz.training.captions.photo_grammar import CollageGrammar


class Thing(Protocol):
    """A thing in a picture.

    Attributes:
        kind: Name.
        size: Its side, in regions.
    """

    @property
    def kind(self) -> str: ...
    @property
    def size(self) -> float: ...


class Composed(Protocol):
    """A picture of which it is known what lies where.

    Attributes:
        code: Draws it again.
        objects: The things in it.
    """

    @property
    def code(self) -> str: ...
    @property
    def objects(self) -> Sequence[Thing]: ...

    def pixels(self) -> NDArray[np.uint8]:
        """As a model is given it."""

    def lies_on(self) -> NDArray[np.bool_]:
        """Which regions each thing lies on, bool `[object, region]`."""


class Sentences(Protocol):
    """What can be said of one picture in one language."""

    def one(self, rng: Any) -> Caption:
        """A sentence that is right, drawn by a NumPy generator."""

    def every(self) -> Iterator[Caption]:
        """All of them."""


class PartOf(Protocol):
    """Pictures that are drawn alike; a frozen dataclass.

    Attributes:
        count: How many.
    """

    @property
    def count(self) -> int: ...

    def scenes(self) -> Iterator[Any]:
        """The pictures, the same each time."""


@dataclass(frozen=True)
class Subject:
    """What a captioner is about.

    Attributes:
        takes: What the model takes, as on its card.
        parts: By name the pictures to learn from, of which so many are asked for, and those set aside.
        reported: Of these parts, those that the card reports.
        about: The sentences about a picture in a language; with True, near a border either word passes.
        words: Every word there is in a language.
    """

    takes: str
    parts: Callable[[int], Mapping[str, PartOf]]
    reported: tuple[str, ...]
    about: Callable[[Any, Language, bool], Sentences]
    words: Callable[[Language], list[str]]

    @property
    def world(self) -> World:
        """What the pictures show."""
        return WORLDS[self.takes]

    def known(self) -> dict[str, list[str]]:
        """All words by language."""
        return {language: self.words(language) for language in LANGUAGES}


SCENES = Subject("scene", scene_parts.parts, ("test", "pairs", "style"), Grammar, grammar.words)
PHOTOS = Subject("photo", photo_parts.parts, ("test",), CollageGrammar, photo_grammar.words)
