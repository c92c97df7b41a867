"""Masked words: an encoder learns from unlabelled sentences what stands with what, before it learns its task.

Source: Devlin et al., BERT (NAACL 2019), section 3.1. Of the tokens to be guessed, 80 % are shown as unknown, 10 % as
another token and 10 % as they are.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from attnviz.families import encoder
from attnviz.tokenizers import UNKNOWN_ID, Tokenizer
from attnviz.training.loop import schedule
from attnviz.training.networks import Weights
from attnviz.training.progress import Progress
from attnviz.training.run import Run

#: Shares of the tokens to be guessed that are shown as unknown, and as another token.
HIDDEN, REPLACED = 0.8, 0.1

#: Sentences of fewer tokens, or with a larger share of unknown ones, teach little.
SHORTEST, MOST_UNKNOWN = 4, 0.4


@dataclass(frozen=True)
class Pretraining:
    """What is read, and how.

    Attributes:
        sentences: Reads sentences beside those of the training part; takes `quiet`.
        source: What they are, for the model card.
        passes: Over all sentences.
        tokens: Of a step, about; sentences of like length are learned together.
        learning_rate: Of AdamW at its highest; it falls to zero along half a cosine.
        warm_up: Share of the steps in which the learning rate first rises from zero.
        weight_decay: Decoupled, on every matrix.
        dropout: On the embedding vectors and on what each part adds.
        masked: Share of a sentence's tokens to be guessed.
        max_tokens: Longer sentences are cut here.
    """

    sentences: Callable[..., Sequence[str]]
    source: str
    passes: int = 8
    tokens: int = 4096
    learning_rate: float = 1e-3
    warm_up: float = 0.1
    weight_decay: float = 0.01
    dropout: float = 0.1
    masked: float = 0.2
    max_tokens: int = 64

    def stated(self) -> dict[str, Any]:
        """What a card says of it."""
        return {key: value for key, value in asdict(self).items() if key not in ("sentences", "source")}


class GuessedWords(keras.layers.Layer):
    """Scores of all words at some places, by the embedding the words came in by.

    Args:
        embedding: Whose vectors are compared with.
    """

    def __init__(self, embedding: keras.layers.Embedding, **options: Any) -> None:
        super().__init__(**options)
        self.embedding = embedding

    def build(self, *_: Any) -> None:
        """Make the variable `bias` `[word]`."""
        self.bias = self.add_weight(shape=(self.embedding.input_dim,), initializer="zeros", name="bias")

    def call(self, vectors: Any, places: Any) -> Any:
        """`[batch, token, feature]` and int32 `[batch, place]` to logits `[batch, place, word]`."""
        here = ops.take_along_axis(vectors, places[..., None], axis=1)
        return ops.matmul(here, ops.transpose(self.embedding.embeddings)) + self.bias


def rows_of(tokenizer: Tokenizer, texts: Sequence[str], settings: Pretraining) -> list[NDArray[np.int32]]:
    """Ids int32 `[token]` of the sentences that have enough known words."""
    rows = (
        np.array([token.id for token in tokenizer.tokenize(text)][: settings.max_tokens], np.int32) for text in texts
    )
    return [row for row in rows if len(row) >= SHORTEST and (row == UNKNOWN_ID).mean() < MOST_UNKNOWN]


def pretrain(
    rows: Sequence[NDArray[np.int32]],
    config: dict[str, int],
    settings: Pretraining,
    *,
    seed: int,
    checkpoint: Path | None = None,
    label: str = "Pretrain",
    quiet: bool = False,
) -> Weights:
    """Teach an encoder to guess masked words.

    Args:
        rows: From `rows_of`.
        config: What `families.encoder.build` takes.
        settings: How.
        seed: Of initial weights, order, masks and dropout.
        checkpoint: File with the state after each pass; a run that finds one of the same settings goes on from it.
        label: For the progress bar.
        quiet: No progress bar.

    Returns:
        Arrays named as by `networks.get_weights`, for `loop.fit` to start from; only the class head and the norm
        before it are left out.
    """
    keras.utils.set_random_seed(seed)
    learner = _learner(config, settings, seed)
    run = Run(learner, _stamp(rows, config, settings, seed), checkpoint, lambda new, old: new["loss"] < old["loss"])
    steps = sum(1 for _ in _batches(rows, settings, np.random.default_rng((seed, 0))))
    progress = Progress(label, steps * settings.passes, quiet=quiet)
    while run.epoch < settings.passes:
        began, losses = time.monotonic(), []
        rng = np.random.default_rng((seed, run.epoch))
        for step, chosen in enumerate(_batches(rows, settings, rng)):
            done = (run.epoch + step / steps) / settings.passes
            learner.optimizer.learning_rate = settings.learning_rate * schedule(min(done, 1.0), settings.warm_up)
            shown, places, wanted, counted = masked(chosen, settings.masked, config["vocabulary_size"], rng)
            losses.append(float(learner.train_on_batch({"tokens": shown, "places": places}, wanted, counted)))
            progress.update(run.epoch * steps + step, f"loss {np.mean(losses[-100:]):.3f}")
        run.average(0.0)
        run.record({"loss": float(np.mean(losses)), "seconds": time.monotonic() - began})
    progress.close(f"loss {run.history[-1]['loss']:.3f} nats a word")
    return run.mean


def masked(
    chosen: NDArray[np.int32], share: float, words: int, rng: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Sentences with some tokens hidden.

    Args:
        chosen: int32 `[sentence, token]`, padded with 0 at the end.
        share: Of each sentence's tokens to be guessed, at least one; unknown ones are not.
        words: Size of the vocabulary.
        rng: Decides which, and how they are shown.

    Returns:
        What is shown, int32 `[sentence, token]`; the places to be guessed, int32 `[sentence, place]`; what stood there;
        and what counts of them, float32 0 or 1.
    """
    order = np.where(chosen > UNKNOWN_ID, rng.random(chosen.shape), np.inf).argsort(axis=1)
    counts = np.maximum(1, np.round(share * (chosen > UNKNOWN_ID).sum(axis=1))).astype(int)
    places = order[:, : counts.max()].astype(np.int32)
    counted = np.arange(places.shape[1]) < counts[:, None]
    wanted = np.take_along_axis(chosen, places, axis=1)
    fate = rng.random(places.shape)
    other = rng.integers(UNKNOWN_ID + 1, words, places.shape)
    seen = np.where(fate < HIDDEN, UNKNOWN_ID, np.where(fate < HIDDEN + REPLACED, other, wanted))
    shown = chosen.copy()
    np.put_along_axis(shown, places, np.where(counted, seen, wanted).astype(np.int32), axis=1)
    return shown, places, wanted, counted.astype(np.float32)


def _batches(
    rows: Sequence[NDArray[np.int32]], settings: Pretraining, rng: np.random.Generator
) -> Iterator[NDArray[np.int32]]:
    """All sentences once, those of like length together, in an order of steps that is drawn."""
    lengths = np.array([len(row) for row in rows])
    order = np.argsort(lengths + rng.random(len(rows)), kind="stable")
    ends, tokens = [0], 0
    for place, row in enumerate(order):
        tokens += lengths[row]
        if tokens >= settings.tokens or place + 1 == len(order):
            ends.append(place + 1)
            tokens = 0
    for step in rng.permutation(len(ends) - 1):
        some = order[ends[step] : ends[step + 1]]
        ids = np.zeros((len(some), lengths[some].max()), np.int32)
        for target, row in zip(ids, some, strict=True):
            target[: lengths[row]] = rows[row]
        yield ids


def _learner(config: dict[str, int], settings: Pretraining, seed: int) -> keras.Model:
    """A compiled model from `tokens` and `places` to the logits there."""
    base = encoder.build(**config, dropout=settings.dropout, feature_dropout=settings.dropout, seed=seed)
    vectors = base.get_layer(f"feed_forward_sum_{config['layers'] - 1}").output[:, 1:]  # without [CLS]
    vectors = keras.layers.LayerNormalization(epsilon=1e-5, name="auxiliary_norm")(vectors)
    vectors = keras.layers.Dense(config["features"], activation="gelu", name="auxiliary_dense")(vectors)
    places = keras.Input((None,), dtype="int32", name="places")
    logits = GuessedWords(base.get_layer("embedding"), name="auxiliary_words")(vectors, places)
    model = keras.Model({"tokens": base.input, "places": places}, logits)
    optimizer = keras.optimizers.AdamW(settings.learning_rate, weight_decay=settings.weight_decay, beta_2=0.98)
    matrices = ("kernel", "embeddings")
    optimizer.exclude_from_weight_decay(var_list=[v for v in model.trainable_variables if v.name not in matrices])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight")
    model.compile(optimizer=optimizer, loss=loss, jit_compile=False)
    return model


def _stamp(rows: Sequence[NDArray[np.int32]], config: dict[str, int], settings: Pretraining, seed: int) -> str:
    """Two trainings with the same stamp are the same training."""
    digest = hashlib.sha256(json.dumps([config, settings.stated(), seed], sort_keys=True).encode())
    for row in rows:
        digest.update(row.tobytes() + b"\0")
    return digest.hexdigest()
