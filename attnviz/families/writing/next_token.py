"""One step of writing as a classifier of its source: probabilities of the next token, and their derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from attnviz.families.writing.decoding import log_softmax
from attnviz.trace import Encoded

Floats = NDArray[np.float32]


class Writer(Protocol):
    """What is asked of the model: see `families.writing.model.WritingModel`."""

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Entries of the vocabulary."""

    def token_id(self, token: str) -> int:
        """Id of an entry."""

    def next_logits(self, batch: Sequence[Encoded], before: Sequence[int]) -> Floats:
        """What follows, float32 `[source, vocabulary]`."""

    def embed(self, encoded: Encoded) -> Floats:
        """Vectors of the source."""

    def gradients(
        self,
        encoded: Encoded,
        target: Any = None,
        features: Floats | None = None,
        tokens: Sequence[str] | None = None,
    ) -> Floats:
        """Derivative by them."""

    def blank(self, encoded: Encoded) -> Any:
        """What says nothing."""


@dataclass(frozen=True, eq=False)
class NextToken:
    """One step of writing as a classifier of the source, for what `analysis` measures of classifiers.

    Attributes:
        model: That writes.
        before: Ids written before.
    """

    model: Writer
    before: tuple[int, ...]

    def index(self, token: str) -> int:
        """Id of an entry of the vocabulary; raises `InputError` `no_such_token`."""
        return self.model.token_id(token)

    def probabilities(self, batch: Sequence[Encoded]) -> Floats:
        """Probabilities of the next token given several sources, float32 `[source, vocabulary]`."""
        result: Floats = np.exp(log_softmax(self.model.next_logits(batch, self.before))).astype(np.float32)
        return result

    def embed(self, encoded: Encoded) -> Floats:
        """As the model's."""
        return self.model.embed(encoded)

    def gradients(self, encoded: Encoded, target: Any = None, features: Floats | None = None) -> Floats:
        """As the model's, of the probability of the token with this id."""
        tokens = [self.model.vocabulary[index] for index in self.before]
        return self.model.gradients(encoded, (len(self.before), int(target)), features, tokens)

    def blank(self, encoded: Encoded) -> Any:
        """As the model's."""
        return self.model.blank(encoded)
