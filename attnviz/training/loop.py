"""The one training loop: any Keras backend, repeatable by seed, resumed after an interruption where it stopped."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from attnviz.tokenizers import UNKNOWN_ID
from attnviz.training.batch import Batch, join
from attnviz.training.distillation import Teacher, lesson
from attnviz.training.milestones import milestones
from attnviz.training.networks import Variant, Weights, forward, get_weights, network, set_weights, trainer
from attnviz.training.progress import Progress
from attnviz.training.recording import Recorder
from attnviz.training.run import Run, without_auxiliary
from attnviz.training.settings import Settings


def fit(
    train: Batch,
    validation: Batch,
    config: dict[str, int],
    settings: Settings,
    *,
    variant: Variant = "attention",
    teacher: Teacher | None = None,
    more: Sequence[Batch] = (),
    initial: Weights | None = None,
    checkpoint: Path | None = None,
    label: str = "Train",
    quiet: bool = False,
    look: Recorder | None = None,
) -> tuple[Weights, dict[str, Any]]:
    """Train one model.

    Args:
        train: What to learn from.
        validation: What decides when to stop, and which pass to keep.
        config: What the family's `build` takes.
        settings: How.
        variant: Which network.
        teacher: Whose probabilities are targets too, see `settings.distillation`.
        more: Sets of one size of sentences without a class, learned beside `train`; the passes take them in turn.
        initial: Arrays by name to start from; the others start from random values.
        checkpoint: File that holds the state after each pass; a run that finds one of the same training goes on
            from it, optimizer and random numbers included.
        label: For the progress bar.
        quiet: No progress bar.
        look: Looks at the weights, not at their mean, at the milestones and after the last step; what it saw is part of
            the state.

    Returns:
        The weights of the best pass by macro accuracy on the validation part, and a record of the training;
        `seconds_before` are those that an interrupted run had already spent, `steps` all that were done, `looks` what
        `look` saw.
    """
    keras.utils.set_random_seed(settings.seed)
    learner = trainer(config, settings, variant, train.auxiliary.shape[1])
    if initial:
        set_weights(learner, get_weights(learner) | initial)
    model = network(config, variant)  # holds what is measured and kept: the mean over passes
    stamp = _stamp(train, validation, more, config, settings, variant, teacher, initial, look)
    run = Run(learner, stamp, checkpoint, lambda new, old: _quality(new) > _quality(old))
    predict = forward(model)
    progress = Progress(label, settings.epochs, quiet=quiet)
    steps = _steps(len(train.ids) + (len(more[0].ids) if more else 0), settings, teacher)
    looked_at = set(milestones(settings.epochs * steps)) if look else set()

    def see(done: int) -> None:
        if look and done in looked_at:
            run.looks.append(look(done, without_auxiliary(get_weights(learner))))

    before = sum(each["seconds"] for each in run.history)
    while run.epoch < settings.epochs and run.epoch - run.best_epoch < settings.patience:
        began, rng = time.monotonic(), np.random.default_rng((settings.seed, run.epoch))
        shown = join(train, more[run.epoch % len(more)]) if more else train
        loss = _one_pass(learner, shown, settings, rng, teacher, see, run.epoch)
        set_weights(model, run.average(settings.averaging))
        figures = _measure(predict, validation)
        run.record({"loss": loss, **figures, "seconds": time.monotonic() - began})
        progress.update(run.epoch, f"validation {run.history[-1]['accuracy']:.1%}")
    looked_at = {run.epoch * steps}  # whatever passes `patience` has saved
    see(run.epoch * steps)
    progress.close(f"validation {run.history[run.best_epoch - 1]['accuracy']:.1%} at pass {run.best_epoch}")
    return run.best, {
        "best_epoch": run.best_epoch,
        "epochs": run.epoch,
        "history": run.history,
        "seconds_before": before,
        "steps": run.epoch * steps,
        "looks": run.looks,
    }


def _one_pass(
    learner: keras.Model,
    train: Batch,
    settings: Settings,
    rng: np.random.Generator,
    teacher: Teacher | None,
    before: Callable[[int], None],
    epoch: int,
) -> float:
    """The mean loss of a pass; `before` is told before each step how many have been done."""
    seen = _seen(train, settings, rng, teacher)
    share = np.ones(len(seen.ids), dtype=np.float32)
    if settings.balance:
        mass = train.targets.mean(axis=0)  # [C]
        share = (seen.targets @ (1 / mass) / len(mass)).astype(np.float32)
    finer = share * seen.auxiliary.sum(axis=1)  # a target of zeros has a gradient; a weight of 0 has none
    steps = _steps(len(train.ids), settings, teacher)
    total = 0.0
    for step in range(steps):
        before(epoch * steps + step)
        progress = (epoch + step / steps) / settings.epochs
        learner.optimizer.learning_rate = settings.learning_rate * schedule(progress, settings.warm_up)
        rows = slice(step * settings.batch_size, (step + 1) * settings.batch_size)
        batch = seen.ids[rows]
        width = -(-int((batch > 0).sum(axis=1).max()) // 16) * 16  # a few widths only, so that few graphs are traced
        batch = np.pad(batch, ((0, 0), (0, max(0, width - batch.shape[1]))))[:, :width]
        targets = {"prediction": seen.targets[rows], "auxiliary": seen.auxiliary[rows]}
        sample_weight = {"prediction": share[rows], "auxiliary": finer[rows]}
        result = learner.train_on_batch(batch, targets, sample_weight=sample_weight, return_dict=True)
        total += float(result["loss"])
    return total / steps


def _steps(sentences: int, settings: Settings, teacher: Teacher | None) -> int:
    """Steps of a pass, over as many mixtures again where there is a teacher."""
    return math.ceil(sentences * (1 if teacher is None else 2) / settings.batch_size)


def _seen(train: Batch, settings: Settings, rng: np.random.Generator, teacher: Teacher | None) -> Batch:
    """What one pass shows, in its order."""
    shown = train.take(rng.permutation(len(train.ids)))
    ids = shown.ids[:, : settings.max_tokens]
    ids = np.where((rng.random(ids.shape) < settings.word_dropout) & (ids > 0), UNKNOWN_ID, ids).astype(np.int32)
    shown = replace(shown, ids=ids)
    return shown if teacher is None else lesson(shown, teacher, settings.distillation, rng)


def schedule(progress: float, warm_up: float) -> float:
    """Share of the highest learning rate: a rise from zero, then half a cosine."""
    if progress < warm_up:
        return progress / warm_up
    return 0.5 * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up)))


def _measure(predict: Callable[..., Any], batch: Batch) -> dict[str, float]:
    probabilities, _ = predict(batch.ids)
    right = probabilities.argmax(axis=1) == batch.labels
    classes = range(probabilities.shape[1])
    likelihood = -np.log(np.maximum(probabilities[np.arange(len(right)), batch.labels], 1e-9))
    per_class = [(right[batch.labels == c].mean(), likelihood[batch.labels == c].mean()) for c in classes]
    return {
        "accuracy": float(right.mean()),
        "macro_accuracy": float(np.mean([accuracy for accuracy, _ in per_class])),
        "macro_loss": float(np.mean([loss for _, loss in per_class])),
    }


def _quality(figures: dict[str, float]) -> tuple[float, float]:
    """What the best pass has most of; of equally accurate passes the better calibrated."""
    return figures["macro_accuracy"], -figures["macro_loss"]


def _stamp(
    train: Batch,
    validation: Batch,
    more: Sequence[Batch],
    config: dict[str, int],
    settings: Settings,
    variant: Variant,
    teacher: Teacher | None,
    initial: Weights | None,
    look: Recorder | None,
) -> str:
    """Two trainings with the same stamp are the same training."""
    sentences = None if look is None else look.sentences
    digest = hashlib.sha256(json.dumps([config, asdict(settings), variant, sentences], sort_keys=True).encode())
    for part in (train, validation, *more):
        for array in (part.ids, part.labels, part.targets, part.auxiliary):
            digest.update(np.ascontiguousarray(array).tobytes())
    if teacher is not None:
        digest.update(np.round(teacher(validation.ids), 4).tobytes())
    for name, array in (initial or {}).items():
        digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
