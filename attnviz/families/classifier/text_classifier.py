"""What all classifiers of text share: text in, one run, many runs, derivatives."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.families.common.cleaning import cleaned
from attnviz.families.common.derivative import Derivative
from attnviz.families.common.encoding import text_of, told
from attnviz.families.model import Model
from attnviz.tokenizers import UNKNOWN_ID, Tokenizer
from attnviz.trace import AttentionTrace, Edit, Encoded, Source, Text, TokenAxis


class TextClassifier(Model):
    """A trained classifier with its tokenizer and card; a family adds `run_batch` and the rest.

    Args:
        model: From token ids int32 `[batch, token]` to probabilities.
        tokenizer: Cuts text into tokens with ids.
        card: What the model is.
    """

    def __init__(self, model: keras.Model, tokenizer: Tokenizer, card: ModelCard) -> None:
        super().__init__(card)
        self.model = model
        self._tokenizer = tokenizer
        self._derivative = Derivative(
            self._tail, [tf.TensorSpec([None, None], tf.int32)], model.get_layer("embedding").output_dim
        )

    def encode(self, source: Source | str) -> Encoded:
        """Clean, cut into tokens, look up.

        Args:
            source: Anything a person types.

        Returns:
            Inputs `tokens` int32 `[1, token]`; notices say what was cleaned, cut, unknown or in another script.

        Raises:
            InputError: `empty_text`: nothing is left after cleaning; `not_a_text`.
        """
        shown, notices = cleaned(text_of(source))
        tokens = self._tokenizer.tokenize(shown)
        total, limit = len(tokens), self.card.max_length or len(tokens)
        if total > limit:
            tokens = tokens[:limit]
            shown = shown[: tokens[-1].end]
        axis = TokenAxis(
            tuple(token.text for token in tokens),
            tuple((token.start, token.end) for token in tokens),
            (False,) * len(tokens),
            tuple(token.unknown for token in tokens),
        )
        notices += told(axis, shown, self.card.languages, limit, total)
        ids = np.array([[token.id for token in tokens]], dtype=np.int32)
        return Encoded(Text(shown), {"tokens": ids}, {"tokens": axis}, tuple(notices))

    def attend(self, encoded: Encoded, edits: Sequence[Edit] = ()) -> AttentionTrace:
        """One run: a trace with one block and a `Classification`."""
        return self.run_batch([encoded], edits)[0]

    @abstractmethod
    def run_batch(self, batch: Sequence[Encoded], edits: Sequence[Edit] = ()) -> list[AttentionTrace]:
        """Several texts in one call of the model; the same traces as one by one."""

    @abstractmethod
    def forward(self, ids: NDArray[np.int32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Padded ids `[text, token]` to probabilities `[text, class]` and weights `[text, token]`."""

    def probabilities(self, batch: Sequence[Encoded]) -> NDArray[np.float32]:
        """Class probabilities of several texts in one call, without their traces.

        Args:
            batch: From `encode`, or parts of it.

        Returns:
            float32 `[text, class]`.
        """
        return self.forward(padded(batch))[0]

    @abstractmethod
    def embed(self, encoded: Encoded) -> NDArray[np.float32]:
        """Embedding vectors float32 `[token, feature]`, where `gradients` differentiates."""

    def gradients(
        self, encoded: Encoded, target: Any = None, features: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Derivative of a class probability by the embedding vectors.

        Args:
            encoded: From `encode`, or a part of it.
            target: Class index; None means the predicted class.
            features: float32 `[batch, token, feature]` to differentiate at; None means the text's own vectors.

        Returns:
            float32, of the shape of `features` (a batch of one if none are given).

        Raises:
            InputError: There is no such class.
        """
        if target is not None and not 0 <= target < len(self.card.labels):
            raise InputError("no_such_index", what="class", received=target, last=len(self.card.labels) - 1)
        if features is None:
            features = self.embed(encoded)[None]
        if target is None:
            target = self.run(encoded).output.predicted  # type: ignore[union-attr]
        ids = np.repeat(encoded.inputs["tokens"], len(features), axis=0)
        return self._derivative([ids], features, target)

    @abstractmethod
    def _tail(self, ids: Any, vectors: Any) -> Any:
        """What follows the embedding: from ids `[batch, token]` and vectors to class probabilities."""

    @property
    def unknown_id(self) -> int:
        """Id of the token that stands for any word the vocabulary lacks; training has seen it in place of others."""
        return UNKNOWN_ID


def padded(batch: Sequence[Encoded]) -> NDArray[np.int32]:
    """Ids int32 `[text, token]`, 0 after the end of each."""
    rows = [encoded.inputs["tokens"][0] for encoded in batch]
    ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int32)
    for row, target in zip(rows, ids, strict=True):
        target[: len(row)] = row
    return ids
