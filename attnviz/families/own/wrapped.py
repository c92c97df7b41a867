"""Any Keras model, with two functions that say what goes in and what comes out."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import tree
from numpy.typing import NDArray

from attnviz.capture import CapturedModel, Run
from attnviz.capture.graph import RECOGNISED
from attnviz.capture.model import check_finite
from attnviz.errors import InputError, ModelError
from attnviz.families.card import ModelCard
from attnviz.families.common.cleaning import cleaned
from attnviz.families.common.encoding import text_of
from attnviz.families.common.projection import check_indices, head_steps
from attnviz.families.model import Model
from attnviz.families.own.block import Block
from attnviz.families.own.comparing import difference
from attnviz.families.own.failing import check_model, refused, unfit
from attnviz.families.own.inputs import (
    Along,
    WrappedEncoded,
    axes_of,
    input_lengths,
    input_names,
    moving,
    named,
    packed_inputs,
)
from attnviz.families.own.reading import read
from attnviz.families.own.telling import left_out, used_otherwise
from attnviz.trace import (
    AttentionTrace,
    Classification,
    Edit,
    Embedding,
    Encoded,
    Notice,
    Output,
    Picture,
    Source,
    Step,
    Steps,
    Tensor,
    Text,
    Written,
)

#: A text, or the pixels of a picture uint8 `[height, width, 3]`, to inputs (a batch of one, as the model takes it) and
#: what stands along its sequences: tokens or regions, or these by name.
Encode = Callable[[Any], tuple[Any, Along | Mapping[str, Along]]]

_OUTPUTS = (Classification, Written, Embedding, Tensor)


class WrappedModel(Model):
    """A Keras model behind the interface of all models; made by `wrap`."""

    def __init__(
        self,
        model: keras.Model,
        encode: Encode,
        decode_output: Callable[[Any], Any] | None = None,
        name: str = "",
        axes: Mapping[str, str | Sequence[str]] | None = None,
    ) -> None:
        super().__init__(ModelCard(name or model.name, family="wrapped"))
        self.model = model
        spelt = {
            block: re.findall(r"\w+", names) if isinstance(names, str) else list(map(str, names))
            for block, names in (axes or {}).items()
        }
        self.captured = CapturedModel(model, axes=spelt)
        self._encode = encode
        self._decode = decode_output
        self._causal: frozenset[str] = frozenset()
        self._kinds: tuple[str, ...] = ()
        self._differences: dict[str, tuple[Notice, ...]] = {}
        self._observing: dict[str, CapturedModel] = {}
        self._lock = threading.Lock()

    tells_masks = False

    @property
    def card(self) -> ModelCard:
        """What is known of the model; the kinds of attention are known after the first run."""
        return replace(self._card, kinds=self._kinds)

    def encode(self, source: Source | str) -> WrappedEncoded:
        """Clean a text and let the author's function cut it; a picture is handed on as its pixels.

        Raises:
            InputError: `empty_text`; `bad_encode`: the function did not give inputs and tokens of a batch of one.
        """
        notices: Sequence[Notice] = ()
        shown = ""
        taken: Source
        if isinstance(source, Picture):
            taken, given = source, self._encode(source.pixels())
        else:
            shown, notices = cleaned(text_of(source))
            taken, given = Text(shown), self._encode(shown)
        if not (isinstance(given, tuple) and len(given) == 2):
            raise InputError("bad_encode", expected="(inputs, tokens)", received=type(given).__name__)
        axes = axes_of(given[1], shown)
        structure, inputs = named(given[0], list(axes))
        moves = moving(inputs, axes)
        return WrappedEncoded(taken, inputs, axes, tuple(notices), moves, structure)

    def attend(self, encoded: Encoded, edits: Sequence[Edit] = ()) -> AttentionTrace:
        """One run.

        Args:
            encoded: From `encode`, or a part of it.
            edits: Weights to go on with, float `[query, key]` as the block shows them, addressed by block name.

        Returns:
            A trace with one block for each attention computation.

        Raises:
            InputError: For edits `no_such_block`, `no_such_index`, `edit_shape`, `edit_in_loop`.
            ModelError: `nothing_to_capture`, `not_traceable`, `bad_output`.
        """
        run, blocks = self._read(encoded)
        no_weights = [each.name for each in blocks if not each.are_weights]
        blocks = [each for each in blocks if each.are_weights]
        if not blocks:
            about = {"model": self._card.name, "layers": ", ".join(no_weights), "unreachable": ", ".join(no_weights)}
            raise ModelError("nothing_but_no_shares", **about, recognised=RECOGNISED)
        if not all(np.isfinite(each.weights).all() for each in blocks):
            for values in encoded.inputs.values():
                check_finite(self._card.name, values)
        difference = self._compared(encoded, run)
        if edits:
            placed = [_placed(edit, {block.name: block for block in blocks}) for edit in edits]
            run = self.captured(packed_inputs(encoded), placed)
            blocks = [block.with_weights(run.sites[block.name].weights, edits) for block in blocks]
        self._causal |= {block.name for block in blocks if block.kind == "causal"}
        self._kinds = tuple(dict.fromkeys(block.kind for block in blocks))
        notices = [notice for block in blocks for notice in block.notices]
        notices += [*left_out(self.captured, no_weights), *used_otherwise(self.captured, blocks)]
        output, more = self._output(run.prediction)
        return AttentionTrace(
            self._card.name,
            encoded.source,
            tuple(block.block() for block in blocks),
            output,
            (*encoded.notices, *difference, *notices, *more),
            tuple(edits),
        )

    def check(self, encoded: Encoded, edits: Sequence[Edit]) -> None:
        """See that edits fit: raises `InputError`, as `run` does. The model is run to know its blocks."""
        blocks = {block.name: block for block in self._read(encoded)[1]}
        for edit in edits:
            _placed(edit, blocks)

    def _compared(self, encoded: Encoded, run: Run) -> tuple[Notice, ...]:
        """Once for each form of inputs: whether the model answers the same when nobody looks into it."""
        form = repr(tree.map_structure(lambda _: 0, packed_inputs(encoded)))
        if form not in self._differences:
            inputs = packed_inputs(encoded)
            try:
                self._differences[form] = difference(self.model, run.prediction, self.captured, inputs)
            except ValueError as error:  # Keras: not of the length that the model declares
                raise refused(self._card.name, error) from error
        return self._differences[form]

    def _read(self, encoded: Encoded) -> tuple[Run, list[Block]]:
        try:
            run = self.captured(packed_inputs(encoded))
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError, ValueError) as error:
            raise refused(self._card.name, error) from error
        except ModelError as error:
            flat = next((values.shape for values in encoded.inputs.values() if values.ndim < 2), None)
            if flat is None and (refusal := unfit(self._card.name, error)) is not None:
                raise refusal from error
            if error.code != "not_traceable" or flat is None:
                raise
            expected = f"arrays with a batch of one, such as one of shape {(1, *flat)}"
            raise InputError("bad_encode", expected=expected, received=f"an array of shape {flat}") from error
        size = max((len(values) if values.ndim else 1 for values in encoded.inputs.values()), default=0)
        over_batch = (site.roles.key is not None and site.roles.key.role == "batch" for site in self.captured.sites)
        if size != 1 and not any(over_batch):
            raise InputError("bad_encode", expected="batch of 1", received=f"batch of {size}")
        return run, read(run, encoded.axes, input_names(encoded), input_lengths(encoded), self._causal)

    def explain(
        self,
        encoded: Encoded,
        block: str = "",
        layer: int = 0,
        head: int = 0,
        query: int = 0,
        edits: Sequence[Edit] = (),
        tokens: Sequence[str] | None = None,
    ) -> Steps:
        """The computation of one query in one head.

        Returns:
            `scores` [key] (as they go into the softmax) and `weights` [key]. Where the layer is Keras' own multi-head
            or grouped-query attention, also `query` [feature], `key` [key, feature] and `value` [key, feature] before
            them, and after them `context` [feature], `output_kernel` W_O of this head [feature, model] and `output`,
            its part of the output projection [model] (not where the layer has a gate).

        Raises:
            InputError: There is no such block, layer, head or query.
        """
        run, found = self._read(encoded)
        blocks = {each.name: each for each in found}
        if block and block not in blocks:
            raise InputError("no_such_block", received=block, expected=", ".join(blocks))
        chosen = blocks[block] if block else found[0]
        block, inputs, placed = chosen.name, packed_inputs(encoded), [_placed(edit, blocks) for edit in edits]
        if placed:
            run = self.captured(inputs, placed)
        check_indices(layer=(layer, 1), head=(head, chosen.heads), query=(query, len(chosen.rows)))
        scores = chosen.cut(run.sites[block].scores)[head, query]
        weights = chosen.cut(run.sites[block].weights)[head, query]
        parts = self._projections(chosen, inputs, placed)
        if parts is None:
            how = chosen.site.how
            formulas = ("scores", "weights") if how == "softmax" else ("scores_given", f"weights_{how}")
            both = zip(("scores", "weights"), (scores, weights), formulas, strict=True)
            return Steps(tuple(Step(name, values, ("key",), formula) for name, values, formula in both))
        q, k, v = (values[:, head * values.shape[1] // chosen.heads] for values in parts)  # keys may be shared by heads
        keys, values = k[chosen.columns], v[chosen.columns]
        return head_steps(chosen.site.layer, head, q[chosen.rows[query]], keys, values, scores, weights)

    def gradients(self, encoded: Encoded, target: Any = None) -> NDArray[np.float32]:
        """Derivative of a class of the prediction by the embedding vectors.

        Args:
            encoded: From `encode`, or a part of it.
            target: Class index; None means the class of the largest number.

        Returns:
            float32 `[1, token, feature]`, of the first `Embedding` of the model, padding included.

        Raises:
            ModelError: `no_gradients`: there is no embedding, or the prediction is not `[batch, class]`.
        """
        inputs = packed_inputs(encoded)
        layers = (each for each in self.model._flatten_layers() if isinstance(each, keras.layers.Embedding))
        embedding = next(layers, None)
        if embedding is None:
            raise ModelError("no_gradients", model=self._card.name)
        if target is None:
            target = int(np.argmax(np.asarray(tree.flatten(self.captured(inputs).prediction)[0], np.float32)))
        return self.captured.gradient(inputs, embedding, target)

    def _projections(self, block: Block, inputs: Any, edits: Sequence[Edit]) -> list[NDArray[np.float32]] | None:
        """Queries, keys, values `[token, head, feature]` of Keras' own layers, from a run that observes their parts."""
        layer = block.site.layer
        plain = (
            block.site.how == "softmax"
            and block.site.layout.heads == 1
            and block.site.layout.queries == 1
            and block.site.editable
        )
        if not plain or not isinstance(layer, (keras.layers.MultiHeadAttention, keras.layers.GroupQueryAttention)):
            return None
        parts: list[Any] = [getattr(layer, f"_{part}_dense", None) for part in ("query", "key", "value")]
        if None in parts:
            return None
        with self._lock:
            if block.name not in self._observing:
                self._observing[block.name] = CapturedModel(self.model, observe=parts)
        outputs = self._observing[block.name](inputs, edits).layers
        call = f"#{block.name.rpartition('#')[2]}" if "#" in block.name else ""
        found = [outputs.get(f"{part.path}{call}") for part in parts]
        arrays = [each[0] for each in found if each is not None and each.ndim == 4]
        return arrays if len(arrays) == len(parts) else None

    def _output(self, prediction: Any) -> tuple[Output, tuple[Notice, ...]]:
        if self._decode is not None:
            output: Any = self._decode(prediction)
            if not isinstance(output, _OUTPUTS):
                expected = ", ".join(each.__name__ for each in _OUTPUTS)
                raise ModelError("bad_output", expected=expected, received=type(output).__name__)
            return output, ()
        arrays = tree.flatten(prediction)
        notices = (Notice("first_output_only", {"count": len(arrays)}),) if len(arrays) > 1 else ()
        values = np.asarray(arrays[0])
        if values.dtype.kind not in "fiub":
            values = values.astype(np.float32)
        values = values[0] if values.ndim else values
        vector = values.ndim == 1 and values.size > 1 and values.dtype.kind == "f"
        if vector and (values >= 0).all() and abs(float(values.sum(dtype=np.float64)) - 1) < 1e-2:
            return Classification(tuple(map(str, range(values.size))), values), notices
        return Tensor(values), notices


def wrap(
    model: keras.Model,
    encode: Encode | None = None,
    decode_output: Callable[[Any], Output] | None = None,
    *,
    name: str = "",
    axes: Mapping[str, str | Sequence[str]] | None = None,
) -> WrappedModel:
    """Look into any Keras model.

    The model is not changed. Whatever computes a softmax and goes on with it is found: `MultiHeadAttention` and the
    other attention layers of Keras and KerasHub, and layers of one's own.

    Args:
        model: Functional, Sequential or subclassed; in memory or loaded.
        encode: Text, or pixels uint8 `[height, width, 3]`, to `(inputs, tokens)`: inputs as the model takes them
            (array, list or dict), a batch of one; tokens a list, or a dict from input name to list where there are
            several sequences. Where a mask marks padding, tokens may be given with or without it. Of a picture regions
            stand in the place of tokens: `attnviz.RegionAxis.grid_of(rows, columns)`, a class token named before them.
        decode_output: The model's prediction (NumPy, with the batch) to an output of `attnviz.trace`. Without it, one
            row of non-negative numbers that sum to 1 is shown as probabilities of classes 0, 1, …, all else as it is.
        name: What to call the model; its own name if empty.
        axes: By name of a block or layer what the axes of its weights are, as `"batch query head key"`; needed only
            where a notice says that the model's graph does not tell.

    Raises:
        InputError: `wrap_model`, `wrap_encode`, `wrap_decode`: these are no model and no function.
        ModelError: `keras_2_model`, `other_backend`: a model of another Keras, or Keras on something else.

    Returns:
        An object with `trace(text)` and the rest of what every model offers; pictures are arrays or Pillow images.

    >>> tokens = keras.Input((None, 4))
    >>> layer = keras.layers.MultiHeadAttention(num_heads=3, key_dim=5)
    >>> seen = wrap(keras.Model(tokens, layer(tokens, tokens)), lambda text: (np.ones((1, 2, 4)), text.split()))
    >>> seen.trace("two words").blocks[0].shape  # [layer, head, query, key]
    (1, 3, 2, 2)
    """
    check_model(model)
    if not callable(encode):
        raise InputError("wrap_encode", received=type(encode).__name__)
    if decode_output is not None and not callable(decode_output):
        raise InputError("wrap_decode", received=type(decode_output).__name__)
    return WrappedModel(model, encode, decode_output, name, axes)


def _placed(edit: Edit, blocks: Mapping[str, Block]) -> Edit:
    """An edit in the coordinates of the model: what was cut stays the model's own."""
    if edit.block not in blocks:
        raise InputError("no_such_block", received=edit.block, expected=", ".join(blocks))
    block = blocks[edit.block]
    if edit.layer != 0:
        raise InputError("no_such_index", what="layer", received=edit.layer, last=0)
    return block.placed(edit)
