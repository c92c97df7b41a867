"""Classifiers with one attention pooling layer: the published Keras example, corrected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from attnviz.capture import CapturedModel
from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.families.classifier.classifier import Classifier
from attnviz.families.classifier.text_classifier import TextClassifier
from attnviz.families.common.arrays import set_weights
from attnviz.families.common.masking import mask_after
from attnviz.families.common.projection import check_indices
from attnviz.layers import AttentionPooling
from attnviz.tokenizers import from_config
from attnviz.trace import (
    AttentionBlock,
    AttentionTrace,
    Axis,
    Classification,
    Edit,
    Encoded,
    Step,
    Steps,
    TokenAxis,
)

#: Strength of the L2 penalty that keeps b near zero where the data say nothing.
BIAS_L2 = 1e-4

#: What `load` reads of a model folder; the card has a checksum of each.
FILES = ("weights.npz", "vocabulary.txt")

#: The one block of such a model.
BLOCK = "pooling"

#: How the learned query, the vector W, is shown on its axis.
QUERY = "W (learned query)"


def build(
    *,
    classes: int,
    vocabulary_size: int = 10_000,
    features: int = 128,
    max_length: int = 128,
    hidden: int = 64,
) -> keras.Model:
    """The published model: `Embedding` → `AttentionPooling` → `Dense(relu)` → `Dense(softmax)`.

    Args:
        classes: Number of classes.
        vocabulary_size: Rows of the embedding; id 0 is padding, id 1 an unknown token.
        features: Length of an embedding vector.
        max_length: Longest sentence, in tokens.
        hidden: Units of the hidden layer.

    Returns:
        A model from token ids int32 `[batch, token]` to probabilities float32 `[batch, class]`.
    """
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    vectors = keras.layers.Embedding(vocabulary_size, features, mask_zero=True, name="embedding")(tokens)
    context, _ = AttentionPooling(
        max_length, bias_regularizer=keras.regularizers.L2(BIAS_L2), name="attention_pooling"
    )(vectors)
    activity = keras.layers.Dense(hidden, activation="relu", name="dense")(context)
    prediction = keras.layers.Dense(classes, activation="softmax", name="prediction")(activity)
    return keras.Model(tokens, prediction, name="attention_pooling_classifier")


class Pooling(Classifier):
    """A trained classifier with one pooling layer, whatever it pools.

    Its network is `embedding` → `attention_pooling` → `dense` → `prediction`, by the names of its layers.
    """

    def __init__(self, model: keras.Model, *arguments: Any) -> None:
        super().__init__(model, *arguments)
        self._captured = CapturedModel(model, observe=("embedding", "attention_pooling", "dense"))
        self._site = "attention_pooling"

    # Traces out --------------------------------------------------------------------------------------------------

    def run_batch(self, batch: Sequence[Encoded], edits: Sequence[Edit] = ()) -> list[AttentionTrace]:
        """Several sources in one call of the model; the same traces as one by one."""
        length = max(len(encoded.axis) for encoded in batch)
        result = self._captured(self.stacked(batch), tuple(self._checked(edit, length) for edit in edits))
        weights = result.sites[self._site].weights
        return [
            AttentionTrace(
                self.card.name,
                encoded.source,
                (_block(encoded.axis, row[..., : len(encoded.axis)], edits),),
                Classification(self.card.labels, probabilities),
                encoded.notices,
                tuple(edits),
            )
            for encoded, row, probabilities in zip(batch, weights, result.prediction, strict=True)
        ]

    def forward(self, given: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Many sources at once, for measurements over a test set.

        Args:
            given: As `stacked` gives it.

        Returns:
            Probabilities float32 `[source, class]` and weights float32 `[source, key]`.
        """
        result = self._captured(given)
        return result.prediction, result.sites[self._site].weights[:, 0, 0, :]

    def reweighted(self, encoded: Encoded, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the model answers from other weights on, many in one call.

        Args:
            encoded: From `encode`, or a part of it.
            weights: float32 `[candidate, token]`.

        Returns:
            Probabilities float32 `[candidate, class]`.

        Raises:
            InputError: `edit_shape`.
        """
        length = len(encoded.axis)
        if weights.ndim != 2 or weights.shape[1] != length:
            expected = str(("candidate", length))
            raise InputError("edit_shape", block=BLOCK, received=str(weights.shape), expected=expected)
        given = np.repeat(self.stacked([encoded]), len(weights), axis=0)
        prediction: NDArray[np.float32] = self._captured(given, (Edit(self._site, weights[:, None]),)).prediction
        return prediction

    # The sum taken apart -----------------------------------------------------------------------------------------

    def explain(
        self,
        encoded: Encoded,
        block: str = "",
        layer: int = 0,
        head: int = 0,
        query: int = 0,
        edits: Sequence[Edit] = (),
        tokens: Sequence[str] | None = None,
    ) -> Steps:
        """Every array between the embedding and the prediction.

        Args:
            encoded: From `encode`, or a part of it.
            block: `pooling`, or empty.
            layer: 0.
            head: 0.
            query: 0, the learned vector.
            edits: As for `run`; the steps after the softmax then follow from the changed weights.
            tokens: Not for a classifier.

        Returns:
            `features` [key, feature], `kernel` [feature], `content` x·W [key], `bias` [key], `scores` [key],
            `weights` [key], `context` [feature], `hidden` [unit], `logits` [class], `output` [class]; float32.

        Raises:
            InputError: There is no such block, layer, head or query.
        """
        if block not in ("", BLOCK):
            raise InputError("no_such_block", received=block, expected=BLOCK)
        check_indices(layer=(layer, 1), head=(head, 1), query=(query, 1))
        checked = tuple(self._checked(edit, len(encoded.axis)) for edit in edits)
        run = self._captured(self.stacked([encoded]), checked)
        site = run.sites[self._site]
        features = run.layers["embedding"][0]
        kernel, bias = self.parameters()
        hidden = run.layers["dense"][0]
        prediction = self.model.get_layer("prediction")
        logits = hidden @ _array(prediction.kernel) + _array(prediction.bias)
        context = run.layers["attention_pooling"][0][0]
        items = (
            Step("features", features, ("key", "feature"), "features"),
            Step("kernel", kernel, ("feature",), "kernel"),
            Step("content", features @ kernel, ("key",), "content"),
            Step("bias", bias[: len(features)], ("key",), "bias"),
            Step("scores", site.scores[0, 0, 0], ("key",), "scores"),
            Step("weights", site.weights[0, 0, 0], ("key",), "weights"),
            Step("context", context, ("feature",), "context"),
            Step("hidden", hidden, ("unit",), "hidden"),
            Step("logits", logits, ("class",), "logits"),
            Step("output", run.prediction[0], ("class",), "output"),
        )
        return Steps(items)

    def parameters(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """W float32 `[feature]` and b float32 `[max_length]` of the attention layer."""
        pooling = self.model.get_layer("attention_pooling")
        return _array(pooling.kernel)[:, 0], _array(pooling.bias)[:, 0]

    def dense_parameters(self) -> dict[str, NDArray[np.float32]]:
        """Kernels and biases of the two dense layers, for recomputing the prediction."""
        dense, prediction = self.model.get_layer("dense"), self.model.get_layer("prediction")
        return {
            "dense_kernel": _array(dense.kernel),
            "dense_bias": _array(dense.bias),
            "prediction_kernel": _array(prediction.kernel),
            "prediction_bias": _array(prediction.bias),
        }

    def embed(self, encoded: Encoded) -> NDArray[np.float32]:
        """Embedding vectors float32 `[key, feature]`, where `gradients` differentiates."""
        vectors: NDArray[np.float32] = self._captured(self.stacked([encoded])).layers["embedding"][0]
        return vectors

    def check(self, encoded: Encoded, edits: Sequence[Edit]) -> None:
        """See that edits fit: raises `InputError`, as `run` does."""
        for edit in edits:
            self._checked(edit, len(encoded.axis))

    def _tail(self, given: Any, vectors: Any) -> Any:
        context, _ = self.model.get_layer("attention_pooling")(vectors)
        return self.model.get_layer("prediction")(self.model.get_layer("dense")(context))

    def _checked(self, edit: Edit, length: int) -> Edit:
        if edit.block not in (BLOCK, self._site):
            raise InputError("no_such_block", received=edit.block, expected=BLOCK)
        check_indices(layer=(edit.layer, 1), head=(edit.head or 0, 1))
        if edit.weights.shape != (1, length):
            raise InputError("edit_shape", received=str(edit.weights.shape), expected=str((1, length)))
        return replace(edit, block=self._site)


class PoolingClassifier(Pooling, TextClassifier):
    """A trained pooling classifier of text, with its tokenizer and card; see `TextClassifier`."""


def _block(axis: Axis, weights: NDArray[np.float32], edits: Sequence[Edit]) -> AttentionBlock:
    query = TokenAxis.of([QUERY], special=[True])
    mask = mask_after(None, edits, BLOCK, (1, *weights.shape))
    return AttentionBlock(BLOCK, "pooling", query, axis, weights[None], mask, edited=bool(edits))


def _array(variable: Any) -> NDArray[np.float32]:
    return np.asarray(keras.ops.convert_to_numpy(variable), dtype=np.float32)


def load(folder: Path, card: ModelCard, read_weights: Callable[..., dict[str, Any]]) -> PoolingClassifier:
    """The model of a folder whose checksums agree.

    Raises:
        ValueError: Card, weights and vocabulary are not of one model.
    """
    weights, config = read_weights(folder), card.details["config"]
    # Before anything of the size the card claims is made.
    _same(
        "embedding/embeddings", weights["embedding/embeddings"].shape, (config["vocabulary_size"], config["features"])
    )
    _same("attention_pooling/bias", weights["attention_pooling/bias"].shape, (config["max_length"], 1))
    _same("prediction/kernel", weights["prediction/kernel"].shape, (config["hidden"], config["classes"]))
    _same("labels", (len(card.labels),), (config["classes"],))
    tokenizer = from_config(card.details["tokenizer"], folder / "vocabulary.txt")
    if len(tokenizer.vocabulary) > config["vocabulary_size"]:
        _same("vocabulary.txt", (len(tokenizer.vocabulary),), (config["vocabulary_size"],))
    model = build(**config)
    set_weights(model, weights)
    return PoolingClassifier(model, tokenizer, card)


def _same(name: str, received: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if received != expected:
        raise ValueError(f"Expected {name} of shape {expected}. Received: {received}")
