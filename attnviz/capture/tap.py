"""The tap: sees every softmax of a model while its graph is traced.

TensorFlow reaches each softmax through `gen_nn_ops.softmax`, whichever public name the model's author used. Keras'
`Softmax` layer is tapped as a whole, for it may go over several axes and sets masked weights to zero afterwards. What
happens inside a loop (`loops.py`) is brought out of it. All this is patched for the whole process, so only under a
lock, only while tracing, and acting only for the thread that traces; what is met goes to its `Recorder`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf
from keras import tree
from tensorflow.python.ops import gen_nn_ops

from attnviz.capture import loops
from attnviz.capture.recorder import Recorder, active, tracing


@contextmanager
def recording(recorder: Recorder) -> Iterator[None]:
    """Let `recorder` see what this thread traces; the caller holds `LOCK`."""
    patches: list[tuple[Any, str, Callable[..., Any]]] = [
        (gen_nn_ops, "softmax", _softmax),
        (keras.layers.Softmax, "call", _softmax_layer),
        (keras.Layer, "__call__", _layer_call),
        *loops.PATCHES,
    ]
    originals = [getattr(place, name) for place, name, _ in patches]
    try:
        for (place, name, wrapped), original in zip(patches, originals, strict=True):
            setattr(place, name, wrapped(original))
        with tracing(recorder):
            yield
    finally:
        for (place, name, _), original in zip(patches, originals, strict=True):
            setattr(place, name, original)


def _softmax(original: Callable[..., Any]) -> Callable[..., Any]:
    def softmax(logits: Any, name: str | None = None) -> Any:
        weights = original(logits, name=name)
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


def _layer_call(original: Callable[..., Any]) -> Callable[..., Any]:
    def __call__(self: keras.Layer, *args: Any, **kwargs: Any) -> Any:
        recorder = active()
        if recorder is None:
            return original(self, *args, **kwargs)
        recorder.calls.append((self, _sequences(args, kwargs)))
        try:
            outputs = original(self, *args, **kwargs)
        finally:
            recorder.calls.pop()
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
