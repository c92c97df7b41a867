"""Looks at a translation model while it was trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from attnviz.families.common.cleaning import cleaned
from attnviz.families.writing import sentence
from attnviz.families.writing.subwords import END_ID, START_ID
from attnviz.families.writing.translation import TranslationModel
from attnviz.training.recording import drawn
from attnviz.training.translation.pairs import Pair
from attnviz.training.translation.school import SIDE
from attnviz.training.writing import padded
from attnviz.training.written_recording import Texts, WrittenRecorder

#: Pairs that are read at once.
BATCH = 50

#: Source and target of a pair, as ids without start and end.
Ids = tuple[Sequence[int], Sequence[int]]


class Recorder(WrittenRecorder):
    """Looks at weights: a translation held fixed is read by them, and written anew.

    Args:
        folder: The model's.
        model: Of that folder, as loaded; its weights are put in place of by those looked at.
        test: (English, Japanese), the test part.
        seed: Of the pairs drawn from it.

    Raises:
        ValueError: No example's translation comes to an end.
    """

    def __init__(self, folder: Path, model: TranslationModel, test: Sequence[Pair], seed: int) -> None:
        pairs = _measured(folder, model, [test[row] for row in drawn(len(test), seed)])
        batches = (pairs[start : start + BATCH] for start in range(0, len(pairs), BATCH))
        super().__init__(model, model.card.examples, map(_texts, batches))


def _texts(pairs: Sequence[Ids]) -> Texts:
    source, wanted = (padded([pair[side] for pair in pairs]) for side in (0, 1))
    target = np.concatenate([np.full((len(pairs), 1), START_ID, np.int32), wanted[:, :-1]], axis=1)
    target[target == END_ID] = 0
    return Texts({"source": source}, target, wanted)


def _measured(folder: Path, model: TranslationModel, test: Sequence[Pair]) -> list[Ids]:
    """The pairs as the model reads them, those of like lengths together."""
    return sorted(_read(folder, model, test), key=lambda pair: (len(pair[1]), len(pair[0])))


def _read(folder: Path, model: TranslationModel, test: Sequence[Pair]) -> Iterator[Ids]:
    first, second = (SIDE[code] for code in model.card.languages)
    cutter = sentence.cutter(folder, "target.json", model.card.details["tokenizers"]["target"])
    for pair in test:
        _, pieces, _ = sentence.cut(cleaned(pair[second])[0], cutter, model.longest - 1)
        yield model.encode(pair[first]).inputs["tokens"][0].tolist(), [piece.id for piece in pieces]
