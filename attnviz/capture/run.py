"""What one run of a captured model gave."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnviz.capture.along import Along
from attnviz.capture.recorder import MASKED_BELOW
from attnviz.capture.sites import Site


class SiteRun:
    """What one site computed in one run; arrays are copied out when asked for.

    Attributes:
        site: Where in the model.
    """

    def __init__(self, site: Site, weights: tf.Tensor, masked: tf.Tensor, scores: Callable[[], tf.Tensor]) -> None:
        self.site = site
        self._weights = weights
        self._masked = masked
        self._scores = scores

    @functools.cached_property
    def weights(self) -> NDArray[np.float32]:
        """After the softmax (and after an edit), float32 `[batch, head, query, key]`."""
        return self._canonical(self._weights)

    @functools.cached_property
    def masked(self) -> NDArray[np.bool_]:
        """Where a mask forbids to look, bool `[batch, head, query, key]` (head may be 1: all heads alike).

        Read from the scores of the first head. If the weights say that heads may differ (other zeros, or a row all
        alike, as a softmax leaves it where everything is masked), from all scores.
        """
        first: NDArray[np.bool_] = self.site.layout.canonical(self._masked.numpy())
        if first.shape == self.weights.shape:
            return first
        blind = first.all(-1, keepdims=True)
        zeros_agree = ((self.weights == 0) == first) | blind
        level = self.weights.max(-1, keepdims=True) == self.weights.min(-1, keepdims=True)
        if zeros_agree.all() and not (level & ~blind & (first.shape[-1] > 1)).any():
            return first
        return self.scores < MASKED_BELOW

    @functools.cached_property
    def scores(self) -> NDArray[np.float32]:
        """What went into the softmax, same shape; runs the model once more, for its own weights need no scores."""
        return self._canonical(self._scores())

    @property
    def sizes(self) -> list[int]:
        """Lengths of the axes as the model arranges them."""
        found: list[int] = self._weights.shape.as_list()
        return found

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Lengths of batch, head, query, key."""
        batch, head, query, key = self.site.layout.shape(self._weights.shape.as_list())
        return batch or 0, head or 0, query or 0, key or 0

    def head(self, index: int) -> NDArray[np.float32]:
        """One head only, float32 `[batch, query, key]`; nothing else is copied out where heads are a dimension."""
        layout = self.site.layout
        if layout.heads != 1:
            return self.weights[:, index]
        one = tf.gather(self._weights, [index], axis=layout.order[layout.batches])
        return self._canonical(one)[:, 0]

    def _canonical(self, values: tf.Tensor) -> NDArray[np.float32]:
        return np.ascontiguousarray(self.site.layout.canonical(values.numpy()), dtype=np.float32)


@dataclass(frozen=True)
class Run:
    """One run of a model.

    Attributes:
        prediction: NumPy, or the structure of NumPy arrays the model answers with.
        sites: Site name to what it computed, in order of first call.
        layers: Name of an observed layer (and `#2`, … for further calls) to its output.
        padding: What Keras knows of padding: along which sequence, and bool `[batch, token]`, True where there is some.
    """

    prediction: Any
    sites: Mapping[str, SiteRun]
    layers: Mapping[str, Any]
    padding: tuple[tuple[Along, NDArray[np.bool_]], ...] = ()
