"""Writing without anything kept from step to step: every step reads all that is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from attnviz.families.model import Floats
from attnviz.families.writing import decoding, sentence
from attnviz.families.writing.decoding import Choice
from attnviz.families.writing.sentence import Sentence
from attnviz.families.writing.sides import Read, Sides
from attnviz.families.writing.subwords import END_ID, Pieces
from attnviz.trace import Edit, Encoded


class Reads(Protocol):
    """What is asked of a model, see `WritingModel`."""

    pieces: Pieces

    def read(self, encoded: Encoded, ids: Sequence[int], edits: Sequence[Edit] = ()) -> Read:
        """Read a text of these ids at once."""

    def sides(self, encoded: Encoded, output: Sentence) -> Mapping[str, Sides]:
        """The blocks as they are once `output` is written."""


class WholePasses:
    """Writing by reading all that is written once more at every step: slow, and right for every model.

    Args:
        model: That reads.
        encoded: About which source.
        edits: As for `run`.
    """

    def __init__(self, model: Reads, encoded: Encoded, edits: Sequence[Edit]) -> None:
        self._model, self._encoded, self._edits = model, encoded, edits
        self._paths: list[list[int]] = []
        self._steps: list[list[Read]] = []

    def step(self, tokens: Sequence[int], parents: Sequence[int]) -> NDArray[np.float64]:
        """Log probabilities of what follows, float64 `[hypothesis, vocabulary]`, see `decoding.Following`."""
        first = not self._steps
        self._paths = [[] if first else [*self._paths[row], token] for token, row in zip(tokens, parents, strict=True)]
        reads = [self._model.read(self._encoded, [*path, END_ID], self._edits) for path in self._paths]
        self._steps.append(reads)
        return decoding.log_softmax(np.stack([read.logits[-1] for read in reads]))

    def rows(self, place: int, hypothesis: int = 0) -> dict[str, Floats]:
        """The weights of one step by block, float32 `[layer, head, key]`."""
        output = sentence.written([END_ID] * (place + 1), self._model.pieces)
        sides = self._model.sides(self._encoded, output)
        found = self._steps[place][hypothesis].weights
        return {name: found[name][:, :, -1] for name, side in sides.items() if side.kind in ("causal", "cross")}

    def weights(self, written: Sequence[Choice]) -> Mapping[str, Floats]:
        """By block the weights float32 `[layer, head, query, key]` with which these tokens were written."""
        return self._steps[len(written) - 1][written[-1].row].weights
