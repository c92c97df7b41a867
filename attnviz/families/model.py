"""The contract of a model: what every family offers, and what some do. Nothing here imports TensorFlow.

`Model` is what all share. The protocols say what a model may offer besides; whoever wants it asks with `isinstance`,
never for the name of a family.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, overload, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from attnviz.deadline import check
from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.families.writing.decoding import Choice, Sampling
from attnviz.trace import AttentionTrace, Edit, Encoded, Source, Steps, WrittenKind, is_image, picture_of

Floats = NDArray[np.float32]


class Model(ABC):
    """A model as `attnviz.load` and `attnviz.wrap` give it.

    A family adds `encode` and `attend`; one that writes is a `families.writing.model.WritingModel`.

    Args:
        card: What the model is.
    """

    def __init__(self, card: ModelCard) -> None:
        self._card = card

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._card.name!r}: {', '.join(self._card.kinds) or 'attention'}>"

    def _repr_html_(self) -> str:
        """For a notebook: its card."""
        return self._card._repr_html_()

    #: Options of `trace` that `encode` takes, not `run`.
    encoding: ClassVar[tuple[str, ...]] = ()

    #: Whether what it reads can be put into another order.
    reorders: bool = True

    #: Whether its traces name every mask; without, there may be more to lift than is seen.
    tells_masks: bool = True

    @property
    def card(self) -> ModelCard:
        """What the model is."""
        return self._card

    @abstractmethod
    def encode(self, source: Source | str) -> Encoded:
        """A source as the model takes it: cleaned and cut once, here.

        Args:
            source: A string is a text, or for a model of pictures the code of one.

        Raises:
            InputError: `empty_text`: nothing is left after cleaning.
        """

    def encode_in(self, source: Source | str, language: str = "") -> Encoded:
        """`encode`, and for a model that writes in several languages in which.

        Args:
            source: What `encode` takes.
            language: One of the card's; empty leaves it to the model.

        Raises:
            InputError: `no_language`: one was asked for, and the model has no choice.
        """
        if not language:
            return self.encode(source)
        how: dict[str, Any] = {"language": language}
        self._check_encoding(how)
        return self.encode(source, **how)

    @abstractmethod
    def attend(self, encoded: Encoded, edits: Sequence[Edit] = ()) -> AttentionTrace:
        """One run of the model, as `run` does it where nothing is written."""

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
        """One run of the model.

        Args:
            encoded: From `encode`, or a part of it.
            edits: Weights to go on with in place of the model's own, float `[query, key]`, by block, layer and head.
            target: For a model that writes, a text to be read instead of written.
            prefix: For a model that writes, tokens to go on from.
            beam: For a model that writes, how many hypotheses are kept.
            sampling: For a model that writes, how tokens are drawn; None: the most probable one is written.
            length: For a model that writes, most tokens written.

        Raises:
            InputError: `no_target`: the model does not write; for edits `no_such_block`, `no_such_index`, `edit_shape`
                and what the family says.
        """
        if target is not None or prefix is not None or beam != 1 or sampling is not None or length is not None:
            raise InputError("no_target", model=self.card.name)
        check()
        return self.attend(encoded, edits)

    def run_batch(self, batch: Sequence[Encoded], edits: Sequence[Edit] = ()) -> list[AttentionTrace]:
        """Several sources; the same traces as one by one. A family that can do it in one call does."""
        return [self.run(encoded, edits) for encoded in batch]

    @overload
    def trace(self, source: Source | str, **options: Any) -> AttentionTrace: ...

    @overload
    def trace(self, source: Sequence[Source | str], **options: Any) -> list[AttentionTrace]: ...

    def trace(self, source: Source | str | Sequence[Source | str], **options: Any) -> Any:
        """`run(encode(source))`; a list of sources gives a list of traces.

        Args:
            source: What `encode` takes; a Pillow image or an array of pixels is a picture, see `trace.picture_of`.
            **options: For `run`, and those of `encoding` for `encode`.

        Raises:
            InputError: `no_language`, `no_pair`: a language or a second sentence was given, and the model takes none;
                what `trace.picture_of` says.
        """
        self._check_encoding(options)
        if is_image(source):
            given: Any = source
            if isinstance(given, np.ndarray) and (given.ndim < 2 or (given.ndim == 2 and len(given) == 1)):
                raise InputError("not_a_source", received=f"array {given.shape} {given.dtype}")
            source = picture_of(source)
        how = {name: options.pop(name) for name in self.encoding if name in options}
        if isinstance(source, Source | str):
            return self.run(self.encode(source, **how), **options)
        if isinstance(source, bytes | Encoded) or not isinstance(source, Iterable):
            raise InputError("not_a_source", received=f"{type(source).__name__} {source!r}"[:80])
        return [self.run(self.encode(each, **how), **options) for each in source]

    def _check_encoding(self, options: Mapping[str, Any]) -> None:
        if "language" in options and "language" not in self.encoding:
            raise InputError("no_language", model=self.card.name, received=str(options["language"])[:40])
        if "second" in options and "second" not in self.encoding:
            raise InputError("no_pair", model=self.card.name)

    def blank(self, encoded: Encoded) -> Any:
        """What says nothing in the place of a token or region, for `Encoded.replace`; None: there is none.

        Of a text it is the id of the unknown token, of a picture the numbers of a region that shows nothing.
        """
        return getattr(self, "unknown_id", None)

    @property
    def separator(self) -> str:
        """What stands between two sentences, as it is typed, for a model that takes pairs; empty: it takes none."""
        return ""

    @property
    def blanks(self) -> bool:
        """Whether there is such a thing, whatever the source."""
        return type(self).blank is not Model.blank or getattr(self, "unknown_id", None) is not None

    def prepare(self) -> None:
        """What takes long once, before anybody waits: nothing, unless a family says so."""
        return


@runtime_checkable
class Explains(Protocol):
    """Takes one row of weights apart."""

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
        """The named arrays of one computation in order, each with the key of its formula.

        Args:
            encoded: From `encode`, or a part of it.
            block: Name; the first if empty.
            layer, head: From 0.
            query: Position.
            edits: As for `run`; what follows the softmax then follows from the changed weights.
            tokens: Of a model that writes, what was written; None means what `run` writes.

        Raises:
            InputError: `no_such_block`, `no_such_index`.
        """


@runtime_checkable
class Gradients(Protocol):
    """Tells what a probability depends on: for attribution."""

    def probabilities(self, batch: Sequence[Encoded]) -> Floats:
        """Of several sources in one call, without their traces: float32 `[source, class]`."""

    def embed(self, encoded: Encoded) -> Floats:
        """The vectors where `gradients` differentiates, float32 `[position, feature]`."""

    def gradients(self, encoded: Encoded, target: Any = None, features: Floats | None = None) -> Floats:
        """Derivative of a probability by these vectors.

        Args:
            encoded: From `encode`, or a part of it.
            target: Which: index of a class; of a model that writes, a position and a token. None means the answer.
            features: float32 `[batch, position, feature]` to differentiate at; None means the source's own vectors.

        Returns:
            float32, of the shape of `features` (a batch of one if none are given).

        Raises:
            InputError: There is no such class or token.
        """


@runtime_checkable
class Reweights(Protocol):
    """Goes on from weights that were changed by hand: `run` takes edits."""

    def check(self, encoded: Encoded, edits: Sequence[Edit]) -> None:
        """See that edits fit, before anything is run.

        Raises:
            InputError: `no_such_block`, `no_such_index`, `edit_shape`, and what the family says.
        """


@runtime_checkable
class Searches(Protocol):
    """Answers from many weights at once, so that some can be searched for."""

    def reweighted(self, encoded: Encoded, weights: Floats) -> Floats:
        """From weights float32 `[candidate, key]` of its one row to probabilities float32 `[candidate, class]`.

        Raises:
            InputError: `edit_shape`.
        """


@runtime_checkable
class Values(Protocol):
    """Tells how long what each key has to give is."""

    def value_norms(self, encoded: Encoded, block: str = "", tokens: Sequence[str] | None = None) -> Floats:
        """‖v_j W_O‖ of every head, float32 `[layer, head, key]`; arguments as for `Explains.explain`.

        Source: Kobayashi et al. 2020, "Attention is Not Only a Weight".
        """


@runtime_checkable
class Parameters(Protocol):
    """One layer of attention small enough to be shown whole."""

    def parameters(self) -> tuple[Floats, Floats]:
        """W `[feature]` and b `[position]` of the attention layer."""

    def dense_parameters(self) -> dict[str, Floats]:
        """Kernels and biases of the dense layers behind it."""


class Writing(Protocol):
    """One source that is being written about, and what every step left behind."""

    def step(self, tokens: Sequence[int], parents: Sequence[int]) -> NDArray[np.float64]:
        """Log probabilities of what follows, float64 `[hypothesis, vocabulary]`, see `decoding.Following`."""

    def rows(self, place: int, hypothesis: int = 0) -> Mapping[str, Floats]:
        """The weights of one step by block, float32 `[layer, head, key]`, of the blocks that a step goes through."""

    def weights(self, written: Sequence[Choice]) -> Mapping[str, Floats]:
        """By block the weights float32 `[layer, head, query, key]` with which these tokens were written."""


@dataclass(frozen=True, eq=False)
class WrittenToken:
    """One token while it is written.

    Attributes:
        token: Entry of the vocabulary.
        log_probability: Nats.
        alternatives: The ten best of this step, `(token, log probability)`, best first.
        rows: The weights with which it was written, by block float32 `[layer, head, key]`.
    """

    token: str
    log_probability: float
    alternatives: tuple[tuple[str, float], ...]
    rows: Mapping[str, Floats]


class NextStep(Protocol):
    """One step of writing, as a classification of the source over the vocabulary: `Gradients` of it, and its tokens."""

    def index(self, token: str) -> int:
        """Id of an entry of the vocabulary; raises `InputError` `no_such_token`."""

    def probabilities(self, batch: Sequence[Encoded]) -> Floats:
        """Of the next token, float32 `[source, vocabulary]`."""

    def embed(self, encoded: Encoded) -> Floats:
        """As the model's."""

    def gradients(self, encoded: Encoded, target: Any = None, features: Floats | None = None) -> Floats:
        """As the model's, of the probability of the token with this id."""

    def blank(self, encoded: Encoded) -> Any:
        """As the model's."""


class Masked(NextStep, Protocol):
    """One mask of a text, as a classification of the text over the vocabulary."""

    @property
    def encoded(self) -> Encoded:
        """The text; the mask is special in it, and stays whatever is left out."""

    @property
    def place(self) -> int:
        """Where the mask stands, from 0."""


@runtime_checkable
class Fills(Protocol):
    """Says what stands in the place of a mask, and what that depends on."""

    def gap(self, encoded: Encoded, mask: int = 0) -> Masked:
        """One mask, counted from 0; raises `InputError` `no_masks`, `no_such_index`."""


@dataclass(frozen=True, eq=False)
class Expected:
    """What a model that continues a text expects at each of its tokens, and after the last.

    Attributes:
        log_probabilities: float64 `[token]`, nats, of each token of the text given those before it; NaN for one that
            nothing stands before.
        best: By token the most probable one in its place and its log probability; None where nothing stands before.
        entropy: float64 `[token]`, nats, of what was expected there; NaN where nothing stands before.
        following: float64 `[vocabulary]`, log probabilities of what follows the text, nats.
        never: Ids of it that are never written.
    """

    log_probabilities: NDArray[np.float64]
    best: tuple[tuple[str, float] | None, ...]
    entropy: NDArray[np.float64]
    following: NDArray[np.float64]
    never: Collection[int]


@runtime_checkable
class Expects(Protocol):
    """Expects something at each position of the text it is given: a model of the next token."""

    def expected(self, encoded: Encoded) -> Expected:
        """What it expects at each token of the text, and after the last."""


@runtime_checkable
class Writes(Protocol):
    """Writes a token at a time: a translation, a caption or a continuation."""

    @property
    def writes(self) -> WrittenKind:
        """What it writes."""

    @property
    def spaced(self) -> bool:
        """Whether what it writes has blanks between words."""

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Entries of the vocabulary it writes with."""

    def start(self, encoded: Encoded, edits: Sequence[Edit] = ()) -> Writing:
        """Begin to write about a source."""

    def write(
        self,
        encoded: Encoded,
        edits: Sequence[Edit] = (),
        prefix: Sequence[str] | None = None,
        sampling: Sampling | None = None,
        length: int | None = None,
    ) -> Iterator[WrittenToken]:
        """What `run` does, one token at a time as it is written."""

    def next_token(self, encoded: Encoded, place: int, tokens: Sequence[str] | None = None) -> NextStep:
        """The step that writes the token at a place, given those before it.

        Args:
            encoded: From `encode`, or a part of it.
            place: Position among the tokens.
            tokens: What was written; None means what `run` writes.
        """
