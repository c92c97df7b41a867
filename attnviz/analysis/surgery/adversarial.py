"""Weights that differ as much as they can from the model's own while the prediction stays what it is.

Source: Jain and Wallace 2019, "Attention is not Explanation", section 4.2.2. They follow gradients of a penalty; here
the model is asked about many candidates at a time, and a candidate that moves the prediction too far is drawn back
towards the model's own weights until it does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.divergence import jensen_shannon, total_variation
from attnviz.deadline import check

Floats = NDArray[np.float64]

#: From weights float32 `[candidate, key]` to class probabilities `[candidate, class]`, in one call of the model.
Probabilities = Callable[[NDArray[np.float32]], NDArray[np.floating[Any]]]

#: How far from the model's own weights (0) to the candidate (1) each is tried.
_WAYS = (1.0, 0.8, 0.6, 0.4, 0.2)

#: Candidates kept from round to round.
_KEPT = 24


@dataclass(frozen=True)
class Adversarial:
    """What a search found.

    Attributes:
        weights: float64 `[key]`, summing to 1.
        divergence: Jensen–Shannon divergence from the model's own weights, nats; at most ln 2.
        change: Total variation distance between the predictions; at most `epsilon`.
        epsilon: What was allowed.
        tried: How many weights the model was asked about.
    """

    weights: Floats
    divergence: float
    change: float
    epsilon: float
    tried: int


def adversarial(
    probabilities: Probabilities,
    own: NDArray[np.floating[Any]],
    epsilon: float = 0.01,
    *,
    rounds: int = 40,
    proposals: int = 48,
    seed: int = 0,
) -> Adversarial:
    """Search for weights of largest Jensen–Shannon divergence within a bound on the prediction's change.

    Seeded, so the same every time; a search, so what it finds is a lower bound of what there is.

    Args:
        probabilities: The model from these weights on.
        own: Its own weights, float `[key]`.
        epsilon: Largest total variation distance between class probabilities, 0–1.
        rounds: Of proposals.
        proposals: New candidates a round; each is tried at five places on the way to it.
        seed: For the proposals.

    Returns:
        The best found; the model's own weights if nothing else keeps the prediction.

    >>> found = adversarial(lambda weights: np.full((len(weights), 2), 0.5), np.array([0.9, 0.1]))
    >>> float(found.change), found.divergence > 0.1  # a model that answers the same whatever it looks at
    (0.0, True)
    """
    start = np.asarray(own, np.float64) / np.sum(own, dtype=np.float64)
    keys = len(start)
    reference = np.asarray(probabilities(start[None].astype(np.float32)), np.float64)[0]
    generator = np.random.default_rng(seed)
    best, tried = _Pool(start[None], np.zeros(1), np.zeros(1)), 1
    candidates = np.concatenate([np.eye(keys), generator.dirichlet(np.ones(keys), proposals)])
    for _ in range(rounds if keys > 1 else 0):
        check()
        tries = np.concatenate([start + way * (candidates - start) for way in _WAYS])
        given = tries.astype(np.float32)
        change = total_variation(np.asarray(probabilities(given)), reference)
        tried += len(tries)
        best = best.joined(_Pool(tries, jensen_shannon(tries, start), change), epsilon)
        candidates = _proposals(best.weights, proposals, generator)
    return Adversarial(best.weights[0], float(best.divergence[0]), float(best.change[0]), epsilon, tried)


@dataclass(frozen=True)
class _Pool:
    weights: Floats
    divergence: Floats
    change: Floats

    def joined(self, other: _Pool, epsilon: float) -> _Pool:
        """The best of both that keep the prediction, best first."""
        weights = np.concatenate([self.weights, other.weights])
        divergence = np.concatenate([self.divergence, other.divergence])
        change = np.concatenate([self.change, other.change])
        keeping = np.flatnonzero(change <= epsilon)
        order = keeping[np.argsort(-divergence[keeping], kind="stable")][:_KEPT]
        return _Pool(weights[order], divergence[order], change[order])


def _proposals(kept: Floats, count: int, generator: np.random.Generator) -> Floats:
    """New candidates: kept ones with weights multiplied, with weight moved from key to key, and mixed with others."""
    parents = kept[generator.integers(0, len(kept), count)]
    keys = parents.shape[1]
    third = count // 3
    strength = generator.choice([0.1, 0.5, 2.0], (third, 1))
    multiplied = parents[:third] * np.exp(strength * generator.normal(size=(third, keys)))
    moved = parents[third : 2 * third].copy()
    rows, (source, target) = np.arange(len(moved)), generator.integers(0, keys, (2, len(moved)))
    amount = moved[rows, source] * generator.uniform(size=len(moved)) ** 2
    moved[rows, source] -= amount
    moved[rows, target] += amount
    rest = parents[2 * third :]
    share = generator.uniform(size=(len(rest), 1))
    others = np.where(
        generator.uniform(size=(len(rest), 1)) < 0.5,
        np.eye(keys)[generator.integers(0, keys, len(rest))],
        kept[generator.integers(0, len(kept), len(rest))],
    )
    mixed = (1 - share) * rest + share * others
    together = np.concatenate([multiplied, moved, mixed])
    scaled: Floats = together / together.sum(-1, keepdims=True)
    return scaled
