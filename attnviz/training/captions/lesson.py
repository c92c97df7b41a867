"""Scenes and sentences about them as arrays, other sentences in every pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from attnviz.families.writing.caption_words import CaptionWords
from attnviz.families.writing.subwords import END_ID
from attnviz.scenes import GRID
from attnviz.training.captions.features import Album
from attnviz.training.captions.grammar import LANGUAGES, OBJECT_ROLES, Caption
from attnviz.training.captions.subjects import SCENES, Subject

#: Of so many batches the scenes with as many objects come together.
_ALIKE = 8

#: Places of the regions, from 1 on, int32 `[1, 196]`.
PLACES = np.arange(1, GRID * GRID + 1, dtype=np.int32)[None]


def vocabulary(subject: Subject = SCENES) -> CaptionWords:
    """The words of all sentences."""
    return CaptionWords(subject.known())


@dataclass(frozen=True)
class Batch:
    """Scenes, each with its sentences one after the other; R regions, T the longest sentence.

    Attributes:
        regions: float32 `[scene, R, feature]`.
        source: Places of the regions int32 `[scene, R]`.
        target: Ids int32 `[sentence, T]`, the token of the language first.
        wanted: The same without it, and with the end token; padded with 0.
        on: Where the object is that a wanted word is about, float32 `[sentence, T, R]`; 0 throughout for other words.
    """

    regions: NDArray[np.float32]
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    wanted: NDArray[np.int32]
    on: NDArray[np.float32]


@dataclass(frozen=True)
class Lesson:
    """The scenes that are learned from.

    Attributes:
        album: They and what the encoder makes of them.
        vocabulary: Of the sentences.
        batch_size: Scenes of a step.
        seed: Of order and sentences.
        sentences: About each scene in each language.
        subject: What the scenes are.
    """

    album: Album
    vocabulary: CaptionWords
    batch_size: int
    seed: int
    sentences: int = 1
    subject: Subject = SCENES

    @property
    def steps(self) -> int:
        """Of a pass."""
        return len(self.album.scenes) // self.batch_size

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The steps of a pass."""
        rng = np.random.default_rng((self.seed, epoch))
        order = rng.permutation(len(self.album.scenes))[: self.steps * self.batch_size]
        alike = _ALIKE * self.batch_size
        for start in range(0, len(order), alike):
            rows = order[start : start + alike]
            rows = rows[np.argsort(self._objects[rows], kind="stable")].reshape(-1, self.batch_size)
            for batch in rng.permutation(rows):
                yield self._batch(np.sort(batch), rng)

    @cached_property
    def _objects(self) -> NDArray[np.intp]:
        """Of each scene how many there are: sentences about as many are about as long."""
        return np.array([len(scene.objects) for scene in self.album.scenes])

    def _batch(self, rows: NDArray[np.intp], rng: np.random.Generator) -> Batch:
        codes = LANGUAGES * self.sentences
        scenes, about = [self.album.scenes[row] for row in rows], self.subject.about
        said = [(about(scene, code, False).one(rng), code) for scene in scenes for code in codes]
        target, wanted = arrays(self.vocabulary, said)
        on = np.zeros((*wanted.shape, GRID * GRID), np.float32)
        for place, (caption, _) in enumerate(said):
            seen = self.album.on[rows[place // len(codes)]]
            for position, word in enumerate(caption):
                if word.role in OBJECT_ROLES:
                    on[place, position] = seen[list(word.objects)].any(axis=0)
        return Batch(self.album.regions(rows), np.repeat(PLACES, len(rows), 0), target, wanted, on)


def arrays(
    vocabulary: CaptionWords, said: Sequence[tuple[Caption, str]]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Sentences with their languages as what the decoder is given and what it is to write, int32 `[sentence, T]`."""
    rows = [[vocabulary.id(word.text, code) for word in caption] for caption, code in said]
    wanted = np.zeros((len(rows), 1 + max(map(len, rows))), np.int32)
    target = np.zeros_like(wanted)
    for place, (ids, (_, code)) in enumerate(zip(rows, said, strict=True)):
        wanted[place, : len(ids) + 1] = [*ids, END_ID]
        target[place, : len(ids) + 1] = [vocabulary.start(code), *ids]
    return target, wanted
