"""How good translations are: BLEU and chrF by sacreBLEU, and quick greedy decoding of many sentences."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.families.writing.subwords import END_ID, START_ID
from attnviz.families.writing.transformer import Networks


def scores(written: Sequence[str], references: Sequence[str], language: str) -> dict[str, float]:
    """BLEU and chrF of translations, both sides in NFKC.

    Args:
        written: Translations.
        references: One for each.
        language: Of both; Japanese is scored by character, English lower-cased by sacreBLEU's `13a`.

    Source: Post, A Call for Clarity in Reporting BLEU Scores (2018); Popović, chrF (2015).
    """
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    ours, theirs = (
        [
            unicodedata.normalize("NFKC", text).lower() if language == "en" else unicodedata.normalize("NFKC", text)
            for text in side
        ]
        for side in (written, references)
    )
    bleu = BLEU(tokenize="char" if language == "ja" else "13a")
    return {
        "bleu": round(bleu.corpus_score(ours, [theirs]).score, 2),
        "chrf": round(CHRF().corpus_score(ours, [theirs]).score, 2),
    }


def padded(rows: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    """Ids of sentences, each ended by the end id, padded with 0."""
    ids = np.zeros((len(rows), max(map(len, rows)) + 1), np.int32)
    for row, pieces in enumerate(rows):
        ids[row, : len(pieces) + 1] = [*pieces, END_ID]
    return ids


class Greedy:
    """Writes the most probable token each time, for many sentences at once.

    Args:
        networks: As built; their weights are read at each call.
        longest: Tokens after which writing stops.
    """

    def __init__(self, networks: Networks, longest: int) -> None:
        self._networks, self._longest = networks, longest
        self._caches = [x.shape[1:] for x in networks.step.inputs if x.name.startswith("cache_")]

    def __call__(self, sources: Sequence[Sequence[int]], batch_size: int = 125) -> list[list[int]]:
        """Ids of sources to ids written, without start and end."""
        order = np.argsort([len(source) for source in sources])
        written: dict[int, list[int]] = {}
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            for row, ids in zip(rows, self._some([sources[row] for row in rows]), strict=True):
                written[int(row)] = ids
        return [written[row] for row in range(len(sources))]

    def _some(self, sources: Sequence[Sequence[int]]) -> list[list[int]]:
        ids = padded(sources)
        memory: Any = self._networks.encoder.predict_on_batch(ids)
        cache: Any = [np.zeros((len(ids), *shape), np.float32) for shape in self._caches]
        token = np.full((len(ids), 1), START_ID, np.int32)
        columns = []
        for position in range(self._longest):
            result = self._networks.step.predict_on_batch(
                {"token": token, "position": np.array([position], np.int32), "source": ids}
                | {"memory": list(memory), "cache": list(cache)}
            )
            cache = result["cache"]
            token = result["logits"].argmax(axis=-1)[:, None].astype(np.int32)
            columns.append(token)
            if all((np.concatenate(columns, axis=1) == END_ID).any(axis=1)):
                break
        rows = np.concatenate(columns, axis=1)
        return [list(map(int, row[: np.argmax(row == END_ID)] if (row == END_ID).any() else row)) for row in rows]
