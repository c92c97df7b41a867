"""How a captioner learns: its networks, what it is told, and what is best."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from attnviz.families.writing import transformer
from attnviz.families.writing.transformer import Networks
from attnviz.scenes import GRID
from attnviz.training.captions.grammar import LANGUAGES
from attnviz.training.captions.lesson import Lesson
from attnviz.training.captions.settings import CaptionSettings
from attnviz.training.loop import Course, Step
from attnviz.training.networks import Weights, set_weights
from attnviz.training.schedules import Line
from attnviz.training.writing import OneHead, Smoothed, precision

#: Most words of a caption, the end token counted.
LONGEST = 40

#: Numbers of a region.
FEATURES = 432


def networks(settings: CaptionSettings, size: int, *, texts: int = 1, training: bool = False) -> Networks:
    """The networks of a recipe, untrained.

    Args:
        settings: How.
        size: Entries of the vocabulary.
        texts: Captions of each picture, one after the other.
        training: With dropout, and in the precision of training.
    """
    with precision(half=training and settings.half):
        return transformer.build(
            source_size=GRID * GRID + 1,
            target_size=size,
            region_features=FEATURES,
            texts=texts,
            longest=LONGEST,
            dropout=settings.dropout if training else 0.0,
            seed=settings.seed,
            **settings.network(),
        )


def learner(settings: CaptionSettings, size: int, steps: int) -> keras.Model:
    """A compiled model from `{"source", "regions", "target"}` to logits and the weights of each head that is taught.

    Args:
        settings: How.
        size: Entries of the vocabulary.
        steps: Of the whole training.
    """
    full = networks(settings, size, texts=len(LANGUAGES) * settings.sentences, training=True).full
    outputs = {"logits": full.output["logits"]}
    losses: dict[str, Any] = {"logits": Smoothed(settings.label_smoothing)}
    weights = {"logits": 1.0}
    for look, (layer, head) in settings.taught.items():
        outputs[look] = OneHead(head, name=look)(full.output["weights"][layer])
        losses[look], weights[look] = OnObject(), settings.guided
    model = keras.Model(full.input, outputs)
    rate = Line(settings.learning_rate, steps, settings.warm_up)
    model.compile(
        keras.optimizers.Adam(rate, beta_2=0.98, epsilon=1e-9), losses, loss_weights=weights, jit_compile=False
    )
    return model


def looks(on: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Where each look that is taught lies, see `CaptionSettings.taught`.

    Args:
        on: `[sentence, word, region]`: where the thing is that a word is about; 0 throughout for other words.
    """
    read, following = np.zeros_like(on), on.copy()
    read[:, 1:] = on[:, :-1]
    for word in range(on.shape[1] - 2, -1, -1):
        free = ~following[:, word].any(axis=-1)
        following[free, word] = following[free, word + 1]
    return {"named": on, "next": following, "read": read}


class OnObject(keras.losses.Loss):
    """−log of the weight that falls on the object a word is about, nats per such word."""

    def __init__(self) -> None:
        super().__init__(name="on_object")

    def __call__(self, on: Any, weights: Any, sample_weight: Any = None) -> Any:
        there = ops.sum(on * weights, axis=-1)  # [B, T]
        words = ops.cast(ops.any(on > 0, axis=-1), there.dtype)
        return -ops.sum(words * ops.log(there + 1e-6)) / (ops.sum(words) + 1e-9)


def course(
    lesson: Lesson, settings: CaptionSettings, measure: Callable[[Networks], dict[str, float]], stamp: str
) -> Course:
    """The training of one model; the best pass is that with the most perfect captions, of equal ones the later.

    Args:
        lesson: What is learned.
        settings: How.
        measure: Figures of a model after a pass; `perfect` among them.
        stamp: Of what is learned and how.
    """
    keras.utils.set_random_seed(settings.seed)
    size = len(lesson.vocabulary.vocabulary)
    model, measured = learner(settings, size, settings.epochs * lesson.steps), networks(settings, size)

    def scored(weights: Weights) -> dict[str, float]:
        set_weights(measured.full, weights)
        return measure(measured)

    def batches(epoch: int) -> Iterator[Step]:
        for batch in lesson.batches(epoch):
            wanted = {"logits": batch.wanted, **looks(batch.on)}
            inputs = {"source": batch.source, "regions": batch.regions, "target": batch.target}
            yield inputs, {name: wanted[name] for name in model.output_names}, None

    return Course(
        learner=model,
        steps=lesson.steps,
        batches=batches,
        measure=scored,
        better=lambda new, old: new["perfect"] >= old["perfect"],
        shown="perfect",
        stamp=stamp,
        epochs=settings.epochs,
        averaging=settings.averaging,
    )
