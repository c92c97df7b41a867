"""A pretrained model that learns a classifier's task: new heads on the mean of its last layer, all of it trained."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from attnviz.families.hub import pretrained
from attnviz.tokenizers import Token, Tokenizer
from attnviz.training.batch import padded
from attnviz.training.corpora import Corpus
from attnviz.training.loop import Course, Step, fit
from attnviz.training.networks import Weights, set_weights
from attnviz.training.schedules import Line

#: Lengths are padded to a multiple of this, so that few graphs are traced.
WIDTH = 8

#: Sentences judged at once.
AT_ONCE = 128

#: Standard deviation of the lent vectors' numbers: the sentiment model learned less well from vectors of 1.
SPREAD = 0.3


@dataclass(frozen=True, kw_only=True)
class FineTuning:
    """How a pretrained model learns a task.

    Attributes:
        epochs: Passes over the training part.
        batch_size: Sentences per step, of like length.
        learning_rate: Of AdamW at its highest; it falls to zero along a straight line.
        warm_up: Share of the steps in which the learning rate first rises from zero.
        weight_decay: Decoupled.
        dropout: On the mean of the last layer's vectors.
        auxiliary: Weight of the finer task in the loss.
        max_tokens: Longer sentences are cut here, in pieces.
        layer: From 0; what a word is after it, before the task is learned, is where a smaller model may start.
    """

    epochs: int = 3
    batch_size: int = 32
    learning_rate: float = 5e-5
    warm_up: float = 0.1
    weight_decay: float = 0.01
    dropout: float = 0.2
    auxiliary: float = 0.5
    max_tokens: int = 64
    layer: int = 3


class FineTuned:
    """A pretrained model with two new heads on the mean of its last layer's vectors.

    Args:
        settings: How it learns.
        folder: A Hugging Face folder.
        corpus: What it is to learn.
        seed: Of new weights, order and dropout.

    Raises:
        ModelError: What `families.hub.pretrained` says of the folder.
    """

    def __init__(self, settings: FineTuning, folder: Path, corpus: Corpus, seed: int) -> None:
        keras.utils.set_random_seed(seed)
        self._settings, self._corpus, self._seed = settings, corpus, seed
        self._pretrained = cast(Any, pretrained.from_folder(folder))
        backbone = self._pretrained.model
        mask = next(each for each in backbone.inputs if each.name == "padding_mask")
        given = backbone.output
        vectors = given["sequence_output"] if isinstance(given, dict) else given
        present = ops.cast(mask, vectors.dtype)[..., None]
        mean = ops.sum(vectors * present, axis=1) / ops.sum(present, axis=1)
        mean = keras.layers.Dropout(settings.dropout, seed=seed)(mean)
        outputs = {
            name: keras.layers.Dense(array.shape[1], activation="softmax", name=name)(mean)
            for name, array in (("prediction", corpus.train.targets), ("finer", corpus.train.auxiliary))
        }
        self._model = keras.Model(backbone.inputs, outputs)
        self._steps = -(-len(corpus.train) // settings.batch_size)
        rate = Line(settings.learning_rate, settings.epochs * self._steps, settings.warm_up)
        self._model.compile(
            optimizer=keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay, clipnorm=1.0),
            loss={name: keras.losses.CategoricalCrossentropy() for name in outputs},
            loss_weights={"prediction": 1.0, "finer": settings.auxiliary},
            jit_compile=False,
        )

    def vectors(self, texts: Sequence[str], tokenizer: Tokenizer, features: int) -> NDArray[np.float32]:
        """What each word of a vocabulary is in a layer: the mean over its places in texts, in principal components.

        Args:
            texts: Where the words stand.
            tokenizer: Of the vocabulary.
            features: How many components.

        Returns:
            float32 `[word, feature]`, of standard deviation `SPREAD`; zeros for words that do not occur.
        """
        backbone = self._pretrained.model
        layers = [each for each in backbone.layers if each.name.startswith("transformer_layer_")]
        states = keras.Model(backbone.inputs, layers[self._settings.layer].output)
        states.compile(jit_compile=False)
        cut = [self._pretrained.encode(text) for text in texts]
        rows = [each.inputs["tokens"][0, : self._settings.max_tokens] for each in cut]
        words = [
            words_of(tokenizer.tokenize(text), each.axes["tokens"].spans) for text, each in zip(texts, cut, strict=True)
        ]
        count = np.zeros(len(tokenizer.vocabulary))
        total = np.zeros((len(count), layers[0].output.shape[-1]))
        for chosen in like_length(rows, AT_ONCE, None):
            found = states.predict_on_batch(self._feed(rows, chosen))  # [B, T, F]
            for each, state in zip(chosen, found, strict=True):
                here = words[each][: len(rows[each])]
                np.add.at(total, here[here >= 0], state[: len(here)][here >= 0])
                np.add.at(count, here[here >= 0], 1)
        known = count > 0
        centred = total[known] / count[known, None]
        centred -= centred.mean(axis=0)
        _, _, axes = np.linalg.svd(centred, full_matrices=False)
        vectors = np.zeros((len(count), features), np.float32)
        parts = centred @ axes[:features].T
        vectors[known, : parts.shape[1]] = SPREAD * parts / parts.std()
        return vectors

    def fit(self, stamp: str, checkpoint: Path, label: str, quiet: bool) -> tuple[float, float]:
        """Learn the training part, keep the pass that is best on the validation part.

        Returns:
            That accuracy, and the seconds an interrupted run had already spent.
        """
        course = Course(
            learner=self._model,
            steps=self._steps,
            batches=self._batches,
            measure=self._measure,
            better=lambda new, old: new["accuracy"] > old["accuracy"],
            shown="accuracy",
            stamp=stamp,
            epochs=self._settings.epochs,
        )
        best, record = fit(course, checkpoint=checkpoint, label=label, quiet=quiet)
        set_weights(self._model, best)
        return record["history"][record["best_epoch"] - 1]["accuracy"], record["seconds_before"]

    def _batches(self, epoch: int) -> Iterator[Step]:
        """The training part as pieces, with its targets."""
        train, rng = self._corpus.train, np.random.default_rng((self._seed, 2, epoch))
        for chosen in like_length(self._train, self._settings.batch_size, rng):
            wanted = {"prediction": train.targets[chosen], "finer": train.auxiliary[chosen]}
            yield self._feed(self._train, chosen), wanted, None

    def _measure(self, _: Weights) -> dict[str, float]:
        """Of the learner itself: there is no mean over passes."""
        validation = self._corpus.validation
        right = self.predict(validation.texts)[0].argmax(axis=1) == validation.labels
        return {"accuracy": float(right.mean())}

    @cached_property
    def _train(self) -> list[NDArray[np.int32]]:
        return self._rows(self._corpus.train.texts)

    def predict(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Probabilities float32 `[sentence, class]` and `[sentence, finer class]`."""
        rows = self._rows(texts)
        found: dict[str, NDArray[np.float32]] = {}
        for chosen in like_length(rows, AT_ONCE, None):
            for name, values in self._model.predict_on_batch(self._feed(rows, chosen)).items():
                found.setdefault(name, np.zeros((len(rows), values.shape[1]), np.float32))[chosen] = values
        return found["prediction"], found["finer"]

    def _rows(self, texts: Sequence[str]) -> list[NDArray[np.int32]]:
        return [self._pretrained.encode(text).inputs["tokens"][0, : self._settings.max_tokens] for text in texts]

    def _feed(self, rows: Sequence[NDArray[np.int32]], chosen: NDArray[np.intp]) -> dict[str, NDArray[np.int32]]:
        width = -(-max(len(rows[each]) for each in chosen) // WIDTH) * WIDTH
        ids = padded([rows[each] for each in chosen], width)
        present = padded([np.ones_like(rows[each]) for each in chosen], width)
        values = {"token_ids": ids, "padding_mask": present, "segment_ids": np.zeros_like(ids)}
        return {each.name: values[each.name] for each in self._model.inputs}


def words_of(tokens: Sequence[Token], spans: Sequence[tuple[int, int] | None]) -> NDArray[np.int64]:
    """Of each piece the id of the word it begins in, int64 `[piece]`; -1 for none."""
    found = np.full(len(spans), -1)
    starts = [token.start for token in tokens]
    for place, span in enumerate(spans):
        token = tokens[bisect_right(starts, span[0]) - 1] if span and tokens else None
        if token is not None and span is not None and token.start <= span[0] < token.end:
            found[place] = token.id
    return found


def like_length(
    rows: Sequence[NDArray[np.int32]], size: int, rng: np.random.Generator | None
) -> Iterator[NDArray[np.intp]]:
    """All rows once, those of like length together; with `rng` in an order of steps that is drawn."""
    lengths = np.array([len(row) for row in rows], dtype=float)
    if rng is not None:
        lengths += WIDTH * rng.random(len(rows))
    order = np.argsort(lengths, kind="stable")
    starts = np.arange(0, len(rows), size)
    for start in starts if rng is None else rng.permutation(starts):
        yield order[start : start + size]
