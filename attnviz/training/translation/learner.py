"""How a translation model learns: its networks, what it is told, and what is best."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras import ops

from attnviz.families.writing import transformer
from attnviz.families.writing.transformer import Networks
from attnviz.training.loop import Course, Step
from attnviz.training.networks import Weights, set_weights
from attnviz.training.schedules import Line
from attnviz.training.translation import recurrent
from attnviz.training.translation.lesson import Lesson
from attnviz.training.translation.settings import TranslationSettings
from attnviz.training.writing import OneHead, Smoothed, precision

#: Most tokens that are written when a model is measured.
LONGEST = 64


def networks(settings: TranslationSettings, *, training: bool = False) -> Networks:
    """The networks of a recipe, untrained.

    Args:
        settings: How.
        training: With dropout, and in the precision of training.
    """
    with precision(half=training and settings.half):
        common: dict[str, Any] = {
            "source_size": settings.source_size,
            "target_size": settings.target_size,
            "dropout": settings.dropout if training else 0.0,
            "seed": settings.seed,
        }
        if settings.recurrent:
            return recurrent.build(**common, features=settings.features, encoder_layers=settings.encoder_layers)
        return transformer.build(**common, longest=LONGEST, **settings.network())  # type: ignore[arg-type]


def learner(settings: TranslationSettings, steps: int) -> keras.Model:
    """A compiled model from `{"source", "target"}` to logits, and to the weights of the head that is taught.

    Args:
        settings: How.
        steps: Of the whole training.
    """
    full = networks(settings, training=True).full
    outputs = {"logits": full.output["logits"]}
    losses: dict[str, Any] = {"logits": Smoothed(settings.label_smoothing)}
    weights = {"logits": 1.0}
    if settings.guided and settings.attention:
        taught = full.output["weights"][settings.guided_layer]
        outputs["links"] = OneHead(settings.guided_head, name="links")(taught)
        losses["links"], weights["links"] = _Links(), settings.guided
    model = keras.Model(full.input, outputs)
    rate = Line(settings.learning_rate, steps, settings.warm_up)
    optimizer = keras.optimizers.Adam(rate, beta_2=0.98, epsilon=1e-9)
    model.compile(optimizer=optimizer, loss=losses, loss_weights=weights, jit_compile=False)
    return model


class _Links(keras.losses.Loss):
    """Cross-entropy of a head's weights to the aligner's links, nats per linked token."""

    def __init__(self) -> None:
        super().__init__(name="links")

    def __call__(self, links: Any, weights: Any, sample_weight: Any = None) -> Any:
        loss = -ops.sum(links * ops.log(weights + 1e-9))
        return loss / (ops.sum(links) + 1e-9)


def course(
    lesson: Lesson, settings: TranslationSettings, measure: Callable[[Networks], dict[str, float]], stamp: str
) -> Course:
    """The training of one model; the best pass is that of the best "bleu", of equal ones the later.

    Args:
        lesson: What is learned.
        settings: How.
        measure: Scores of a model after a pass.
        stamp: Of what is learned and how.
    """
    keras.utils.set_random_seed(settings.seed)
    model, measured = learner(settings, settings.epochs * lesson.steps), networks(settings)

    def scored(weights: Weights) -> dict[str, float]:
        set_weights(measured.full, weights)
        return measure(measured)

    def batches(epoch: int) -> Iterator[Step]:
        for batch in lesson.batches(epoch):
            wanted = {"logits": batch.wanted, "links": batch.links}
            inputs = {"source": batch.source, "target": batch.target}
            yield inputs, {name: wanted[name] for name in model.output_names}, None

    return Course(
        learner=model,
        steps=lesson.steps,
        batches=batches,
        measure=scored,
        better=lambda new, old: new["bleu"] >= old["bleu"],
        shown="bleu",
        stamp=stamp,
        epochs=settings.epochs,
        averaging=settings.averaging,
    )
