"""Attention inside loops: brought out of the loop beside the loop's own result.

What is computed in the body of a loop belongs to another graph and cannot be returned from outside. Three ways into one
are followed: loops that TensorFlow runs (`tf.while_loop`, and with it `map_fn`, `scan`, AutoGraph's `for` and Keras'
recurrent layers), `vectorized_map`, and functions that the author compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import tensorflow as tf
from keras import tree
from keras.src import backend
from tensorflow.python.autograph.core import ag_ctx
from tensorflow.python.autograph.impl import api as autograph
from tensorflow.python.eager.polymorphic_function import polymorphic_function
from tensorflow.python.ops import while_loop as loop_module

from attnviz.capture.recorder import Recorder, Scope, Tapped, active
from attnviz.capture.roots import leads


def _loop(original: Callable[..., Any]) -> Callable[..., Any]:
    """`while_loop`, giving out what its steps computed: two lists more for each softmax in it, written every step."""

    def while_loop(
        cond: Any, body: Any, loop_vars: Any, shape_invariants: Any = None, *args: Any, **options: Any
    ) -> Any:
        recorder = active()
        several = isinstance(loop_vars, list | tuple)
        trial = None
        if recorder is not None and recorder.inside is None and recorder.reachable() and several:
            trial = _tried(recorder, body, loop_vars)
        if not trial or recorder is None:
            return original(cond, body, loop_vars, shape_invariants, *args, **options)
        met: list[Tapped] = []
        graphs: list[Any] = []
        count = len(loop_vars)
        flat = len(tf.nest.flatten(loop_vars, expand_composites=True))

        def looked_in(*given: Any) -> Any:
            scope = Scope(tf.compat.v1.get_default_graph())
            recorder.scopes.append(scope)
            try:
                outputs = body(*given[:count])
            finally:
                recorder.scopes.pop()
            outputs = outputs if tf.nest.is_nested(outputs) else [outputs]
            met[:], graphs[:] = scope.tapped, [scope.graph]
            values = [each for one in met for each in (one.scores, one.weights)]
            step, *lists = given[count:]
            written = [each.write(step, value) for each, value in zip(lists, values, strict=True)]
            recorder.added[id(scope.graph)] = frozenset(range(2 + flat, 3 + flat + len(written)))
            return [*outputs, step + 1, *written]

        lists = [_list_for(each) for one in trial for each in (one.scores, one.weights)]
        if shape_invariants is not None:
            shape_invariants = [*shape_invariants, tf.TensorShape([]), *[None] * len(lists)]
        same = options.pop("return_same_structure", False)
        results = original(
            lambda *given: cond(*given[:count]),
            looked_in,
            [*loop_vars, tf.constant(0), *lists],
            shape_invariants,
            *args,
            **options,
            return_same_structure=True,
        )
        for place, one in enumerate(met):
            pair = (one.scores, one.weights)
            scores, weights = (_stacked(results[count + 1 + 2 * place + at], each) for at, each in enumerate(pair))
            steps = (graphs[0], *one.steps)
            recorder.scopes[-1].tapped.append(replace(one, scores=scores, weights=weights, steps=steps, editable=False))
        own = list(results[:count])
        if not same and len(tf.nest.flatten(own, expand_composites=True)) == 1:
            return tf.nest.flatten(own, expand_composites=True)[0]
        return tf.nest.pack_sequence_as(loop_vars, tf.nest.flatten(own))

    return while_loop


def _tried(recorder: Recorder, body: Callable[..., Any], loop_vars: Any) -> list[Tapped]:
    """What a step meets; nothing of this graph is kept."""
    with tf.__internal__.FuncGraph("trial").as_default() as graph:
        scope = Scope(graph)
        recorder.scopes.append(scope)
        try:
            body(*loop_vars)
        finally:
            recorder.scopes.pop()
    return scope.tapped


def _list_for(tensor: tf.Tensor) -> tf.TensorArray:
    return tf.TensorArray(tensor.dtype, 0, dynamic_size=True, infer_shape=False, element_shape=tensor.shape)


def _stacked(array: tf.TensorArray, element: tf.Tensor) -> tf.Tensor:
    stacked = array.stack()
    stacked.set_shape([None, *element.shape])
    return stacked


def _recurrent(original: Callable[..., Any]) -> Callable[..., Any]:
    """`backend.rnn`: what a loop that runs backwards computed is put into the order of the input."""

    def rnn(step_function: Any, inputs: Any, initial_states: Any, **options: Any) -> Any:
        recorder = active()
        if recorder is None:
            return original(step_function, inputs, initial_states, **options)
        before = len(recorder.scopes[-1].tapped)
        recorder.heed(options.get("mask"))
        answer = original(step_function, inputs, initial_states, **options)
        if options.get("go_backwards") and not options.get("unroll"):
            for each in recorder.scopes[-1].tapped[before:]:
                if each.steps:
                    each.scores, each.weights = tf.reverse(each.scores, [0]), tf.reverse(each.weights, [0])
                    each.turned = True
        return answer

    return rnn


def _scanned(original: Callable[..., Any]) -> Callable[..., Any]:
    """`keras.ops.associative_scan`: nothing is brought out of it, but what adds up exponentials is remembered."""

    def associative_scan(f: Any, elems: Any, *args: Any, **options: Any) -> Any:
        recorder = active()
        if recorder is None:
            return original(f, elems, *args, **options)
        graph = tf.compat.v1.get_default_graph()
        before = len(graph.get_operations())
        answer = original(f, elems, *args, **options)
        exponential = any(each.type == "Exp" for each in graph.get_operations()[before:])
        tensors = [each for each in tree.flatten(elems) if isinstance(each, tf.Tensor)]
        if exponential or any(leads(each, recorder.met) for each in tensors):
            recorder.scans.append(frozenset(map(id, tree.flatten(answer))))
        return answer

    return associative_scan


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

        output, pairs = original(element, elems, *args, **options)
        over = tree.flatten(elems)[0]
        for one, (scores, weights) in zip(met, pairs, strict=True):
            recorder.scopes[-1].tapped.append(
                replace(one, scores=scores, weights=weights, steps=(over, *one.steps), editable=False)
            )
        return output

    return vectorized_map


def _compiled(original: Callable[..., Any]) -> Callable[..., Any]:
    """A function the author compiled becomes part of the graph; it may have been traced before, out of our sight.

    Behind the border of such a function Keras no longer knows the mask of a tensor, so it must not be known here.
    """

    def __call__(self: Any, *args: Any, **options: Any) -> Any:
        recorder = active()
        if recorder is None or not recorder.reachable():
            return original(self, *args, **options)
        function = self._python_function
        if self._autograph:
            function = autograph.tf_convert(function, ag_ctx.ControlStatusCtx(ag_ctx.Status.ENABLED))
        args, options = tree.map_structure(_unmarked, (args, options))
        return tree.map_structure(_unmarked, function(*args, **options))

    return __call__


def _unmarked(value: Any) -> Any:
    """A tensor without what Keras keeps at it."""
    return tf.identity(value) if isinstance(value, tf.Tensor) and backend.get_keras_mask(value) is not None else value


#: Where each loop is entered, and what stands there while a model is traced.
PATCHES: tuple[tuple[Any, str, Callable[..., Any]], ...] = (
    (loop_module, "while_loop", _loop),
    (backend, "rnn", _recurrent),
    (backend.core, "associative_scan", _scanned),
    (tf, "vectorized_map", _elements),
    (polymorphic_function.Function, "__call__", _compiled),
)
