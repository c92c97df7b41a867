"""What each head does, in figures: how spread out it is, how far it looks, and where; and which heads are alike."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attnviz.analysis.heads.behaviour import FIGURES, of_block
from attnviz.trace import AttentionBlock

#: Terms of a logarithm that `similarity` may take; beyond that it looks at fewer queries, never at fewer than these.
TERMS, FEWEST_QUERIES = 100_000_000, 8


def heads(block: AttentionBlock) -> pd.DataFrame:
    """One head a row; every figure is a mean over the queries.

    Args:
        block: Self-attention: queries and keys are the same tokens.

    Returns:
        Columns `layer`, `head` (from 1); `entropy` (nats); `distance` (tokens between query and key, weighted);
        `previous`, `next`, `same`, `first`, `special`: share of the weight on the token before, after, the query,
        the first token, and all special tokens; `copy` that on earlier tokens like the query, `induction` that on the
        tokens that followed these (Olsson et al. 2022), over the queries that have any; `largest`, the largest weight.
        Shares at the edge of the sentence, where there is no such token, are left out of the mean; NaN where there is
        none at all.

    Source: Clark et al. 2019, "What Does BERT Look At?".

    >>> import attnviz
    >>> trace = attnviz.load("sentiment-en-encoder").trace("a good film")
    >>> list(heads(trace.blocks[0]).columns[:4])
    ['layer', 'head', 'entropy', 'distance']
    """
    found = of_block(block, one_sequence=True)
    layers, number, _, _ = block.shape
    rows = [
        {"layer": layer + 1, "head": head + 1} | {name: values[layer, head] for name, values in found.items()}
        for layer, head in np.ndindex(layers, number)
    ]
    return pd.DataFrame(rows, columns=["layer", "head", *FIGURES])


@dataclass(frozen=True, eq=False)
class Similarity:
    """How far apart every two heads are.

    Attributes:
        distance: float64 `[layer * head, layer * head]`, nats, 0 (alike) to ln 2 (no key in common); layer by layer.
        heads: `(layer, head)` of each row and column, from 0.
        queries: How many queries the mean is over.
        total: How many queries there are; more than `queries` in a long text, where evenly spaced ones are taken.
    """

    distance: NDArray[np.float64]
    heads: tuple[tuple[int, int], ...]
    queries: int
    total: int

    def table(self) -> pd.DataFrame:
        """One pair of heads a row, nearest first.

        Returns:
            Columns `layer`, `head`, `other_layer`, `other_head` (from 1) and `divergence` (nats).
        """
        rows = [
            (*(index + 1 for index in (*self.heads[a], *self.heads[b])), self.distance[a, b])
            for a, b in combinations(range(len(self.heads)), 2)
        ]
        frame = pd.DataFrame(rows, columns=["layer", "head", "other_layer", "other_head", "divergence"])
        return frame.sort_values("divergence", kind="stable", ignore_index=True)


def similarity(block: AttentionBlock) -> Similarity:
    """Distance of every two heads: the mean over queries of the Jensen-Shannon divergence of their weights.

    JS(p, q) = H((p + q) / 2) - H(p) / 2 - H(q) / 2, in nats. Computed in float32, good to about 1e-6.

    Args:
        block: Any number of layers and heads; rows that sum to 1.

    Source: Clark et al. 2019, "What Does BERT Look At?", section 6 (they add up over tokens, this is the mean).

    >>> import attnviz
    >>> trace = attnviz.load("sentiment-en-encoder").trace("a good film")
    >>> float(similarity(trace.blocks[0]).distance[0, 0])
    0.0
    """
    layers, number, total, keys = block.shape
    count = layers * number
    pairs = max(count * (count - 1) // 2, 1)
    queries = min(total, max(TERMS // (pairs * max(keys, 1)), FEWEST_QUERIES))
    taken = np.round(np.linspace(0, total - 1, queries)).astype(int)
    rows = np.ascontiguousarray(block.weights[:, :, taken].reshape(count, -1))  # [head, query * key]
    own = np.array([_negative_entropy(row[None])[0] for row in rows])
    distance = np.zeros((count, count))
    for head in range(count - 1):
        both = (rows[head + 1 :] + rows[head]) / 2
        joint = _negative_entropy(both)
        distance[head, head + 1 :] = ((own[head] + own[head + 1 :]) / 2 - joint) / queries
    distance = np.clip(distance + distance.T, 0, np.log(2))
    return Similarity(distance, tuple(np.ndindex(layers, number)), queries, total)


def placement(distance: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Heads as points in a plane, near to each other if they are alike: classical multidimensional scaling.

    The root of a mean of Jensen-Shannon divergences is a Euclidean distance, so `distance` is taken as the squared one
    and nothing is lost but the further dimensions. An axis means nothing by itself and may be turned or mirrored; here
    the head farthest out on each axis is on the positive side.

    Args:
        distance: float64 `[head, head]`, as `Similarity.distance`.

    Returns:
        Points float64 `[head, 2]`, and the share 0-1 of the variance that two dimensions keep (1 if there is none).

    Source: Torgerson 1952; Endres & Schindelin 2003, "A new metric for probability distributions".
    """
    count = len(distance)
    centre = np.eye(count) - 1 / count
    values, vectors = np.linalg.eigh(-centre @ distance @ centre / 2)
    values = np.clip(values[::-1], 0, None)
    axes = (vectors[:, ::-1] * np.sqrt(values))[:, :2]
    points = np.zeros((count, 2))
    for axis, line in enumerate(axes.T):
        outermost = int(np.argmax(np.abs(line) > np.abs(line).max() * (1 - 1e-6)))  # the first of equals
        points[:, axis] = line * (np.sign(line[outermost]) or 1)
    whole = float(values.sum())
    return points, float(values[:2].sum() / whole) if whole > 1e-12 else 1.0


def _negative_entropy(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Sum of p ln p over all numbers of a row, float64 `[row]`."""
    tiny = np.finfo(np.float32).tiny
    logs = np.log(np.maximum(rows, tiny))
    return np.array([np.dot(row, log) for row, log in zip(rows, logs, strict=True)], np.float64)
