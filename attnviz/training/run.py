"""Where a training stands, kept on disk."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from attnviz.training.networks import Weights, get_weights

Figures = dict[str, float]


class Run:
    """Where a training stands; written to disk after each pass and read back when it is started again.

    Args:
        learner: What is trained, compiled.
        stamp: Of the training: a state with another is not read.
        path: File of the state; None keeps none.
        better: Whether the figures of a pass are better than those of the best before; its weights are then `best`.
    """

    def __init__(
        self, learner: keras.Model, stamp: str, path: Path | None, better: Callable[[Figures, Figures], bool]
    ) -> None:
        self._learner, self._stamp, self._path, self._better = learner, stamp, path, better
        self.epoch = 0
        self.best_epoch = 0
        self.mean: Weights = without_auxiliary(get_weights(learner))
        self.best = self.mean
        self.history: list[Figures] = []
        learner.optimizer.build(learner.trainable_variables)
        if path is not None and path.is_file():
            self._resume(path)

    def average(self, older: float) -> Weights:
        """The running mean over passes, the one just finished included; `older` is the share of those before it."""
        newest = without_auxiliary(get_weights(self._learner))
        share = np.float32(older if self.epoch else 0.0)
        self.mean = {name: share * self.mean[name] + (1 - share) * value for name, value in newest.items()}
        return self.mean

    def record(self, figures: Figures) -> None:
        """Take note of a finished pass, whose weights `average` has taken in."""
        self.epoch += 1
        self.history.append(figures)
        if self.best_epoch == 0 or self._better(figures, self.history[self.best_epoch - 1]):
            self.best_epoch, self.best = self.epoch, self.mean
        if self._path is not None:
            self._save(self._path)

    def _variables(self) -> list[Any]:
        return [*self._learner.variables, *self._learner.optimizer.variables]

    def _save(self, path: Path) -> None:
        state = {"stamp": self._stamp, "epoch": self.epoch, "best_epoch": self.best_epoch, "history": self.history}
        arrays: dict[str, Any] = {f"v{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(self._variables())}
        for kind, weights in (("best", self.best), ("mean", self.mean)):
            arrays |= {f"{kind}/{name}": value for name, value in weights.items()}
        save(path, arrays | {"state": np.array(json.dumps(state))})

    def _resume(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as archive:
            state = json.loads(str(archive["state"]))
            if state["stamp"] != self._stamp:
                return  # another recipe's or another data set's: start again
            self.epoch, self.best_epoch, self.history = state["epoch"], state["best_epoch"], state["history"]
            for index, variable in enumerate(self._variables()):
                variable.assign(archive[f"v{index}"])
            self.best, self.mean = (
                {name.removeprefix(kind): archive[name] for name in archive.files if name.startswith(kind)}
                for kind in ("best/", "mean/")
            )


def without_auxiliary(weights: Weights) -> Weights:
    """The weights without those of heads that only help in training, whose layers' names start with `auxiliary`."""
    return {name: value for name, value in weights.items() if not name.startswith("auxiliary")}


def save(path: Path, arrays: Mapping[str, Any]) -> None:
    """Arrays as a file; a kill leaves the old one or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def stamp(*parts: Any) -> str:
    """Of arrays and of what JSON can say: two trainings with the same stamp are the same training."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.tobytes() if isinstance(part, np.ndarray) else json.dumps(part, sort_keys=True).encode()
        digest.update(content)
    return digest.hexdigest()
