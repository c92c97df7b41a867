"""What all classifiers of text share: text in, one run, many runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.families.common.cleaning import cleaned
from attnviz.families.common.script import fits
from attnviz.tokenizers import UNKNOWN_ID, Tokenizer
from attnviz.trace import AttentionTrace, Edit, Encoded, Notice, TokenAxis


class TextClassifier:
    """A trained classifier with its tokenizer and card; a family adds `run_batch` and the rest.

    Args:
        model: From token ids int32 `[batch, token]` to probabilities.
        tokenizer: Cuts text into tokens with ids.
        card: What the model is.
    """

    def __init__(self, model: keras.Model, tokenizer: Tokenizer, card: ModelCard) -> None:
        self.card = card
        self.model = model
        self._tokenizer = tokenizer
        self._gradient_lock = threading.Lock()
        self._gradient: Any = None

    def encode(self, text: str) -> Encoded:
        """Clean, cut into tokens, look up.

        Args:
            text: Anything a person types.

        Returns:
            Inputs `tokens` int32 `[1, token]`; notices say what was cleaned, cut, unknown or in another script.

        Raises:
            InputError: Nothing is left after cleaning.
        """
        shown, notices = cleaned(text)
        tokens = self._tokenizer.tokenize(shown)
        if not tokens:
            raise InputError("empty_text")
        limit = self.card.max_length or len(tokens)
        if len(tokens) > limit:
            notices.append(Notice("text_cut", {"limit": limit, "total": len(tokens), "left": len(tokens) - limit}))
            tokens = tokens[:limit]
            shown = shown[: tokens[-1].end]
        if not fits(shown, self.card.languages):
            notices.append(Notice("wrong_language", {"language": "/".join(self.card.languages)}))
        unknown = sum(token.unknown for token in tokens)
        if unknown == len(tokens):
            notices.append(Notice("all_unknown", {"count": unknown}))
        elif unknown:
            notices.append(Notice("some_unknown", {"count": unknown, "total": len(tokens)}))
        axis = TokenAxis(
            tuple(token.text for token in tokens),
            tuple((token.start, token.end) for token in tokens),
            (False,) * len(tokens),
            tuple(token.unknown for token in tokens),
        )
        ids = np.array([[token.id for token in tokens]], dtype=np.int32)
        return Encoded(shown, {"tokens": ids}, {"tokens": axis}, tuple(notices))

    def run(
        self,
        encoded: Encoded,
        edits: Sequence[Edit] = (),
        target: str | None = None,
        prefix: Sequence[str] | None = None,
        beam: int = 1,
    ) -> AttentionTrace:
        """One run of the model.

        Args:
            encoded: From `encode`, or a part of it.
            edits: Weights to use in place of the model's own, float `[query, key]`.
            target: Not for a classifier.
            prefix: Not for a classifier.
            beam: Not for a classifier.

        Returns:
            A trace with one block and a `Classification`.
        """
        if target is not None or prefix is not None or beam != 1:
            raise InputError("no_target", model=self.card.name)
        return self.run_batch([encoded], edits)[0]

    def run_batch(self, batch: Sequence[Encoded], edits: Sequence[Edit] = ()) -> list[AttentionTrace]:
        """Several texts in one call of the model; the same traces as one by one."""
        raise NotImplementedError

    def forward(self, ids: NDArray[np.int32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Padded ids `[text, token]` to probabilities `[text, class]` and weights `[text, token]`."""
        raise NotImplementedError

    def probabilities(self, batch: Sequence[Encoded]) -> NDArray[np.float32]:
        """Class probabilities of several texts in one call, without their traces.

        Args:
            batch: From `encode`, or parts of it.

        Returns:
            float32 `[text, class]`.
        """
        return self.forward(padded(batch))[0]

    def embed(self, encoded: Encoded) -> NDArray[np.float32]:
        """Embedding vectors float32 `[token, feature]`, where `gradients` differentiates."""
        raise NotImplementedError

    def gradients(
        self, encoded: Encoded, target: int | None = None, features: NDArray[np.float32] | None = None
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
        gradient: NDArray[np.float32] = self._gradient_function()(
            tf.constant(ids, tf.int32), tf.constant(features, tf.float32), tf.constant(target, tf.int32)
        ).numpy()
        return gradient

    def _tail(self) -> Callable[[Any, Any], Any]:
        """What follows the embedding: from ids `[batch, token]` and vectors to class probabilities."""
        raise NotImplementedError

    def _gradient_function(self) -> Any:
        with self._gradient_lock:
            if self._gradient is None:
                tail, features = self._tail(), self.model.get_layer("embedding").output_dim

                @tf.function(
                    input_signature=[
                        tf.TensorSpec([None, None], tf.int32),
                        tf.TensorSpec([None, None, features], tf.float32),
                        tf.TensorSpec([], tf.int32),
                    ]
                )
                def gradient(ids: Any, vectors: Any, target: Any) -> Any:
                    with tf.GradientTape() as tape:
                        tape.watch(vectors)
                        probability = tail(ids, vectors)[:, target]
                    return tape.gradient(probability, vectors)

                self._gradient = gradient
        return self._gradient

    @property
    def unknown_id(self) -> int:
        """Id of the token that stands for any word the vocabulary lacks; training has seen it in place of others."""
        return UNKNOWN_ID

    def trace(self, text: str | Sequence[str], **options: Any) -> Any:
        """`run(encode(text))`; a list of texts gives a list of traces."""
        if isinstance(text, str):
            return self.run(self.encode(text), **options)
        return [self.run(self.encode(each), **options) for each in text]


def padded(batch: Sequence[Encoded]) -> NDArray[np.int32]:
    """Ids int32 `[text, token]`, 0 after the end of each."""
    rows = [encoded.inputs["tokens"][0] for encoded in batch]
    ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int32)
    for row, target in zip(rows, ids, strict=True):
        target[: len(row)] = row
    return ids
