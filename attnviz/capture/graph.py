"""One tracing of a model: the graph that gives out its attention, and what was found in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import tree

from attnviz.capture.recorder import Recorder, Scope, Tapped
from attnviz.capture.sites import ATTENTION, Site, only_handed_on, origins
from attnviz.capture.tap import recording
from attnviz.errors import ModelError

#: What is recognised as attention, for the message when nothing is.
RECOGNISED = (
    "MultiHeadAttention, GroupQueryAttention, Attention, AdditiveAttention, AttentionPooling, KerasHub's layers, "
    "and any layer that computes a softmax (tf.nn, tf.math, keras.ops, keras.activations, Softmax) and goes on with it"
)

_EDITS = (tf.TensorSpec([None], tf.float32), tf.TensorSpec([None, 5], tf.int32))


@dataclass(frozen=True)
class Graph:
    """One traced model.

    The model is traced once; `plain`, `edited` and `scores` are that graph with less of it kept.

    Attributes:
        specs: What inputs it takes.
        plain: Inputs to `(prediction, weights, masked, layers)`, nothing changed.
        edited: Inputs, values and table (`edits.packed`) to the same.
        scores: Inputs, values and table to the scores of each site.
        sites: The attention in it, in order of first call.
        rows: Row of each site in the table of edits.
        table_rows: How many rows that table has.
        observed: Names of the outputs in `layers`.
        unreachable: Paths of layers whose softmax lies in a loop or branch that gives nothing out.
    """

    specs: tuple[tf.TensorSpec, ...]
    plain: Any
    edited: Any
    scores: Any
    sites: tuple[Site, ...]
    rows: tuple[int, ...]
    table_rows: int
    observed: tuple[str, ...]
    unreachable: tuple[str, ...]

    def takes(self, leaves: Sequence[tf.Tensor]) -> bool:
        """Whether these inputs fit."""
        return len(leaves) == len(self.specs) and all(
            spec.dtype == leaf.dtype and spec.shape.is_compatible_with(leaf.shape)
            for spec, leaf in zip(self.specs, leaves, strict=True)
        )


def traced(model: keras.Model, structure: Any, leaves: Sequence[tf.Tensor], observed: Mapping[str, Any]) -> Graph:
    """Trace a model with the most open lengths it bears; the caller holds `LOCK`.

    Args:
        model: Built.
        structure: The form of its inputs.
        leaves: Inputs in flattened order.
        observed: Name to layer.

    Raises:
        ModelError: `nothing_to_capture`, `not_traceable`.
    """
    failure: Exception | None = None
    for specs in _signatures(model, structure, leaves):
        try:
            with _untouched(model):
                return _trace(model, structure, specs, observed)
        except ModelError:
            raise
        except Exception as error:
            failure = failure or error
    raise ModelError("not_traceable", model=model.name, reason=str(failure)[:500]) from failure


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
        kept = [each for each in recorder.tapped if _is_attention(each, answers)]
        weights = [tf.cast(each.layout.canonical_tensor(each.weights), tf.float32) for each in kept]
        if not joined:
            return prediction, dict(zip(numbered([each.path for each in kept]), weights, strict=True))
        return prediction, tf.concat(weights, 0)

    with _untouched(model):
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

    with _untouched(model):
        return tf.function(run, autograph=False).get_concrete_function(*specs, tf.TensorSpec([], tf.int32))


@contextmanager
def _untouched(model: keras.Model) -> Iterator[None]:
    """Whatever a layer keeps of a call would be a tensor of our graph: leave every layer as it was."""
    before = [(layer, dict(vars(layer)), list(layer._losses)) for layer in model._flatten_layers()]
    try:
        yield
    finally:
        for layer, state, losses in before:
            now = vars(layer)
            for name in list(now):
                if name in state and now[name] is state[name]:
                    continue
                # What others do with a model meanwhile (predict, fit) shows in the model's own attributes.
                if isinstance(layer, keras.Model) and not _of_a_graph(now[name]):
                    continue
                if name in state:
                    now[name] = state[name]
                else:
                    del now[name]
            layer._losses[:] = losses


def _of_a_graph(value: Any) -> bool:
    """Whether this is a tensor of a graph, or holds one."""
    return any(isinstance(each, tf.Tensor) and not hasattr(each, "numpy") for each in tree.flatten(value))


def declared(model: keras.Model, structure: Any) -> list[keras.KerasTensor] | None:
    """The inputs a functional model declares, in the flattened order of `structure`; None where it declares none."""
    inputs = getattr(model, "inputs", None)
    if not inputs or len(inputs) != len(tree.flatten(structure)):
        return None
    if isinstance(structure, Mapping):
        struct = getattr(model, "_inputs_struct", None)
        by_name = dict(struct) if isinstance(struct, Mapping) else {each.name: each for each in inputs}
        if set(by_name) != set(structure):
            return None
        inputs = tree.flatten({name: by_name[name] for name in structure})
    return list(inputs)


def _signatures(model: keras.Model, structure: Any, leaves: Sequence[tf.Tensor]) -> list[tuple[tf.TensorSpec, ...]]:
    """From the most open to the exact one: as declared, all lengths open, the batch open, nothing open."""
    shapes = [leaf.shape.as_list() for leaf in leaves]
    candidates = [
        [[None] * len(shape) if len(shape) <= 2 else [*[None] * (len(shape) - 1), shape[-1]] for shape in shapes],
        [[None, *shape[1:]] if shape else [] for shape in shapes],
        shapes,
    ]
    known = declared(model, structure)
    if known is not None and all(
        tf.TensorShape(each.shape).is_compatible_with(shape) for each, shape in zip(known, shapes, strict=True)
    ):
        candidates.insert(0, [list(each.shape) for each in known])
    return [
        tuple(tf.TensorSpec(shape, leaf.dtype) for shape, leaf in zip(each, leaves, strict=True)) for each in candidates
    ]


def _trace(model: keras.Model, structure: Any, specs: tuple[tf.TensorSpec, ...], observed: Mapping[str, Any]) -> Graph:
    found: dict[str, Any] = {}

    def run(*arguments: tf.Tensor) -> Any:
        *leaves, values, table = arguments
        scope = Scope(tf.compat.v1.get_default_graph())
        recorder = Recorder(values, table, [scope], tuple(observed.values()))
        with recording(recorder):
            prediction = model(tree.pack_sequence_as(structure, leaves), training=False)
        answers = [each for each in tree.flatten(prediction) if isinstance(each, tf.Tensor)]
        kept = [(row, each) for row, each in enumerate(recorder.tapped) if _is_attention(each, answers)]
        names = numbered([each.path for _, each in kept])
        found["recorder"] = recorder
        found["rows"] = tuple(row for row, _ in kept)
        found["sites"] = tuple(_site(name, each, leaves) for name, (_, each) in zip(names, kept, strict=True))
        weights, masked = [each.weights for _, each in kept], [each.masked() for _, each in kept]
        return prediction, weights, masked, [each for _, each in recorder.outputs], [each.scores for _, each in kept]

    whole = tf.function(run, autograph=False).get_concrete_function(*specs, *_EDITS)
    recorder: Recorder = found["recorder"]
    if not found["sites"]:
        raise ModelError(
            "nothing_to_capture",
            model=model.name,
            layers=", ".join(f"{each.name} ({type(each).__name__})" for each in model._flatten_layers(False)),
            recognised=RECOGNISED,
            unreachable=", ".join(recorder.unreachable),
        )
    rows = len(recorder.tapped)
    no_values, no_edits = np.zeros(0, np.float32), np.full((rows, 5), -1, np.int32)
    asked = {id(layer): name for name, layer in observed.items()}

    def part(function: Any, *signature: tf.TensorSpec) -> Any:
        return tf.function(function, autograph=False).get_concrete_function(*signature)

    return Graph(
        specs,
        part(lambda *leaves: whole(*leaves, tf.constant(no_values), tf.constant(no_edits))[:4], *specs),
        part(lambda *given: whole(*given)[:4], *specs, *_EDITS),
        part(lambda *given: whole(*given)[4], *specs, *_EDITS),
        found["sites"],
        found["rows"],
        rows,
        tuple(numbered([asked[id(layer)] for layer, _ in recorder.outputs])),
        tuple(dict.fromkeys(recorder.unreachable)),
    )


def _is_attention(tapped: Tapped, answers: Sequence[tf.Tensor]) -> bool:
    """A softmax that is only answered with is a classifier's, unless it goes over an open length (a pointer)."""
    keys = tapped.layout.order[len(tapped.layout.order) - tapped.layout.keys :]
    return any(tapped.weights.shape[axis] is None for axis in keys) or not only_handed_on(tapped.weights, answers)


def _site(name: str, tapped: Tapped, inputs: Sequence[tf.Tensor]) -> Site:
    sources = tapped.sources
    query = sources[0] if sources else tapped.weights
    others = sources[1:2] if isinstance(tapped.layer, ATTENTION) else sources[1:]
    value = next((each for each in others if each.shape.rank == query.shape.rank), query)  # a bias has more axes
    from_query, from_value = origins(query, inputs), origins(value, inputs)
    same = all(each is query for each in sources[:2]) if sources else None
    if not same and not isinstance(tapped.layer, ATTENTION):  # a second tensor may be anything, unless of other inputs
        same = False if from_query and from_value and from_query != from_value else None
    return Site(
        name,
        tapped.layer,
        tapped.layout,
        tuple(tapped.weights.shape.as_list()),
        tapped.weights.dtype.name,
        tapped.editable,
        same,
        from_query,
        from_value,
        tapped.maskable,
    )


def numbered(names: Sequence[str]) -> list[str]:
    """Names made unique: `a`, `b`, `a#2`."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return unique
