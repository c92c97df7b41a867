"""The training loop of a translation model: any Keras backend, resumed where it stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from attnviz.families.writing import transformer
from attnviz.families.writing.transformer import Networks
from attnviz.training.milestones import milestones
from attnviz.training.networks import Weights, get_weights, set_weights
from attnviz.training.progress import Progress
from attnviz.training.run import Run
from attnviz.training.translation import recurrent
from attnviz.training.translation.lesson import Batch, Lesson
from attnviz.training.translation.settings import TranslationSettings

#: Most tokens that are written when a model is measured.
LONGEST = 64


def networks(settings: TranslationSettings, *, training: bool = False) -> Networks:
    """The networks of a recipe, untrained.

    Args:
        settings: How.
        training: With dropout, and in the precision of training.
    """
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if training and settings.half else "float32")
    try:
        common: dict[str, Any] = {
            "source_size": settings.source_size,
            "target_size": settings.target_size,
            "dropout": settings.dropout if training else 0.0,
            "seed": settings.seed,
        }
        if settings.recurrent:
            return recurrent.build(**common, features=settings.features, encoder_layers=settings.encoder_layers)
        return transformer.build(**common, longest=LONGEST, **settings.network())  # type: ignore[arg-type]
    finally:
        keras.config.set_dtype_policy(policy)


def halves(weights: Weights) -> dict[str, NDArray[np.float16]]:
    """The arrays in the precision they are stored in."""
    return {name: array.astype(np.float16) for name, array in weights.items()}


def learner(settings: TranslationSettings) -> keras.Model:
    """A compiled model from `{"source", "target"}` to logits, and to the log weights of the head that is taught."""
    full = networks(settings, training=True).full
    outputs = {"logits": full.output["logits"]}
    losses: dict[str, Any] = {"logits": _Smoothed(settings.label_smoothing)}
    weights = {"logits": 1.0}
    if settings.guided and settings.attention:
        taught = full.output["weights"][settings.guided_layer]
        outputs["links"] = _HeadRow(settings.guided_head, name="links")(taught)
        losses["links"], weights["links"] = _Links(), settings.guided
    model = keras.Model(full.input, outputs)
    optimizer = keras.optimizers.Adam(settings.learning_rate, beta_2=0.98, epsilon=1e-9, clipnorm=None)
    model.compile(optimizer=optimizer, loss=losses, loss_weights=weights, jit_compile=False)
    return model


class _HeadRow(keras.layers.Layer):
    """One head's rows of weights `[B, H, T, S]`: `[B, T, S]`."""

    def __init__(self, head: int, **options: Any) -> None:
        super().__init__(**options)
        self.head = head

    def call(self, weights: Any) -> Any:
        return weights[:, self.head]


class _Smoothed(keras.losses.Loss):
    """Cross-entropy with smoothed labels, nats per token; wanted id 0 is padding.

    (1 − ε)·(−log p_wanted) + ε·mean over the vocabulary of −log p.
    """

    def __init__(self, smoothing: float) -> None:
        super().__init__(name="smoothed")
        self.smoothing = smoothing

    def __call__(self, wanted: Any, logits: Any, sample_weight: Any = None) -> Any:
        size = logits.shape[-1]
        target = ops.one_hot(wanted, size) * (1 - self.smoothing) + self.smoothing / size
        loss = ops.categorical_crossentropy(target, logits, from_logits=True)  # [B, T]
        present = ops.cast(ops.not_equal(wanted, 0), loss.dtype)
        return ops.sum(loss * present) / ops.sum(present)


class _Links(keras.losses.Loss):
    """Cross-entropy of a head's weights to the aligner's links, nats per linked token."""

    def __init__(self) -> None:
        super().__init__(name="links")

    def __call__(self, links: Any, weights: Any, sample_weight: Any = None) -> Any:
        loss = -ops.sum(links * ops.log(weights + 1e-9))
        return loss / (ops.sum(links) + 1e-9)


def fit(
    lesson: Lesson,
    settings: TranslationSettings,
    measure: Callable[[Networks], dict[str, float]],
    *,
    checkpoint: Path | None = None,
    label: str = "Train",
    quiet: bool = False,
    look: Callable[[int, Weights], None] | None = None,
) -> tuple[Weights, dict[str, Any]]:
    """Train one model.

    Args:
        lesson: What is learned.
        settings: How.
        measure: Scores of a model after a pass; the best by "bleu" is kept.
        checkpoint: File with the state after each pass; a run that finds one of the same settings goes on from it.
        label: For the progress bar.
        quiet: No progress.
        look: Told of the weights at the milestones: the number of steps done and the weights then, not their mean.

    Returns:
        The weights of the best pass, and a record: `best_epoch`, `epochs`, `history`, `seconds`.
    """
    keras.utils.set_random_seed(settings.seed)
    model, measured = learner(settings), networks(settings)
    stamp = json.dumps(settings.__dict__, sort_keys=True)
    run = Run(model, stamp, checkpoint, lambda new, old: new["bleu"] >= old["bleu"])
    total = settings.epochs * lesson.steps
    looks = set(milestones(total)) if look else set()
    progress = Progress(label, total, quiet=quiet)
    while run.epoch < settings.epochs:
        began, losses = time.monotonic(), []
        for step, batch in enumerate(_ahead(lesson.batches(run.epoch))):
            done = run.epoch * lesson.steps + step
            if look and done in looks:
                look(done, get_weights(model))
            model.optimizer.learning_rate = settings.learning_rate * schedule(done / total, settings.warm_up)
            wanted = {"logits": batch.wanted, "links": batch.links}
            result = model.train_on_batch(
                {"source": batch.source, "target": batch.target},
                {name: wanted[name] for name in model.output_names},
                return_dict=True,
            )
            losses.append(float(result["loss"]))
            if step % 20 == 0:
                progress.update(done, f"loss {np.mean(losses[-100:]):.3f}")
        set_weights(measured.full, run.average(settings.averaging))
        run.record({"loss": float(np.mean(losses)), **measure(measured), "seconds": time.monotonic() - began})
        progress.update(run.epoch * lesson.steps, f"dev BLEU {run.history[-1]['bleu']:.2f}")
    if look:
        look(total, get_weights(model))
    progress.close(f"dev BLEU {run.history[run.best_epoch - 1]['bleu']:.2f} at pass {run.best_epoch}")
    return run.best, {
        "best_epoch": run.best_epoch,
        "epochs": run.epoch,
        "history": run.history,
        "seconds": sum(each["seconds"] for each in run.history),
    }


def schedule(progress: float, warm_up: float) -> float:
    """Share of the highest learning rate: a rise from zero, then a straight line to zero."""
    return progress / warm_up if progress < warm_up else (1 - progress) / (1 - warm_up)


def _ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches, made in a thread while the model learns."""
    queue: Queue[Any] = Queue(maxsize=8)

    def fill() -> None:
        try:
            for batch in batches:
                queue.put(batch)
            queue.put(None)
        except BaseException as error:
            queue.put(error)

    Thread(target=fill, daemon=True).start()
    while (batch := queue.get()) is not None:
        if isinstance(batch, BaseException):
            raise batch
        yield batch
