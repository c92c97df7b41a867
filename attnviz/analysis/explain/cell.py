"""Scaled dot-product attention of one query, written out number by number; why its divisor is √d, and what n² costs.

Vaswani et al. 2017, section 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attnviz.analysis.entropy import entropy
from attnviz.analysis.softmax import at_temperature
from attnviz.trace import MASK_NONE, MASK_OTHER, Steps

#: No product of a query and a key reaches this: a score below it was put there by a mask.
MASKED_BELOW = -5000.0

#: Random queries, most keys of each, and the seed they are drawn with.
DRAWS, MOST_KEYS, SEED = 128, 32, 1

#: Tokens of the sentences whose cost is drawn, and bytes of a float32.
LENGTHS, BYTES = tuple(2**power for power in range(4, 13)), 4


def row(
    steps: Steps, keys: Sequence[str], mask: NDArray[np.int8] | None = None, temperature: float = 1.0
) -> pd.DataFrame:
    """From q·k to the weight, for every key of one query, in float64.

    Args:
        steps: With `query` [feature], `key` [key, feature], `scores` and `weights` [key].
        keys: Tokens, one a key.
        mask: int8 `[key]`, of `attnviz.trace`'s `MASK_…`; None is a row without a mask.
        temperature: Above 0; every score is divided by it before the softmax. The model's own is 1.

    Returns:
        Columns `position`, `token`, `product` (q·k), `scaled` (q·k / √d), `mask` (int8), `score` (the model's own; −inf
        where a mask put it out of reach), `exponential` (e^((score − max) / temperature), exactly 0 there), `sum`,
        `weight`, and `model` (the model's own weight).
    """
    query = steps["query"].astype(np.float64)
    product = _products(steps)
    score, codes = _masked(steps, mask)
    exponential = np.exp((score - score.max()) / temperature)
    return pd.DataFrame(
        {
            "position": np.arange(1, len(keys) + 1),
            "token": list(keys),
            "product": product,
            "scaled": product / np.sqrt(len(query)),
            "mask": codes,
            "score": score,
            "exponential": exponential,
            "sum": exponential.sum(),
            "weight": exponential / exponential.sum(),
            "model": steps["weights"],
        }
    )


def beyond(table: pd.DataFrame) -> float:
    """How far a score is from q·k / √d at most, where nothing is masked: what the layer adds of its own."""
    seen = table[np.isfinite(table["score"]) & (table["mask"] == MASK_NONE)]
    return float((seen["score"] - seen["scaled"]).abs().max()) if len(seen) else 0.0


def changed(steps: Steps, temperature: float) -> NDArray[np.float64]:
    """The row's weights at another temperature, float64 `[key]`; 1 gives the model's own within rounding.

    Args:
        steps: With `scores`.
        temperature: Above 0.
    """
    return at_temperature(_masked(steps, None)[0], temperature)


def reweighted(steps: Steps, weights: NDArray[np.floating]) -> Steps:
    """The same computation going on from other weights: `weights`, `context` and, if there, `output` follow them.

    Args:
        steps: With `value`, `weights`, `context`.
        weights: `[key]`.
    """
    context = weights @ steps["value"].astype(np.float64)
    values: dict[str, NDArray[np.floating]] = {"weights": weights, "context": context}
    if "output" in steps:
        values["output"] = context @ steps["output_kernel"].astype(np.float64)
    return Steps(
        tuple(
            replace(step, values=values[step.name].astype(np.float32)) if step.name in values else step
            for step in steps.items
        )
    )


def divided(steps: Steps, divisor: float, mask: NDArray[np.int8] | None = None) -> NDArray[np.float64]:
    """softmax(q·k / divisor) of the row, float64 `[key]`; masked keys get 0.

    Args:
        steps: With `query`, `key` and `scores`.
        divisor: Above 0; the square root of the query's length is the model's own.
        mask: As for `row`.
    """
    score, codes = _masked(steps, mask)
    hidden = ~np.isfinite(score) if np.isfinite(score).any() else np.zeros_like(codes, bool)
    return at_temperature(np.where(hidden, -np.inf, _products(steps)), divisor)


def saturation(steps: Steps, divisors: Sequence[float], mask: NDArray[np.int8] | None = None) -> pd.DataFrame:
    """How sharp the softmax of q·k / divisor is: the largest weight and the entropy.

    Args:
        steps: With `query`, `key` and `scores`.
        divisors: Above 0.
        mask: As for `row`.

    Returns:
        Columns `divisor`, `largest`, `entropy` (nats).
    """
    rows = np.stack([divided(steps, divisor, mask) for divisor in divisors])
    return pd.DataFrame({"divisor": list(divisors), "largest": rows.max(-1), "entropy": entropy(rows)})


def random_products(widths: Sequence[int], keys: int) -> NDArray[np.float64]:
    """q·k of random vectors whose numbers are independent, of mean 0 and variance 1.

    Args:
        widths: Lengths d of the vectors; the shorter ones are the beginnings of the longer ones.
        keys: How many keys each query has.

    Returns:
        float64 `[width, draw, key]`, the same for the same arguments: `DRAWS` queries, drawn with `SEED`.
    """
    generator = np.random.default_rng(SEED)
    longest = max(widths)
    q = generator.standard_normal((DRAWS, 1, longest), np.float32)
    k = generator.standard_normal((DRAWS, keys, longest), np.float32)
    sums = np.cumsum(q * k, axis=-1, dtype=np.float64)  # [draw, key, d]
    return np.ascontiguousarray(np.moveaxis(sums[..., np.asarray(widths) - 1], -1, 0))


def growth(widths: Sequence[int], products: NDArray[np.float64]) -> pd.DataFrame:
    """What the length d of the vectors does to q·k and to the softmax of it, divided by √d and not divided.

    Args:
        widths: Lengths d.
        products: float64 `[width, draw, key]`, of these lengths.

    Returns:
        A row for each d: `d`, `root` (√d), `spread` (standard deviation of q·k over all draws and keys), and the mean
        over draws of the largest weight and of the entropy (nats): `plain_largest`, `plain_entropy` of softmax(q·k),
        `scaled_largest`, `scaled_entropy` of softmax(q·k / √d).
    """
    roots = np.sqrt(np.asarray(widths, np.float64))
    plain, scaled = at_temperature(products, 1.0), at_temperature(products / roots[:, None, None], 1.0)
    return pd.DataFrame(
        {
            "d": list(widths),
            "root": roots,
            "spread": products.std(axis=(1, 2)),
            "plain_largest": plain.max(-1).mean(-1),
            "scaled_largest": scaled.max(-1).mean(-1),
            "plain_entropy": entropy(plain).mean(-1),
            "scaled_entropy": entropy(scaled).mean(-1),
        }
    )


def cost(length: int, heads: int) -> pd.DataFrame:
    """What attention between all pairs of tokens needs, for this sentence and for others.

    Args:
        length: Tokens of the sentence at hand.
        heads: Heads in all layers together.

    Returns:
        By rising length: `tokens`, `cells` (weights of one head), `weights` (of all heads), `bytes` (as float32).
    """
    tokens = np.array(sorted({*LENGTHS, length}), np.int64)
    weights = heads * tokens**2
    return pd.DataFrame({"tokens": tokens, "cells": tokens**2, "weights": weights, "bytes": BYTES * weights})


def _products(steps: Steps) -> NDArray[np.float64]:
    products: NDArray[np.float64] = steps["key"].astype(np.float64) @ steps["query"].astype(np.float64)
    return products


def _masked(steps: Steps, mask: NDArray[np.int8] | None) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Scores with −inf where a mask is at work, and what mask it is; a row masked as a whole keeps its scores."""
    score = steps["scores"].astype(np.float64)
    hidden = score < MASKED_BELOW
    codes = np.full(len(score), MASK_NONE, np.int8) if mask is None else mask.astype(np.int8)
    codes = np.where(hidden & (codes == MASK_NONE), np.int8(MASK_OTHER), codes)
    return score if hidden.all() else np.where(hidden, -np.inf, score), codes
