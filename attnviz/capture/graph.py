"""One tracing of a model: the graph that gives out its attention, and what was found in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import tree

from attnviz.capture import edits as packing
from attnviz.capture.along import Along
from attnviz.capture.joining import join
from attnviz.capture.masks import kept, lowering
from attnviz.capture.reach import called_compiled, called_in_python, layer_of
from attnviz.capture.reading import numbered, read_sites
from attnviz.capture.recorder import MASKED_BELOW, Recorder, Scope
from attnviz.capture.roots import SAME, behind
from attnviz.capture.signatures import signatures
from attnviz.capture.sites import Site
from attnviz.capture.tap import recording
from attnviz.capture.untouched import untouched
from attnviz.errors import AttnvizError, ModelError

#: What is recognised as attention, for the message when nothing is.
RECOGNISED = (
    "MultiHeadAttention, GroupQueryAttention, Attention, AdditiveAttention, AttentionPooling, KerasHub's layers, "
    "and any layer that computes a softmax over tokens (tf.nn, tf.math, keras.ops, keras.activations, Softmax, "
    "exp ÷ sum) or other shares over tokens (ReLU, sigmoid, squares … ÷ sum, sparsemax, entmax, one_hot(argmax)) and "
    "goes on with it"
)

_EDITS = (tf.TensorSpec([None], tf.float32), tf.TensorSpec([None, packing.COLUMNS], tf.int32))


@dataclass(frozen=True)
class Graph:
    """One traced model.

    The model is traced once; the four functions are that graph with less of it kept. Those that are not always needed
    are made when they are first called: TensorFlow spends seconds on the branches that every softmax has for edits.

    Attributes:
        specs: What inputs it takes.
        plain: Inputs to `(prediction, weights, masked, layers, padding)`, nothing changed.
        edited: Inputs, values and table (`edits.packed`) to the same.
        scores: Inputs to the scores of each site, nothing changed.
        edited_scores: Inputs, values and table to the same.
        sites: The attention in it, in order of first call.
        rows: Row of each site in the table of edits.
        table_rows: How many rows that table has.
        observed: Names of the outputs in `layers`.
        unreachable: Paths of layers whose softmax lies in a loop or branch that gives nothing out.
        in_python: Names of layers that compute in Python (`numpy_function`), where nothing is seen.
        padded: Along which sequences Keras' masks run that the functions give out.
        no_shares: Names of layers that weigh tokens by numbers which nothing makes sum to one.
        linear: Names of layers of linear attention, which have no weights for each query and key.
        changed: Names of sites whose weights the model changes before it weighs with them.
        parts: Names of sites that weigh a part of the keys of an attention.
        sampled: Paths of layers of deformable attention, whose keys are no tokens.
        ids: Which inputs, in flattened order, go into an embedding as they are, and how many rows it has.
    """

    specs: tuple[tf.TensorSpec, ...]
    plain: Any
    edited: Any
    scores: Any
    edited_scores: Any
    sites: tuple[Site, ...]
    rows: tuple[int, ...]
    table_rows: int
    observed: tuple[str, ...]
    unreachable: tuple[str, ...]
    in_python: tuple[str, ...]
    padded: tuple[Along, ...]
    no_shares: tuple[str, ...] = ()
    linear: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    sampled: tuple[str, ...] = ()
    ids: tuple[tuple[int, int], ...] = ()

    def takes(self, leaves: Sequence[tf.Tensor]) -> bool:
        """Whether these inputs fit."""
        return len(leaves) == len(self.specs) and all(
            spec.dtype == leaf.dtype and spec.shape.is_compatible_with(leaf.shape)
            for spec, leaf in zip(self.specs, leaves, strict=True)
        )


def traced(
    model: keras.Model,
    structure: Any,
    leaves: Sequence[tf.Tensor],
    observed: Mapping[str, Any],
    given: Mapping[str, Sequence[str]],
) -> Graph:
    """Trace a model with the most open lengths it bears; the caller holds `LOCK`.

    Args:
        model: Built.
        structure: The form of its inputs.
        leaves: Inputs in flattened order.
        observed: Name to layer.
        given: By name of a site or layer what its axes are, see `axes_as_given`.

    Raises:
        ModelError: `nothing_to_capture`, `nothing_in_reach`, `nothing_but_python`, `nothing_but_linear`,
            `nothing_but_sampled`, `nothing_but_no_shares`, `not_traceable`.
    """
    failure: Exception | None = None
    for specs in signatures(model, structure, leaves):
        try:
            with untouched(model):
                return _trace(model, structure, specs, observed, given)
        except AttnvizError:
            raise
        except Exception as error:
            failure = failure or error
    raise ModelError("not_traceable", model=model.name, reason=plain(failure)) from failure


def plain(failure: Exception | None) -> str:
    """What Keras says, on one line, without colours of a terminal and without the list of arguments."""
    said = re.sub(r"\x1b\[[0-9;]*m", "", str(failure)).partition("Arguments received by")[0]
    return " ".join(re.sub(r"^Exception encountered when calling \S+\s", "", said).split())[:500]


def _trace(
    model: keras.Model,
    structure: Any,
    specs: tuple[tf.TensorSpec, ...],
    observed: Mapping[str, Any],
    given: Mapping[str, Sequence[str]],
) -> Graph:
    found: dict[str, Any] = {}

    def run(*arguments: tf.Tensor) -> Any:
        *leaves, values, table = arguments
        recorder = Recorder(values, table, [Scope(tf.compat.v1.get_default_graph())], tuple(observed.values()))
        with recording(recorder):
            prediction = model(tree.pack_sequence_as(structure, leaves), training=False)
        join(recorder)
        for each in recorder.tapped:
            for mask, seen in () if each.steps else lowering(each.inner[0]):
                recorder.heed(kept(mask, seen))
        answers = [each for each in tree.flatten(prediction) if isinstance(each, tf.Tensor)]
        found.update(recorder=recorder, leaves=leaves, answers=answers)
        pairs = [(each.weights, each.scores) for each in recorder.tapped]
        return prediction, pairs, [each for _, each in recorder.outputs], recorder.masks

    whole = tf.function(run, autograph=False).get_concrete_function(*specs, *_EDITS)
    recorder: Recorder = found["recorder"]
    read = read_sites(whole.graph, recorder, found["leaves"], found["answers"], given)
    sites, rows, masks = read.sites, read.rows, read.masks
    missed = {path.rpartition("/")[2] for path in recorder.unreachable}
    no_shares = tuple(
        name for name in dict.fromkeys(layer_of(each, model) for each in read.no_shares) if name not in missed
    )
    linear = tuple(dict.fromkeys(layer_of(each, model) for each in read.linear))
    unreachable = tuple(dict.fromkeys([*recorder.unreachable, *called_compiled(whole.graph, model)]))
    in_python = tuple(dict.fromkeys(called_in_python(whole.graph, model)))
    if not sites:
        layers = ", ".join(f"{each.name} ({type(each).__name__})" for each in model._flatten_layers(False))
        about = {"model": model.name, "layers": layers, "recognised": RECOGNISED}
        if unreachable:
            raise ModelError("nothing_in_reach", **about, unreachable=", ".join(unreachable))
        if in_python:
            raise ModelError("nothing_but_python", **about, unreachable=", ".join(in_python))
        if read.sampled:
            raise ModelError("nothing_but_sampled", **about, unreachable=", ".join(read.sampled))
        if linear:
            raise ModelError("nothing_but_linear", **about, unreachable=", ".join(linear))
        if no_shares:
            raise ModelError("nothing_but_no_shares", **about, unreachable=", ".join(no_shares))
        raise ModelError("nothing_to_capture", **about)
    count = len(recorder.tapped)
    no_values, no_edits = np.zeros(0, np.float32), np.full((count, packing.COLUMNS), -1, np.int32)
    asked = {id(layer): name for name, layer in observed.items()}

    def seen(*arguments: tf.Tensor) -> Any:
        prediction, pairs, layers, padding = whole(*arguments)
        kept = [pairs[row] for row in rows]
        masked = [_masked_in_first_head(site, scores) for site, (_, scores) in zip(sites, kept, strict=True)]
        return prediction, [weights for weights, _ in kept], masked, layers, [padding[at] for at, _ in masks]

    def scored(*arguments: tf.Tensor) -> Any:
        _, pairs, _, _ = whole(*arguments)  # once: each call is a copy of the model in the graph
        return [pairs[row][1] for row in rows]

    def own(function: Any) -> Any:
        return lambda *leaves: function(*leaves, tf.constant(no_values), tf.constant(no_edits))

    def part(function: Any, *signature: tf.TensorSpec) -> Any:
        return tf.function(function, input_signature=signature, autograph=False)

    return Graph(
        specs,
        part(own(seen), *specs).get_concrete_function(),
        part(seen, *specs, *_EDITS),
        part(own(scored), *specs),
        part(scored, *specs, *_EDITS),
        sites,
        rows,
        count,
        tuple(numbered([asked[id(layer)] for layer, _ in recorder.outputs])),
        unreachable,
        in_python,
        tuple(along for _, along in masks),
        no_shares,
        linear,
        read.changed,
        read.parts,
        read.sampled,
        tuple(_ids(recorder, found["leaves"])),
    )


def _ids(recorder: Recorder, leaves: Sequence[tf.Tensor]) -> Iterator[tuple[int, int]]:
    """Which inputs are looked up in an embedding, and how many rows it has."""
    for tensor, rows in recorder.embedded:
        yield from ((place, rows) for place, leaf in enumerate(leaves) if behind(tensor, SAME) is leaf)


def _masked_in_first_head(site: Site, scores: tf.Tensor) -> tf.Tensor:
    """Where the scores of the first head are masked: heads rarely differ in it, and one is little."""
    layout = site.layout
    heads = layout.order[layout.batches : layout.batches + layout.heads]
    part = tuple(slice(0, 1) if axis in heads else slice(None) for axis in range(len(layout.order)))
    return scores[part] < tf.cast(MASKED_BELOW, scores.dtype)
