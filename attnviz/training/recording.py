"""Looks at a model while it was trained: its weights kept on disk, then turned into what `families.learning` reads."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from attnviz.training.networks import Weights, halves
from attnviz.training.progress import Progress

#: Below the folder of an unfinished training: weights that will be looked at.
SNAPSHOTS = "snapshots"

#: Test sentences, or pairs, that loss, accuracy and entropy are measured on.
SAMPLE = 200

#: What is measured at each look.
CURVES = ("loss", "accuracy", "entropy")

#: One look: `step` and `CURVES` as scalars, what is kept of each sentence as `{kind}_{i}`.
Look = dict[str, NDArray[Any]]


class Recorder(Protocol):
    """Looks at the weights of one kind of model.

    Attributes:
        sentences: Whose attention is kept.
        fixed: Arrays that are of all looks.
    """

    @property
    def sentences(self) -> tuple[str, ...]: ...

    @property
    def fixed(self) -> Mapping[str, NDArray[Any]]: ...

    def __call__(self, step: int, weights: Weights) -> Look:
        """One look, after so many steps of training."""
        ...


def drawn(count: int, seed: int) -> NDArray[np.intp]:
    """Which of so many are measured, ascending; the same for the same seed."""
    return np.sort(np.random.default_rng(seed).permutation(count)[:SAMPLE])


def keep(folder: Path, step: int, weights: Weights) -> None:
    """Write the weights after a step, in half precision; with the first of a training, those of another go."""
    if step == 0:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / f"{step}.npz", allow_pickle=False, **halves(weights))  # type: ignore[arg-type]


def record(path: Path, recorder: Recorder, snapshots: Path, shipped: Weights, *, quiet: bool = False) -> None:
    """Look at all weights that were kept, and write the file that `families.learning.read` reads.

    Args:
        path: Of that file.
        recorder: Looks.
        snapshots: Where `keep` wrote.
        shipped: The weights of the model as it is stored: the last look, of the same step as the one before.
        quiet: No progress.

    Raises:
        ValueError: Nothing was kept, or it is of another model.
    """
    steps = sorted(int(each.stem) for each in snapshots.glob("*.npz"))
    if not steps:
        raise ValueError(f"Expected weights in {snapshots}. Received: none")
    progress, looks = Progress("Look", len(steps) + 1, quiet=quiet), []
    for step in steps:
        with np.load(snapshots / f"{step}.npz", allow_pickle=False) as archive:
            weights = {name: archive[name].astype(np.float32) for name in archive.files}
        looks.append(_look(recorder, step, weights))
        progress.update(len(looks), f"loss {looks[-1]['loss']:.2f}")
    looks.append(_look(recorder, steps[-1], shipped))
    write(path, recorder.sentences, looks, recorder.fixed)
    progress.close(f"loss {looks[-1]['loss']:.2f}")


def _look(recorder: Recorder, step: int, weights: Weights) -> Look:
    try:
        return recorder(step, weights)
    except KeyError as error:
        raise ValueError(f"Expected weights of this model. Received: none called {error}") from error


def write(
    path: Path, sentences: Sequence[str], looks: Sequence[Look], fixed: Mapping[str, NDArray[Any]] | None = None
) -> None:
    """The looks as the file that `families.learning.read` reads.

    Args:
        path: Of the file.
        sentences: Those looked at, as the card has them.
        looks: In order; all keep the same.
        fixed: Arrays that are of all looks.
    """
    kept = {name: np.stack([look[name] for look in looks]) for name in looks[0] if name not in ("step", *CURVES)}
    np.savez_compressed(
        path,
        allow_pickle=False,
        steps=np.array([look["step"] for look in looks], dtype=np.int64),
        sentences=np.array(sentences, dtype=np.str_),
        **{name: np.array([look[name] for look in looks], np.float32) for name in CURVES},
        **kept,
        **(fixed or {}),  # type: ignore[arg-type]
    )
