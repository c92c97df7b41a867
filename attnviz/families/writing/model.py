"""What all models that write share: a text is written token by token, or a given one is read."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.families.common.cleaning import cleaned
from attnviz.families.common.masking import mask_after
from attnviz.families.common.script import fits
from attnviz.families.model import Floats, Model, Writing, WrittenToken
from attnviz.families.writing import decoding, sentence
from attnviz.families.writing.decoding import Choice, Sampling
from attnviz.families.writing.next_token import NextToken
from attnviz.families.writing.sentence import Sentence
from attnviz.families.writing.sides import Read, Sides, causal_mask, fitted
from attnviz.families.writing.subwords import END_ID, PADDING_ID, START_ID, UNKNOWN_ID, Pieces
from attnviz.families.writing.whole_passes import WholePasses
from attnviz.trace import (
    AttentionBlock,
    AttentionTrace,
    Edit,
    Encoded,
    Notice,
    Written,
    WrittenKind,
)

#: Most hypotheses of beam search.
WIDEST = 16

#: Never written unless given.
NEVER: Collection[int] = (PADDING_ID, UNKNOWN_ID, START_ID)


class WritingModel(Model):
    """A model that writes.

    A family says what it `writes` and adds `encode`, `read`, `sides`, `check` and what attribution needs: `embed`,
    `gradients`, `next_logits`. One that keeps keys and values from step to step also has a `start` of its own. The last
    `n` queries of a block that is not about the source alone are those that wrote the `n` tokens.

    Args:
        card: What the model is.
        pieces: Cuts and joins what is written.
        longest: Most tokens that are written, the end token counted.
    """

    #: What it writes.
    writes: ClassVar[WrittenKind]

    #: Whether what is written has an end, which a text that is read is given.
    ends: ClassVar[bool] = True

    def __init__(self, card: ModelCard, pieces: Pieces, longest: int) -> None:
        super().__init__(card)
        self.pieces = pieces
        self.longest = longest
        self._rules = decoding.Rules(START_ID, END_ID, longest, NEVER)

    def rules(self, encoded: Encoded) -> decoding.Rules:
        """What is written about a source, and when it ends."""
        return self._rules

    def written_in(self, encoded: Encoded) -> tuple[str, ...]:
        """Languages of what is written about a source, as codes."""
        return self.card.languages[-1:]

    # What a family adds -------------------------------------------------------------------------------------------

    def start(self, encoded: Encoded, edits: Sequence[Edit] = ()) -> Writing:
        """Begin to write about a source; `edits` as for `run`. Every step reads all that is written once more."""
        return WholePasses(self, encoded, edits)

    def begin(self, encoded: Encoded, edits: Sequence[Edit], given: Sequence[int]) -> Writing:
        """As `start`, where these ids will be written first: they may be read at once."""
        return self.start(encoded, edits)

    def most(self, encoded: Encoded, given: int, length: int | None) -> int:
        """How many tokens are written at most, those given counted.

        Args:
            encoded: About what.
            given: How many are given.
            length: What was asked for.
        """
        return self.longest if length is None else min(length, self.longest)

    @abstractmethod
    def read(self, encoded: Encoded, ids: Sequence[int], edits: Sequence[Edit] = ()) -> Read:
        """Read a text of these ids about a source at once: each id is predicted from those before it, the last is not
        looked at."""

    @abstractmethod
    def sides(self, encoded: Encoded, output: Sentence) -> Mapping[str, Sides]:
        """The blocks, in the order in which the model computes them, as they are once `output` is written."""

    @abstractmethod
    def check(self, encoded: Encoded, edits: Sequence[Edit]) -> None:
        """See that edits fit.

        Raises:
            InputError: `no_such_block`, `no_such_index`, `edit_shape`, and what the family says.
        """

    @abstractmethod
    def embed(self, encoded: Encoded) -> Floats:
        """Vectors of the source float32 `[position, feature]`, where `gradients` differentiates."""

    @abstractmethod
    def gradients(
        self,
        encoded: Encoded,
        target: Any = None,
        features: Floats | None = None,
        tokens: Sequence[str] | None = None,
    ) -> Floats:
        """Derivative of the probability of one token that is written by the source's vectors.

        Args:
            encoded: From `encode`, or a part of it.
            target: Position, and the token (an entry of the vocabulary, or its id) whose probability is meant; None
                means the first token written.
            features: float32 `[batch, position, feature]` to differentiate at; None means the source's own vectors.
            tokens: What was written, as in `Written.tokens`; None means what `run` writes. Only those before the
                position matter.

        Returns:
            float32, of the shape of `features` (a batch of one if none are given).

        Raises:
            InputError: There is no such position or token.
        """

    @abstractmethod
    def next_logits(self, batch: Sequence[Encoded], before: Sequence[int]) -> Floats:
        """What follows these ids for each of several sources, float32 `[source, vocabulary]`."""

    # What it comes to ---------------------------------------------------------------------------------------------

    @property
    def spaced(self) -> bool:
        """Whether what it writes has blanks between words."""
        return self.pieces.spaced

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Entries of the vocabulary it writes with."""
        return self.pieces.vocabulary

    @property
    def search_length(self) -> float:
        """How strongly beam search prefers long texts, the α of `decoding.beam_search`."""
        said = self.card.search_length
        return decoding.LENGTH if said is None else said

    def token_id(self, token: str) -> int:
        """Id of an entry of that vocabulary; raises `InputError` `no_such_token`."""
        return sentence.ids_of([token], self.pieces)[0]

    def attend(self, encoded: Encoded, edits: Sequence[Edit] = ()) -> AttentionTrace:
        """As `run`."""
        return self.run(encoded, edits)

    def run(
        self,
        encoded: Encoded,
        edits: Sequence[Edit] = (),
        target: str | None = None,
        prefix: Sequence[str] | None = None,
        beam: int = 1,
        sampling: Sampling | None = None,
        length: int | None = None,
    ) -> AttentionTrace:
        """Write, or read what is given.

        Args:
            encoded: From `encode`, or a part of it.
            edits: Weights to use in place of the model's own, float `[query, key]`, by block, layer and head. What is
                written may come out longer or shorter than the edited rows: rows beyond them stay the model's own.
            target: A text to be read instead of written: each token follows those before it as they stand.
            prefix: Tokens (as in `Written.tokens`) to go on from.
            beam: How many hypotheses are kept; 1 takes the best token at each step.
            sampling: How tokens are drawn; None draws none.
            length: Most tokens written, those of `prefix` counted; None: as long as the model writes, and for a model
                that continues a text the next token, or as many as `prefix` has.

        Returns:
            A trace with the blocks of `sides`, weights `[layer, head, query, key]`: the row of a token that was written
            is that of the query that predicted it.

        Raises:
            InputError: `empty_target`, `target_or_prefix`, `bad_beam`, `bad_length`, `sampling_or_beam`,
                `no_such_token`; for edits what `check` says.
        """
        if not 1 <= beam <= WIDEST:
            raise InputError("bad_beam", received=beam, last=WIDEST)
        if length is not None and length < 1:
            raise InputError("bad_length", received=length)
        if sampling is not None and beam != 1:
            raise InputError("sampling_or_beam")
        self.check(encoded, edits)
        if target is not None:
            if prefix or beam != 1:
                raise InputError("target_or_prefix")
            return self._read_target(encoded, target, edits)
        writing, rules, given = self._started(encoded, edits, prefix, length)
        if beam == 1:
            written: Sequence[Choice] = list(decoding.greedy(writing.step, rules, given, sampling))
        else:
            written = decoding.beam_search(writing.step, rules, beam, given, self.search_length)
        output = sentence.written([each.token for each in written], self.pieces)
        return self._trace(encoded, output, writing.weights(written), written, self.stopped(output.ids), edits)

    def write(
        self,
        encoded: Encoded,
        edits: Sequence[Edit] = (),
        prefix: Sequence[str] | None = None,
        sampling: Sampling | None = None,
        length: int | None = None,
    ) -> Iterator[WrittenToken]:
        """What `run` does, one token at a time as it is written; arguments as for `run`."""
        self.check(encoded, edits)
        writing, rules, given = self._started(encoded, edits, prefix, length)
        for place, each in enumerate(decoding.greedy(writing.step, rules, given, sampling)):
            token, best = self.vocabulary[each.token], self._named(each)
            yield WrittenToken(token, each.log_probability, best, writing.rows(place))

    def next_token(self, encoded: Encoded, place: int, tokens: Sequence[str] | None = None) -> NextToken:
        """The step that writes one token, as a classification over the vocabulary.

        Args:
            encoded: From `encode`, or a part of it.
            place: Position among the tokens.
            tokens: As for `gradients`.
        """
        return NextToken(self, tuple(self.ids(encoded, tokens)[:place]))

    def ids(self, encoded: Encoded, tokens: Sequence[str] | None = None) -> list[int]:
        """Ids of what was written; None means what `run` writes. A token that is not in the vocabulary is unknown."""
        if tokens is None:
            output = self.run(encoded).output
            tokens = output.tokens if isinstance(output, Written) else ()
        known, unknown = self.pieces.numbers, self.pieces.unknown
        return [known[entry] if unknown is None else known.get(entry, unknown) for entry in tokens]

    def asked(self, encoded: Encoded, target: Any, tokens: Sequence[str] | None) -> tuple[list[int], int]:
        """The ids before the token that `gradients` is asked for, and its own.

        Raises:
            InputError: `no_such_index`, `no_such_token`.
        """
        ids = self.ids(encoded, tokens)
        place, token = (0, ids[0]) if target is None else target
        if not 0 <= place <= len(ids):
            raise InputError("no_such_index", what="token", received=place, last=len(ids))
        index = token if isinstance(token, int) else self.token_id(token)
        if not 0 <= index < len(self.vocabulary):
            raise InputError("no_such_token", received=index)
        return ids[:place], index

    def _started(
        self, encoded: Encoded, edits: Sequence[Edit], prefix: Sequence[str] | None, length: int | None
    ) -> tuple[Writing, decoding.Rules, list[int]]:
        """A text that is begun, what is written, and the ids that are given."""
        given = sentence.ids_of(prefix or (), self.pieces)
        rules = self.rules(encoded)
        rules = replace(rules, longest=min(rules.longest, self.most(encoded, len(given), length)))
        given = given[: rules.longest]
        return self.begin(encoded, edits, given), rules, given

    def _read_target(self, encoded: Encoded, target: str, edits: Sequence[Edit]) -> AttentionTrace:
        try:
            text, notices = cleaned(target)
        except InputError as error:
            raise InputError("empty_target") from error
        languages, rules = self.written_in(encoded), self.rules(encoded)
        limit = rules.longest - self.ends
        text, cut, total = sentence.cut(text, self.pieces, limit)
        if not cut:
            raise InputError("empty_target")
        if total > len(cut):
            notices.append(Notice("target_cut", {"limit": limit, "total": total, "left": total - len(cut)}))
        if not fits(text, languages):
            notices.append(Notice("target_language", {"language": "/".join(languages)}))
        unknown = sum(piece.id == self.pieces.unknown for piece in cut)
        if unknown:
            notices.append(Notice("target_unknown", {"count": unknown, "total": len(cut)}))
        output = sentence.typed(cut, text, self.pieces, self.ends)
        read = self.read(encoded, output.ids, edits)
        written = [
            Choice(index, float(row[index]), decoding.alternatives(row, rules.barred(output.ids[:place])))
            for place, (index, row) in enumerate(zip(output.ids, decoding.log_softmax(read.logits), strict=True))
        ]
        return self._trace(encoded, output, read.weights, written, notices, edits)

    def _trace(
        self,
        encoded: Encoded,
        output: Sentence,
        weights: Mapping[str, Floats],
        written: Sequence[Choice],
        notices: Sequence[Notice],
        edits: Sequence[Edit],
    ) -> AttentionTrace:
        sides = self.sides(encoded, output)
        shown = [replace(edit, weights=fitted(edit.weights, sides[edit.block])) for edit in edits]
        blocks = tuple(
            AttentionBlock(
                name,
                *side,
                weights[name],
                mask_after(causal_mask(side), shown, name, weights[name].shape),  # type: ignore[arg-type]
                edited=any(edit.block == name for edit in edits),
            )
            for name, side in sides.items()
            if name in weights
        )
        answer = Written(
            self.writes,
            output.text,
            tuple(self.vocabulary[index] for index in output.ids),
            np.array([each.log_probability for each in written], np.float32),
            tuple(self._named(each) for each in written),
            output.ids[-1] == self.pieces.end,
        )
        notices = (*encoded.notices, *notices)
        return AttentionTrace(self.card.name, encoded.source, blocks, answer, notices, tuple(edits))

    def _named(self, written: Choice) -> tuple[tuple[str, float], ...]:
        """The alternatives of one step with their tokens."""
        return tuple((self.vocabulary[index], value) for index, value in written.alternatives)

    def stopped(self, ids: Sequence[int]) -> list[Notice]:
        """Why writing ended without the end token, if it did."""
        if ids[-1] == self.pieces.end:
            return []
        if decoding.loops(ids):
            return [Notice("repetition", {"count": len(ids)})]
        return [Notice(f"{self.writes}_cut", {"limit": self.longest})]
