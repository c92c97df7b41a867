"""An encoder–decoder that writes one token at a time, with the keys and values of the tokens before kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import tree
from numpy.typing import NDArray

from attnviz.capture import CapturedModel, Run
from attnviz.capture.derived import compiled
from attnviz.capture.recorder import LOCK
from attnviz.errors import InputError
from attnviz.families.common.projection import check_indices
from attnviz.families.writing.decoding import Choice, log_softmax
from attnviz.families.writing.sides import Sides, fitted
from attnviz.families.writing.transformer import Attend, Networks
from attnviz.trace import LIFTED, Edit

#: Names of the blocks, and what the layers of each are called in the networks.
ENCODER, DECODER, SOURCE_TARGET = "encoder", "decoder", "source-target"
SITES: Mapping[str, str] = {ENCODER: "encoder_", DECODER: "decoder_", SOURCE_TARGET: "cross_"}


#: Lengths of a text at which writing about it is compiled.
LENGTHS = (16, 32, 64)


def stacked(run: Run, block: str) -> list[NDArray[np.float32]]:
    """The weights of a block, one `[batch, head, query, key]` a layer; empty where the network has no such block."""
    return [site.weights for name, site in run.sites.items() if name.startswith(SITES[block])]


class _Plain:
    """A network without attention, run as `CapturedModel` runs one that has some."""

    def __init__(self, network: keras.Model) -> None:
        self._call = tf.function(lambda inputs: network(inputs, training=False), reduce_retracing=True)

    def __call__(self, inputs: Any, edits: Sequence[Edit] = ()) -> Run:
        return Run(self._call(tree.map_structure(tf.convert_to_tensor, inputs)), {}, {})


class Captured:
    """The two networks that write, each traced once for all lengths, and compiled for a few once it is `prepare`d.

    Args:
        networks: As `transformer.build` makes them.
        longest: Most tokens that are written.
        lengths: Of the source, at which writing is compiled; longer ones are written by the open graph.
    """

    def __init__(self, networks: Networks, longest: int, lengths: Sequence[int] = LENGTHS) -> None:
        self.longest, self.lengths = longest, lengths
        attends = any(isinstance(layer, Attend) for layer in networks.encoder.layers)
        self.encoder = CapturedModel(networks.encoder, tensors=True) if attends else _Plain(networks.encoder)
        self.step = CapturedModel(networks.step, tensors=True)
        self._inputs = networks.step.input
        self._network = networks.step
        self._compiled: dict[int, Any] = {}

    def empty(self) -> list[Any]:
        """Kept keys and values before anything is written."""
        return [tf.zeros((1, *each.shape[1:])) for each in self._inputs["cache"]]

    def prepare(self) -> None:
        """Compile the writing of single sentences, which takes a second for each length, before anybody waits."""
        for length in self.lengths:
            if length not in self._compiled:
                specs = tree.map_structure(
                    lambda each, length=length: tf.TensorSpec(
                        [1 if place == 0 else size or length for place, size in enumerate(each.shape)], each.dtype
                    ),
                    self._inputs,
                )
                with LOCK:
                    self._compiled[length] = compiled(self._network, specs, tree.flatten(specs), joined=False)

    def length(self, source: int) -> int | None:
        """What a source is padded to for the compiled writing; None where there is none."""
        return next((each for each in sorted(self._compiled) if each >= source), None)

    def fast(self, inputs: Mapping[str, Any], length: int) -> tuple[Any, Mapping[str, Any]]:
        """A step of one hypothesis with a padded source: the prediction, and weights by site, as tensors."""
        leaves = [tf.convert_to_tensor(each) for each in tree.flatten(dict(inputs))]
        prediction, weights = self._compiled[length](*leaves)
        return prediction, weights


class IncrementalWriting:
    """One text that is being written: what the encoder made of its source, and what every step left behind.

    Args:
        captured: The networks.
        given: What their encoder takes: `source` int32 `[1, source]`, the end token of a text included, and `regions`
            of a picture.
        edits: By block, layer and head; rows beyond those of an edit stay the model's own.
    """

    def __init__(self, captured: Captured, given: Mapping[str, Any], edits: Sequence[Edit] = ()) -> None:
        self._captured = captured
        self._source: NDArray[np.int32] = given["source"]
        self._edits = [edit for edit in edits if edit.block != ENCODER]
        placed = [_placed(edit, edit.weights) for edit in edits if edit.block == ENCODER]
        run = captured.encoder(dict(given) if len(given) > 1 else self._source, placed)
        self._encoder = stacked(run, ENCODER)  # a layer each, [1, head, source, source]
        self._memory: list[Any] = list(run.prediction)
        self._cache: list[Any] = captured.empty()
        self._rows: list[dict[str, list[NDArray[np.float32]]]] = []
        self._batch = 1
        self._length = None if self._edits else captured.length(self._source.shape[1])
        self._padded: tuple[NDArray[np.int32], list[Any]] | None = None

    def step(self, tokens: Sequence[int], parents: Sequence[int]) -> NDArray[np.float64]:
        """Log probabilities of what follows, float64 `[hypothesis, vocabulary]`, see `decoding.Following`."""
        place, size = len(self._rows), len(tokens)
        inputs: dict[str, Any] = {"token": np.array(tokens, np.int32)[:, None], "position": np.array([place], np.int32)}
        if size == 1 and self._batch == 1 and self._length is not None:
            source, memory = self._pad(self._length)
            inputs |= {"source": source, "memory": memory, "cache": self._cache}
            prediction, weights = self._captured.fast(inputs, self._length)
            keys = self._source.shape[1]
            found = {
                DECODER: [each.numpy() for name, each in weights.items() if name.startswith(SITES[DECODER])],
                SOURCE_TARGET: [
                    each.numpy()[..., :keys] for name, each in weights.items() if name.startswith(SITES[SOURCE_TARGET])
                ],
            }
        else:
            if size > 1 or self._batch > 1:
                self._cache = [tf.gather(each, list(parents)) for each in self._cache]
                self._batch = size
            memory = self._memory if size == 1 else [tf.repeat(each, size, 0) for each in self._memory]
            inputs |= {"source": np.repeat(self._source, size, 0), "memory": memory, "cache": self._cache}
            run = self._captured.step(inputs, self._row_edits(place))
            prediction = run.prediction
            found = {block: stacked(run, block) for block in (DECODER, SOURCE_TARGET)}
        self._cache = list(prediction["cache"])
        self._rows.append(found)
        return log_softmax(prediction["logits"].numpy())

    def _pad(self, length: int) -> tuple[NDArray[np.int32], list[Any]]:
        if self._padded is None:
            more = length - self._source.shape[1]
            memory = [
                tf.pad(each, [[0, 0], [0, 0], [0, more], [0, 0]]) if each.shape.rank == 4 else each
                for each in self._memory
            ]
            self._padded = np.pad(self._source, ((0, 0), (0, more))), memory
        return self._padded

    def rows(self, place: int, hypothesis: int = 0) -> dict[str, NDArray[np.float32]]:
        """The weights of one step, float32 `[layer, head, key]`: on the tokens there were, and on the source."""
        met = [block for block in (DECODER, SOURCE_TARGET) if self._rows[place][block]]
        return {block: self._row(block, place, hypothesis) for block in met}

    def _row(self, block: str, place: int, hypothesis: int = 0) -> NDArray[np.float32]:
        """The weights of one step, float32 `[layer, head, key]`; of the decoder, on the tokens there were."""
        layers = [each[hypothesis, :, 0] for each in self._rows[place][block]]
        rows: NDArray[np.float32] = np.stack(layers) if layers else np.zeros((0, 0, 0), np.float32)
        return rows[..., : place + 1] if block == DECODER else rows

    def weights(self, written: Sequence[Choice]) -> dict[str, NDArray[np.float32]]:
        """By block the weights float32 `[layer, head, query, key]` with which these tokens were written."""
        count = len(written)
        decoder = np.zeros((*self._row(DECODER, 0).shape[:2], count, count), np.float32)
        for place, each in enumerate(written):
            decoder[:, :, place, : place + 1] = self._row(DECODER, place, each.row)
        found = {DECODER: decoder}
        if self._encoder:
            found[ENCODER] = np.concatenate(self._encoder)
        if self._rows[0][SOURCE_TARGET]:
            rows = [self._row(SOURCE_TARGET, place, each.row) for place, each in enumerate(written)]
            found[SOURCE_TARGET] = np.stack(rows, axis=2)
        return found

    def _row_edits(self, place: int) -> list[Edit]:
        """The edits of one row, as long as the keys of a step."""
        edits = []
        for edit in self._edits:
            if place < len(edit.weights):
                row = edit.weights[place]
                if edit.block == DECODER:
                    row = np.zeros(self._captured.longest, np.float32)
                    row[: place + 1] = edit.weights[place, : place + 1]
                edits.append(_placed(edit, row[None]))
        return edits


def _placed(edit: Edit, weights: NDArray[np.float32]) -> Edit:
    return Edit(f"{SITES[edit.block]}{edit.layer}", weights, 0, edit.head, edit.label)


def full_edits(edits: Sequence[Edit], sides: Mapping[str, Sides]) -> list[Edit]:
    """Edits of a pass over a whole text at once."""
    return [_placed(edit, fitted(edit.weights, sides[edit.block])) for edit in edits]


def check(edits: Sequence[Edit], layers: Mapping[str, int], heads: int, source: int) -> None:
    """See that edits fit a model and a sentence.

    Args:
        edits: By block, layer and head.
        layers: Of each block.
        heads: Of each layer.
        source: Tokens or regions of the source, the end token included.

    Raises:
        InputError: `no_such_block`, `no_such_index`, `edit_shape`, `edit_not_offered` (a mask to be lifted).
    """
    for edit in edits:
        if not layers.get(edit.block):
            offered = ", ".join(block for block, count in layers.items() if count)
            raise InputError("no_such_block", received=edit.block, expected=offered)
        check_indices(layer=(edit.layer, layers[edit.block]), head=(edit.head or 0, heads))  # no head: all
        shape = edit.weights.shape
        rows = shape[0] if edit.weights.ndim == 2 and edit.block != ENCODER else source
        expected = (rows, rows if edit.block == DECODER else source)
        if shape != expected:
            raise InputError("edit_shape", block=edit.block, received=str(shape), expected=str(expected))
        if (edit.weights == LIFTED).any():
            raise InputError("edit_not_offered", code=edit.label)
