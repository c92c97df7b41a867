"""What a class probability depends on, token by token and with a sign; attention has none.

All functions take the model as callables and know nothing else of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.deadline import check
from attnviz.trace import Encoded

Floats = NDArray[np.float64]
Features = NDArray[np.floating[Any]]

#: From texts to class probabilities `[text, class]`, in one call of the model.
Run = Callable[[Sequence[Encoded]], NDArray[np.floating[Any]]]

#: From feature vectors `[batch, token, feature]` to the derivative of one class probability by them, same shape.
Gradients = Callable[[Features], NDArray[np.floating[Any]]]

#: Numbers of points tried, in order, until integrated gradients are complete.
_POINTS = (8, 16, 32, 64, 128, 256)

#: Points differentiated in one call: bounds memory.
_BATCH = 64


@dataclass(frozen=True)
class Integrated:
    """Integrated gradients and how complete they are.

    Attributes:
        values: float64 `[token]`.
        difference: Probability at the text minus probability at the baseline; what the values should sum to.
        residue: |sum of the values − difference|, as a share of |difference|.
        points: Of the quadrature.
    """

    values: Floats
    difference: float
    residue: float
    points: int


def places(encoded: Encoded) -> list[int]:
    """Positions that are of the source; special ones are the model's, and stay whatever is left out."""
    return [place for place, special in enumerate(encoded.axis.special) if not special]


def removed(run: Run, encoded: Encoded, target: int) -> Floats:
    """Leave one out: the probability lost when a token is removed and the sentence closes up.

    Args:
        run: The model.
        encoded: The text.
        target: Class index.

    Returns:
        float64 `[token]`: above 0 where the token speaks for the class; NaN if it is the only token.

    Source: Li, Monroe and Jurafsky 2016, "Understanding Neural Networks through Representation Erasure".

    >>> import attnviz
    >>> model = attnviz.load("sentiment-en")
    >>> int(removed(model.probabilities, model.encode("a good film"), 1).argmax())
    1
    """
    own = places(encoded)
    if len(own) == 1:
        return np.full(1, np.nan)
    others = [[place for place in range(len(encoded.axis)) if place != gone] for gone in own]
    return _lost(run, encoded, [encoded.keep(kept) for kept in others], target)


def replaced(run: Run, encoded: Encoded, target: int, token: Any) -> Floats:
    """Leave one out: the probability lost when a token's id gives way to the mask or unknown token's.

    Args:
        run: The model.
        encoded: The text.
        target: Class index.
        token: What says nothing in the place of a token, see `Model.blank`.

    Returns:
        float64 `[token]`, as for `removed`; the places of the other tokens stay.

    >>> import attnviz
    >>> model = attnviz.load("sentiment-en")
    >>> encoded = model.encode("a good film")
    >>> int(replaced(model.probabilities, encoded, 1, model.blank(encoded)).argmax())
    1
    """
    variants = [encoded.replace([place], token) for place in places(encoded)]
    return _lost(run, encoded, variants, target)


def gradient_input(gradients: Gradients, features: Features) -> Floats:
    """Gradient × input: how a token's vector, taken longer or shorter, would change the probability.

    Args:
        gradients: Of the class probability.
        features: Embedding vectors of the text, float `[token, feature]`.

    Returns:
        float64 `[token]`, the dot product of vector and derivative.

    Source: Shrikumar et al. 2017, "Learning Important Features Through Propagating Activation Differences".

    >>> gradient_input(lambda points: np.ones_like(points), np.array([[1.0, 2.0], [0.5, -0.5]])).tolist()
    [3.0, 0.0]
    """
    values = np.asarray(features, np.float64)
    return _dot(values, np.asarray(gradients(features[None]), np.float64)[0])


def integrated_gradients(
    gradients: Gradients, features: Features, baseline: Features, difference: float, *, tolerance: float = 0.01
) -> Integrated:
    """The derivative along the straight line from a text that says nothing to the text, times the way.

    The integral is taken with 8, 16, … 256 Gauss–Legendre points, until the values sum to `difference`.

    Args:
        gradients: Of the class probability.
        features: Embedding vectors of the text, float `[token, feature]`.
        baseline: Of the text that says nothing, same shape.
        difference: Probability of the class at `features` minus that at `baseline`.
        tolerance: Largest residue aimed at, as a share of |difference|.

    Returns:
        The values and the residue, which is above `tolerance` only if no number of points was enough.

    Source: Sundararajan, Taly and Yan 2017, "Axiomatic Attribution for Deep Networks".

    >>> found = integrated_gradients(lambda points: 2 * points, np.array([[1.0, 2.0]]), np.zeros((1, 2)), 5.0)
    >>> found.values.round(6).tolist()  # of the sum of squares
    [5.0]
    """
    way = np.asarray(features, np.float64) - np.asarray(baseline, np.float64)
    found = Integrated(np.zeros(len(way)), difference, float("inf"), 0)
    for points in _POINTS:
        values = _dot(way, _mean_gradient(gradients, np.asarray(baseline, np.float64), way, points))
        residue = abs(values.sum() - difference) / max(abs(difference), np.finfo(np.float32).eps)
        found = min(found, Integrated(values, difference, float(residue), points), key=lambda each: each.residue)
        if residue <= tolerance:
            break
    return found


def _mean_gradient(gradients: Gradients, baseline: Floats, way: Floats, points: int) -> Floats:
    nodes, weights = np.polynomial.legendre.leggauss(points)
    share, weight = (nodes + 1) / 2, weights / 2
    total = np.zeros_like(way)
    for start in range(0, points, _BATCH):
        check()
        some = slice(start, start + _BATCH)
        between = (baseline + share[some, None, None] * way).astype(np.float32)  # [point, token, feature]
        total += np.tensordot(weight[some], np.asarray(gradients(between), np.float64), axes=1)
    return total


def _lost(run: Run, encoded: Encoded, variants: Sequence[Encoded], target: int) -> Floats:
    check()
    probabilities = np.asarray(run([encoded])[0], np.float64)[target] - np.asarray(run(variants), np.float64)[:, target]
    lost: Floats = probabilities
    return lost


def _dot(vectors: Floats, derivatives: Floats) -> Floats:
    product: Floats = (vectors * derivatives).sum(axis=-1)
    return product
