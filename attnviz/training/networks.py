"""The networks that are trained: each variant with its attention weights as a second output, any Keras backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray

from attnviz.families.classifier import encoder_network, pooling
from attnviz.families.common.arrays import names
from attnviz.layers import MeanPooling
from attnviz.training.schedules import cosine
from attnviz.training.settings import Settings

#: By attention pooling, by the mean in its place, or as a Transformer encoder.
Variant = Literal["attention", "mean", "encoder"]
Weights = dict[str, NDArray[np.float32]]

#: Sentences a model is asked of at once.
AT_ONCE = 512

_POOLING_LAYER = {"attention": "attention_pooling", "mean": "mean_pooling"}


@keras.saving.register_keras_serializable("attnviz")
class ClassRow(keras.layers.Layer):
    """Weights `[batch, head, 1 + token, 1 + token]` to what [CLS] gives the text, `[batch, token]`.

    The mean over heads, what falls on [CLS] itself left out and the rest scaled to sum to 1.
    """

    supports_masking = True

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """None: padding has weight zero already."""

    def call(self, weights: Any) -> Any:
        """As `families.classifier.encoder.cls_row`, in the backend's own arrays."""
        row = keras.ops.mean(weights[:, :, 0, 1:], axis=1)  # [B, T]
        return row / keras.ops.maximum(keras.ops.sum(row, axis=-1, keepdims=True), 1e-9)


def network(config: dict[str, int], variant: Variant) -> keras.Model:
    """An untrained model with its weights as a second output.

    Args:
        config: What the family's `build` takes.
        variant: With "mean", the mean takes the place of the attention layer and keeps everything else.

    Returns:
        A model from ids `[batch, token]` to probabilities `[batch, class]` and weights `[batch, token]`.
    """
    if variant == "encoder":
        return _with_class_row(encoder_network.build(**config))
    base = pooling.build(**config)
    layer = base.get_layer("attention_pooling") if variant == "attention" else MeanPooling(name="mean_pooling")
    return _pooled(base, layer)


def uniform(model: keras.Model, variant: Variant) -> keras.Model:
    """The same trained layers with even weights, nothing retrained.

    Pooling: the mean in place of attention. Encoder: queries of zero, in every layer and head, which give every
    key the same score; the model itself is changed.
    """
    if variant == "encoder":
        for name, variable in names(model).items():
            if "/query/" in name:
                variable.assign(keras.ops.zeros_like(variable))
        return model
    return _pooled(model, MeanPooling(name="mean_pooling"))


def _pooled(base: keras.Model, layer: keras.layers.Layer) -> keras.Model:
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    context, weights = layer(base.get_layer("embedding")(tokens))
    return keras.Model(tokens, [base.get_layer("prediction")(base.get_layer("dense")(context)), weights])


def _with_class_row(base: keras.Model) -> keras.Model:
    _, weights = [layer for layer in base.layers if isinstance(layer, keras.layers.MultiHeadAttention)][-1].output
    return keras.Model(base.input, [base.output, ClassRow(name="class_row")(weights)])


def get_weights(model: keras.Model) -> Weights:
    """Copies of a model's arrays by `layer/variable` (`layer/part/variable` inside attention)."""
    return {
        name: np.array(keras.ops.convert_to_numpy(variable), dtype=np.float32)
        for name, variable in names(model).items()
    }


def set_weights(model: keras.Model, weights: Weights) -> None:
    """Put arrays named as by `get_weights` into a model."""
    for name, variable in names(model).items():
        variable.assign(weights[name])


def halves(weights: Weights) -> dict[str, NDArray[np.float16]]:
    """The arrays in the precision they are stored in."""
    return {name: array.astype(np.float16) for name, array in weights.items()}


def forward(model: keras.Model) -> Callable[[NDArray[np.int32]], tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """The model as a function from ids `[B, T]` to probabilities `[B, C]` and weights `[B, T]`, for any B.

    It runs compiled, once for all lengths, and follows the model's weights. The model's own compilation is replaced.
    """
    model.compile(jit_compile=False)  # XLA would compile every length anew

    def call(ids: NDArray[np.int32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        lengths = np.where(ids > 0, np.arange(1, ids.shape[1] + 1), 0).max(axis=1)
        order = np.argsort(lengths, kind="stable")  # alike lengths together: little padding
        weights = np.zeros(ids.shape, np.float32)
        found = []
        for rows in np.split(order, range(AT_ONCE, len(order), AT_ONCE)):
            width = max(1, lengths[rows].max())
            probabilities, weights[rows, :width] = model.predict_on_batch(ids[rows, :width])
            found.append(probabilities)
        return np.concatenate(found)[np.argsort(order)], weights

    return call


def trainer(config: dict[str, int], settings: Settings, variant: Variant, auxiliary: int, steps: int) -> keras.Model:
    """A compiled model with dropout between its layers and a head for the auxiliary task.

    Args:
        config: What the family's `build` takes.
        settings: How it is trained.
        variant: Which network.
        auxiliary: Classes of the auxiliary task.
        steps: Of the whole training.

    Returns:
        A model from ids to `prediction` and `auxiliary`, both probabilities, and, if it is taught, to `row`, the
        weights of [CLS] over the text.
    """
    make = _encoder_trainer if variant == "encoder" else _pooling_trainer
    model, decayed = make(config, settings, variant, auxiliary)
    rate = cosine(settings.learning_rate, steps, settings.warm_up)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay)
    kept = {id(variable) for variable in decayed}
    optimizer.exclude_from_weight_decay(var_list=[v for v in model.trainable_variables if id(v) not in kept])
    losses: dict[str, tuple[Any, float]] = {
        "prediction": (keras.losses.CategoricalCrossentropy(label_smoothing=settings.label_smoothing), 1.0),
        "auxiliary": (keras.losses.CategoricalCrossentropy(), settings.auxiliary),
        "row": (keras.losses.KLDivergence(), settings.guided),
    }
    model.compile(
        optimizer=optimizer,
        loss={name: losses[name][0] for name in model.output},
        loss_weights={name: losses[name][1] for name in model.output},
    )
    return model


def _pooling_trainer(
    config: dict[str, int], settings: Settings, variant: Variant, auxiliary: int
) -> tuple[keras.Model, list[Any]]:
    layer = {each.name: each for each in network(config, variant).layers}
    tokens = keras.Input((None,), dtype="int32")
    vectors = keras.layers.Dropout(settings.feature_dropout, seed=settings.seed)(layer["embedding"](tokens))
    pool = layer[_POOLING_LAYER[variant]]
    context, weights = pool(vectors)
    if variant == "attention" and settings.sharpness:
        context = _Sharpness(settings.sharpness)([context, weights])
    context = keras.layers.Dropout(settings.context_dropout, seed=settings.seed + 1)(context)
    hidden = keras.layers.Dropout(settings.hidden_dropout, seed=settings.seed + 2)(layer["dense"](context))
    finer = keras.layers.Dense(auxiliary, activation="softmax", name="auxiliary")(hidden)
    model = keras.Model(tokens, {"prediction": layer["prediction"](hidden), "auxiliary": finer})
    return model, [variable for variable in pool.trainable_variables if variable.name == "kernel"]


def _encoder_trainer(
    config: dict[str, int], settings: Settings, variant: Variant, auxiliary: int
) -> tuple[keras.Model, list[Any]]:
    base = encoder_network.build(
        **config, dropout=settings.dropout, feature_dropout=settings.feature_dropout, seed=settings.seed
    )
    vector = keras.layers.Dropout(settings.dropout, seed=settings.seed)(base.get_layer("final_norm").output)
    finer = keras.layers.Dense(auxiliary, activation="softmax", name="auxiliary")(vector)
    outputs = {"prediction": base.output, "auxiliary": finer}
    if settings.guided:
        outputs["row"] = _with_class_row(base).output[1]
    model = keras.Model(base.input, outputs)
    return model, [variable for variable in model.trainable_variables if variable.name in ("kernel", "embeddings")]


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


def share_positions(weights: Weights, ids: NDArray[np.int32], sentences: int) -> int:
    """Let positions that training hardly reached share what the last one it reached well has; changes `weights`.

    Args:
        weights: A trained model's: b of a pooling model, or the position vectors of an encoder.
        ids: Training sentences, int32 `[sentence, token]`.
        sentences: A position is well trained if this many sentences reach it.

    Returns:
        How many positions are well trained.
    """
    reached = (ids > 0).sum(axis=0)  # [T]
    trained = max(1, int((reached >= sentences).sum()))
    for name, first in (("attention_pooling/bias", 0), ("class_token/positions", 1)):  # [CLS] stands at 0
        if name in weights:
            weights[name][first + trained :] = weights[name][first + trained - 1]
    return trained
