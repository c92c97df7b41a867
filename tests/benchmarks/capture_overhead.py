"""What capturing costs beside the plain forward pass, both compiled alike.

    python -m tests.benchmarks.capture_overhead [--runs 30] [--tokens 16 32 64 128 256 512]

Two models: an encoder of the size of MiniLM-L6 (6 layers x 12 heads x 384 features, random weights, padding mask) and
the pooling classifier. Runs alternate between both functions; medians. The copy out (all weights, float32, contiguous)
is printed by itself. Exit code 1 if compute is more than 10 % above plain at 32 tokens or more.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from attnviz.capture import CapturedModel
from attnviz.families.classifier import pooling

LIMIT = 0.10


def encoder(depth: int = 6, heads: int = 12, size: int = 384, vocabulary: int = 3_000) -> keras.Model:
    """A BERT-like encoder with a padding mask, from token ids to a vector."""
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = layers.Embedding(vocabulary, size, mask_zero=True)(tokens)
    for index in range(depth):
        attention = layers.MultiHeadAttention(heads, size // heads, name=f"layer_{index}_attention")(x, x)
        x = layers.LayerNormalization()(layers.Add()([x, attention]))
        hidden = layers.Dense(size, name=f"layer_{index}_out")(layers.Dense(4 * size, activation="gelu")(x))
        x = layers.LayerNormalization()(layers.Add()([x, hidden]))
    return keras.Model(tokens, layers.GlobalAveragePooling1D()(x))


def timed(function: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    function()
    return (time.perf_counter() - start) * 1000


def measure(model: keras.Model, tokens: int, runs: int) -> tuple[float, float, float]:
    """Medians in milliseconds: plain, captured, copy out."""
    ids = tf.constant(np.random.default_rng(0).integers(1, 3_000, (1, tokens)), tf.int32)
    spec = tf.TensorSpec([None, None], tf.int32)
    plain = tf.function(lambda given: model(given, training=False), autograph=False).get_concrete_function(spec)
    captured = CapturedModel(model)
    graph = captured._graph(0, [ids])

    def copy_out() -> None:
        for site in run.sites.values():
            _ = site.weights

    times: dict[str, list[float]] = {"plain": [], "captured": [], "copy": []}
    for index in range(runs + 3):
        run = captured(ids)
        row = {
            "plain": timed(lambda: plain(ids).numpy()),
            "captured": timed(lambda: graph.plain(ids)[0].numpy()),
            "copy": timed(copy_out),
        }
        if index >= 3:
            for key, value in row.items():
                times[key].append(value)
    return tuple(statistics.median(times[key]) for key in ("plain", "captured", "copy"))  # type: ignore[return-value]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--tokens", type=int, nargs="+", default=[16, 32, 64, 128, 256, 512])
    options = parser.parse_args(arguments)
    models = {
        "encoder 6 x 12 x 384": (encoder(), max(options.tokens)),
        "pooling classifier": (pooling.build(classes=10), 128),
    }
    print(f"{'model':22} {'tokens':>6} {'plain ms':>9} {'captured':>9} {'overhead':>9} {'copy out':>9}")
    worst = 0.0
    for name, (model, longest) in models.items():
        for tokens in options.tokens:
            if tokens > longest:
                continue
            plain, captured, copy = measure(model, tokens, options.runs)
            overhead = captured / plain - 1
            worst = max(worst, overhead if tokens >= 32 else 0)
            print(f"{name:22} {tokens:6} {plain:9.3f} {captured:9.3f} {overhead:9.1%} {copy:9.3f}", flush=True)
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
