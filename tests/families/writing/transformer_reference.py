"""The tiny translation model of `translation_folder` in NumPy and float64."""

from __future__ import annotations

import keras
import numpy as np

from attnviz.families.common.arrays import names
from tests.families.writing.translation_folder import SIZES

BLOCKS = ("encoder", "decoder", "source-target")


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def reference(network, source, target, vectors=None):
    """Logits `[target, vocabulary]`, and by block weights, parts of heads and norms of values, in float64."""
    w = {n: np.asarray(keras.ops.convert_to_numpy(v), np.float64) for n, v in names(network).items()}
    width = SIZES["features"]
    found = {name: {"weights": [], "outputs": [], "norms": []} for name in BLOCKS}

    def norm(x, name):
        y = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return y * w[f"{name}/gamma"] + w[f"{name}/beta"]

    def positions(x):
        angle = np.arange(len(x))[:, None] * 10_000.0 ** (-np.arange(0, width, 2) / width)
        return x * np.sqrt(width) + np.concatenate([np.sin(angle), np.cos(angle)], -1)

    def heads(x, name):
        return np.einsum("tf,fhd->htd", x, w[f"{name}/kernel"]) + w[f"{name}/bias"].reshape(SIZES["heads"], 1, -1)

    def attend(x, memory, name, block, allowed=None):
        q, k, v = (heads(each, f"{name}_{p}") for each, p in ((x, "query"), (memory, "key"), (memory, "value")))
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
        weights = softmax(scores if allowed is None else np.where(allowed, scores, -1e30))
        parts = np.einsum("htd,hdf->htf", weights @ v, w[f"{name}_output/kernel"])
        norms = np.linalg.norm(np.einsum("hkd,hdf->hkf", v, w[f"{name}_output/kernel"]), axis=-1)
        for what, value in (("weights", weights), ("outputs", parts), ("norms", norms)):
            found[block][what].append(value)
        return parts.sum(0) + w[f"{name}_output/bias"]

    def feed(x, name):
        inner = np.maximum(0, norm(x, f"{name}_norm") @ w[f"{name}_in/kernel"] + w[f"{name}_in/bias"])
        return x + inner @ w[f"{name}_out/kernel"] + w[f"{name}_out/bias"]

    x = positions(w["source_embedding/embeddings"][source] if vectors is None else vectors)
    for i in range(SIZES["encoder_layers"]):
        y = norm(x, f"encoder_{i}_norm")
        x = feed(x + attend(y, y, f"encoder_{i}", "encoder"), f"encoder_{i}_feed_forward")
    states = norm(x, "encoder_norm")
    y = positions(w["target_embedding/embeddings"][target])
    seen = np.tri(len(target), dtype=bool)
    for i in range(SIZES["decoder_layers"]):
        z = norm(y, f"decoder_{i}_norm")
        y = y + attend(z, z, f"decoder_{i}", "decoder", seen)
        y = y + attend(norm(y, f"cross_{i}_norm"), states, f"cross_{i}", "source-target")
        y = feed(y, f"decoder_{i}_feed_forward")
    return norm(y, "decoder_norm") @ w["target_embedding/embeddings"].T, found
