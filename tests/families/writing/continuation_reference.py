"""A decoder of the Llama kind in NumPy and float64, written from the papers: nothing of Keras' in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass
class Computed:
    """What one pass gives.

    Attributes:
        logits: `[token, vocabulary]`.
        weights: `[layer, head, query, key]`.
        outputs: Each head's part of the output projection, `[layer, head, query, feature]`.
        norms: ‖v_j W_O‖, `[layer, head, key]`.
    """

    logits: Floats
    weights: Floats
    outputs: Floats = field(default_factory=lambda: np.zeros(0))
    norms: Floats = field(default_factory=lambda: np.zeros(0))


@dataclass
class Layer:
    """Weights of one layer, in rows: a vector times a matrix `[in, out]`."""

    before: Floats
    query: Floats
    key: Floats
    value: Floats
    output: Floats
    between: Floats
    into: Floats
    gate: Floats
    out: Floats
    biases: Mapping[str, Floats] = field(default_factory=dict)


def turned(x: Floats, theta: float, beside: bool = False) -> Floats:
    """`[head, token, feature]`, each pair (i, i + D/2), or (2i, 2i + 1), turned by the complex number of its place."""
    half = x.shape[-1] // 2
    rates = theta ** (-2 * np.arange(half) / x.shape[-1])
    turn = np.exp(1j * np.arange(x.shape[1])[:, None] * rates)
    if beside:
        pairs = (x[..., ::2] + 1j * x[..., 1::2]) * turn
        return np.stack([pairs.real, pairs.imag], axis=-1).reshape(x.shape)
    pairs = (x[..., :half] + 1j * x[..., half:]) * turn
    return np.concatenate([pairs.real, pairs.imag], axis=-1)


def scaled(x: Floats, scale: Floats, epsilon: float) -> Floats:
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + epsilon) * scale


def heads(x: Floats, count: int) -> Floats:
    return x.reshape(len(x), count, -1).transpose(1, 0, 2)


def run(
    vectors: Floats,
    layers: list[Layer],
    last: Floats,
    unembed: Floats,
    *,
    queries: int,
    keys: int,
    theta: float,
    epsilon: float = 1e-5,
    beside: bool = False,
) -> Computed:
    """Vectors of the tokens `[token, feature]` through all layers; `unembed` is `[feature, vocabulary]`."""
    x, found = vectors, Computed(np.zeros(0), np.zeros(0))
    weights, outputs, norms = [], [], []
    for each in layers:
        normal = scaled(x, each.before, epsilon)
        q, k, v = (
            heads(normal @ getattr(each, name) + each.biases.get(name, 0.0), count)
            for name, count in (("query", queries), ("key", keys), ("value", keys))
        )
        q, k = turned(q, theta, beside), turned(k, theta, beside)
        k, v = (np.concatenate([[one] * (queries // keys) for one in part]) for part in (k, v))
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
        scores[:, ~np.tri(len(x), dtype=bool)] = -np.inf
        powers = np.exp(scores - scores.max(-1, keepdims=True))
        weights.append(powers / powers.sum(-1, keepdims=True))
        projection = each.output.reshape(queries, -1, x.shape[-1])
        parts = weights[-1] @ v @ projection
        outputs.append(parts)
        norms.append(np.linalg.norm(v @ projection, axis=-1))
        x = x + parts.sum(0) + each.biases.get("output", 0.0)
        normal = scaled(x, each.between, epsilon)
        inner = normal @ each.into
        x = x + (inner / (1 + np.exp(-inner)) * (normal @ each.gate)) @ each.out
    found.logits = scaled(x, last, epsilon) @ unembed
    found.weights, found.outputs, found.norms = np.stack(weights), np.stack(outputs), np.stack(norms)
    return found


def of_arrays(arrays: Mapping[str, Any], ids: list[int], vectors: Floats | None = None, **how: Any) -> Computed:
    """From a weights file of this project."""
    w = {name: np.asarray(array, np.float64) for name, array in arrays.items()}
    table = w["embedding/embeddings"]
    width, count = table.shape[1], sum(name.endswith("_query/kernel") for name in w)

    layers = []
    for i in range(count):
        projections = [w[f"attention_{i}_{part}/kernel"].reshape(width, -1) for part in ("query", "key", "value")]
        output = w[f"attention_{i}_output/kernel"].reshape(-1, width)
        feeds = [w[f"feed_{i}_{part}/kernel"] for part in ("in", "gate", "out")]
        norms = w[f"attention_{i}_norm/scale"], w[f"feed_{i}_norm/scale"]
        arguments: list[Any] = [norms[0], *projections, output, norms[1], *feeds]
        layers.append(Layer(*arguments))
    queries, keys = (w[f"attention_0_{part}/kernel"].shape[1] for part in ("query", "key"))
    given = table[ids] if vectors is None else vectors
    return run(given, layers, w["last_norm/scale"], table.T, queries=queries, keys=keys, theta=10_000.0, **how)
