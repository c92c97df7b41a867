"""Translation models: an encoder–decoder with source–target attention, seen while it writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnviz.capture import CapturedModel
from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.families.classifier.encoder import set_weights
from attnviz.families.common.cleaning import cleaned
from attnviz.families.common.derivative import Derivative
from attnviz.families.common.encoding import text_of, told
from attnviz.families.common.projection import check_indices, head_steps, value_norms
from attnviz.families.writing import sentence, transformer
from attnviz.families.writing.incremental import (
    DECODER,
    ENCODER,
    SITES,
    SOURCE_TARGET,
    Captured,
    TranslationWriting,
    check,
    full_edits,
    stacked,
)
from attnviz.families.writing.model import Read, Sides, WritingModel
from attnviz.families.writing.sentence import Sentence
from attnviz.families.writing.subwords import END_ID, START_ID, UNKNOWN_ID, Subwords
from attnviz.trace import Edit, Encoded, Kind, Source, Steps, Text, WrittenKind

#: What `load` reads of a model folder; the card has a checksum of each.
FILES = ("weights.npz", "source.json", "target.json")

#: Kinds of the blocks, in the order in which the model computes them.
BLOCKS: Mapping[str, Kind] = {ENCODER: "self", DECODER: "causal", SOURCE_TARGET: "cross"}


class TranslationModel(WritingModel):
    """A trained encoder–decoder with the pieces of both its languages.

    Args:
        networks: As `transformer.build` makes them.
        source: Cuts the language that is read.
        target: Cuts the language that is written, and joins it.
        card: What the model is; `languages` are those of source and target.
    """

    writes: ClassVar[WrittenKind] = "translation"

    def __init__(self, networks: transformer.Networks, source: Subwords, target: Subwords, card: ModelCard) -> None:
        super().__init__(card, target, int(card.details["config"].get("longest", 64)))
        self.model = networks.full
        self._source = source
        self._captured = CapturedModel(networks.full)
        self._incremental = Captured(networks, self.longest)
        self._blocks = {
            block: sum(site.name.startswith(SITES[block]) for site in self._captured.sites) for block in BLOCKS
        }
        self.heads = int(self._captured.sites[0].heads or 1)
        names = [
            f"{SITES[block]}{layer}_{part}"
            for block, layers in self._blocks.items()
            for layer in range(layers)
            for part in ("query", "key", "value")
        ]
        self._parts = CapturedModel(networks.full, observe=(*names, "source_embedding"))
        ids = tf.TensorSpec([None, None], tf.int32)
        features = networks.full.get_layer("source_embedding").output.shape[-1]
        self._derivative = Derivative(self._tail, [ids, ids], features)

    def encode(self, source: Source | str) -> Encoded:
        """Clean, cut into pieces, look up.

        Args:
            source: Anything a person types.

        Returns:
            Inputs `tokens` int32 `[1, token]` without the end token, which `run` adds; notices say what was cleaned,
            cut, unknown or in another script.

        Raises:
            InputError: Nothing is left after cleaning.
        """
        shown, notices = cleaned(text_of(source))
        limit = self.card.max_length or self.longest
        shown, pieces, total = sentence.cut(shown, self._source, limit)
        axis = sentence.source_axis(pieces, self._source.vocabulary)
        notices += told(axis, shown, self.card.languages[:1], limit, total)
        ids = np.array([[piece.id for piece in pieces]], np.int32)
        return Encoded(Text(shown), {"tokens": ids}, {"tokens": axis}, tuple(notices))

    def start(self, encoded: Encoded, edits: Sequence[Edit] = ()) -> TranslationWriting:
        """Begin to write; `edits` as for `run`."""
        return TranslationWriting(self._incremental, self._with_end(encoded), edits)

    def read(self, encoded: Encoded, ids: Sequence[int], edits: Sequence[Edit] = ()) -> Read:
        """Read a translation of these ids at once."""
        output = sentence.written(ids, self.pieces)
        run = self._captured(self._inputs(encoded, ids), full_edits(edits, self.sides(encoded, output)))
        weights = {block: np.concatenate(stacked(run, block)) for block in self._offered}
        return Read(run.prediction["logits"][0], weights)

    def sides(self, encoded: Encoded, output: Sentence) -> dict[str, Sides]:
        """`encoder`, `decoder` and `source-target`, those that the model has.

        The queries of the last two are the tokens written. The keys of `decoder` are what the decoder was given: the
        start token and all tokens but the last.
        """
        source = sentence.with_end(encoded.axis)
        axes = {
            ENCODER: (source, source),
            DECODER: (output.axis, sentence.inputs_axis(output.axis)),
            SOURCE_TARGET: (output.axis, source),
        }
        return {block: Sides(BLOCKS[block], *axes[block]) for block in self._offered}

    def check(self, encoded: Encoded, edits: Sequence[Edit]) -> None:
        """See that edits fit.

        Raises:
            InputError: `no_such_block`, `no_such_index`, `edit_shape`, `edit_not_offered` (a mask to be lifted: what is
                not written yet cannot be looked at).
        """
        check(edits, self._blocks, self.heads, len(encoded.axis) + 1)

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
        length = len(encoded.axis) + 1 if block == ENCODER else len(ids)
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
            block: Of which block; `encoder` if empty.
            tokens: As for `explain`.

        Source: Kobayashi et al. 2020, "Attention is Not Only a Weight".
        """
        block = block or ENCODER
        if not self._blocks.get(block):
            raise InputError("no_such_block", received=block, expected=", ".join(self._offered))
        values = self._parts(self._inputs(encoded, self.ids(encoded, tokens))).layers
        names = [f"{SITES[block]}{layer}" for layer in range(self._blocks[block])]
        return np.stack(
            [value_norms(self._projection(name), values[f"{name}_value"][0].transpose(1, 0, 2)) for name in names]
        )

    def embed(self, encoded: Encoded) -> NDArray[np.float32]:
        """Embedding vectors of the source float32 `[token, feature]`, where `gradients` differentiates."""
        run = self._parts(self._inputs(encoded, [END_ID]))
        vectors: NDArray[np.float32] = run.layers["source_embedding"][0, :-1]
        return vectors

    def gradients(
        self,
        encoded: Encoded,
        target: Any = None,
        features: NDArray[np.float32] | None = None,
        tokens: Sequence[str] | None = None,
    ) -> NDArray[np.float32]:
        """Derivative of the probability of one token by the source's embedding vectors; see `WritingModel`."""
        before, index = self.asked(encoded, target, tokens)
        if features is None:
            features = self.embed(encoded)[None]
        given = self._inputs(encoded, [*before, END_ID])
        source, shifted = (np.repeat(given[name], len(features), axis=0) for name in ("source", "target"))
        return self._derivative([source, shifted], features, index)

    def next_logits(self, batch: Sequence[Encoded], before: Sequence[int]) -> NDArray[np.float32]:
        """What follows these ids for each of several sources, float32 `[source, vocabulary]`."""
        rows = [self._with_end(encoded)[0] for encoded in batch]
        source = np.zeros((len(rows), max(map(len, rows))), np.int32)
        for row, place in zip(rows, source, strict=True):
            place[: len(row)] = row
        return self.logits(source, np.array([[START_ID, *before]] * len(rows), np.int32))[:, -1]

    def logits(self, source: NDArray[np.int32], shifted: NDArray[np.int32]) -> NDArray[np.float32]:
        """The whole network on padded ids `[text, token]`, the target's shifted by the start token.

        Returns:
            float32 `[text, target, vocabulary]`.
        """
        result: NDArray[np.float32] = self._captured({"source": source, "target": shifted}).prediction["logits"]
        return result

    @property
    def unknown_id(self) -> int:
        """Id of the token that stands for any piece of the source that its vocabulary lacks."""
        return UNKNOWN_ID

    @property
    def _offered(self) -> list[str]:
        return [block for block, layers in self._blocks.items() if layers]

    def _projection(self, name: str) -> Any:
        return SimpleNamespace(name=name, _output_dense=self.model.get_layer(f"{name}_output"))

    def _with_end(self, encoded: Encoded) -> NDArray[np.int32]:
        """The source's ids with the end id, int32 `[1, token]`."""
        return np.concatenate([encoded.inputs["tokens"], [[END_ID]]], axis=1).astype(np.int32)

    def _inputs(self, encoded: Encoded, ids: Sequence[int]) -> dict[str, NDArray[np.int32]]:
        """What the whole network takes to predict these ids."""
        return {"source": self._with_end(encoded), "target": np.array([[START_ID, *ids[:-1]]], np.int32)}

    def _tail(self, source: Any, shifted: Any, features: Any) -> Any:
        """From ids, and the vectors of the source's own tokens, to probabilities of the token after the last."""
        embedding, inputs = self.model.get_layer("source_embedding"), self.model.input
        network = keras.Model([inputs["source"], inputs["target"], embedding.output], self.model.output["logits"])
        vectors = tf.concat([features, embedding(source[:, -1:])], axis=1)
        return tf.nn.softmax(network([source, shifted, vectors], training=False)[:, -1])


def load(folder: Path, card: ModelCard, read_weights: Callable[..., dict[str, Any]]) -> TranslationModel:
    """The model of a folder whose checksums agree.

    Raises:
        ModelError: A tokenizer file cannot be read.
        ValueError: Card, weights and vocabularies are not of one model.
    """
    config = dict(card.details["config"])
    options = card.details["tokenizers"]
    cutters = [sentence.cutter(folder, f"{side}.json", options[side]) for side in ("source", "target")]
    sizes = (config["source_size"], config["target_size"])
    if sizes != tuple(each.size for each in cutters) or len(card.languages) != 2:
        received = [each.size for each in cutters]
        raise ValueError(f"Expected two languages and vocabularies of {sizes}. Received: {received}")
    networks = with_weights(config, read_weights(folder))
    return TranslationModel(networks, cutters[0], cutters[1], card)


def with_weights(config: Mapping[str, Any], weights: dict[str, Any]) -> transformer.Networks:
    """Networks with the arrays of a weights file, named as `encoder.names` names those of `Networks.full`.

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
