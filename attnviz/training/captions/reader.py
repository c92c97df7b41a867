"""What a captioner writes about the scenes of a part, and with which weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.families.writing.caption import rules
from attnviz.families.writing.caption_words import CaptionWords
from attnviz.families.writing.decoding import Rules
from attnviz.families.writing.model import NEVER
from attnviz.families.writing.subwords import END_ID, START_ID
from attnviz.families.writing.transformer import Networks
from attnviz.training.captions.features import Album
from attnviz.training.captions.grammar import LANGUAGES, Caption, Language
from attnviz.training.captions.learner import LONGEST
from attnviz.training.captions.lesson import PLACES, arrays
from attnviz.training.captions.scores import Written, figures
from attnviz.training.captions.subjects import SCENES, Subject
from attnviz.training.writing import Greedy

#: Scenes at once.
_BATCH = 50


@dataclass(frozen=True)
class Reader:
    """A captioner with the scenes of a part.

    Attributes:
        networks: Its own.
        words: Of its captions.
        album: The scenes.
        subject: What they are.
    """

    networks: Networks
    words: CaptionWords
    album: Album
    subject: Subject = SCENES

    def written(self, language: Language) -> list[Written]:
        """A greedy caption of each scene."""
        greedy, found = Greedy(self.networks, LONGEST), list[Written]()
        how = rules(self.words, language, Rules(START_ID, END_ID, LONGEST, NEVER), self.subject.world)
        for rows in self._batches():
            given = {"source": np.repeat(PLACES, len(rows), 0), "regions": self.album.regions(rows)}
            for row, ids in zip(rows, greedy.about(given, [how.start] * len(rows), how), strict=True):
                entries = tuple(self.words.vocabulary[index] for index in ids)
                found.append(Written(self.album.scenes[row], language, entries, self.words.join(ids)))
        return found

    def weights(self, captions: Sequence[Caption], language: Language) -> Iterator[NDArray[np.float32]]:
        """Source–target weights while a caption of each scene is read, float32 `[layer, head, word, region]`."""
        for rows in self._batches():
            target, wanted = arrays(self.words, [(captions[row], language) for row in rows])
            given = {"source": np.repeat(PLACES, len(rows), 0), "regions": self.album.regions(rows), "target": target}
            weights = self.networks.full.predict_on_batch(given)["weights"]
            for place, ids in enumerate(wanted):
                yield np.stack([layer[place][:, : np.count_nonzero(ids)] for layer in weights])

    def figures(self) -> dict[str, float]:
        """Figures of both languages, and `perfect` of the worse one."""
        found = {code: figures(self.written(code), self.subject) for code in LANGUAGES}
        each = {f"{name}_{code}": value for code in LANGUAGES for name, value in found[code].items()}
        return {"perfect": min(found[code]["perfect"] for code in LANGUAGES), **each}

    def _batches(self) -> Iterator[list[int]]:
        count = len(self.album.scenes)
        yield from (list(range(start, min(start + _BATCH, count))) for start in range(0, count, _BATCH))
