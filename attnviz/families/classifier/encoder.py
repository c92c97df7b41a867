"""Transformer encoder classifiers: self-attention in layers and heads, read at a learned [CLS] token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from attnviz.capture import CapturedModel
from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.families.classifier.encoder_network import build
from attnviz.families.classifier.text_classifier import TextClassifier, padded
from attnviz.families.common.arrays import set_weights
from attnviz.families.common.masking import mask_after
from attnviz.families.common.projection import check_indices, head_steps, value_norms
from attnviz.tokenizers import Tokenizer, from_config
from attnviz.trace import (
    MASK_NONE,
    MASK_OTHER,
    AttentionBlock,
    AttentionTrace,
    Axis,
    Classification,
    Edit,
    Encoded,
    Steps,
    TokenAxis,
)

#: The one block of such a model: all its layers and heads.
BLOCK = "encoder"

#: What `load` reads of a model folder; the card has a checksum of each.
FILES = ("weights.npz", "vocabulary.txt")

#: How the learned first token is shown.
CLS = "[CLS]"


class EncoderClassifier(TextClassifier):
    """A trained encoder classifier with its tokenizer and card.

    Args:
        model: As `build` makes it.
        tokenizer: Cuts text into tokens with ids.
        card: What the model is.
    """

    def __init__(self, model: keras.Model, tokenizer: Tokenizer, card: ModelCard) -> None:
        super().__init__(model, tokenizer, card)
        self.layers = int(card.details["config"]["layers"])
        self.heads = int(card.details["config"]["heads"])
        self.late = bool(card.details["config"].get("late", False))
        self._captured = CapturedModel(model)
        observed = [f"attention_{i}/{part}" for i in range(self.layers) for part in ("query", "key", "value")]
        self._parts = CapturedModel(model, observe=(*observed, "embedding"))

    def run_batch(self, batch: Sequence[Encoded], edits: Sequence[Edit] = ()) -> list[AttentionTrace]:
        """Several texts in one call of the model; the same traces as one by one.

        Args:
            batch: From `encode`, or parts of it.
            edits: Weights `[1 + token, 1 + token]` for a layer, and for one head or all.

        Returns:
            For each text the block `encoder`, weights `[layer, head, query, key]` with [CLS] first on both axes.
        """
        result = self._captured(padded(batch), self._checked(edits, batch))
        sites = list(result.sites.values())
        weights = np.stack([site.weights for site in sites], axis=1)  # [B, layer, head, Q, K]
        traces = []
        for encoded, own, probabilities in zip(batch, weights, result.prediction, strict=True):
            axis = _with_cls(encoded.axis)
            cut = own[..., : len(axis), : len(axis)]
            mask = mask_after(self._mask(cut.shape), edits, BLOCK, cut.shape)
            traces.append(
                AttentionTrace(
                    self.card.name,
                    encoded.source,
                    (AttentionBlock(BLOCK, "self", axis, axis, cut, mask, edited=bool(edits)),),
                    Classification(self.card.labels, probabilities),
                    encoded.notices,
                    tuple(edits),
                )
            )
        return traces

    def _mask(self, shape: tuple[int, ...]) -> NDArray[np.int8] | None:
        """What a late [CLS] may not see, and where it may not be seen, int8 `[layer, head, query, key]`."""
        if not self.late:
            return None
        mask = np.full(shape, MASK_NONE, np.int8)
        mask[..., 0] = MASK_OTHER
        mask[:-1, :, 0] = MASK_OTHER
        mask[:-1, :, 0, 0] = MASK_NONE
        return mask

    def forward(self, ids: NDArray[np.int32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Many padded sentences at once, for measurements over a test set.

        Args:
            ids: int32 `[sentence, token]`, 0 where there is padding.

        Returns:
            Probabilities float32 `[sentence, class]`, and float32 `[sentence, token]`: the [CLS] row of the last
            layer, mean over heads, what falls on [CLS] itself left out and the rest scaled to sum to 1.
        """
        result = self._captured(ids)
        return result.prediction, cls_row(list(result.sites.values())[-1].weights)

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
        """Every array of one row of attention.

        Args:
            encoded: From `encode`, or a part of it.
            block: `encoder`, or empty.
            layer: From 0.
            head: From 0.
            query: Position, 0 is [CLS].
            edits: As for `run`.
            tokens: Not for a classifier.

        Returns:
            `query` q [feature], `key` k [key, feature], `value` v [key, feature], `scores` q·k/√d [key], `weights`
            [key], `context` [feature], `output_kernel` W_O of this head [feature, model], `output`, this head's part
            of the output projection [model]; float32.

        Raises:
            InputError: There is no such block, layer, head or query.
        """
        if block not in ("", BLOCK):
            raise InputError("no_such_block", received=block, expected=BLOCK)
        length = 1 + len(encoded.axis)
        check_indices(layer=(layer, self.layers), head=(head, self.heads), query=(query, length))
        run = self._parts(encoded.inputs["tokens"], self._checked(edits, [encoded]))
        site = list(run.sites.values())[layer]
        q, k, v = (run.layers[f"attention_{layer}/{part}"][0, :, head] for part in ("query", "key", "value"))  # [T, D]
        scores, weights = site.scores[0, head, query], site.weights[0, head, query]
        return head_steps(self.model.get_layer(f"attention_{layer}"), head, q[query], k, v, scores, weights)

    def value_norms(
        self, encoded: Encoded, block: str = "", tokens: Sequence[str] | None = None
    ) -> NDArray[np.float32]:
        """How long what each key has to give is in each head: ‖v_j W_O‖, float32 `[layer, head, key]`.

        The value with its bias through the head's own rows of the output projection, whose bias is left out.

        Source: Kobayashi et al. 2020, "Attention is Not Only a Weight".
        """
        values = self._parts(encoded.inputs["tokens"]).layers
        return np.stack(
            [
                value_norms(self.model.get_layer(f"attention_{i}"), values[f"attention_{i}/value"][0])
                for i in range(self.layers)
            ]
        )

    def embed(self, encoded: Encoded) -> NDArray[np.float32]:
        """Embedding vectors float32 `[token, feature]`, where `gradients` differentiates."""
        vectors: NDArray[np.float32] = self._parts(encoded.inputs["tokens"]).layers["embedding"][0]
        return vectors

    def check(self, encoded: Encoded, edits: Sequence[Edit]) -> None:
        """See that edits fit: raises `InputError`, as `run` does."""
        self._checked(edits, [encoded])

    def _tail(self, ids: Any, vectors: Any) -> Any:
        tail = keras.Model([self.model.input, self.model.get_layer("embedding").output], self.model.output)
        return tail([ids, vectors], training=False)

    def _checked(self, edits: Sequence[Edit], batch: Sequence[Encoded]) -> tuple[Edit, ...]:
        names = [site.name for site in self._captured.sites]
        length = 1 + max(len(encoded.axis) for encoded in batch)
        checked = []
        for edit in edits:
            if edit.block != BLOCK:
                raise InputError("no_such_block", received=edit.block, expected=BLOCK)
            if not 0 <= edit.layer < self.layers:
                raise InputError("no_such_index", what="layer", received=edit.layer, last=self.layers - 1)
            if edit.weights.shape != (length, length):
                raise InputError(
                    "edit_shape", block=BLOCK, received=str(edit.weights.shape), expected=str((length, length))
                )
            checked.append(Edit(names[edit.layer], edit.weights, 0, edit.head, edit.label))
        return tuple(checked)


def cls_row(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """One layer's weights `[B, head, 1 + T, 1 + T]` to the [CLS] row over the text, mean over heads, `[B, T]`."""
    row = weights[:, :, 0, 1:].mean(axis=1)
    scaled: NDArray[np.float32] = row / np.maximum(row.sum(axis=-1, keepdims=True), 1e-9)
    return scaled


def _with_cls(axis: Axis) -> TokenAxis:
    return TokenAxis((CLS, *axis.tokens), (None, *axis.spans), (True, *axis.special), (False, *axis.unknown))


def load(folder: Path, card: ModelCard, read_weights: Callable[..., dict[str, Any]]) -> EncoderClassifier:
    """The model of a folder whose checksums agree.

    Raises:
        ValueError: Card, weights and vocabulary are not of one model.
    """
    weights, config = read_weights(folder), card.details["config"]
    # Before anything of the size the card claims is made.
    width = config["features"]
    claimed = width * (
        config["vocabulary_size"]
        + config["max_length"]
        + config["classes"]
        + config["layers"] * (4 * width + 2 * config["hidden"])
    )
    stored = sum(array.size for array in weights.values())
    if claimed > stored or config["classes"] != len(card.labels):
        raise ValueError(f"Expected weights of at least {claimed} numbers, a label a class. Received: {stored}")
    model = build(**config)
    set_weights(model, weights)
    tokenizer = from_config(card.details["tokenizer"], folder / "vocabulary.txt")
    return EncoderClassifier(model, tokenizer, card)
