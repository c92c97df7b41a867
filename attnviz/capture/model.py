"""A Keras model together with everything its attention does."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import tree
from numpy.typing import NDArray

from attnviz.capture import edits as packing
from attnviz.capture.derived import gradient
from attnviz.capture.graph import Graph, plain, traced
from attnviz.capture.recorder import LOCK
from attnviz.capture.run import Run, SiteRun
from attnviz.capture.signatures import declared
from attnviz.capture.sites import Site
from attnviz.errors import InputError, ModelError
from attnviz.trace import Edit


class CapturedModel:
    """Any Keras model, with the weights of its attention and with edits put into them.

    The model is neither changed nor copied. One tracing serves every batch and length (as far as the model itself
    does), with and without edits. Many threads may call at once.

    Args:
        model: A Keras model, built or not.
        observe: Names or paths of layers, or layers, whose outputs are wanted too.
        tensors: Leave the prediction as tensors, for a loop that hands a part of it back in.
        axes: By name of a site or layer what the axes of its weights are (`batch`, `head`, `query`, `key`), where the
            graph does not tell.

    Raises:
        ModelError: `no_such_layer`: an observed layer does not exist. When first called or asked for `sites`:
            `nothing_to_capture`, `not_traceable`.
    """

    def __init__(
        self,
        model: keras.Model,
        observe: Sequence[str | keras.Layer] = (),
        *,
        tensors: bool = False,
        axes: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.model = model
        self._given = dict(axes or {})
        self._tensors = tensors
        self._observed = dict(_layer(model, each) for each in observe)
        self._graphs: dict[str, tuple[Graph, ...]] = {}
        self._gradients: dict[Any, Any] = {}

    @property
    def sites(self) -> tuple[Site, ...]:
        """The attention computations in order of first call.

        Raises:
            ModelError: `not_called`: a model without declared inputs has to be called once before.
        """
        return self._any_graph().sites

    @property
    def unreachable(self) -> tuple[str, ...]:
        """Paths of layers whose softmax lies in a loop or branch that gives nothing out."""
        return self._any_graph().unreachable

    @property
    def in_python(self) -> tuple[str, ...]:
        """Names of layers that compute in Python, where nothing is seen."""
        return self._any_graph().in_python

    @property
    def no_shares(self) -> tuple[str, ...]:
        """Names of layers that weigh tokens by numbers which nothing makes sum to one."""
        return self._any_graph().no_shares

    @property
    def linear(self) -> tuple[str, ...]:
        """Names of layers of linear attention, which have no weights for each query and key."""
        return self._any_graph().linear

    @property
    def sampled(self) -> tuple[str, ...]:
        """Paths of layers of deformable attention, whose keys are places that each query computes."""
        return self._any_graph().sampled

    @property
    def changed(self) -> tuple[str, ...]:
        """Names of sites whose weights the model changes before it weighs with them."""
        return self._any_graph().changed

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of sites that weigh a part of the keys of an attention, whose parts are joined behind them."""
        return self._any_graph().parts

    def __call__(self, inputs: Any, edits: Sequence[Edit] = ()) -> Run:
        """Run the model.

        Args:
            inputs: As the model takes them: an array, list or dict; any batch.
            edits: Weights to go on with, addressed by site name. `[query, key]`, or `[batch, query, key]`; NaN keeps
                the model's own weight, inf lifts the mask of a cell, -inf masks it (`trace.Edit`). Without a head
                they go into all heads.

        Raises:
            InputError: `id_outside`, `inputs_not_finite`; for edits `no_such_block`, `no_such_index`, `edit_shape`,
                `edit_in_loop`.
        """
        structure, leaves = self._leaves(inputs)
        graph = self._graph(structure, leaves)
        for place, rows in graph.ids:
            self._check_ids(leaves[place], rows)
        if not edits:
            return self._read(graph, leaves, graph.plain(*leaves), ())
        sizes: dict[str, Sequence[int | None]] = {site.name: site.shape for site in graph.sites}
        if not all(site.layout.settled(site.shape) for site in graph.sites):
            own = self._read(graph, leaves, graph.plain(*leaves), ())
            sizes = {name: site.sizes for name, site in own.sites.items()}
        given = packing.packed(edits, graph.sites, graph.rows, graph.table_rows, sizes)
        try:
            run = self._read(graph, leaves, graph.edited(*leaves, *given), given)
        except tf.errors.InvalidArgumentError:
            own = self._read(graph, leaves, graph.plain(*leaves), ())
            packing.check_shapes(edits, {name: site.shape for name, site in own.sites.items()})
            raise
        packing.check_shapes(edits, {name: site.shape for name, site in run.sites.items()})
        return run

    def called(self, inputs: Any) -> Any:
        """The prediction of the model as it is when nobody looks into it: called outside of any graph, in NumPy."""
        structure, leaves = self._leaves(inputs)
        return tree.map_structure(_numpy, self.model(tree.pack_sequence_as(structure, leaves), training=False))

    def gradient(self, inputs: Any, layer: str | keras.Layer, target: int) -> NDArray[np.float32]:
        """Derivative of one number of the prediction by what a layer gave out when it was first called.

        Args:
            inputs: As the model takes them; a prediction `[batch, class]` must follow from them.
            layer: Name, path or layer: an embedding.
            target: Class.

        Returns:
            float32, of the shape of the layer's output.

        Raises:
            ModelError: `no_gradients`: the prediction is no `[batch, class]`, or does not depend on the layer.
        """
        structure, leaves = self._leaves(inputs)
        graph = self._graph(structure, leaves)
        _, watched = _layer(self.model, layer)
        key = (graph.specs, id(watched))
        with LOCK:
            if key not in self._gradients:
                self._gradients[key] = gradient(self.model, structure, graph.specs, watched)
        return np.asarray(self._gradients[key](*leaves, tf.constant(target)).numpy(), np.float32)

    def _check_ids(self, ids: tf.Tensor, rows: int) -> None:
        """Keras takes -1 for the last row of an embedding, and some devices any id for a row of zeros."""
        values = ids.numpy()
        if values.dtype.kind not in "iuf":
            return
        check_finite(self.model.name, values)
        outside = values[(values < 0) | (values >= rows)]
        if outside.size:
            about = {"received": int(outside[0]), "expected": f"0–{rows - 1}"}
            raise InputError("id_outside", model=self.model.name, **about)

    def _leaves(self, inputs: Any) -> tuple[Any, list[tf.Tensor]]:
        structure = tree.map_structure(lambda _: 0, inputs)
        known = declared(self.model, structure) or [None] * len(tree.flatten(inputs))
        for leaf, like in zip(tree.flatten(inputs), known, strict=True):
            if like is not None and tf.as_dtype(like.dtype).is_integer:
                check_finite(self.model.name, np.asarray(leaf))
        return structure, [_tensor(leaf, like) for leaf, like in zip(tree.flatten(inputs), known, strict=True)]

    def _any_graph(self) -> Graph:
        for graphs in list(self._graphs.values()):
            return graphs[0]
        inputs = getattr(self.model, "inputs", None)
        if not inputs:
            raise ModelError("not_called", model=self.model.name)
        struct = getattr(self.model, "_inputs_struct", inputs[0] if len(inputs) == 1 else inputs)
        one = tree.map_structure(lambda x: tf.zeros([1 if n is None else n for n in x.shape], x.dtype), struct)
        return self._graph(tree.map_structure(lambda _: 0, struct), tree.flatten(one))

    def _graph(self, structure: Any, leaves: Sequence[tf.Tensor]) -> Graph:
        key = repr(structure)
        for graph in self._graphs.get(key, ()):
            if graph.takes(leaves):
                return graph
        with LOCK:
            for graph in self._graphs.get(key, ()):
                if graph.takes(leaves):
                    return graph
            if not all(layer.built for layer in self.model._flatten_layers()):  # variables are not made in our graph
                try:
                    self.model(tree.pack_sequence_as(structure, list(leaves)), training=False)
                except Exception as error:
                    raise ModelError("not_traceable", model=self.model.name, reason=plain(error)) from error
            graph = traced(self.model, structure, leaves, self._observed, self._given)
            self._graphs[key] = (*self._graphs.get(key, ()), graph)
            return graph

    def _read(self, graph: Graph, leaves: Sequence[tf.Tensor], outputs: Any, edits: Sequence[Any]) -> Run:
        prediction, weights, masked, layers, padding = outputs

        @functools.cache
        def scores() -> Any:
            return graph.edited_scores(*leaves, *edits) if edits else graph.scores(*leaves)

        sites = {
            site.name: SiteRun(site, weights[index], masked[index], functools.partial(lambda i: scores()[i], index))
            for index, site in enumerate(graph.sites)
        }
        observed = (tree.map_structure(_numpy, layer) for layer in layers)
        if not self._tensors:
            prediction = tree.map_structure(_numpy, prediction)
        gone = tuple((along, ~each.numpy()) for along, each in zip(graph.padded, padding, strict=True))
        return Run(prediction, sites, dict(zip(graph.observed, observed, strict=True)), gone)


def check_finite(name: str, values: NDArray[Any]) -> None:
    """See that inputs of a model are numbers: as an id NaN would be taken for the lowest whole number there is.

    Raises:
        InputError: `inputs_not_finite`.
    """
    missing = values[~np.isfinite(values)] if values.dtype.kind == "f" else values[:0]
    if missing.size:
        raise InputError("inputs_not_finite", model=name, received=str(missing[0]))


def _layer(model: keras.Model, wanted: str | keras.Layer) -> tuple[str, keras.Layer]:
    layers = model._flatten_layers(include_self=False)
    for layer in layers:
        if wanted is layer or wanted in (layer.name, layer.path):
            return (wanted if isinstance(wanted, str) else layer.path), layer
    raise ModelError("no_such_layer", received=str(wanted), expected=", ".join(layer.name for layer in layers))


def _tensor(leaf: Any, like: keras.KerasTensor | None) -> tf.Tensor:
    """A leaf of the inputs in the dtype the model declares; without that, float64 counts as a Python habit."""
    if not tf.is_tensor(leaf):
        array = np.asarray(leaf)
        leaf = tf.constant(array.astype(np.float32) if array.dtype == np.float64 and like is None else array)
    if like is not None and leaf.dtype != like.dtype and leaf.dtype != tf.string:
        leaf = tf.cast(leaf, like.dtype)
    return leaf


def _numpy(value: Any) -> Any:
    return value.numpy() if tf.is_tensor(value) else value
