"""Model folders as a user makes them, for tests: tiny models, saved, with a card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from attnviz.layers import AttentionPooling
from attnviz.tokenizers import PADDING, UNKNOWN

WORDS = ("we", "saw", "the", "red", "car", "today")
VOCABULARY = (PADDING, UNKNOWN, *WORDS)
ROWS, FEATURES, HEADS, SIZE = 11, 10, 3, 7
LABELS = ["far", "near"]


def encoder(classes: int = 2, activation: str = "softmax", length: int | None = None, mask: bool = True) -> Any:
    """Functional, with multi-head attention."""
    tokens = keras.Input((length,), dtype="int32", name="tokens")
    x = layers.Embedding(ROWS, FEATURES, mask_zero=mask, name="embedding")(tokens)
    x = layers.MultiHeadAttention(HEADS, SIZE, dropout=0.1, name="mha")(x, x)
    x = layers.GlobalAveragePooling1D()(x)
    return randomized(keras.Model(tokens, layers.Dense(classes, activation=activation)(x)))


def pooled() -> Any:
    """Sequential, ending in attnviz's own pooling, which gives two outputs."""
    return randomized(
        keras.Sequential(
            [
                keras.Input((None,), dtype="int32"),
                layers.Embedding(ROWS, FEATURES, mask_zero=True),
                AttentionPooling(13, name="pooling"),
            ]
        )
    )


def recurrent() -> Any:
    """A GRU whose states look at each other through `Attention`."""
    tokens = keras.Input((None,), dtype="int32")
    x = layers.Embedding(ROWS, FEATURES)(tokens)
    x = layers.Bidirectional(layers.GRU(SIZE, return_sequences=True))(x)
    x = layers.Attention(name="attention")([x, x])
    x = keras.ops.max(x * 2.0, axis=1)
    return randomized(keras.Model(tokens, layers.Dense(1, activation="sigmoid")(x)))


def randomized(model: Any) -> Any:
    """Weights that are not nearly nothing, so that no attention is uniform."""
    rng = np.random.default_rng(5)
    for variable in model.weights:
        if "float" in variable.dtype:
            variable.assign(rng.normal(0, 0.7, variable.shape))
    return model


def make(place: Path, model: Any, name: str = "mine", vocabulary: Any = VOCABULARY, **card: Any) -> Path:
    """A folder put together by hand; without a model, without `model.keras`."""
    folder = place / name
    folder.mkdir(parents=True)
    if model is not None:
        model.save(folder / "model.keras")
    if vocabulary is not None:
        (folder / "vocabulary.txt").write_text("".join(f"{word}\n" for word in vocabulary), encoding="utf-8")
    card = {"name": name, "family": "own", "tokenizer": {"kind": "words"}, **card}
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    return folder


def arrays(model: Any, name: str) -> dict[str, np.ndarray[Any, Any]]:
    """Variables of a layer in float64, by name."""
    return {each.path.partition(f"{name}/")[2]: np.asarray(each, np.float64) for each in model.get_layer(name).weights}
