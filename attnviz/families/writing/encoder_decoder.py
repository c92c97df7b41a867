"""What models share that an encoder and a decoder make up, whatever the encoder reads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnviz.capture import CapturedModel
from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.families.common.arrays import set_weights
from attnviz.families.common.derivative import Derivative
from attnviz.families.common.forward import Forward
from attnviz.families.common.projection import check_indices, head_steps, value_norms
from attnviz.families.writing import sentence, transformer
from attnviz.families.writing.incremental import (
    DECODER,
    ENCODER,
    LENGTHS,
    SITES,
    SOURCE_TARGET,
    Captured,
    IncrementalWriting,
    check,
    full_edits,
    stacked,
)
from attnviz.families.writing.model import WritingModel
from attnviz.families.writing.sentence import Sentence
from attnviz.families.writing.sides import Read, Sides
from attnviz.families.writing.subwords import END_ID, Pieces
from attnviz.trace import Axis, Edit, Encoded, Kind, Steps

#: Kinds of the blocks, in the order in which the model computes them.
BLOCKS: Mapping[str, Kind] = {ENCODER: "self", DECODER: "causal", SOURCE_TARGET: "cross"}


class EncoderDecoderModel(WritingModel):
    """A trained encoder–decoder.

    A family adds `encode`, `given` and `source_axis`.

    Args:
        networks: As `transformer.build` makes them.
        pieces: Cuts and joins what is written.
        card: What the model is.
        lengths: Of the source, at which writing is compiled.
    """

    def __init__(
        self, networks: transformer.Networks, pieces: Pieces, card: ModelCard, lengths: Sequence[int] = LENGTHS
    ) -> None:
        super().__init__(card, pieces, int(card.details["config"].get("longest", 64)))
        self.networks, self.model = networks, networks.full
        self._captured = CapturedModel(networks.full)
        self._incremental = Captured(networks, self.longest, lengths)
        # Not asked of the captured model, which would trace a whole text for it before any is read.
        looks = [layer.name for layer in networks.full.layers if isinstance(layer, transformer.Attend)]
        self._blocks = {block: sum(name.startswith(SITES[block]) for name in looks) for block in BLOCKS}
        self.heads = int(networks.full.get_layer(f"{looks[0]}_query").kernel.shape[1])
        names = [
            f"{SITES[block]}{layer}_{part}"
            for block, layers in self._blocks.items()
            for layer in range(layers)
            for part in ("query", "key", "value")
        ]
        self._parts = CapturedModel(networks.full, observe=(*names, "source_embedding"))
        vectors = networks.full.get_layer("source_embedding").output
        specs = [tf.TensorSpec(each.shape, each.dtype) for each in networks.full.input.values()]
        self._derivative = Derivative(self._tail, specs, vectors.shape[-1])
        self._last = transformer.last(networks.full)
        self._next = Forward(self._last)

    # What a family adds -------------------------------------------------------------------------------------------

    @abstractmethod
    def given(self, encoded: Encoded) -> dict[str, Any]:
        """What the encoder takes: `source` int32 `[1, source]` as the decoder looks at it, and more."""

    @abstractmethod
    def source_axis(self, encoded: Encoded) -> Axis:
        """What the decoder looks at: an axis as long as `source`."""

    # What it comes to ---------------------------------------------------------------------------------------------

    def start(self, encoded: Encoded, edits: Sequence[Edit] = ()) -> IncrementalWriting:
        """Begin to write; `edits` as for `run`."""
        return IncrementalWriting(self._incremental, self.given(encoded), edits)

    def read(self, encoded: Encoded, ids: Sequence[int], edits: Sequence[Edit] = ()) -> Read:
        """Read a text of these ids at once."""
        output = sentence.written(ids, self.pieces)
        run = self._captured(self._inputs(encoded, ids), full_edits(edits, self.sides(encoded, output)))
        weights = {block: np.concatenate(stacked(run, block)) for block in self._offered}
        return Read(run.prediction["logits"][0], weights)

    def sides(self, encoded: Encoded, output: Sentence) -> dict[str, Sides]:
        """`encoder`, `decoder` and `source-target`, those that the model has.

        The queries of the last two are the tokens written. The keys of `decoder` are what the decoder was given: the
        start token and all tokens but the last.
        """
        source = self.source_axis(encoded)
        axes = {
            ENCODER: (source, source),
            DECODER: (output.axis, sentence.inputs_axis(output.axis, self.vocabulary[self.rules(encoded).start])),
            SOURCE_TARGET: (output.axis, source),
        }
        return {block: Sides(BLOCKS[block], *axes[block]) for block in self._offered}

    def check(self, encoded: Encoded, edits: Sequence[Edit]) -> None:
        """See that edits fit.

        Raises:
            InputError: `no_such_block`, `no_such_index`, `edit_shape`, `edit_not_offered` (a mask to be lifted: what is
                not written yet cannot be looked at).
        """
        check(edits, self._blocks, self.heads, len(self.source_axis(encoded)))

    def prepare(self) -> None:
        """Compile the writing for a few lengths of the source, before anybody waits."""
        self._incremental.prepare()

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
        """Every array of one row of attention.

        Args:
            encoded: From `encode`, or a part of it.
            block: `encoder`, `decoder` or `source-target`, which is meant if empty.
            layer: From 0.
            head: From 0.
            query: Position.
            edits: As for `run`.
            tokens: What was written, as in `Written.tokens`; None means what `run` writes.

        Returns:
            As `families.classifier.encoder` gives them: `query`, `key`, `value`, `scores`, `weights`, `context`,
            `output_kernel`, `output`; float32.

        Raises:
            InputError: There is no such block, layer, head or query.
        """
        self.check(encoded, edits)
        block = block or SOURCE_TARGET
        if not self._blocks.get(block):
            raise InputError("no_such_block", received=block, expected=", ".join(self._offered))
        ids = self.ids(encoded, tokens)
        length = len(self.source_axis(encoded)) if block == ENCODER else len(ids)
        check_indices(layer=(layer, self._blocks[block]), head=(head, self.heads), query=(query, length))
        sides = self.sides(encoded, sentence.written(ids, self.pieces))
        run = self._parts(self._inputs(encoded, ids), full_edits(edits, sides))
        name = f"{SITES[block]}{layer}"
        site = next(each for path, each in run.sites.items() if path == name)
        q, k, v = (run.layers[f"{name}_{part}"][0, head] for part in ("query", "key", "value"))  # [T, D]
        scores, weights = site.scores[0, head, query], site.weights[0, head, query]
        return head_steps(self._projection(name), head, q[query], k, v, scores, weights)

    def value_norms(
        self, encoded: Encoded, block: str = "", tokens: Sequence[str] | None = None
    ) -> NDArray[np.float32]:
        """How long what each key has to give is in each head: ‖v_j W_O‖, float32 `[layer, head, key]`.

        Args:
            encoded: From `encode`, or a part of it.
            block: Of which block; the first if empty.
            tokens: As for `explain`.

        Source: Kobayashi et al. 2020, "Attention is Not Only a Weight".
        """
        block = block or self._offered[0]
        if not self._blocks.get(block):
            raise InputError("no_such_block", received=block, expected=", ".join(self._offered))
        values = self._parts(self._inputs(encoded, self.ids(encoded, tokens))).layers
        names = [f"{SITES[block]}{layer}" for layer in range(self._blocks[block])]
        return np.stack(
            [value_norms(self._projection(name), values[f"{name}_value"][0].transpose(1, 0, 2)) for name in names]
        )

    def embed(self, encoded: Encoded) -> NDArray[np.float32]:
        """Vectors of the source's tokens or regions float32 `[position, feature]`, where `gradients` differentiates."""
        run = self._parts(self._inputs(encoded, [END_ID]))
        vectors: NDArray[np.float32] = run.layers["source_embedding"][0, : len(encoded.axis)]
        return vectors

    def gradients(
        self,
        encoded: Encoded,
        target: Any = None,
        features: NDArray[np.float32] | None = None,
        tokens: Sequence[str] | None = None,
    ) -> NDArray[np.float32]:
        """Derivative of the probability of one token by the source's vectors; see `WritingModel`."""
        before, index = self.asked(encoded, target, tokens)
        if features is None:
            features = self.embed(encoded)[None]
        given = self._inputs(encoded, [*before, END_ID])
        inputs = [np.repeat(given[name], len(features), axis=0) for name in self.model.input]
        return self._derivative(inputs, features, index)

    @property
    def _offered(self) -> list[str]:
        return [block for block, layers in self._blocks.items() if layers]

    def _projection(self, name: str) -> Any:
        return SimpleNamespace(name=name, _output_dense=self.model.get_layer(f"{name}_output"))

    def _inputs(self, encoded: Encoded, ids: Sequence[int]) -> dict[str, Any]:
        """What the whole network takes to predict these ids."""
        start = self.rules(encoded).start
        return {**self.given(encoded), "target": np.array([[start, *ids[:-1]]], np.int32)}

    def _tail(self, *inputs: Any) -> Any:
        """From what the network takes, and vectors of the source's own positions, to probabilities after the last."""
        *given, features = inputs
        named = dict(zip(self.model.input, given, strict=True))
        embedding = self.model.get_layer("source_embedding")
        kept = {name: each for name, each in self.model.input.items() if name != "regions"}
        network = keras.Model([*kept.values(), embedding.output], self._last.output)
        vectors = self.completed(features, named)
        return tf.nn.softmax(network([*(named[name] for name in kept), vectors], training=False))

    def completed(self, features: Any, given: Mapping[str, Any]) -> Any:
        """Vectors of the source's own positions `[batch, position, feature]`, with those of what was added to them."""
        return features


def with_weights(config: Mapping[str, Any], weights: dict[str, Any]) -> transformer.Networks:
    """Networks with the arrays of a weights file, named as `arrays.names` names those of `Networks.full`.

    Raises:
        ValueError: They are not of one model.
    """
    width, hidden = config["features"], config["hidden"]
    layers = config["encoder_layers"] + config["decoder_layers"]
    # Before anything of the size the card claims is made.
    claimed = width * (config["source_size"] + config["target_size"]) + layers * width * (4 * width + 2 * hidden)
    stored = sum(array.size for array in weights.values())
    if claimed > stored:
        raise ValueError(f"Expected weights of at least {claimed} numbers. Received: {stored}")
    networks = transformer.build(**{**config, "dropout": 0.0})
    set_weights(networks.full, weights)
    return networks
