"""Translation models: an encoder–decoder with source–target attention, seen while it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.capture import CapturedModel
from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.families.classifier.encoder import set_weights
from attnviz.families.common.cleaning import cleaned
from attnviz.families.common.projection import check_indices, head_steps, value_norms
from attnviz.families.common.script import fits
from attnviz.families.writing import decoding, sentence, transformer, translated
from attnviz.families.writing.decoding import Written, alternatives, beam_search, greedy, log_softmax
from attnviz.families.writing.incremental import (
    DECODER,
    ENCODER,
    SITES,
    SOURCE_TARGET,
    Captured,
    Writing,
    check,
    full_edits,
    stacked,
)
from attnviz.families.writing.next_token import NextToken, inputs, tail, with_end
from attnviz.families.writing.sentence import Sentence
from attnviz.families.writing.subwords import END_ID, PADDING_ID, START_ID, UNKNOWN_ID, Subwords
from attnviz.trace import (
    AttentionTrace,
    Edit,
    Encoded,
    Notice,
    Steps,
)

#: What `load` reads of a model folder; the card has a checksum of each.
FILES = ("weights.npz", "source.json", "target.json")

#: Most hypotheses of beam search.
WIDEST = 16


@dataclass(frozen=True, eq=False)
class WrittenToken:
    """One token while it is written.

    Attributes:
        token: Entry of the target vocabulary.
        log_probability: Nats.
        alternatives: The ten best of this step, `(token, log probability)`, best first.
        decoder: float32 `[layer, head, key]`, weights on the start token and the tokens before.
        source_target: float32 `[layer, head, key]`, weights on the source.
    """

    token: str
    log_probability: float
    alternatives: tuple[tuple[str, float], ...]
    decoder: NDArray[np.float32]
    source_target: NDArray[np.float32]


class TranslationModel:
    """A trained encoder–decoder with the pieces of both its languages.

    Args:
        networks: As `transformer.build` makes them.
        source: Cuts the language that is read.
        target: Cuts the language that is written, and joins it.
        card: What the model is; `languages` are those of source and target.
    """

    def __init__(self, networks: transformer.Networks, source: Subwords, target: Subwords, card: ModelCard) -> None:
        self.card = card
        self.model = networks.full
        self._networks = networks
        self._source, self._target = source, target
        self._captured = CapturedModel(networks.full)
        config = card.details["config"]
        self.longest = int(config.get("longest", 64))
        self._rules = decoding.Rules(START_ID, END_ID, self.longest, (PADDING_ID, UNKNOWN_ID, START_ID))
        self._incremental = Captured(networks, self.longest)
        self._blocks = {
            block: sum(site.name.startswith(SITES[block]) for site in self._captured.sites)
            for block in translated.BLOCKS
        }
        self.heads = int(self._captured.sites[0].heads or 1)
        names = [
            f"{SITES[block]}{layer}_{part}"
            for block, layers in self._blocks.items()
            for layer in range(layers)
            for part in ("query", "key", "value")
        ]
        self._parts = CapturedModel(networks.full, observe=(*names, "source_embedding"))
        self._tail = tail(networks.full)

    def encode(self, text: str) -> Encoded:
        """Clean, cut into pieces, look up.

        Args:
            text: Anything a person types.

        Returns:
            Inputs `tokens` int32 `[1, token]` without the end token, which `run` adds; notices say what was cleaned,
            cut, unknown or in another script.

        Raises:
            InputError: Nothing is left after cleaning.
        """
        shown, notices = cleaned(text)
        limit = self.card.max_length or self.longest
        shown, pieces, total = sentence.cut(shown, self._source, limit)
        if not pieces:
            raise InputError("empty_text")
        if total > len(pieces):
            notices.append(Notice("text_cut", {"limit": limit, "total": total, "left": total - len(pieces)}))
        if not fits(shown, self.card.languages[:1]):
            notices.append(Notice("wrong_language", {"language": "/".join(self.card.languages[:1])}))
        axis = sentence.source_axis(pieces, self._source.vocabulary)
        unknown = sum(axis.unknown)
        if unknown == len(pieces):
            notices.append(Notice("all_unknown", {"count": unknown}))
        elif unknown:
            notices.append(Notice("some_unknown", {"count": unknown, "total": len(pieces)}))
        ids = np.array([[piece.id for piece in pieces]], np.int32)
        return Encoded(shown, {"tokens": ids}, {"tokens": axis}, tuple(notices))

    def run(
        self,
        encoded: Encoded,
        edits: Sequence[Edit] = (),
        target: str | None = None,
        prefix: Sequence[str] | None = None,
        beam: int = 1,
    ) -> AttentionTrace:
        """Write a translation, or read a given one.

        Args:
            encoded: From `encode`, or a part of it.
            edits: Weights to use in place of the model's own, float `[query, key]`, by block, layer and head. What is
                written may come out longer or shorter than the edited rows: rows beyond them stay the model's own.
            target: A translation to be read instead of written: each token follows those before it as they stand.
            prefix: Tokens (as in `Translation.tokens`) to go on from.
            beam: How many hypotheses are kept; 1 takes the best token at each step.

        Returns:
            A trace with the blocks `encoder`, `decoder` and `source-target`, weights `[layer, head, query, key]`. The
            queries of the last two are the tokens written: the row of a token is that of the query that predicted it.
            The keys of `decoder` are what the decoder was given: the start token and all tokens but the last.

        Raises:
            InputError: `empty_target`, `target_or_prefix`, `bad_beam`, `no_such_token`; for edits `no_such_block`,
                `no_such_index`, `edit_shape`, `edit_not_offered` (a mask to be lifted: what is not written yet cannot
                be looked at).
        """
        if not 1 <= beam <= WIDEST:
            raise InputError("bad_beam", received=beam, last=WIDEST)
        self._check(edits, encoded)
        if target is not None:
            if prefix or beam != 1:
                raise InputError("target_or_prefix")
            return self._read(encoded, target, edits)
        given = sentence.ids_of(prefix or (), self._target)[: self.longest]
        writing = Writing(self._incremental, with_end(encoded), edits)
        written: Sequence[Written]
        if beam == 1:
            written = list(greedy(writing, self._rules, given))
        else:
            written = beam_search(writing, self._rules, beam, given)
        output = sentence.written([each.token for each in written], self._target)
        notices = translated.stopped(output.ids, self.longest)
        return self._trace(encoded, output, writing.weights(written), written, notices, edits)

    def write(
        self, encoded: Encoded, edits: Sequence[Edit] = (), prefix: Sequence[str] | None = None
    ) -> Iterator[WrittenToken]:
        """What `run` does, one token at a time as it is written.

        Args:
            encoded: From `encode`, or a part of it.
            edits: As for `run`.
            prefix: As for `run`.
        """
        self._check(edits, encoded)
        given = sentence.ids_of(prefix or (), self._target)[: self.longest]
        writing = Writing(self._incremental, with_end(encoded), edits)
        for place, each in enumerate(greedy(writing, self._rules, given)):
            rows = (writing.row(block, place) for block in (DECODER, SOURCE_TARGET))
            token, best = self._target.vocabulary[each.token], translated.named(each, self.vocabulary)
            yield WrittenToken(token, each.log_probability, best, *rows)

    def prepare(self) -> None:
        """Compile the writing for a few lengths of the source, before anybody waits."""
        self._incremental.prepare()

    def trace(self, text: str | Sequence[str], **options: Any) -> Any:
        """`run(encode(text))`; a list of texts gives a list of traces."""
        if isinstance(text, str):
            return self.run(self.encode(text), **options)
        return [self.run(self.encode(each), **options) for each in text]

    def explain(
        self,
        encoded: Encoded,
        block: str = SOURCE_TARGET,
        layer: int = 0,
        head: int = 0,
        query: int = 0,
        edits: Sequence[Edit] = (),
        tokens: Sequence[str] | None = None,
    ) -> Steps:
        """Every array of one row of attention.

        Args:
            encoded: From `encode`, or a part of it.
            block: `encoder`, `decoder` or `source-target`.
            layer: From 0.
            head: From 0.
            query: Position.
            edits: As for `run`.
            tokens: What was written, as in `Translation.tokens`; None means what `run` writes.

        Returns:
            As `families.classifier.encoder` gives them: `query`, `key`, `value`, `scores`, `weights`, `context`,
            `output_kernel`, `output`; float32.

        Raises:
            InputError: There is no such block, layer, head or query.
        """
        self._check(edits, encoded)
        if not self._blocks.get(block):
            raise InputError("no_such_block", received=block, expected=", ".join(self._offered))
        ids = self._ids(encoded, tokens)
        length = len(encoded.axes["tokens"]) + 1 if block == ENCODER else len(ids)
        check_indices(layer=(layer, self._blocks[block]), head=(head, self.heads), query=(query, length))
        run = self._parts(inputs(encoded, ids), full_edits(edits, len(ids)))
        name = f"{SITES[block]}{layer}"
        site = next(each for path, each in run.sites.items() if path == name)
        q, k, v = (run.layers[f"{name}_{part}"][0, head] for part in ("query", "key", "value"))  # [T, D]
        scores, weights = site.scores[0, head, query], site.weights[0, head, query]
        return head_steps(self._projection(name), head, q[query], k, v, scores, weights)

    def value_norms(
        self, encoded: Encoded, block: str = ENCODER, tokens: Sequence[str] | None = None
    ) -> NDArray[np.float32]:
        """How long what each key has to give is in each head: ‖v_j W_O‖, float32 `[layer, head, key]`.

        Args:
            encoded: From `encode`, or a part of it.
            block: Of which block.
            tokens: As for `explain`.

        Source: Kobayashi et al. 2020, "Attention is Not Only a Weight".
        """
        if not self._blocks.get(block):
            raise InputError("no_such_block", received=block, expected=", ".join(self._offered))
        values = self._parts(inputs(encoded, self._ids(encoded, tokens))).layers
        names = [f"{SITES[block]}{layer}" for layer in range(self._blocks[block])]
        return np.stack(
            [value_norms(self._projection(name), values[f"{name}_value"][0].transpose(1, 0, 2)) for name in names]
        )

    def embed(self, encoded: Encoded) -> NDArray[np.float32]:
        """Embedding vectors of the source float32 `[token, feature]`, where `gradients` differentiates."""
        run = self._parts(inputs(encoded, [END_ID]))
        vectors: NDArray[np.float32] = run.layers["source_embedding"][0, :-1]
        return vectors

    def gradients(
        self,
        encoded: Encoded,
        target: tuple[int, str | int] | None = None,
        features: NDArray[np.float32] | None = None,
        tokens: Sequence[str] | None = None,
    ) -> NDArray[np.float32]:
        """Derivative of the probability of one target token by the source's embedding vectors.

        Args:
            encoded: From `encode`, or a part of it.
            target: Position, and the token (an entry of the vocabulary, or its id) whose probability is meant; None
                means the first token written.
            features: float32 `[batch, token, feature]` to differentiate at; None means the text's own vectors.
            tokens: What was written, as for `explain`; only those before the position matter.

        Returns:
            float32, of the shape of `features` (a batch of one if none are given).

        Raises:
            InputError: There is no such position or token.
        """
        ids = self._ids(encoded, tokens)
        place, token = (0, ids[0]) if target is None else target
        if not 0 <= place <= len(ids):
            raise InputError("no_such_index", what="token", received=place, last=len(ids))
        index = token if isinstance(token, int) else self.token_id(token)
        if not 0 <= index < self._target.size:
            raise InputError("no_such_token", received=index)
        if features is None:
            features = self.embed(encoded)[None]
        given = inputs(encoded, [*ids[:place], END_ID])
        source, shifted = (np.repeat(given[name], len(features), axis=0) for name in ("source", "target"))
        gradient: NDArray[np.float32] = self._tail(source, shifted, features, np.int32(index)).numpy()
        return gradient

    def next_token(self, encoded: Encoded, place: int, tokens: Sequence[str] | None = None) -> NextToken:
        """The step that writes one token, as a classification over the vocabulary; arguments as for `gradients`."""
        return NextToken(self, tuple(self._ids(encoded, tokens)[:place]))

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

    def token_id(self, token: str) -> int:
        """Id of an entry of the target vocabulary; raises `InputError` `no_such_token`."""
        return sentence.ids_of([token], self._target)[0]

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Entries of the target vocabulary."""
        return self._target.vocabulary

    @property
    def _offered(self) -> list[str]:
        return [block for block, layers in self._blocks.items() if layers]

    def _ids(self, encoded: Encoded, tokens: Sequence[str] | None) -> list[int]:
        entries = self.run(encoded).output.tokens if tokens is None else tokens  # type: ignore[union-attr]
        known = {entry: index for index, entry in enumerate(self._target.vocabulary)}
        return [known.get(entry, UNKNOWN_ID) for entry in entries]

    def _projection(self, name: str) -> Any:
        return SimpleNamespace(name=name, _output_dense=self.model.get_layer(f"{name}_output"))

    def _read(self, encoded: Encoded, target: str, edits: Sequence[Edit]) -> AttentionTrace:
        try:
            text, notices = cleaned(target)
        except InputError as error:
            raise InputError("empty_target") from error
        limit = self.longest - 1
        text, pieces, total = sentence.cut(text, self._target, limit)
        if not pieces:
            raise InputError("empty_target")
        if total > len(pieces):
            notices.append(Notice("target_cut", {"limit": limit, "total": total, "left": total - len(pieces)}))
        if not fits(text, self.card.languages[1:]):
            notices.append(Notice("target_language", {"language": "/".join(self.card.languages[1:])}))
        unknown = sum(piece.id == UNKNOWN_ID for piece in pieces)
        if unknown:
            notices.append(Notice("target_unknown", {"count": unknown, "total": len(pieces)}))
        output = sentence.typed(pieces, text, self._target.vocabulary)
        run = self._captured(inputs(encoded, output.ids), full_edits(edits, len(output.ids)))
        logs = log_softmax(run.prediction["logits"][0])
        written = [
            Written(index, float(row[index]), alternatives(row, self._rules.never))
            for index, row in zip(output.ids, logs, strict=True)
        ]
        weights = {block: np.concatenate(stacked(run, block)) for block in self._offered}
        return self._trace(encoded, output, weights, written, notices, edits)

    def _trace(
        self,
        encoded: Encoded,
        output: Sentence,
        weights: Mapping[str, NDArray[np.float32]],
        written: Sequence[Written],
        notices: Sequence[Notice],
        edits: Sequence[Edit],
    ) -> AttentionTrace:
        vocabulary, notices = self.vocabulary, (*encoded.notices, *notices)
        return translated.trace(self.card.name, encoded, output, weights, written, vocabulary, notices, edits)

    def _check(self, edits: Sequence[Edit], encoded: Encoded) -> None:
        check(edits, self._blocks, self.heads, len(encoded.axes["tokens"]) + 1)


def load(folder: Path, card: dict[str, Any], read_weights: Callable[..., dict[str, Any]]) -> TranslationModel:
    """The model of a folder whose checksums agree.

    Raises:
        ModelError: A tokenizer file cannot be read.
        ValueError: Card, weights and vocabularies are not of one model.
    """
    config = dict(card["config"])
    options = card["tokenizers"]
    cutters = [sentence.cutter(folder, f"{side}.json", options[side]) for side in ("source", "target")]
    sizes = (config["source_size"], config["target_size"])
    if sizes != tuple(each.size for each in cutters) or len(card.get("languages", ())) != 2:
        received = [each.size for each in cutters]
        raise ValueError(f"Expected two languages and vocabularies of {sizes}. Received: {received}")
    networks = with_weights(config, read_weights(folder))
    return TranslationModel(networks, cutters[0], cutters[1], ModelCard.from_dict(card))


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
