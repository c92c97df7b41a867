"""Looks at a classifier while it was trained."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.entropy import entropy
from attnviz.families.classifier import encoder_network
from attnviz.tokenizers import Tokenizer, clean
from attnviz.training.batch import Batch
from attnviz.training.networks import Variant, Weights, network, set_weights
from attnviz.training.recording import Look, drawn


def sample(test: Batch, seed: int) -> Batch:
    """Some sentences of the test part, the same for the same seed."""
    return test.take(drawn(len(test.ids), seed))


class Recorder:
    """Looks at weights.

    Args:
        config: What the family's `build` takes, as in training.
        variant: `attention` or `encoder`.
        tokenizer: Of the model.
        sentences: Whose attention is kept.
        measured: What loss, accuracy and entropy are of.
    """

    def __init__(
        self, config: dict[str, int], variant: Variant, tokenizer: Tokenizer, sentences: Sequence[str], measured: Batch
    ) -> None:
        self.sentences = tuple(sentences)
        self.fixed: Mapping[str, NDArray[Any]] = {}
        self._model = _revealing(config, variant)
        self._rows = config["vocabulary_size"]
        self._measured = measured
        tokens = [tokenizer.tokenize(clean(sentence).text)[: config["max_length"]] for sentence in sentences]
        self._ids = [np.array([[token.id for token in row]], dtype=np.int32) for row in tokens]

    def __call__(self, step: int, weights: Weights) -> Look:
        """One look.

        Args:
            step: Training steps done.
            weights: The model's then; rows of the embedding beyond the vocabulary are left out.
        """
        used = weights["embedding/embeddings"][: self._rows]
        set_weights(self._model, {**weights, "embedding/embeddings": used})
        probabilities, attention = self._run(self._measured.ids)
        labels = self._measured.labels
        likelihood = np.maximum(probabilities[np.arange(len(labels)), labels], 1e-9)
        look: dict[str, Any] = {
            "step": np.int64(step),
            "loss": -np.log(likelihood).mean(dtype=np.float64),
            "accuracy": (probabilities.argmax(axis=1) == labels).mean(),
            "entropy": entropy(attention[:, -1, :, 0]).mean(),  # [CLS] stands at 0, a pooling model has one row
        }
        for i, ids in enumerate(self._ids):
            probabilities, attention = self._run(ids)
            look[f"weights_{i}"] = attention[0].astype(np.float16)
            look[f"probabilities_{i}"] = probabilities[0].astype(np.float16)
        return {name: np.asarray(value) for name, value in look.items()}

    def _run(self, ids: NDArray[np.int32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Probabilities `[B, C]` and weights `[B, layer, head, query, key]`."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "You are using a softmax over axis")  # a sentence of one token
            results = self._model(ids, training=False)
        probabilities, *layers = (keras.ops.convert_to_numpy(each) for each in results)
        if layers[0].ndim == 2:  # [B, T] of a pooling layer
            return probabilities, layers[0][:, None, None, None, :]
        return probabilities, np.stack(layers, axis=1)


def _revealing(config: dict[str, int], variant: Variant) -> keras.Model:
    """A network with the weights of every attention layer as further outputs."""
    if variant != "encoder":
        return network(config, variant)
    base = encoder_network.build(**config)
    layers = [layer for layer in base.layers if isinstance(layer, keras.layers.MultiHeadAttention)]
    return keras.Model(base.input, [base.output, *(layer.output[1] for layer in layers)])
