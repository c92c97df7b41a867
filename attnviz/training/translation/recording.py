"""Looks at a translation model while it was trained: its kept weights turned into what `families.learning` reads.

`python -m attnviz.training.translation.recording FOLDER SNAPSHOTS` does it for a folder that was written without.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz import zoo
from attnviz.analysis.entropy import entropy
from attnviz.analysis.heads.alignment import alignment_heads
from attnviz.families import learning
from attnviz.families.classifier.encoder import set_weights
from attnviz.families.common.cleaning import cleaned
from attnviz.families.writing import sentence, translation
from attnviz.families.writing.decoding import log_softmax
from attnviz.families.writing.subwords import END_ID, START_ID
from attnviz.families.writing.translation import TranslationModel
from attnviz.trace import Encoded, Written
from attnviz.training.card import file_facts, store
from attnviz.training.networks import Weights, get_weights
from attnviz.training.progress import Progress
from attnviz.training.recording import Look, drawn, write
from attnviz.training.translation.gold import BLOCK
from attnviz.training.translation.loop import halves
from attnviz.training.translation.model_card import RECORDED
from attnviz.training.translation.pairs import Pair, pairs
from attnviz.training.translation.pipeline import SIDE
from attnviz.training.translation.scores import padded

#: Pairs that are read at once.
BATCH = 50

#: Source and target of a pair, as ids without start and end.
Ids = tuple[Sequence[int], Sequence[int]]


def keep(folder: Path, step: int, weights: Weights) -> None:
    """Write the weights after a step, in half precision; with the first of a training, those of another go."""
    if step == 0:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / f"{step}.npz", allow_pickle=False, **halves(weights))  # type: ignore[arg-type]


def record_looks(folder: Path, snapshots: Path, test: Sequence[Pair], *, name: str = "", quiet: bool = False) -> None:
    """Write `learning.npz` into a model folder, and that it is there into card and README.

    Args:
        folder: The model's, whose weights are the last look.
        snapshots: Where `keep` wrote the others.
        test: (English, Japanese), the test part; what is measured is drawn from it by the seed of the training.
        name: What the model is called; the folder's own name if empty.
        quiet: No progress.

    Raises:
        ModelError: The folder is damaged.
        ValueError: The snapshots are of another model, or there is nothing to look at.
    """
    steps = sorted(int(path.stem) for path in snapshots.glob("*.npz"))
    if not steps:
        raise ValueError(f"Expected weights in {snapshots}. Received: none")
    content = zoo.read_card(folder, name)
    zoo.check_files(folder, content)
    model = translation.load(folder, content, zoo.read_weights)
    recorder = Recorder(folder, model, test, content["training"]["seed"])
    shipped = get_weights(model.model)
    progress, looks = Progress("Look", len(steps) + 1, quiet=quiet), []
    for step in steps:
        with np.load(snapshots / f"{step}.npz", allow_pickle=False) as archive:
            looks.append(recorder(step, {name: archive[name].astype(np.float32) for name in archive.files}))
        progress.update(len(looks), f"loss {looks[-1]['loss']:.2f}")
    looks.append(recorder(steps[-1], shipped))
    with tempfile.TemporaryDirectory(prefix=".learning-", dir=folder) as part:
        write(Path(part, learning.FILE), recorder.sentences, looks, recorder.fixed)
        learning.read(Path(part), model)  # what cannot be read is not entered
        Path(part, learning.FILE).replace(folder / learning.FILE)
    content["files"][learning.FILE] = file_facts(folder / learning.FILE)
    readme = folder / "README.md"
    words = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    store(folder, content, words if RECORDED in words else f"{words}\n{RECORDED}\n")
    progress.close(f"loss {looks[-1]['loss']:.2f}")


class Recorder:
    """Looks at weights: a translation held fixed is read by them, and written anew.

    Args:
        folder: The model's.
        model: Of that folder, as loaded; its weights are put in place of by those looked at.
        test: As for `record_looks`.
        seed: Of the pairs drawn from it.

    Attributes:
        sentences: Examples of the card whose translation comes to an end.
        fixed: The tokens of each one's translation.
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


if __name__ == "__main__":
    record_looks(Path(sys.argv[1]), Path(sys.argv[2]), pairs().test)
