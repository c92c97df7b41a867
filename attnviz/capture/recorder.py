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

from attnviz.capture.masks import unmasked
from attnviz.capture.sites import CLASSIFIERS, FUNCTIONS, callers, owner
from attnviz.trace.block import Normalisation

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
        over: The axes of the softmax in `inner`, from 0.
        scores: What went into the softmax.
        weights: What the model goes on with.
        inner: Scores and weights where they were computed: others than these inside a loop or before an edit.
        steps: What is stepped along in front of the axes of `inner`, outermost first: the body of a loop, or the tensor
            whose first axis is mapped over.
        border: Ids of the tensors the layer was called with.
        sources: The sequences the layer was called with: query, then value; the same twice where there is one.
        editable: False inside loops.
        maskable: Whether a mask was found that can be lifted.
        chooses: Whether this is the activation of a layer that chooses between its units.
        superseded: Whether the model made other weights out of these and goes on with those.
        how: What makes the rows sum to one.
        turned: Whether a loop ran backwards whose steps were put into the order of the input.
        parts: Over parts of the keys, what this was put together of.
    """

    path: str
    layer: keras.Operation
    over: tuple[int, ...]
    scores: tf.Tensor
    weights: tf.Tensor
    inner: tuple[tf.Tensor, tf.Tensor]
    steps: tuple[Any, ...] = ()
    border: frozenset[int] = frozenset()
    sources: tuple[tf.Tensor, ...] = ()
    editable: bool = True
    maskable: bool = False
    chooses: bool = False
    superseded: bool = False
    how: Normalisation = "softmax"
    turned: bool = False
    parts: tuple[Tapped, ...] = ()


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
        table: int32 `[site, 1 + rank]`: where a site's edit starts in `values` (-1: none), and its lengths. None, as
            `values`, for a graph that takes no edits.
        scopes: The graph, then the loops the tracing is in.
        observed: Layers whose outputs are wanted.
        tape: A gradient tape that is to watch those outputs, or None.
        outputs: Those outputs.
        unreachable: Paths of layers whose softmax lies where no tensor can be brought out.
        inside: What softmaxes inside a `Softmax` layer were given; None outside of one.
        calls: The layers being called, outermost first, the sequences they were called with, and ids of all tensors.
        added: By id of a loop's body, which of its outputs were added to bring weights out.
        quiet: While the recorder itself computes.
        ends: Ids of what layers gave out that do more than scores are put together with.
        projected: Ids of what layers of units were given as their features.
        embedded: What embeddings were called with, and how many rows each has.
        weighed: Ids of products of numbers in whose place weights were put together that weigh the same.
        scans: Of every scan that adds up exponentials, ids of what it gave out.
        masks: What is known of padding: bool `[batch, token]`, False where there is some.
    """

    values: tf.Tensor | None
    table: tf.Tensor | None
    scopes: list[Scope]
    observed: Sequence[keras.Operation] = ()
    tape: Any = None
    outputs: list[tuple[keras.Operation, Any]] = field(default_factory=list)
    unreachable: list[str] = field(default_factory=list)
    inside: list[tf.Tensor] | None = None
    calls: list[tuple[keras.Operation, tuple[tf.Tensor, ...], frozenset[int]]] = field(default_factory=list)
    added: dict[int, frozenset[int]] = field(default_factory=dict)
    quiet: bool = False
    ends: set[int] = field(default_factory=set)
    projected: set[int] = field(default_factory=set)
    embedded: list[tuple[tf.Tensor, int]] = field(default_factory=list)
    weighed: set[int] = field(default_factory=set)
    scans: list[frozenset[int]] = field(default_factory=list)
    masks: list[tf.Tensor] = field(default_factory=list)

    @property
    def tapped(self) -> list[Tapped]:
        """Everything met so far that the graph can give out."""
        return self.scopes[0].tapped

    def heed(self, mask: Any) -> None:
        """Keep what a mask says of padding, if it belongs to the outermost graph."""
        known = isinstance(mask, tf.Tensor) and getattr(mask, "graph", None) is self.scopes[0].graph
        if known and mask.shape.rank == 2 and not any(mask is each for each in self.masks):
            self.masks.append(mask)

    def reachable(self) -> bool:
        """Whether what is being traced now can be given out."""
        return tf.compat.v1.get_default_graph() is self.scopes[-1].graph

    def missed(self) -> None:
        """Note that there is attention here which cannot be given out."""
        stack = callers(sys._getframe(1))
        path = owner(stack)[1] if stack else ""
        if path and path not in self.unreachable:
            self.unreachable.append(path)

    def softmax(
        self,
        scores: tf.Tensor,
        weights: tf.Tensor,
        axes: Sequence[int],
        instead: Sequence[tf.Tensor] = (),
        how: Normalisation = "softmax",
    ) -> tf.Tensor:
        """Note one softmax and return what the model goes on with.

        Args:
            scores: What goes in.
            weights: What comes out.
            axes: What it goes over.
            instead: Tensors these weights were made from; a softmax among them is not the last word.
            how: What makes the rows sum to one, if it is no softmax.
        """
        stack = callers(sys._getframe(1))
        rank = weights.shape.rank
        if not stack or not rank:
            return weights
        layer, path = owner(stack)
        if not self.reachable():
            self.unreachable.append(path)
            return weights
        scope, over = self.scopes[-1], tuple(sorted(axis % rank for axis in axes))
        given = {id(each) for each in instead}
        chooses = isinstance(stack[-1], CLASSIFIERS)
        for each in scope.tapped:
            chooses |= how == "masked" and each.chooses and id(each.weights) in given
            each.superseded |= id(each.weights) in given or id(each.inner[1]) in given
        inner, editable, maskable = (scores, weights), scope is self.scopes[0], False
        if self.table is not None and editable:
            self.quiet = True
            before = unmasked(scores) if how == "softmax" else None
            maskable = before is not None
            open_scores = scores if before is None else before
            weights = self._editable(weights, scores, open_scores, over, self.table[len(scope.tapped)])
            self.quiet = False
        sources, border = self._sources(layer)
        scope.tapped.append(
            Tapped(path, layer, over, scores, weights, inner, (), border, sources, editable, maskable, chooses, how=how)
        )
        return weights

    def met(self, tensor: tf.Tensor) -> Tapped | None:
        """The weights that a tensor is, as they were met or after an edit."""
        return next(
            (each for each in self.scopes[-1].tapped if tensor is each.weights or tensor is each.inner[1]), None
        )

    def _sources(self, layer: keras.Operation) -> tuple[tuple[tf.Tensor, ...], frozenset[int]]:
        """What the layer was called with, or, if it was not called as Keras calls layers, the one around it.

        The scores of a mere function were put together in front of it.
        """
        calls = [each for each in self.calls if each[0] is layer] or self.calls[1:]
        sources, border = calls[-1][1:] if calls else ((), frozenset())
        return sources, frozenset(self.ends) if isinstance(layer, FUNCTIONS) else border

    def _editable(
        self, weights: tf.Tensor, scores: tf.Tensor, open_scores: tf.Tensor, over: tuple[int, ...], row: tf.Tensor
    ) -> tf.Tensor:
        values: Any = self.values
        rank = weights.shape.rank

        def changed() -> tf.Tensor:
            sizes = row[1 : 1 + rank]
            new = tf.reshape(values[row[0] : row[0] + tf.reduce_prod(sizes)], sizes)
            own = _remasked(weights, scores, open_scores, new, over)
            new = tf.where(tf.math.is_finite(new), tf.cast(new, own.dtype), own)
            new.set_shape(weights.shape)
            return new

        return tf.cond(row[0] >= 0, changed, lambda: weights)


def _remasked(
    own: tf.Tensor, scores: tf.Tensor, open_scores: tf.Tensor, new: tf.Tensor, over: tuple[int, ...]
) -> tf.Tensor:
    """Weights with masks lifted (+inf in `new`) and set (-inf), in the rows where any are.

    A row in which nothing is left to look at is zero.
    """
    lifted, hidden = new == float("inf"), new == float("-inf")
    scores = tf.where(hidden, scores.dtype.min, tf.where(lifted, open_scores, scores))
    fresh = tf.cast(tf.exp(scores - tf.reduce_logsumexp(scores, over, keepdims=True)), own.dtype)
    fresh = tf.where(scores < tf.cast(MASKED_BELOW, scores.dtype), tf.zeros_like(fresh), fresh)
    return tf.where(tf.reduce_any(lifted | hidden, over, keepdims=True), fresh, own)


def active() -> Recorder | None:
    """The recorder of this thread, if it is tracing."""
    found = None if tf.executing_eagerly() else getattr(_tracing, "recorder", None)
    return None if found is None or found.quiet else found


@contextmanager
def tracing(recorder: Recorder) -> Iterator[None]:
    """Make `recorder` the one of this thread; after it the one before it is again."""
    outer = getattr(_tracing, "recorder", None)
    _tracing.recorder = recorder
    try:
        yield
    finally:
        _tracing.recorder = outer
