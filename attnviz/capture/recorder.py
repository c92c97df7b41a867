"""What one tracing meets: every softmax with the layer it belongs to, the loops it is in, the layers being called.

An edit of weights goes in after the softmax. Where it lifts a mask, the softmax is taken once more of the scores as
they were before the mask entered (`masks.py`), for behind it nothing is left of them.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras
import tensorflow as tf

from attnviz.capture.layout import Layout
from attnviz.capture.masks import unmasked
from attnviz.capture.sites import CLASSIFIERS, callers, owner

#: Held while anything is patched. Reentrant, because building a model inside may capture again.
LOCK = threading.RLock()

#: What masks write into scores lies far below, what models compute far above (float16 masks write -3e4 or -65504).
MASKED_BELOW = -5000.0

_tracing = threading.local()


@dataclass
class Tapped:
    """One softmax met while tracing; the tensors belong to the graph being traced.

    Attributes:
        path: Of the layer, below the model.
        layer: The Keras layer or operation.
        layout: How the tensors are read.
        scores: What went into the softmax.
        weights: What the model goes on with.
        sources: The sequences the layer was called with: query, then value; the same twice where there is one.
        editable: False inside loops.
        maskable: Whether a mask was found that can be lifted.
    """

    path: str
    layer: keras.Operation
    layout: Layout
    scores: tf.Tensor
    weights: tf.Tensor
    sources: tuple[tf.Tensor, ...] = ()
    editable: bool = True
    maskable: bool = False

    def masked(self) -> tf.Tensor:
        """bool, where the scores of the first head were masked: heads rarely differ in it, and one is little."""
        first, last = self.layout.batches, self.layout.batches + self.layout.heads
        heads = self.layout.order[first:last]
        part = tuple(slice(0, 1) if axis in heads else slice(None) for axis in range(len(self.layout.order)))
        return self.scores[part] < tf.cast(MASKED_BELOW, self.scores.dtype)


@dataclass
class Scope:
    """The graph that is being traced, or the body of a loop in it, and what was met there."""

    graph: Any
    tapped: list[Tapped] = field(default_factory=list)


@dataclass
class Recorder:
    """Collects what one tracing meets.

    Attributes:
        values: float32 `[n]`, weights to be put in, one edit after the other; NaN keeps the model's own weight, +inf
            lifts the mask of a cell, -inf masks it.
        table: int32 `[site, 5]`: where a site's edit starts in `values` (-1: none), and its four lengths. None, as
            `values`, for a graph that takes no edits.
        scopes: The graph, then the loops the tracing is in.
        observed: Layers whose outputs are wanted.
        tape: A gradient tape that is to watch those outputs, or None.
        outputs: Those outputs.
        unreachable: Paths of layers whose softmax lies where no tensor can be brought out.
        inside: What softmaxes inside a `Softmax` layer were given; None outside of one.
        calls: The layers being called, outermost first, and the sequences they were called with.
    """

    values: tf.Tensor | None
    table: tf.Tensor | None
    scopes: list[Scope]
    observed: Sequence[keras.Operation] = ()
    tape: Any = None
    outputs: list[tuple[keras.Operation, Any]] = field(default_factory=list)
    unreachable: list[str] = field(default_factory=list)
    inside: list[tf.Tensor] | None = None
    calls: list[tuple[keras.Operation, tuple[tf.Tensor, ...]]] = field(default_factory=list)

    @property
    def tapped(self) -> list[Tapped]:
        """Everything met so far that the graph can give out."""
        return self.scopes[0].tapped

    def reachable(self) -> bool:
        """Whether what is being traced now can be given out."""
        return tf.compat.v1.get_default_graph() is self.scopes[-1].graph

    def softmax(self, scores: tf.Tensor, weights: tf.Tensor, axes: Sequence[int]) -> tf.Tensor:
        """Note one softmax and return what the model goes on with."""
        stack = callers(sys._getframe(1))
        if not stack or isinstance(stack[-1], CLASSIFIERS) or not weights.shape.rank:
            return weights
        layer, path = owner(stack)
        if not self.reachable():
            self.unreachable.append(path)
            return weights
        scope, layout = self.scopes[-1], Layout.of(weights.shape.as_list(), axes)
        editable = scope is self.scopes[0]
        maskable = False
        if self.table is not None and editable:
            before = unmasked(scores)
            maskable = before is not None
            open_scores = scores if before is None else before
            weights = self._editable(weights, scores, open_scores, layout, self.table[len(scope.tapped)])
        scope.tapped.append(Tapped(path, layer, layout, scores, weights, self._sources(layer), editable, maskable))
        return weights

    def _sources(self, layer: keras.Operation) -> tuple[tf.Tensor, ...]:
        """What the layer was called with, or, if it was not called as Keras calls layers, the one around it."""
        calls = [each for each in self.calls if each[0] is layer] or self.calls[1:]
        return calls[-1][1] if calls else ()

    def _editable(
        self, weights: tf.Tensor, scores: tf.Tensor, open_scores: tf.Tensor, layout: Layout, row: tf.Tensor
    ) -> tf.Tensor:
        values: Any = self.values

        def changed() -> tf.Tensor:
            own = layout.canonical_tensor(weights)
            new = tf.reshape(values[row[0] : row[0] + tf.reduce_prod(row[1:])], row[1:])
            own = _remasked(own, layout.canonical_tensor(scores), layout.canonical_tensor(open_scores), new)
            new = tf.where(tf.math.is_finite(new), tf.cast(new, own.dtype), own)
            return layout.restored_tensor(new, weights)

        return tf.cond(row[0] >= 0, changed, lambda: weights)


def _remasked(own: tf.Tensor, scores: tf.Tensor, open_scores: tf.Tensor, new: tf.Tensor) -> tf.Tensor:
    """Weights `[batch, head, query, key]` with masks lifted (+inf in `new`) and set (-inf), in the rows where any are.

    A row in which nothing is left to look at is zero.
    """
    lifted, hidden = new == float("inf"), new == float("-inf")
    scores = tf.where(hidden, scores.dtype.min, tf.where(lifted, open_scores, scores))
    fresh = tf.cast(tf.exp(tf.nn.log_softmax(scores)), own.dtype)  # a plain softmax would be tapped
    fresh = tf.where(scores < tf.cast(MASKED_BELOW, scores.dtype), tf.zeros_like(fresh), fresh)
    return tf.where(tf.reduce_any(lifted | hidden, -1, keepdims=True), fresh, own)


def active() -> Recorder | None:
    """The recorder of this thread, if it is tracing."""
    return None if tf.executing_eagerly() else getattr(_tracing, "recorder", None)


@contextmanager
def tracing(recorder: Recorder) -> Iterator[None]:
    """Make `recorder` the one of this thread; after it the one before it is again."""
    outer = getattr(_tracing, "recorder", None)
    _tracing.recorder = recorder
    try:
        yield
    finally:
        _tracing.recorder = outer
