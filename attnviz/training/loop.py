"""The one training loop: any Keras backend, repeatable by seed, resumed after an interruption where it stopped."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray

from attnviz.families.pooling import build
from attnviz.layers import MeanPooling
from attnviz.tokenizers import UNKNOWN_ID
from attnviz.training.progress import Progress

Pooling = Literal["attention", "mean"]
Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Settings:
    """How one model is trained.

    Attributes:
        epochs: Most passes over the training part.
        patience: Passes without a better validation figure after which training stops.
        batch_size: Sentences per step.
        learning_rate: Of Adam at the start; it falls to zero along half a cosine.
        weight_decay: Decoupled (AdamW), on W alone: a shorter W gives less sharp weights.
        word_dropout: Share of tokens shown as unknown, so that the unknown token learns what to be.
        feature_dropout: Dropout on the embedding vectors.
        context_dropout: Dropout on the context vector.
        hidden_dropout: Dropout on the hidden layer.
        label_smoothing: Share of each target spread over all classes.
        auxiliary: Weight of the finer task in the loss; its head is thrown away.
        sharpness: Weight of the mean entropy of the attention weights (nats) in the loss: spread costs.
        balance: Weight classes by how rare they are, for macro accuracy.
        max_tokens: Longer training sentences are cut here, for speed.
        seed: Of initial weights, order and dropout.
    """

    epochs: int = 30
    patience: int = 8
    batch_size: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 0.0
    word_dropout: float = 0.1
    feature_dropout: float = 0.3
    context_dropout: float = 0.0
    hidden_dropout: float = 0.3
    label_smoothing: float = 0.05
    auxiliary: float = 0.0
    sharpness: float = 0.0
    balance: bool = False
    max_tokens: int = 64
    seed: int = 1


@dataclass(frozen=True)
class Batch:
    """Sentences as the model takes them.

    Attributes:
        ids: int32 `[sentence, token]`, padded with 0.
        labels: int64 `[sentence]`; -1 for no class.
        targets: float32 `[sentence, class]`.
        auxiliary: float32 `[sentence, any]`.
    """

    ids: NDArray[np.int32]
    labels: NDArray[np.int64]
    targets: NDArray[np.float32]
    auxiliary: NDArray[np.float32]


def network(config: dict[str, int], pooling: Pooling) -> keras.Model:
    """The model with its weights as a second output, by attention or by the mean.

    Args:
        config: What `families.pooling.build` takes.
        pooling: The mean takes the place of the attention layer and keeps everything else.

    Returns:
        A model from ids `[batch, token]` to probabilities `[batch, class]` and weights `[batch, token]`.
    """
    base = build(**config)
    layer = base.get_layer("attention_pooling") if pooling == "attention" else MeanPooling(name="mean_pooling")
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    context, weights = layer(base.get_layer("embedding")(tokens))
    return keras.Model(tokens, [base.get_layer("prediction")(base.get_layer("dense")(context)), weights])


def with_pooling(model: keras.Model, pooling: Pooling) -> keras.Model:
    """The same trained layers with the mean in place of attention: the weights made uniform, nothing retrained."""
    if pooling == "attention":
        return model
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    context, weights = MeanPooling(name="mean_pooling")(model.get_layer("embedding")(tokens))
    return keras.Model(tokens, [model.get_layer("prediction")(model.get_layer("dense")(context)), weights])


def get_weights(model: keras.Model) -> Weights:
    """Copies of a model's arrays by `layer/variable`."""
    return {
        f"{layer.name}/{variable.name}": np.array(keras.ops.convert_to_numpy(variable), dtype=np.float32)
        for layer in model.layers
        for variable in layer.trainable_variables
    }


def set_weights(model: keras.Model, weights: Weights) -> None:
    """Put arrays named `layer/variable` into a model."""
    for layer in model.layers:
        for variable in layer.trainable_variables:
            variable.assign(weights[f"{layer.name}/{variable.name}"])


def forward(model: keras.Model) -> Callable[[NDArray[np.int32]], tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """The model as a function from ids `[B, T]` to probabilities `[B, C]` and weights `[B, T]`, for any B."""

    def call(ids: NDArray[np.int32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        probabilities, weights = [], []
        for start in range(0, len(ids), 512):
            p, w = model(ids[start : start + 512], training=False)
            probabilities.append(keras.ops.convert_to_numpy(p))
            weights.append(keras.ops.convert_to_numpy(w))
        return np.concatenate(probabilities), np.concatenate(weights)

    return call


def fit(
    train: Batch,
    validation: Batch,
    config: dict[str, int],
    settings: Settings,
    *,
    pooling: Pooling = "attention",
    checkpoint: Path | None = None,
    label: str = "Train",
    quiet: bool = False,
) -> tuple[Weights, dict[str, Any]]:
    """Train one model.

    Args:
        train: What to learn from.
        validation: What decides when to stop, and which pass to keep.
        config: What `families.pooling.build` takes.
        settings: How.
        pooling: By attention or by the mean.
        checkpoint: File that holds the state after each pass; a run that finds one of the same training goes on
            from it, optimizer and random numbers included.
        label: For the progress bar.
        quiet: No progress bar.

    Returns:
        The weights of the best pass by macro accuracy on the validation part, and a record of the training.
    """
    keras.utils.set_random_seed(settings.seed)
    model, trainer = _trainer(train, config, settings, pooling)
    stamp = _stamp(train, validation, config, settings, pooling)
    run = _Run(trainer, model, stamp, checkpoint)
    predict = forward(model)
    progress = Progress(label, settings.epochs, quiet=quiet)
    while run.epoch < settings.epochs and run.epoch - run.best_epoch < settings.patience:
        rng = np.random.default_rng((settings.seed, run.epoch))
        loss = _one_pass(trainer, train, settings, rng, run.epoch)
        figures = _measure(predict, validation)
        run.record({"loss": loss, **figures}, get_weights(model))
        progress.update(run.epoch, f"validation {figures['accuracy']:.1%}")
    progress.close(f"validation {run.history[run.best_epoch - 1]['accuracy']:.1%} at pass {run.best_epoch}")
    return run.best, {"best_epoch": run.best_epoch, "epochs": run.epoch, "history": run.history}


class _Sharpness(keras.layers.Layer):
    """Hands the context on and adds the entropy of the weights to the loss."""

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.strength = strength

    def call(self, inputs: list[Any]) -> Any:
        context, weights = inputs
        nats = -keras.ops.sum(weights * keras.ops.log(weights + 1e-9), axis=-1)  # [B]
        self.add_loss(self.strength * keras.ops.mean(nats))
        return context


def _trainer(
    train: Batch, config: dict[str, int], settings: Settings, pooling: Pooling
) -> tuple[keras.Model, keras.Model]:
    """The model, and the same layers with dropout between them and a head for the auxiliary task."""
    model = network(config, pooling)
    layer = {each.name: each for each in model.layers}
    tokens = keras.Input((None,), dtype="int32")
    vectors = layer["embedding"](tokens)
    vectors = keras.layers.Dropout(settings.feature_dropout, seed=settings.seed)(vectors)
    pooling_name = "attention_pooling" if pooling == "attention" else "mean_pooling"
    context, weights = layer[pooling_name](vectors)
    if pooling == "attention" and settings.sharpness:
        context = _Sharpness(settings.sharpness)([context, weights])
    context = keras.layers.Dropout(settings.context_dropout, seed=settings.seed + 1)(context)
    hidden = keras.layers.Dropout(settings.hidden_dropout, seed=settings.seed + 2)(layer["dense"](context))
    finer = keras.layers.Dense(train.auxiliary.shape[1], activation="softmax", name="auxiliary")(hidden)
    trainer = keras.Model(tokens, {"prediction": layer["prediction"](hidden), "auxiliary": finer})
    optimizer = keras.optimizers.AdamW(settings.learning_rate, weight_decay=settings.weight_decay)
    query = {id(variable) for variable in layer[pooling_name].trainable_variables if variable.name == "kernel"}
    optimizer.exclude_from_weight_decay(var_list=[v for v in trainer.trainable_variables if id(v) not in query])
    trainer.compile(
        optimizer=optimizer,
        loss={
            "prediction": keras.losses.CategoricalCrossentropy(label_smoothing=settings.label_smoothing),
            "auxiliary": keras.losses.CategoricalCrossentropy(),
        },
        loss_weights={"prediction": 1.0, "auxiliary": settings.auxiliary},
    )
    return model, trainer


def _one_pass(trainer: keras.Model, train: Batch, settings: Settings, rng: np.random.Generator, epoch: int) -> float:
    order = rng.permutation(len(train.ids))
    ids = train.ids[order][:, : settings.max_tokens]
    ids = np.where((rng.random(ids.shape) < settings.word_dropout) & (ids > 0), UNKNOWN_ID, ids).astype(np.int32)
    share = np.ones(len(ids), dtype=np.float32)
    if settings.balance:
        mass = train.targets.mean(axis=0)  # [C]
        share = (train.targets @ (1 / mass) / len(mass)).astype(np.float32)[order]
    targets = {"prediction": train.targets[order], "auxiliary": train.auxiliary[order]}
    steps = math.ceil(len(ids) / settings.batch_size)
    total = 0.0
    for step in range(steps):
        progress = (epoch + step / steps) / settings.epochs
        trainer.optimizer.learning_rate = settings.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))
        rows = slice(step * settings.batch_size, (step + 1) * settings.batch_size)
        batch = ids[rows]
        width = -(-int((batch > 0).sum(axis=1).max()) // 16) * 16  # a few widths only, so that few graphs are traced
        batch = np.pad(batch, ((0, 0), (0, max(0, width - batch.shape[1]))))[:, :width]
        sample_weight = {"prediction": share[rows], "auxiliary": share[rows]}
        result = trainer.train_on_batch(
            batch, {name: value[rows] for name, value in targets.items()}, sample_weight=sample_weight, return_dict=True
        )
        total += float(result["loss"])
    return total / steps


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


class _Run:
    """Where a training stands; written to disk after each pass and read back when it is started again."""

    def __init__(self, trainer: keras.Model, model: keras.Model, stamp: str, path: Path | None) -> None:
        self._trainer, self._stamp, self._path = trainer, stamp, path
        self.epoch = 0
        self.best_epoch = 0
        self.best: Weights = get_weights(model)
        self.history: list[dict[str, float]] = []
        trainer.optimizer.build(trainer.trainable_variables)
        if path is not None and path.is_file():
            self._resume(path)

    def record(self, figures: dict[str, float], weights: Weights) -> None:
        """Take note of a finished pass."""
        self.epoch += 1
        self.history.append(figures)
        if self.best_epoch == 0 or _quality(figures) > _quality(self.history[self.best_epoch - 1]):
            self.best_epoch, self.best = self.epoch, weights
        if self._path is not None:
            self._save(self._path)

    def _variables(self) -> list[Any]:
        return [*self._trainer.variables, *self._trainer.optimizer.variables]

    def _save(self, path: Path) -> None:
        state = {"stamp": self._stamp, "epoch": self.epoch, "best_epoch": self.best_epoch, "history": self.history}
        arrays: dict[str, Any] = {f"v{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(self._variables())}
        arrays |= {f"best/{name}": value for name, value in self.best.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(file, state=np.array(json.dumps(state)), **arrays)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)  # a kill leaves the old state or the new one, never half of one

    def _resume(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as archive:
            state = json.loads(str(archive["state"]))
            if state["stamp"] != self._stamp:
                return  # another recipe's or another data set's: start again
            self.epoch, self.best_epoch, self.history = state["epoch"], state["best_epoch"], state["history"]
            for index, variable in enumerate(self._variables()):
                variable.assign(archive[f"v{index}"])
            self.best = {
                name.removeprefix("best/"): archive[name] for name in archive.files if name.startswith("best/")
            }


def _stamp(train: Batch, validation: Batch, config: dict[str, int], settings: Settings, pooling: Pooling) -> str:
    """Two trainings with the same stamp are the same training."""
    digest = hashlib.sha256(json.dumps([config, asdict(settings), pooling], sort_keys=True).encode())
    for part in (train, validation):
        for array in (part.ids, part.labels, part.targets, part.auxiliary):
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def share_bias(weights: Weights, ids: NDArray[np.int32], sentences: int) -> int:
    """Let positions that training hardly reached share b of the last one it reached well; changes `weights`.

    Args:
        weights: A trained model's.
        ids: Training sentences, int32 `[sentence, token]`.
        sentences: A position is well trained if this many sentences reach it.

    Returns:
        How many positions are well trained.
    """
    reached = (ids > 0).sum(axis=0)  # [T]
    trained = max(1, int((reached >= sentences).sum()))
    if (name := "attention_pooling/bias") in weights:
        weights[name][trained:] = weights[name][trained - 1]
    return trained
