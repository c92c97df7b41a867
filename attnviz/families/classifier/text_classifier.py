"""What all classifiers of text share: text in, ids out."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnviz.families.card import ModelCard
from attnviz.families.classifier.classifier import Classifier
from attnviz.families.common.cleaning import cleaned
from attnviz.families.common.encoding import text_of, told
from attnviz.tokenizers import UNKNOWN_ID, Tokenizer
from attnviz.trace import Encoded, Source, Text, TokenAxis


class TextClassifier(Classifier):
    """A trained classifier with its tokenizer and card; a family adds `run_batch` and the rest.

    Args:
        model: From token ids int32 `[batch, token]` to probabilities.
        tokenizer: Cuts text into tokens with ids.
        card: What the model is.
    """

    def __init__(self, model: keras.Model, tokenizer: Tokenizer, card: ModelCard) -> None:
        super().__init__(model, card, tf.TensorSpec([None, None], tf.int32), model.get_layer("embedding").output_dim)
        self._tokenizer = tokenizer

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

    def stacked(self, batch: Sequence[Encoded]) -> NDArray[np.int32]:
        """Ids int32 `[text, token]`, 0 after the end of each."""
        return padded(batch)

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
