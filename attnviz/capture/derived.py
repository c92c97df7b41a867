"""Two more graphs of a model: compiled for fixed lengths, and a derivative of what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import tree

from attnviz.capture.layout import Layout
from attnviz.capture.reading import numbered
from attnviz.capture.recorder import Recorder, Scope
from attnviz.capture.tap import recording
from attnviz.capture.untouched import untouched
from attnviz.capture.uses import only_handed_on
from attnviz.errors import ModelError


def compiled(model: keras.Model, structure: Any, specs: Sequence[tf.TensorSpec], joined: bool = True) -> Any:
    """A model at fixed lengths, compiled by XLA; the caller holds `LOCK`.

    Args:
        model: Built.
        structure: The form of its inputs.
        specs: Inputs in flattened order, without open lengths.
        joined: All its attention has as many heads and the same lengths.

    Returns:
        Inputs to `(prediction, weights)`, weights float32 `[site, head, query, key]` for a batch of one; if they are
        not to be joined, by site name and `[batch, head, query, key]`.
    """

    def run(*leaves: tf.Tensor) -> Any:
        recorder = Recorder(None, None, [Scope(tf.compat.v1.get_default_graph())])
        with recording(recorder):
            prediction = model(tree.pack_sequence_as(structure, list(leaves)), training=False)
        answers = [each for each in tree.flatten(prediction) if isinstance(each, tf.Tensor)]
        kept = [
            each
            for each in recorder.tapped
            if not each.chooses and not each.superseded and not only_handed_on(each.weights, answers)
        ]
        layouts = [Layout.of(each.weights.shape.as_list(), each.over) for each in kept]
        weights = [
            tf.cast(layout.canonical_tensor(each.weights), tf.float32)
            for layout, each in zip(layouts, kept, strict=True)
        ]
        if not joined:
            return prediction, dict(zip(numbered([each.path for each in kept]), weights, strict=True))
        return prediction, tf.concat(weights, 0)

    with untouched(model):
        return tf.function(run, autograph=False, jit_compile=True).get_concrete_function(*specs)


def gradient(model: keras.Model, structure: Any, specs: Sequence[tf.TensorSpec], layer: keras.Layer) -> Any:
    """Inputs and class to the derivative of the prediction `[batch, class]` by a layer's output, compiled.

    Raises:
        ModelError: `no_gradients`.
    """

    def run(*arguments: tf.Tensor) -> tf.Tensor:
        *leaves, target = arguments
        with tf.GradientTape() as tape:
            scope = Scope(tf.compat.v1.get_default_graph())
            recorder = Recorder(None, None, [scope], (layer,), tape)
            with recording(recorder):
                prediction = tree.flatten(model(tree.pack_sequence_as(structure, leaves), training=False))[0]
            if prediction.shape.rank != 2 or not recorder.outputs:
                raise ModelError("no_gradients", model=model.name)
            chosen = prediction[:, target]
        derivative = tape.gradient(chosen, recorder.outputs[0][1])
        if derivative is None:
            raise ModelError("no_gradients", model=model.name)
        return derivative

    with untouched(model):
        return tf.function(run, autograph=False).get_concrete_function(*specs, tf.TensorSpec([], tf.int32))
