"""Looks at a translation model while it was trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.entropy import entropy
from attnviz.analysis.heads.alignment import alignment_heads
from attnviz.families.classifier.encoder import set_weights
from attnviz.families.common.cleaning import cleaned
from attnviz.families.writing import sentence
from attnviz.families.writing.decoding import log_softmax
from attnviz.families.writing.subwords import END_ID, START_ID
from attnviz.families.writing.translation import TranslationModel
from attnviz.trace import Encoded, Written
from attnviz.training.networks import Weights
from attnviz.training.recording import Look, drawn
from attnviz.training.translation.gold import BLOCK
from attnviz.training.translation.pairs import Pair
from attnviz.training.translation.school import SIDE
from attnviz.training.writing import padded

#: Pairs that are read at once.
BATCH = 50

#: Source and target of a pair, as ids without start and end.
Ids = tuple[Sequence[int], Sequence[int]]


class Recorder:
    """Looks at weights: a translation held fixed is read by them, and written anew.

    Args:
        folder: The model's.
        model: Of that folder, as loaded; its weights are put in place of by those looked at.
        test: (English, Japanese), the test part.
        seed: Of the pairs drawn from it.

    Attributes:
        sentences: Examples of the card whose translation comes to an end.
        fixed: The tokens of each one's translation.

    Raises:
        ValueError: No example's translation comes to an end.
    """

    def __init__(self, folder: Path, model: TranslationModel, test: Sequence[Pair], seed: int) -> None:
        self._model = model
        self._encoded: list[Encoded] = []
        self._forced: list[Ids] = []
        self.fixed: dict[str, NDArray[Any]] = {}
        sentences: list[str] = []
        for text in model.card.examples:
            encoded = model.encode(text)
            trace = model.run(encoded)
            output = trace.output
            assert isinstance(output, Written)
            if output.finished:
                self.fixed[f"tokens_{len(sentences)}"] = np.array(output.tokens, dtype=np.str_)
                sentences.append(text)
                self._encoded.append(encoded)
                self._forced.append((_ids(encoded), [model.token_id(token) for token in output.tokens[:-1]]))
        if not sentences:
            raise ValueError(f"Expected an example whose translation ends. Received: {model.card.examples}")
        self.sentences = tuple(sentences)
        self._heads = alignment_heads(trace.block(BLOCK), model.card.details.get("alignment"))
        self._measured = _measured(folder, model, [test[row] for row in drawn(len(test), seed)])

    def __call__(self, step: int, weights: Weights) -> Look:
        """One look.

        Args:
            step: Training steps done.
            weights: The model's then.
        """
        set_weights(self._model.model, weights)
        loss, right, nats = (np.concatenate(each) for each in zip(*map(self._figures, self._batches()), strict=True))
        look: dict[str, Any] = {
            "step": np.int64(step),
            "loss": loss.mean(),
            "accuracy": right.mean(),
            "entropy": nats.mean(),
        }
        logs, attention, wanted = self._read(self._forced)
        for i, (source, target) in enumerate(self._forced):
            keys, queries = len(source) + 1, len(target) + 1
            rows = np.arange(queries)
            look[f"weights_{i}"] = attention[i, :, :, :queries, :keys].astype(np.float16)
            look[f"log_probabilities_{i}"] = logs[i, rows, wanted[i, :queries]].astype(np.float16)
            output = self._model.run(self._encoded[i]).output
            assert isinstance(output, Written)
            look[f"written_{i}"] = np.array(output.text, dtype=np.str_)
        return {name: np.asarray(value) for name, value in look.items()}

    def _batches(self) -> list[list[Ids]]:
        return [self._measured[start : start + BATCH] for start in range(0, len(self._measured), BATCH)]

    def _figures(self, batch: Sequence[Ids]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Of all tokens of the references: nats, whether none is more probable, entropy of their rows."""
        logs, attention, wanted = self._read(batch)
        there = wanted > 0
        own = np.take_along_axis(logs, wanted[..., None], -1)[..., 0]
        rows = np.mean([attention[:, layer, head] for layer, head in self._heads], axis=0)
        return -own[there], (logs.argmax(axis=-1) == wanted)[there], entropy(rows[there])

    def _read(self, batch: Sequence[Ids]) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.int32]]:
        """Log probabilities `[B, T, V]`, weights `[B, layer, head, T, S]` and the ids wanted `[B, T]`, 0 padding."""
        source, wanted = (padded([pair[side] for pair in batch]) for side in (0, 1))
        target = np.concatenate([np.full((len(batch), 1), START_ID, np.int32), wanted[:, :-1]], axis=1)
        target[target == END_ID] = 0
        result = self._model.model.predict_on_batch({"source": source, "target": target})
        return log_softmax(result["logits"]), np.stack(result["weights"], axis=1), wanted


def _measured(folder: Path, model: TranslationModel, test: Sequence[Pair]) -> list[Ids]:
    """The pairs as the model reads them, those of like lengths together."""
    first, second = (SIDE[code] for code in model.card.languages)
    cutter = sentence.cutter(folder, "target.json", model.card.details["tokenizers"]["target"])
    found = []
    for pair in test:
        _, pieces, _ = sentence.cut(cleaned(pair[second])[0], cutter, model.longest - 1)
        found.append((_ids(model.encode(pair[first])), [piece.id for piece in pieces]))
    return sorted(found, key=lambda pair: (len(pair[1]), len(pair[0])))


def _ids(encoded: Encoded) -> list[int]:
    ids: list[int] = encoded.inputs["tokens"][0].tolist()
    return ids
