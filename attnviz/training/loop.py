"""The one training loop: any model, any Keras backend, repeatable by seed, resumed where it stopped.

Why Keras' own callbacks are not in it: `BackupAndRestore` keeps weights and the number of the pass, but neither the
states of dropout, nor the best pass, nor the mean, so that a resumed training would be another one; `EarlyStopping`
forgets what was best; `SwapEMAWeights` takes a mean over steps, the recipes one over passes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import keras
import numpy as np

from attnviz.training.milestones import milestones
from attnviz.training.networks import Weights, get_weights
from attnviz.training.progress import Progress
from attnviz.training.run import Figures, Run, without_auxiliary

#: What `train_on_batch` takes: inputs, targets, and the weight of each sentence or None.
Step = tuple[Any, Any, Any]

#: Is told of the steps done and of the weights then.
Keep = Callable[[int, Weights], None]

_Any = TypeVar("_Any")


@dataclass(frozen=True, kw_only=True)
class Course:
    """A training.

    Attributes:
        learner: What learns, compiled; its optimizer holds the schedule of the learning rate. Layers whose names start
            with `auxiliary` help in training and are not kept.
        steps: Of a pass.
        batches: The steps of a pass, counted from 0: the same whenever they are asked for.
        measure: Figures of what would be kept after a pass.
        better: Whether figures are better than those of the best pass before.
        shown: Which figure the progress bar shows, in per cent if it is a share.
        stamp: Of all that makes this training another one than others.
        epochs: Most passes.
        patience: Passes without better figures after which it stops; None: never.
        averaging: What is kept is a running mean over passes; this share of it is the older passes'.
    """

    learner: keras.Model
    steps: int
    batches: Callable[[int], Iterator[Step]]
    measure: Callable[[Weights], Figures]
    better: Callable[[Figures, Figures], bool]
    shown: str
    stamp: str
    epochs: int
    patience: int | None = None
    averaging: float = 0.0


def fit(
    course: Course,
    *,
    checkpoint: Path | None = None,
    label: str = "Train",
    quiet: bool = False,
    keep: Keep | None = None,
) -> tuple[Weights, dict[str, Any]]:
    """Train one model.

    Args:
        course: Who learns what.
        checkpoint: File that holds the state after each pass; a run that finds one of the same training goes on
            from it, optimizer and random numbers included.
        label: For the progress bar.
        quiet: No progress bar.
        keep: Told of the weights, not of their mean, at the milestones and after the last step.

    Returns:
        The weights of the best pass, and a record: `best_epoch`, `epochs`, `steps`, `history` of figures, `seconds` of
        all passes and `seconds_before`, those that an interrupted run had spent of them.
    """
    learner, steps = course.learner, course.steps
    run = Run(learner, course.stamp + (" kept" if keep else ""), checkpoint, course.better)
    kept = set(milestones(course.epochs * steps))
    before, built = sum(each["seconds"] for each in run.history), False
    progress = Progress(label, course.epochs * steps, done=run.epoch * steps, quiet=quiet)

    def tell(done: int) -> None:
        if keep:
            keep(done, without_auxiliary(get_weights(learner)))

    while run.epoch < course.epochs and (course.patience is None or run.epoch - run.best_epoch < course.patience):
        began, losses, first = time.monotonic(), [], run.epoch * steps
        for done, (inputs, targets, shares) in enumerate(ahead(course.batches(run.epoch)), first):
            if done in kept:
                tell(done)
            if not built:
                # Else the first step makes the means of the losses, for which TensorFlow traces it twice.
                learner.compute_loss(inputs, targets, learner(inputs, training=False), shares)
                built = True
            result = learner.train_on_batch(inputs, targets, sample_weight=shares, return_dict=True)
            losses.append(float(result["loss"]))
            progress.update(done + 1, f"loss {np.mean(losses[-100:]):.3f}")
        figures = course.measure(run.average(course.averaging))
        run.record({"loss": float(np.mean(losses)), **figures, "seconds": time.monotonic() - began})
    tell(run.epoch * steps)  # whatever passes `patience` has saved
    best = run.history[run.best_epoch - 1][course.shown]
    progress.close(f"{course.shown} {best:.1%} at pass {run.best_epoch}" if best <= 1 else f"{course.shown} {best:.2f}")
    return run.best, {
        "best_epoch": run.best_epoch,
        "epochs": run.epoch,
        "steps": run.epoch * steps,
        "history": run.history,
        "seconds": sum(each["seconds"] for each in run.history),
        "seconds_before": before,
    }


def ahead(items: Iterator[_Any]) -> Iterator[_Any]:
    """The same, each made in a thread while the one before it is in use."""
    end = object()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, items, end)
            yield item  # type: ignore[misc]
