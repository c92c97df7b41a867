"""Attention weights changed by hand: from the weights of a run to those the model is to go on with. Plain NumPy.

All functions take weights float `[…, query, key]` and leave them as they are. `mask` is int8 of the same shape (or one
that broadcasts), 0 where a query may look (`AttentionBlock.mask`); None means everywhere. What a mask forbids stays
NaN, the model's own, in what they return, so that no operation looks through a mask unasked. What is returned goes
into `attnviz.trace.Edit`.

What such changes can show and what not: Jain and Wallace 2019, "Attention is not Explanation"; Serrano and Smith 2019,
"Is Attention Interpretable?"; Wiegreffe and Pinter 2019, "Attention is not not Explanation".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.trace import HIDDEN, LIFTED, MASK_CAUSAL, MASK_NONE, OWN

Weights = NDArray[np.floating[Any]]
Floats = NDArray[np.float64]
Mask = NDArray[np.integer[Any]] | None


def own(weights: Weights, mask: Mask = None) -> Floats:
    """The weights written back as they are: the surgery that must change nothing."""
    return _within(np.array(weights, np.float64), mask)


def uniform(weights: Weights, mask: Mask = None) -> Floats:
    """Every key a query may look at gets the same weight.

    Source: Jain and Wallace 2019; Wiegreffe and Pinter 2019 train with such weights.
    """
    allowed = _allowed(weights, mask)
    count = allowed.sum(-1, keepdims=True)
    return _within(np.broadcast_to(1 / np.maximum(count, 1), weights.shape), mask)


def off(weights: Weights, mask: Mask = None) -> Floats:
    """Every weight zero: the head passes nothing on (what biases add stays)."""
    return _within(np.zeros(weights.shape), mask)


def permuted(weights: Weights, seed: int = 0, mask: Mask = None) -> Floats:
    """The same weights of each row on other keys, in an order drawn for each row; repeatable.

    Source: Jain and Wallace 2019, section 4.2.1.
    """
    changed = np.array(weights, np.float64)
    allowed = _allowed(weights, mask)
    generator = np.random.default_rng(seed)
    for place in np.ndindex(weights.shape[:-1]):
        here = np.flatnonzero(allowed[place])
        changed[place][here] = changed[place][generator.permutation(here)]
    return _within(changed, mask)


def random(weights: Weights, seed: int = 0, mask: Mask = None) -> Floats:
    """Weights drawn at random, flat over all that sum to 1 (Dirichlet), and frozen there; repeatable.

    Source: Wiegreffe and Pinter 2019, section 3, ask whether a model with frozen weights does as well.
    """
    allowed = _allowed(weights, mask)
    drawn = np.where(allowed, np.random.default_rng(seed).exponential(size=weights.shape), 0.0)
    return _within(_scaled(drawn), mask)


def one_hot(weights: Weights, key: int, mask: Mask = None) -> Floats:
    """All weight on one key; rows that may not look at it stay the model's own (NaN)."""
    allowed = _allowed(weights, mask)
    changed = np.zeros(weights.shape)
    changed[..., key] = 1
    changed[~allowed[..., key]] = OWN
    return _within(changed, mask)


def temperature(weights: Weights, value: float, mask: Mask = None) -> Floats:
    """softmax(scores / τ) from the weights alone: a^(1/τ), scaled to sum to 1.

    Args:
        weights: Of a softmax; a weight that underflowed to 0 stays 0.
        value: τ above 0: below 1 sharpens, above 1 flattens.
        mask: As above.
    """
    if not value > 0:
        raise ValueError(f"Expected a temperature above 0. Received: {value}")
    with np.errstate(divide="ignore"):
        logs = np.log(np.asarray(weights, np.float64)) / value
    top = logs.max(-1, keepdims=True)
    return _within(_scaled(np.exp(logs - np.where(np.isfinite(top), top, 0))), mask)


def with_weight(weights: Weights, key: int, value: float, *, renormalise: bool = True, mask: Mask = None) -> Floats:
    """One key's weight as wished.

    Args:
        weights: Float `[…, key]`.
        key: Which.
        value: Its new weight, 0 or more; at most 1 if the rest is renormalised.
        renormalise: Scale the other weights so that the row sums to 1, in the proportions they have (evenly if all are
            zero). Otherwise they stay, and the sum may be anything.
        mask: As above; where it forbids the key, the weight is put in all the same, for it was asked for.
    """
    if not value >= 0 or (renormalise and value > 1) or not np.isfinite(value):
        raise ValueError(f"Expected a weight of 0 or more, at most 1 if the rest is renormalised. Received: {value}")
    changed, new = np.array(weights, np.float64), np.full(weights.shape[:-1], float(value))
    if renormalise:
        rest = np.array(_allowed(weights, mask))
        rest[..., key] = False
        other = np.where(rest, changed, 0.0)
        total, count = other.sum(-1, keepdims=True), rest.sum(-1, keepdims=True)
        share = np.where(total > 0, other / np.where(total > 0, total, 1), rest / np.maximum(count, 1))
        changed = share * (1 - value)
        new[count[..., 0] == 0] = 1  # nobody is there to take the rest
    changed = _within(changed, mask)
    changed[..., key] = new
    return changed


def lifted(weights: Weights, mask: NDArray[np.integer[Any]], code: int = MASK_CAUSAL) -> Floats:
    """`LIFTED` where a mask of that kind (`MASK_…` of `attnviz.trace`) forbids to look, the model's own elsewhere."""
    return np.where(np.broadcast_to(mask, weights.shape) == code, LIFTED, OWN)


def hidden(weights: Weights, keys: Sequence[int], placed: Weights | None = None, mask: Mask = None) -> Floats:
    """Keys no query may look at any more; the other weights of a row keep their proportions.

    Args:
        weights: As they are now.
        keys: Which keys.
        placed: What edits have put in so far (`analysis.surgery.operations.placed`): numbers among these are scaled
            here, for the model will not do it.
        mask: As above.
    """
    changed = np.full(weights.shape, OWN)
    if placed is not None:
        numbers = np.isfinite(placed)
        numbers[..., list(keys)] = False
        left = np.array(weights, np.float64)
        left[..., list(keys)] = 0
        scaled = _scaled(np.where(_allowed(weights, mask), left, 0.0))
        changed = np.where(numbers, scaled, changed)
    changed[..., list(keys)] = HIDDEN
    return changed


def moved(weights: Weights, keys: Sequence[int], to: Sequence[int], mask: Mask = None) -> Floats:
    """What some keys have goes to others, in even parts; rows that may look at none of these stay the model's own.

    Args:
        weights: As they are now.
        keys: That give.
        to: That get; none of `keys`.
        mask: As above.

    >>> moved(np.array([[0.5, 0.3, 0.2, 0.0]]), [0, 1], [3]).round(3).tolist()
    [[0.0, 0.0, 0.2, 0.8]]
    """
    changed, allowed = np.array(weights, np.float64), _allowed(weights, mask)
    given = np.where(allowed[..., list(keys)], changed[..., list(keys)], 0.0).sum(-1, keepdims=True)
    takers = allowed[..., list(to)]
    count = takers.sum(-1, keepdims=True)
    changed[..., list(keys)] = 0
    changed[..., list(to)] += np.where(takers, given / np.maximum(count, 1), 0.0)
    return _within(np.where(count > 0, changed, OWN), mask)


def _allowed(weights: Weights, mask: Mask) -> NDArray[np.bool_]:
    return np.broadcast_to(np.True_ if mask is None else mask == MASK_NONE, weights.shape)


def _within(changed: Floats, mask: Mask) -> Floats:
    return np.array(changed) if mask is None else np.where(mask == MASK_NONE, changed, OWN)


def _scaled(rows: Floats) -> Floats:
    """Rows that sum to 1; a row of zeros stays."""
    total = rows.sum(-1, keepdims=True)
    return rows / np.where(total > 0, total, 1)
