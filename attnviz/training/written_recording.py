"""Looks at any model that writes while it was trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.entropy import entropy
from attnviz.analysis.heads.alignment import alignment_heads, written_block
from attnviz.families.common.arrays import set_weights
from attnviz.families.writing.decoding import log_softmax
from attnviz.families.writing.encoder_decoder import EncoderDecoderModel
from attnviz.trace import Encoded, Written
from attnviz.training.networks import Weights
from attnviz.training.recording import Look


@dataclass(frozen=True)
class Texts:
    """Sources with what is to be written about them; B texts, T tokens.

    Attributes:
        given: What the encoder takes.
        target: What the decoder is given, int32 `[B, T]`.
        wanted: What is right after each, int32 `[B, T]`; 0 is padding.
    """

    given: Mapping[str, NDArray[Any]]
    target: NDArray[np.int32]
    wanted: NDArray[np.int32]


class WrittenRecorder:
    """Looks at weights: a text held fixed is read by them, and written anew.

    Args:
        model: As loaded; its weights are put in place of by those looked at.
        examples: Sources whose texts are kept, if they come to an end.
        measured: Sources with references, in batches.

    Attributes:
        sentences: The examples whose text comes to an end.
        fixed: The tokens of each one's text.

    Raises:
        ValueError: No example's text comes to an end.
    """

    def __init__(self, model: EncoderDecoderModel, examples: Iterable[str], measured: Iterable[Texts]) -> None:
        self._model, self._measured = model, list(measured)
        self._kept: list[tuple[Encoded, Texts]] = []
        self.fixed: dict[str, NDArray[Any]] = {}
        tried, sentences = tuple(examples), list[str]()
        for source in tried:
            encoded = model.encode(source)
            trace = model.run(encoded)
            output = trace.output
            assert isinstance(output, Written)
            if output.finished:
                self.fixed[f"tokens_{len(sentences)}"] = np.array(output.tokens, dtype=np.str_)
                sentences.append(source)
                wanted = np.array([[model.token_id(token) for token in output.tokens]], np.int32)
                target = np.concatenate([[[model.rules(encoded).start]], wanted[:, :-1]], axis=1).astype(np.int32)
                self._kept.append((encoded, Texts(model.given(encoded), target, wanted)))
        if not sentences:
            raise ValueError(f"Expected an example whose text ends. Received: {tried}")
        self.sentences = tuple(sentences)
        self._heads = alignment_heads(written_block(trace), model.card.details.get("alignment"))

    def __call__(self, step: int, weights: Weights) -> Look:
        """One look.

        Args:
            step: Training steps done.
            weights: The model's then.
        """
        set_weights(self._model.model, weights)
        loss, right, nats = (np.concatenate(each) for each in zip(*map(self._figures, self._measured), strict=True))
        look: dict[str, Any] = {
            "step": np.int64(step),
            "loss": loss.mean(),
            "accuracy": right.mean(),
            "entropy": nats.mean(),
        }
        for i, (encoded, texts) in enumerate(self._kept):
            logs, attention = self._read(texts)
            own = np.take_along_axis(logs[0], texts.wanted[0, :, None], -1)[:, 0]
            look[f"weights_{i}"] = attention[0].astype(np.float16)
            look[f"log_probabilities_{i}"] = own.astype(np.float16)
            output = self._model.run(encoded).output
            assert isinstance(output, Written)
            look[f"written_{i}"] = np.array(output.text, dtype=np.str_)
        return {name: np.asarray(value) for name, value in look.items()}

    def _figures(self, texts: Texts) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Of all tokens of the references: nats, whether none is more probable, entropy of their rows."""
        logs, attention = self._read(texts)
        there = texts.wanted > 0
        own = np.take_along_axis(logs, texts.wanted[..., None], -1)[..., 0]
        rows = np.mean([attention[:, layer, head] for layer, head in self._heads], axis=0)
        return -own[there], (logs.argmax(axis=-1) == texts.wanted)[there], entropy(rows[there])

    def _read(self, texts: Texts) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Log probabilities `[B, T, V]` and weights `[B, layer, head, T, S]`."""
        result = self._model.model.predict_on_batch({**texts.given, "target": texts.target})
        return log_softmax(result["logits"]), np.stack(result["weights"], axis=1)
