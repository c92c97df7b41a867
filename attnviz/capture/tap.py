"""The tap: sees every softmax of a model while its graph is traced.

TensorFlow reaches each softmax through `gen_nn_ops.softmax`, whichever public name the model's author used. Keras'
`Softmax` layer is tapped as a whole, for it may go over several axes and sets masked weights to zero afterwards.
Exponentials and other numbers divided by their sum are met at the division (`normalised.py`), also where that comes
after the weighing (`late.py`), a mask where it is put on weights (`masked.py`), scores above a threshold where they are
cut (`sparse.py`), the largest score where it is made a one (`hard.py`). What happens inside a loop (`loops.py`) is
brought out of it. All this is patched for the whole process, so only under a lock, only while tracing, and acting only
for the thread that traces; what is met goes to its `Recorder`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf
from keras import tree
from keras.src import backend
from tensorflow.python.ops import gen_array_ops, gen_math_ops, gen_nn_ops

from attnviz.capture import hard, late, loops, masked, normalised, recurrent, sparse
from attnviz.capture.constants import constant
from attnviz.capture.recorder import Recorder, active, tracing
from attnviz.capture.roots import Met
from attnviz.capture.sites import CLASSIFIERS, PLAIN


@contextmanager
def recording(recorder: Recorder) -> Iterator[None]:
    """Let `recorder` see what this thread traces; the caller holds `LOCK`."""
    originals = [getattr(place, name) for place, name, _ in PATCHES]
    try:
        for (place, name, wrapped), original in zip(PATCHES, originals, strict=True):
            setattr(place, name, wrapped(original))
        with tracing(recorder):
            yield
    finally:
        for (place, name, _), original in zip(PATCHES, originals, strict=True):
            setattr(place, name, original)


def _softmax(original: Callable[..., Any]) -> Callable[..., Any]:
    def softmax(logits: Any, name: str | None = None) -> Any:
        weights = original(logits=logits, name=name)
        recorder = active()
        if recorder is None:
            return weights
        if recorder.inside is not None:
            recorder.inside.append(logits)
            return weights
        return recorder.softmax(logits, weights, (-1,))

    return softmax


def _softmax_layer(original: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: keras.layers.Softmax, inputs: Any, mask: Any = None) -> Any:
        recorder = active()
        if recorder is None:
            return original(self, inputs, mask)
        recorder.inside = []
        try:
            weights = original(self, inputs, mask)
        finally:
            seen, recorder.inside = recorder.inside, None
        axes = tuple(self.axis) if isinstance(self.axis, (tuple, list)) else (self.axis,)
        if seen and axes in ((-1,), (weights.shape.rank - 1,)):
            scores = seen[0]
        elif mask is not None:
            scores = tf.where(tf.cast(mask, tf.bool), inputs, tf.cast(-3e4, inputs.dtype))
        else:
            scores = inputs
        return recorder.softmax(scores, weights, axes)

    return call


def _divided(original: Callable[..., Any]) -> Callable[..., Any]:
    divided = _normalised(original, _by_sum)

    def operation(*operands: Any, **options: Any) -> Any:
        result = divided(*operands, **options)
        recorder = active()
        if recorder is not None and result.op.type in ("RealDiv", "DivNoNan"):
            above, below = result.op.inputs
            if recurrent.out_of_reach(above, below, recorder.scopes[0].graph, recorder.scans):
                recorder.missed()
        return result

    return operation


def _by_sum(above: tf.Tensor, below: tf.Tensor, met: Met) -> normalised.Found | None:
    found = normalised.divided(above, below, met) or late.late(above, below, met) or late.gated(above, below, met)
    return found or late.scaled(above, below, met, sign=-1)


def _multiplied(original: Callable[..., Any]) -> Callable[..., Any]:
    def look(x: tf.Tensor, y: tf.Tensor, met: Met) -> normalised.Found | None:
        for number, other in ((x, y), (y, x)):
            total = normalised.reciprocal(other)
            found = late.scaled(number, other, met) if total is None else _by_sum(number, total, met)
            if found is not None or total is not None:
                return found
        if x is y:
            return sparse.raised(x, met)
        return masked.multiplied(x, y, met) or masked.multiplied(y, x, met)

    return _normalised(original, look)


def _selected(original: Callable[..., Any]) -> Callable[..., Any]:
    def look(condition: tf.Tensor, one: tf.Tensor, other: tf.Tensor, met: Met) -> normalised.Found | None:
        return masked.chosen(condition, one, other, met) or masked.chosen(condition, other, one, met, kept=False)

    return _normalised(original, look)


def _exponential(original: Callable[..., Any]) -> Callable[..., Any]:
    return _normalised(original, normalised.exponential)


def _cut(original: Callable[..., Any]) -> Callable[..., Any]:
    def look(x: tf.Tensor, *rest: Any) -> normalised.Found | None:
        *zero, met = rest
        for number, other in ((x, zero[0]), (zero[0], x)) if zero else ((x, None),):
            least = None if other is None else constant(other)
            if other is None or (least is not None and not least.any()):
                return sparse.above(number, met)
        return None

    return _normalised(original, look)


def _raised(original: Callable[..., Any]) -> Callable[..., Any]:
    return _normalised(original, lambda x, *rest: sparse.raised(x, rest[-1]))


def _one_hot(original: Callable[..., Any]) -> Callable[..., Any]:
    def one_hot(
        indices: Any, depth: Any, on_value: Any, off_value: Any, axis: int | None = None, name: str | None = None
    ) -> Any:
        def look(where: tf.Tensor, _: tf.Tensor, on: tf.Tensor, off: tf.Tensor, met: Met) -> Any:
            return hard.chosen(where, on, off, -1 if axis is None else axis, met)

        given = {"indices": indices, "depth": depth, "on_value": on_value, "off_value": off_value}
        return _normalised(original, look)(**given, axis=-1 if axis is None else axis, name=name)

    return one_hot


def _normalised(original: Callable[..., Any], look: Callable[..., normalised.Found | None]) -> Callable[..., Any]:
    """An operation that may be the one that makes rows sum to one."""

    def operation(*operands: Any, **options: Any) -> Any:
        result = original(*operands, **options)
        recorder = active()
        if recorder is None or recorder.inside is not None or not result.dtype.is_floating:
            return result
        recorder.quiet = True
        try:
            found = look(*result.op.inputs, recorder.met)
        finally:
            recorder.quiet = False
        if found is None or not result.shape.rank:
            return result
        if found.weights is None or found.again is None:
            return recorder.softmax(found.scores, result, found.axes, found.instead, found.how)
        weights = recorder.softmax(found.scores, found.weights, found.axes, found.instead, found.how)
        recorder.weighed.update(map(id, found.weighed))
        recorder.quiet = True
        try:
            return found.again(weights)
        finally:
            recorder.quiet = False

    return operation


def _layer_call(original: Callable[..., Any]) -> Callable[..., Any]:
    def __call__(self: keras.Layer, *args: Any, **kwargs: Any) -> Any:
        recorder = active()
        if recorder is None:
            return original(self, *args, **kwargs)
        given = [each for each in tree.flatten([args, kwargs]) if isinstance(each, tf.Tensor)]
        for each in given:
            recorder.heed(backend.get_keras_mask(each))
        if isinstance(self, keras.layers.Embedding) and given:
            recorder.embedded.append((given[0], self.input_dim))
        every = frozenset(map(id, given))
        recorder.calls.append((self, _sequences(args, kwargs), every))
        try:
            outputs = original(self, *args, **kwargs)
        finally:
            recorder.calls.pop()
        if isinstance(self, CLASSIFIERS):
            recorder.projected.update(every)
        if not isinstance(self, PLAIN):
            recorder.ends.update(id(each) for each in tree.flatten(outputs) if isinstance(each, tf.Tensor))
        if any(self is layer for layer in recorder.observed) and recorder.reachable() and len(recorder.scopes) == 1:
            recorder.outputs.append((self, outputs))
            if recorder.tape is not None:
                recorder.tape.watch(outputs)
        return outputs

    return __call__


def _sequences(args: Any, kwargs: dict[str, Any]) -> tuple[tf.Tensor, ...]:
    """The tensors of rank three and more a layer is called with: query, value, key as Keras orders them; no masks."""
    named = [kwargs.get("query"), kwargs.get("value"), *(kwargs[name] for name in kwargs if "mask" not in name)]
    leaves = tree.flatten([args, named])
    return tuple(
        each for each in leaves if isinstance(each, tf.Tensor) and each.dtype.is_floating and (each.shape.rank or 0) > 2
    )


#: Operations as TensorFlow offers them raw: functions of their own, which call none of the others.
RAW: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("Softmax", _softmax),
    ("RealDiv", _divided),
    ("DivNoNan", _divided),
    ("Mul", _multiplied),
    ("Exp", _exponential),
    ("SelectV2", _selected),
    ("Maximum", _cut),
    ("Relu", _cut),
    ("Square", _raised),
    ("Pow", _raised),
    ("OneHot", _one_hot),
)

#: What is patched while a model is traced, and what stands there.
PATCHES: tuple[tuple[Any, str, Callable[..., Any]], ...] = (
    (gen_nn_ops, "softmax", _softmax),
    (gen_math_ops, "real_div", _divided),
    (gen_math_ops, "div_no_nan", _divided),
    (gen_math_ops, "mul", _multiplied),
    (gen_math_ops, "exp", _exponential),
    (gen_math_ops, "select_v2", _selected),
    (tf, "maximum", _cut),
    (tf.math, "maximum", _cut),
    (tf.nn, "relu", _cut),
    (tf, "square", _raised),
    (tf.math, "square", _raised),
    (gen_math_ops, "_pow", _raised),
    (gen_array_ops, "one_hot", _one_hot),
    *((tf.raw_ops, name, wrapped) for name, wrapped in RAW),
    (keras.layers.Softmax, "call", _softmax_layer),
    (keras.Layer, "__call__", _layer_call),
    *loops.PATCHES,
)
