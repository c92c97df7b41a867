"""Attention in NumPy float64, written from the papers and the layers' documentation; nothing of Keras is called."""

from __future__ import annotations

import numpy as np


def array(variable) -> np.ndarray:
    return np.asarray(variable.numpy() if hasattr(variable, "numpy") else variable, np.float64)


def softmax(scores: np.ndarray, allowed: np.ndarray | None = None, axis: int | tuple[int, ...] = -1) -> np.ndarray:
    """Softmax over the allowed cells; nan where a row has none."""
    if allowed is not None:
        scores = np.where(np.broadcast_to(allowed, scores.shape), scores, -np.inf)
    with np.errstate(invalid="ignore"):
        powers = np.exp(scores - scores.max(axis, keepdims=True))
        return powers / powers.sum(axis, keepdims=True)


def projected(x: np.ndarray, dense) -> np.ndarray:
    """`[batch, token, feature]` by an `EinsumDense` kernel `[feature, head, size]` to `[batch, token, head, size]`."""
    y = np.einsum("btd,dhk->bthk", x, array(dense.kernel))
    return y + array(dense.bias) if dense.bias is not None else y


def mha(layer, query, value, key=None, allowed=None, weights=None) -> tuple[np.ndarray, np.ndarray]:
    """Vaswani et al. 2017: weights `[batch, head, query, key]` and output; grouped queries share keys in order."""
    key = value if key is None else key
    q, k, v = projected(query, layer.query_dense), projected(key, layer.key_dense), projected(value, layer.value_dense)
    repeats = q.shape[2] // k.shape[2]
    k, v = np.repeat(k, repeats, axis=2), np.repeat(v, repeats, axis=2)
    if weights is None:
        weights = softmax(np.einsum("bqhd,bkhd->bhqk", q, k) / np.sqrt(q.shape[-1]), allowed)
    context = np.einsum("bhqk,bkhd->bqhd", weights, v)
    return weights, np.einsum("bqhd,hdf->bqf", context, array(layer.output_dense.kernel)) + array(
        layer.output_dense.bias
    )


def causal(n: int) -> np.ndarray:
    return np.tril(np.ones((n, n), bool))
