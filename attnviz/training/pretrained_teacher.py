"""A pretrained model as teacher: it lends word vectors, learns the task, then judges sentences nobody labelled.

Sources: Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network (2015); Tang et al., Distilling
Task-Specific Knowledge from BERT into Simple Neural Networks (2019), whose sentences, too, are partly mixtures.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz import zoo
from attnviz.errors import ModelError
from attnviz.families.hub.weight_files import WEIGHTS
from attnviz.tokenizers import Tokenizer, clean
from attnviz.training.batch import Batch, padded
from attnviz.training.corpora import Corpus
from attnviz.training.distillation import mixtures
from attnviz.training.fine_tuning import FineTuned, FineTuning
from attnviz.training.progress import Progress
from attnviz.training.run import save, stamp


@dataclass(frozen=True, kw_only=True)
class PretrainedTeacher(FineTuning):
    """Which model is taught, and what it judges.

    Attributes:
        package: An installed Python package that holds a Hugging Face folder, or the path of one.
        sha256: Of its `model.safetensors`; empty: not checked.
        title: What it is, for the model card.
        sentences: Reads unlabelled sentences to be judged; takes `quiet`.
        source: What they are, for the model card.
        sets: How many sets of sentences are judged; the passes of the learner take them in turn.
        unlabelled: Sentences of `sentences` in each set, beside as many mixtures as there are training sentences.
    """

    package: str
    sha256: str
    title: str
    sentences: Callable[..., Sequence[str]]
    source: str
    sets: int = 4
    unlabelled: int = 15_000

    def stated(self) -> dict[str, Any]:
        """What a card says of it."""
        unstated = ("package", "sha256", "title", "sentences", "source")
        return {key: value for key, value in asdict(self).items() if key not in unstated}


@dataclass(frozen=True)
class Judged:
    """What a teacher thinks.

    Attributes:
        train: Of the training sentences: probabilities float32 `[sentence, class]`.
        sets: Sentences that nobody labelled, all sets of one size; the targets are the teacher's probabilities, of the
            finer classes too.
        embedding: Vectors to start from, float32 `[word, feature]`.
        accuracy: Of the teacher on the validation part.
        seconds: That teaching it and asking it took.
    """

    train: NDArray[np.float32]
    sets: tuple[Batch, ...]
    embedding: NDArray[np.float32]
    accuracy: float
    seconds: float


def judge(
    teacher: PretrainedTeacher,
    tokenizer: Tokenizer,
    corpus: Corpus,
    config: dict[str, int],
    *,
    seed: int,
    state: Path,
    label: str = "Teacher",
    quiet: bool = False,
) -> Judged:
    """Teach a pretrained model the task and ask what it thinks of sentences.

    Args:
        teacher: Which, and how.
        tokenizer: Of the model that is to learn from it.
        corpus: The training part is learned; the validation part decides which pass is kept; the test part is not used.
        config: What `families.classifier.encoder.build` takes for that model.
        seed: Of new weights, order, dropout and mixtures.
        state: Folder for what an interrupted run goes on from.
        label: For the progress bar.
        quiet: No progress bar.

    Raises:
        ModelError: `add_source`, `file_checksum`, and what `families.hub.model` says of the folder.
        DataError: The sentences cannot be had.
    """
    folder = zoo.source_folder(teacher.package)
    received = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    if teacher.sha256 and received != teacher.sha256:
        raise ModelError("file_checksum", folder=folder.name, file=WEIGHTS, received=received[:12])
    groups = [list(corpus.train.texts), *_sets(teacher, tokenizer, corpus, seed, quiet)]
    stated = [teacher.stated(), received, list(tokenizer.vocabulary), groups, config, seed, corpus.validation.texts]
    key = stamp(stated, corpus.train.targets, corpus.train.auxiliary, corpus.validation.labels)
    kept = state / "judged.npz"
    arrays = _read(kept, key)
    if arrays is None:
        began = time.monotonic()
        learned = FineTuned(teacher, folder, corpus, seed)
        embedding = learned.vectors(corpus.train.texts, tokenizer, config["features"])
        accuracy, before = learned.fit(key, state / "teacher.npz", label, quiet)
        arrays = {"stamp": np.array(key), "accuracy": np.array(accuracy), "embedding": embedding}
        progress = Progress(f"{label} judges", sum(map(len, groups)), quiet=quiet)
        done = 0
        for number, texts in enumerate(groups):
            arrays[f"prediction_{number}"], arrays[f"auxiliary_{number}"] = learned.predict(texts)
            done += len(texts)
            progress.update(done)
        progress.close(f"{done:,} sentences")
        arrays["seconds"] = np.array(before + time.monotonic() - began)
        save(kept, arrays)
    longest = config["max_length"]
    sets = tuple(
        Batch(
            padded([[token.id for token in tokenizer.tokenize(text)][:longest] for text in texts], longest),
            np.full(len(texts), -1),
            arrays[f"prediction_{number}"],
            arrays[f"auxiliary_{number}"],
        )
        for number, texts in enumerate(groups[1:], 1)
    )
    return Judged(
        arrays["prediction_0"], sets, arrays["embedding"], float(arrays["accuracy"]), float(arrays["seconds"])
    )


def _sets(teacher: PretrainedTeacher, tokenizer: Tokenizer, corpus: Corpus, seed: int, quiet: bool) -> list[list[str]]:
    """Texts: mixtures of training sentences, other ones each time, and unlabelled sentences in turn."""
    held_out = {clean(text).text for part in (corpus.validation, corpus.test) for text in part.texts}
    found = sorted({clean(text).text for text in teacher.sentences(quiet=quiet)} - held_out - {""})
    order = np.random.default_rng((seed, 0)).permutation(len(found))
    words = [[token.text for token in tokenizer.tokenize(text)] for text in corpus.train.texts]
    known = ["", *sorted({word for row in words for word in row})]  # rare ones too: the teacher knows some of them
    number = {word: place for place, word in enumerate(known)}
    ids = padded([[number[word] for word in row] for row in words])
    sets = []
    for turn in range(teacher.sets):
        mixed = mixtures(ids, np.random.default_rng((seed, 1, turn)))
        places = np.arange(turn * teacher.unlabelled, (turn + 1) * teacher.unlabelled) % len(found)
        sets.append([" ".join(known[each] for each in row[row > 0]) for row in mixed])
        sets[-1] += [found[each] for each in order[places]]
    return sets


def _read(path: Path, key: str) -> dict[str, NDArray[Any]] | None:
    """What was judged before, if it was the same."""
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as archive:
        if str(archive["stamp"]) != key:
            return None
        return {name: archive[name] for name in archive.files}
