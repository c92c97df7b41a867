"""How a model of the next word learns."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import keras

from attnviz.families.writing import decoder
from attnviz.training.loop import Course, Step
from attnviz.training.networks import Weights, set_weights
from attnviz.training.next_word.documents import Documents
from attnviz.training.next_word.settings import NextWordSettings
from attnviz.training.schedules import Line
from attnviz.training.writing import Smoothed


def course(documents: Documents, measure: Callable[[keras.Model], dict[str, float]], stamp: str) -> Course:
    """The training of one model; the best pass is that of the lowest `perplexity`, of equal ones the later.

    Args:
        documents: What is learned.
        measure: Figures of a model after a pass.
        stamp: Of what is learned and how.
    """
    settings: NextWordSettings = documents.settings
    keras.utils.set_random_seed(settings.seed)
    shape = settings.shape(documents.size)
    full = decoder.build(shape, dropout=settings.dropout, seed=settings.seed).full
    measured = decoder.build(shape, trained=True).full
    learner = keras.Model(full.input, full.output["logits"])
    rate = Line(settings.learning_rate, settings.epochs * documents.steps, settings.warm_up)
    optimizer = keras.optimizers.Adam(rate, beta_2=0.98, epsilon=1e-9, global_clipnorm=1.0)
    learner.compile(optimizer=optimizer, loss=Smoothed(0.0), jit_compile=False)

    def scored(weights: Weights) -> dict[str, float]:
        set_weights(measured, weights)
        return measure(measured)

    def batches(epoch: int) -> Iterator[Step]:
        for given, wanted in documents.batches(epoch):
            yield given, wanted, None

    return Course(
        learner=learner,
        steps=documents.steps,
        batches=batches,
        measure=scored,
        better=lambda new, old: new["perplexity"] <= old["perplexity"],
        shown="perplexity",
        stamp=stamp,
        epochs=settings.epochs,
        averaging=settings.averaging,
    )
