"""Documents: several sentences one after the other, some with a sentence that comes back, some of random pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.families.writing.subwords import END_ID, SPECIAL, START_ID
from attnviz.training.next_word.settings import NextWordSettings

#: Shortest and longest stretch of random pieces that stands twice.
STRETCH = (8, 24)


@dataclass(frozen=True)
class Documents:
    """The sentences of a language as documents, others in each pass.

    Attributes:
        sentences: Ids of each, without special ones.
        size: Entries of the vocabulary.
        settings: How they are put together.
    """

    sentences: Sequence[Sequence[int]]
    size: int
    settings: NextWordSettings

    @property
    def steps(self) -> int:
        """Batches of a pass; as many for every pass."""
        pieces = sum(map(len, self.sentences)) / (1 - self.settings.repeated)
        return max(1, round(pieces / (self.settings.room * self.settings.batch_size)))

    def batches(self, epoch: int) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32]]]:
        """What is given and what is wanted after each token, int32 `[document, token]`; 0 is padding."""
        rng = np.random.default_rng((self.settings.seed, epoch))
        stream = self._stream(rng)
        for _ in range(self.steps):
            rows = [next(stream) for _ in range(self.settings.batch_size)]
            yield arrays(rows, self.settings.room)

    def _stream(self, rng: np.random.Generator) -> Iterator[list[int]]:
        """Documents without end, the sentences in another order each time round."""
        order: list[int] = []
        while True:
            if rng.random() < self.settings.repeated:
                yield self.twice(rng)
                continue
            document: list[int] = []
            spoken: list[Sequence[int]] = []
            back = rng.random() < self.settings.again
            while len(document) < self.settings.room and len(spoken) < self.settings.sentences:
                if not order:
                    order = [int(each) for each in rng.permutation(len(self.sentences))]
                come_back = back and len(spoken) > 1 and rng.random() < 0.4
                sentence = spoken[int(rng.integers(len(spoken)))] if come_back else self.sentences[order.pop()]
                spoken.append(sentence)
                document.extend(sentence)
            yield document

    def twice(self, rng: np.random.Generator) -> list[int]:
        """Random pieces, then the same once more."""
        longest = min(STRETCH[1], (self.settings.room - 2) // 2)
        length = int(rng.integers(min(STRETCH[0], longest), longest + 1))
        pieces = rng.integers(len(SPECIAL), self.size, length).tolist()
        return [*pieces, *pieces]


def arrays(rows: Sequence[Sequence[int]], room: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Documents as what is given and what is wanted after each token, int32 `[document, room]`.

    A document ends with the end token where there is room for it.
    """
    given, wanted = np.zeros((len(rows), room), np.int32), np.zeros((len(rows), room), np.int32)
    for row, pieces in enumerate(rows):
        whole = [START_ID, *pieces, END_ID][: room + 1]
        given[row, : len(whole) - 1], wanted[row, : len(whole) - 1] = whole[:-1], whole[1:]
    return given, wanted
