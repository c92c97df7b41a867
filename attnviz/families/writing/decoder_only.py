"""What models share that continue a text, whatever cuts it into tokens and wherever their weights come from."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnviz.capture import CapturedModel
from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.families.common.derivative import Derivative
from attnviz.families.common.forward import Forward
from attnviz.families.common.projection import check_indices, head_steps, value_norms
from attnviz.families.model import Expected
from attnviz.families.writing import decoding
from attnviz.families.writing.cached import BLOCK, CachedWriting, Reader, placed
from attnviz.families.writing.decoder import SITE, Networks, Shape
from attnviz.families.writing.model import WritingModel
from attnviz.families.writing.sentence import Sentence
from attnviz.families.writing.sides import Read, Sides
from attnviz.families.writing.subwords import Pieces
from attnviz.families.writing.transformer import last
from attnviz.trace import Edit, Encoded, Notice, Steps, TokenAxis, WrittenKind

Floats = NDArray[np.float32]


class DecoderOnlyModel(WritingModel):
    """A model that continues a text.

    A family adds `encode` and `unknown_id`. Queries and keys of its one block, `causal`, are what it was given:
    `front`, the text, and what was written but for the last token.

    Args:
        networks: As `decoder.build` makes them, with their weights.
        shape: Of these.
        pieces: Cuts and joins text.
        card: What the model is.
        room: Most tokens in all.
        front: Ids put in front of every text; their entries are special.
        never: Ids that are never written.
    """

    writes: ClassVar[WrittenKind] = "continuation"
    ends: ClassVar[bool] = False

    def __init__(
        self,
        networks: Networks,
        shape: Shape,
        pieces: Pieces,
        card: ModelCard,
        *,
        room: int,
        front: Sequence[int] = (),
        never: Sequence[int] = (),
    ) -> None:
        super().__init__(card, pieces, room)
        self.networks, self.shape, self.model = networks, shape, networks.full
        self.front = tuple(front)
        barred = frozenset({*pieces.special, *never} - {pieces.end})
        self._rules = decoding.Rules(-1, pieces.end, room, barred)
        self._reader = Reader(CapturedModel(networks.step, tensors=True), shape)
        self._lock = threading.Lock()
        self._observing: CapturedModel | None = None
        vectors = networks.full.get_layer("embedding")
        self._next = Forward(last(networks.full, "last_norm", "embedding"))
        self._derivative = Derivative(self._tail, [tf.TensorSpec([None, None], tf.int32)], vectors.output_dim)

    @property
    @abstractmethod
    def unknown_id(self) -> int:
        """Id of the token that says nothing, put in the place of one that is left out."""

    def rules(self, encoded: Encoded) -> decoding.Rules:
        """What is written after a text; no more than there is room for."""
        left = self.longest - len(self.front) - len(encoded.axis)
        return decoding.Rules(-1, self.pieces.end, max(left, 1), self._rules.never)

    def most(self, encoded: Encoded, given: int, length: int | None) -> int:
        """The next token where nothing else is asked for, and no more than the tokens given."""
        return max(given, 1) if length is None else max(given, length)

    def stopped(self, ids: Sequence[int]) -> list[Notice]:
        """Only a loop is told: a text can always be continued further."""
        return [Notice("repetition", {"count": len(ids)})] if decoding.loops(ids) else []

    def start(self, encoded: Encoded, edits: Sequence[Edit] = ()) -> CachedWriting:
        """Begin to continue a text; `edits` as for `run`."""
        return self.begin(encoded, edits, ())

    def begin(self, encoded: Encoded, edits: Sequence[Edit], given: Sequence[int]) -> CachedWriting:
        """As `start`, with ids that are read along with the text."""
        return CachedWriting(self._reader, self.context(encoded), edits, given)

    def context(self, encoded: Encoded) -> list[int]:
        """Ids of a text with what is put in front of it."""
        return [*self.front, *map(int, encoded.inputs["tokens"][0])]

    def read(self, encoded: Encoded, ids: Sequence[int], edits: Sequence[Edit] = ()) -> Read:
        """Read a text and what it goes on with at once."""
        given = np.array([[*self.context(encoded), *ids[:-1]]], np.int32)
        run = self._reader(given, self._reader.nothing(), placed(edits, 0, given.shape[1]))
        return Read(run.prediction["logits"].numpy()[0, -len(ids) :], {BLOCK: self._reader.weights(run)[0]})

    def expected(self, encoded: Encoded) -> Expected:
        """What is expected at each token of the text, and after the last."""
        ids = encoded.inputs["tokens"][0]
        given = np.array([self.context(encoded)], np.int32)
        run = self._reader(given, self._reader.nothing())
        logs = decoding.log_softmax(run.prediction["logits"].numpy()[0])  # [token, vocabulary]
        before = logs[len(self.front) - 1 : -1] if self.front else logs[:-1]
        first = len(ids) - len(before)  # tokens that nothing stands before
        own = np.take_along_axis(before, ids[first:, None], -1)[:, 0]
        nothing = np.full(first, np.nan)
        never = list(self._rules.never)
        best = []
        for row in before:
            (index, log), *_ = decoding.alternatives(row, never, 1)
            best.append((self.vocabulary[index], log))
        spread = -np.sum(np.exp(before) * before, axis=-1)
        return Expected(
            np.concatenate([nothing, own]),
            (*[None] * first, *best),
            np.concatenate([nothing, spread]),
            logs[-1],
            self._rules.never,
        )

    def sides(self, encoded: Encoded, output: Sentence) -> dict[str, Sides]:
        """`causal`: all that the model is given."""
        text, kept = encoded.axis, output.axis.take(range(len(output.ids) - 1))
        entries = [self.vocabulary[index] for index in self.front]
        front = TokenAxis.of(entries, special=[True] * len(entries))
        axes = (front, text, kept)
        last = max((*(text.words or ()), -1))
        words = None
        if text.words is not None and kept.words is not None:
            words = (*[-1] * len(front), *text.words, *(last + 1 + word for word in kept.words))
        whole = TokenAxis(
            tuple(token for axis in axes for token in axis.tokens),
            (*front.spans, *text.spans, *[None] * len(kept)),
            tuple(each for axis in axes for each in axis.special),
            tuple(each for axis in axes for each in axis.unknown),
            words,
        )
        return {BLOCK: Sides("causal", whole, whole)}

    def check(self, encoded: Encoded, edits: Sequence[Edit]) -> None:
        """See that edits fit.

        Raises:
            InputError: `no_such_block`, `no_such_index`, `edit_shape`.
        """
        for edit in edits:
            if edit.block != BLOCK:
                raise InputError("no_such_block", received=edit.block, expected=BLOCK)
            check_indices(layer=(edit.layer, self.shape.layers), head=(edit.head or 0, self.shape.heads))
            if edit.weights.ndim != 2 or edit.weights.shape[0] != edit.weights.shape[1]:
                shapes = {"received": str(edit.weights.shape), "expected": "(token, token)"}
                raise InputError("edit_shape", block=edit.block, **shapes)

    def prepare(self) -> None:
        """Trace the network that reads and writes, before anybody waits."""
        self._reader(np.array([[self.pieces.end]], np.int32), self._reader.nothing())

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
        """Every array of one row of attention; queries and keys as they are once they are turned by their positions.

        Returns:
            As `families.classifier.encoder` gives them.

        Raises:
            InputError: There is no such block, layer, head or query.
        """
        if block not in ("", BLOCK):
            raise InputError("no_such_block", received=block, expected=BLOCK)
        ids = [*self.context(encoded), *self.ids(encoded, tokens)[:-1]]
        check_indices(layer=(layer, self.shape.layers), head=(head, self.shape.heads), query=(query, len(ids)))
        run = self._observed()(np.array([ids], np.int32), placed(edits, 0, len(ids)))
        name, turned = f"{SITE}{layer}", "_turned" if self.shape.theta else ""
        group = head * self.shape.groups // self.shape.heads
        q = run.layers[f"{name}_query{turned}"][0, head]  # [T, D]
        k, v = (run.layers[each][0, group] for each in (f"{name}_key{turned}", f"{name}_value"))
        site = run.sites[name]
        return head_steps(
            self._projection(layer), head, q[query], k, v, site.scores[0, head, query], site.weights[0, head, query]
        )

    def value_norms(self, encoded: Encoded, block: str = "", tokens: Sequence[str] | None = None) -> Floats:
        """How long what each key has to give is in each head: ‖v_j W_O‖, float32 `[layer, head, key]`.

        Source: Kobayashi et al. 2020, "Attention is Not Only a Weight".
        """
        if block not in ("", BLOCK):
            raise InputError("no_such_block", received=block, expected=BLOCK)
        ids = [*self.context(encoded), *self.ids(encoded, tokens)[:-1]]
        run, times = self._observed()(np.array([ids], np.int32)), self.shape.heads // self.shape.groups
        found = []
        for layer in range(self.shape.layers):
            values = np.repeat(run.layers[f"{SITE}{layer}_value"][0], times, axis=0)  # [H, T, D]
            found.append(value_norms(self._projection(layer), values.transpose(1, 0, 2)))
        return np.stack(found)

    def embed(self, encoded: Encoded) -> Floats:
        """Vectors of the text's tokens float32 `[token, feature]`, where `gradients` differentiates."""
        layer = self.networks.full.get_layer("embedding")
        return np.asarray(layer(encoded.inputs["tokens"]).numpy()[0], np.float32)

    def gradients(
        self,
        encoded: Encoded,
        target: Any = None,
        features: Floats | None = None,
        tokens: Sequence[str] | None = None,
    ) -> Floats:
        """Derivative of the probability of one token by the text's vectors; see `WritingModel`."""
        before, index = self.asked(encoded, target, tokens)
        features = self.embed(encoded)[None] if features is None else features
        given = np.array([[*self.context(encoded), *before]], np.int32)
        return self._derivative([np.repeat(given, len(features), 0)], features, index)

    def next_logits(self, batch: Sequence[Encoded], before: Sequence[int]) -> Floats:
        """What follows these ids after each of several texts, float32 `[text, vocabulary]`; equal lengths at once."""
        rows = [[*self.context(encoded), *before] for encoded in batch]
        alike: dict[int, list[int]] = defaultdict(list)
        for place, row in enumerate(rows):
            alike[len(row)].append(place)
        found = np.zeros((len(rows), len(self.vocabulary)), np.float32)
        for places in alike.values():
            found[places] = self._next({"tokens": np.array([rows[place] for place in places], np.int32)})
        return found

    def _observed(self) -> CapturedModel:
        """The network with its queries, keys and values: only for who takes it apart."""
        with self._lock:
            if self._observing is None:
                turned = "_turned" if self.shape.theta else ""
                parts = [f"query{turned}", f"key{turned}", "value"]
                names = [f"{SITE}{layer}_{part}" for layer in range(self.shape.layers) for part in parts]
                self._observing = CapturedModel(self.networks.full, observe=names)
            return self._observing

    def _projection(self, layer: int) -> Any:
        name = f"{SITE}{layer}"
        return SimpleNamespace(name=name, _output_dense=self.networks.full.get_layer(f"{name}_output"))

    def _tail(self, ids: Any, vectors: Any) -> Any:
        """From ids, and vectors of the text's own tokens, to probabilities after the last."""
        embedding, front = self.networks.full.get_layer("embedding"), len(self.front)
        after = front + tf.shape(vectors)[1]
        whole = tf.concat([embedding(ids[:, :front]), vectors, embedding(ids[:, after:])], axis=1)
        return tf.nn.softmax(self.networks.tail(ids, whole))
