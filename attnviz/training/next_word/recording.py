"""Looks at a model of the next word while it was trained: what its heads do on texts of which some pieces come back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.entropy import entropy
from attnviz.families.common.arrays import set_weights
from attnviz.families.writing.continuation import ContinuationModel
from attnviz.families.writing.decoding import log_softmax
from attnviz.trace import Encoded, Written
from attnviz.training.networks import Weights
from attnviz.training.recording import Look

#: Tokens that are written about each example, and held fixed.
WRITTEN = 6


class NextWordRecorder:
    """Looks at weights: an example and what the stored model wrote after it are read by them, and written anew.

    Args:
        model: As loaded; its weights are put in place of by those looked at.
        examples: Texts.
        given, wanted: Held-out documents, int32 `[document, token]`; 0 is padding.

    Attributes:
        sentences: The examples.
        fixed: The tokens written after each.
    """

    def __init__(
        self, model: ContinuationModel, examples: Iterable[str], given: NDArray[np.int32], wanted: NDArray[np.int32]
    ) -> None:
        self._model, self._given, self._wanted = model, given, wanted
        self.sentences = tuple(examples)
        self.fixed: dict[str, NDArray[Any]] = {}
        self._kept: list[tuple[Encoded, list[int]]] = []
        for i, text in enumerate(self.sentences):
            encoded = model.encode(text)
            output = model.run(encoded, length=WRITTEN).output
            assert isinstance(output, Written)
            self.fixed[f"tokens_{i}"] = np.array(output.tokens, dtype=np.str_)
            self._kept.append((encoded, [model.token_id(token) for token in output.tokens]))

    def __call__(self, step: int, weights: Weights) -> Look:
        """One look; loss and accuracy are of the held-out pieces, entropy that of the last layer's heads on them."""
        set_weights(self._model.model, weights)
        result = self._model.model.predict_on_batch(self._given)
        logs, there = log_softmax(np.asarray(result["logits"])), self._wanted > 0
        own = np.take_along_axis(logs, self._wanted[..., None], -1)[..., 0]
        rows = np.asarray(result["weights"][-1]).transpose(0, 2, 1, 3)[there]  # [piece, head, key]
        look: dict[str, Any] = {
            "step": np.int64(step),
            "loss": -own[there].mean(),
            "accuracy": (logs.argmax(axis=-1) == self._wanted)[there].mean(),
            "entropy": entropy(rows).mean(),
        }
        for i, (encoded, ids) in enumerate(self._kept):
            read = self._model.read(encoded, ids)
            look[f"weights_{i}"] = read.weights["causal"].astype(np.float16)
            look[f"log_probabilities_{i}"] = log_softmax(read.logits)[np.arange(len(ids)), ids].astype(np.float16)
            output = self._model.run(encoded, length=WRITTEN).output
            assert isinstance(output, Written)
            look[f"written_{i}"] = np.array(output.text, dtype=np.str_)
        return {name: np.asarray(value) for name, value in look.items()}
