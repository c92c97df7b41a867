"""How a classifier learns: what each pass shows of the sentences, and what is best."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import keras
import numpy as np

from attnviz.analysis.explain.faithfulness import Forward
from attnviz.tokenizers import UNKNOWN_ID
from attnviz.training.batch import Batch, join
from attnviz.training.distillation import Guide, Teacher, lesson
from attnviz.training.loop import Course, Step
from attnviz.training.networks import Variant, Weights, forward, get_weights, network, set_weights, trainer
from attnviz.training.run import stamp
from attnviz.training.settings import Settings

#: Batches are padded to a multiple of this, so that few graphs are traced.
WIDTH = 16


def course(
    train: Batch,
    validation: Batch,
    config: dict[str, int],
    settings: Settings,
    *,
    variant: Variant = "attention",
    teacher: Teacher | None = None,
    guide: Guide | None = None,
    more: Sequence[Batch] = (),
    initial: Weights | None = None,
) -> Course:
    """The training of one classifier; the best pass is that of the best macro accuracy on the validation part.

    Args:
        train: What to learn from.
        validation: What decides when to stop, and which pass to keep.
        config: What the family's `build` takes.
        settings: How.
        variant: Which network.
        teacher: Whose probabilities are targets too, see `settings.distillation`.
        guide: Whose weights are targets of the last layer's [CLS] row, see `settings.guided`.
        more: Sets of one size, learned beside `train`; the passes take them in turn.
        initial: Arrays by name to start from; the others start from random values.
    """
    keras.utils.set_random_seed(settings.seed)
    shown = Sentences(train, settings, teacher, guide, tuple(more))
    learner = trainer(config, settings, variant, train.auxiliary.shape[1], settings.epochs * shown.steps)
    if initial:
        set_weights(learner, get_weights(learner) | initial)
    model = network(config, variant)
    predict = forward(model)

    def measure(weights: Weights) -> dict[str, float]:
        set_weights(model, weights)
        return figures(predict, validation)

    known: list[Any] = [array for part in (train, validation, *more) for array in vars(part).values()]
    known += [np.round(teacher(validation.ids), 4)] if teacher else []
    known += [np.round(guide(validation.ids), 4)] if guide else []
    known += [each for item in (initial or {}).items() for each in item]
    return Course(
        learner=learner,
        steps=shown.steps,
        batches=shown.batches,
        measure=measure,
        better=lambda new, old: _quality(new) > _quality(old),
        shown="accuracy",
        stamp=stamp([config, asdict(settings), variant], *known),
        epochs=settings.epochs,
        patience=settings.patience,
        averaging=settings.averaging,
    )


@dataclass(frozen=True)
class Sentences:
    """The training part, in another order each time.

    Attributes:
        train: What is shown in every pass.
        settings: How.
        teacher: Adds its opinion, and as many mixtures of sentences again.
        guide: Says where to look, if that is taught.
        more: One of these joins in each pass.
    """

    train: Batch
    settings: Settings
    teacher: Teacher | None = None
    guide: Guide | None = None
    more: tuple[Batch, ...] = ()

    @property
    def steps(self) -> int:
        """Of a pass."""
        count = len(self.train.ids) + (len(self.more[0].ids) if self.more else 0)
        return math.ceil(count * (1 if self.teacher is None else 2) / self.settings.batch_size)

    def batches(self, epoch: int) -> Iterator[Step]:
        """Ids `[B, T]`, targets and weights of the class, of the finer task and, where it is taught, of the row."""
        train = join(self.train, self.more[epoch % len(self.more)]) if self.more else self.train
        seen = self._seen(train, np.random.default_rng((self.settings.seed, epoch)))
        share = np.ones(len(seen.ids), dtype=np.float32)
        if self.settings.balance:
            mass = train.targets.mean(axis=0)  # [C]
            share = (seen.targets @ (1 / mass) / len(mass)).astype(np.float32)
        finer = share * seen.auxiliary.sum(axis=1)  # a target of zeros has a gradient; a weight of 0 has none
        for start in range(0, len(seen.ids), self.settings.batch_size):
            rows = slice(start, start + self.settings.batch_size)
            ids = seen.ids[rows]
            width = -(-int((ids > 0).sum(axis=1).max()) // WIDTH) * WIDTH
            ids = np.pad(ids, ((0, 0), (0, max(0, width - ids.shape[1]))))[:, :width]
            targets = {"prediction": seen.targets[rows], "auxiliary": seen.auxiliary[rows]}
            shares = {"prediction": share[rows], "auxiliary": finer[rows]}
            if self.guide is not None:
                targets["row"], shares["row"] = self.guide(ids), np.ones(len(ids), np.float32)
            yield ids, targets, shares

    def _seen(self, train: Batch, rng: np.random.Generator) -> Batch:
        """What one pass shows, in its order."""
        shown = train.take(rng.permutation(len(train.ids)))
        ids = shown.ids[:, : self.settings.max_tokens]
        dropped = (rng.random(ids.shape) < self.settings.word_dropout) & (ids > 0)
        shown = replace(shown, ids=np.where(dropped, UNKNOWN_ID, ids).astype(np.int32))
        return shown if self.teacher is None else lesson(shown, self.teacher, self.settings.distillation, rng)


def figures(predict: Forward, batch: Batch) -> dict[str, float]:
    """Accuracy, its mean over classes, and the mean over classes of the loss in nats."""
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


def _quality(found: dict[str, float]) -> tuple[float, float]:
    """What the best pass has most of; of equally accurate passes the better calibrated."""
    return found["macro_accuracy"], -found["macro_loss"]
