"""Attention inside loops: brought out of the loop beside the loop's own result.

What is computed in the body of a loop belongs to another graph and cannot be returned from outside. Three ways into one
are followed: Keras' recurrent layers (each step is a query), `TimeDistributed` and other vectorized maps (each element
is a head of its own, for `TimeDistributed` keeps the batch), and functions that the author compiled.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import tensorflow as tf
from keras import tree
from keras.src import backend
from tensorflow.python.autograph.core import ag_ctx
from tensorflow.python.autograph.impl import api as autograph
from tensorflow.python.eager.polymorphic_function import polymorphic_function

from attnviz.capture.layout import Layout
from attnviz.capture.recorder import Scope, Tapped, active
from attnviz.capture.sites import callers


def _steps(original: Callable[..., Any]) -> Callable[..., Any]:
    """`backend.rnn`, giving out what its steps computed."""

    def rnn(step_function: Any, inputs: Any, initial_states: Any, **options: Any) -> Any:
        recorder = active()
        if recorder is None or options.get("unroll") or not recorder.reachable():
            return original(step_function, inputs, initial_states, **options)
        met: list[Tapped] = []

        def step(step_inputs: Any, states: Any) -> Any:
            scope = Scope(tf.compat.v1.get_default_graph())
            recorder.scopes.append(scope)
            try:
                output, new_states = step_function(step_inputs, states)
            finally:
                recorder.scopes.pop()
            met[:] = scope.tapped
            if not met:
                return output, new_states
            return (output, [(each.scores, each.weights) for each in met]), new_states

        with tf.__internal__.FuncGraph("trial").as_default():  # is there attention at all? nothing of this is kept
            first = tree.map_structure(lambda x: x[0] if options.get("time_major") else x[:, 0], inputs)
            step(first, tuple(initial_states) + tuple(options.get("constants") or ()))
        if options.get("mask") is not None and any(None in each.weights.shape.as_list()[1:] for each in met):
            recorder.unreachable.extend(each.path for each in met)  # Keras cannot mask outputs of open shape
            recorder.scopes.append(Scope(None))
            try:
                return original(step_function, inputs, initial_states, **options)
            finally:
                recorder.scopes.pop()
        if not met:
            return original(step_function, inputs, initial_states, **options)
        all_steps = options.pop("return_all_outputs", True)
        (last, _), (outputs, pairs), states = original(step, inputs, initial_states, return_all_outputs=True, **options)
        for one, pair in zip(met, pairs, strict=True):
            scores, weights = (_batch_first(each, **options) for each in pair)
            layout = _layout_of_steps(one.layout)
            recorder.scopes[-1].tapped.append(
                replace(one, layout=layout, scores=scores, weights=weights, editable=False)
            )
        if not all_steps:
            outputs = tree.map_structure(lambda x: x[-1:] if options.get("time_major") else x[:, -1:], outputs)
        return last, outputs, states

    return rnn


def _batch_first(steps: tf.Tensor, time_major: bool = False, go_backwards: bool = False, **_: Any) -> tf.Tensor:
    """What the steps gave, as `[batch, step, …]` in the order of the input."""
    if time_major:
        steps = tf.transpose(steps, (1, 0, *range(2, steps.shape.rank)))
    return tf.reverse(steps, [1]) if go_backwards else steps


def _layout_of_steps(inner: Layout) -> Layout:
    """The layout of `[batch, step, …]`, where `[batch, …]` was read as `inner`: steps are queries, the rest heads."""
    batch, *rest = (axis + (axis > 0) for axis in inner.order)
    heads, keys = rest[: len(rest) - inner.keys], rest[len(rest) - inner.keys :]
    return Layout((batch, *heads, 1, *keys), len(heads), 1, len(keys))


def _layout_of_elements(inner: Layout, shape: list[int | None], batched: bool) -> Layout:
    """The layout of `[element, …]`: elements are heads if each has the whole batch, else the batch."""
    order = [axis + 1 for axis in inner.order]
    if not batched:
        return Layout.of(shape, order[len(order) - inner.keys :])
    batch = order[: inner.batches]
    return Layout((*batch, 0, *order[inner.batches :]), inner.heads + 1, inner.queries, inner.keys)


def _elements(original: Callable[..., Any]) -> Callable[..., Any]:
    """`tf.vectorized_map`, giving out what its elements computed."""

    def vectorized_map(fn: Any, elems: Any, *args: Any, **options: Any) -> Any:
        recorder = active()
        if recorder is None or not recorder.reachable():
            return original(fn, elems, *args, **options)
        met: list[Tapped] = []

        def element(each: Any) -> Any:
            scope = Scope(tf.compat.v1.get_default_graph())
            recorder.scopes.append(scope)
            try:
                output = fn(each)
            finally:
                recorder.scopes.pop()
            met[:] = scope.tapped
            return output, [(each.scores, each.weights) for each in met]

        batched = isinstance(callers(sys._getframe())[-1], keras.layers.TimeDistributed)
        output, pairs = original(element, elems, *args, **options)
        for one, (scores, weights) in zip(met, pairs, strict=True):
            layout = _layout_of_elements(one.layout, weights.shape.as_list(), batched)
            recorder.scopes[-1].tapped.append(
                replace(one, layout=layout, scores=scores, weights=weights, editable=False)
            )
        return output

    return vectorized_map


def _compiled(original: Callable[..., Any]) -> Callable[..., Any]:
    """A function the author compiled becomes part of the graph; it may have been traced before, out of our sight."""

    def __call__(self: Any, *args: Any, **options: Any) -> Any:
        recorder = active()
        if recorder is None or not recorder.reachable():
            return original(self, *args, **options)
        function = self._python_function
        if self._autograph:
            function = autograph.tf_convert(function, ag_ctx.ControlStatusCtx(ag_ctx.Status.ENABLED))
        return function(*args, **options)

    return __call__


#: Where each loop is entered, and what stands there while a model is traced.
PATCHES: tuple[tuple[Any, str, Callable[..., Any]], ...] = (
    (backend, "rnn", _steps),
    (tf, "vectorized_map", _elements),
    (polymorphic_function.Function, "__call__", _compiled),
)
