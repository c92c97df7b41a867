"""One mask of a text, and what the distribution in its place depends on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from attnviz.errors import InputError
from attnviz.families.hub.body import vectors_of
from attnviz.families.hub.depending import Vectors
from attnviz.families.hub.heads import Head
from attnviz.families.hub.pieces import Pieces
from attnviz.trace import Encoded, RegionAxis

#: The input that says which token is the mask asked about; it runs along the tokens, and the network does not take it.
ASKED = "asked"


@dataclass(frozen=True, eq=False)
class Gap:
    """What a masked language model expects at one mask, and what it depends on (`families.model.Gradients`).

    Attributes:
        encoded: The text; the mask asked about is special in it, so that it stays whatever is left out.
        place: Where the mask stands, from 0.
    """

    encoded: Encoded
    place: int
    _run: Callable[[Encoded], Any]
    _inputs: Callable[[Encoded], Any]
    _head: Head
    _vectors: Vectors
    _pieces: Pieces
    _size: int

    def index(self, token: str) -> int:
        """Id of a token, as `Filled.alternatives` or a reader has it.

        Raises:
            InputError: `no_such_token`: the vocabulary has none of that name.
        """
        found = self._pieces.index(token)
        if found is None or found >= self._size:
            raise InputError("no_such_token", received=token[:80])
        return found

    def blank(self, encoded: Encoded) -> int | None:
        """The mask: it says nothing of a token."""
        del encoded
        return self._pieces.blank

    def probabilities(self, batch: Sequence[Encoded]) -> NDArray[np.float32]:
        """What is expected at the mask in several versions of the text, float32 `[text, vocabulary]`."""
        rows = [vectors_of(self._run(each))[: len(each.axis)][each.inputs[ASKED][0] == 1] for each in batch]
        shares: NDArray[np.float32] = ops.convert_to_numpy(ops.softmax(self._head(np.concatenate(rows))))
        return shares

    def embed(self, encoded: Encoded) -> NDArray[np.float32]:
        """The vectors where `gradients` differentiates, float32 `[token, feature]`, see `Vectors.embed`."""
        return self._vectors.embed(self._inputs(encoded))

    def gradients(
        self, encoded: Encoded, target: int | None = None, features: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Derivative of the probability of a token at the mask by the embedding vectors.

        Args:
            encoded: `encoded`, or a part of it.
            target: Id of the token; None means the most probable.
            features: float32 `[batch, token, feature]` to differentiate at; None means the text's own vectors.

        Raises:
            InputError: `no_such_index`.
        """
        if target is not None and not 0 <= target < self._size:
            raise InputError("no_such_index", what="class", received=target, last=self._size - 1)
        if features is None:
            features = self.embed(encoded)[None]
        if target is None:
            target = int(np.argmax(self.probabilities([encoded])[0]))
        return self._vectors.derivative([*self._inputs(encoded).values(), encoded.inputs[ASKED]], features, target)


def asked(encoded: Encoded, place: int) -> Encoded:
    """The text with a mark at one of its masks that moves with it."""
    axis = encoded.axis
    if isinstance(axis, RegionAxis) or ASKED in encoded.inputs:
        return encoded
    marked = np.zeros((1, len(axis)), np.int32)
    marked[0, place] = 1
    special = tuple(each or at == place for at, each in enumerate(axis.special))
    name = next(iter(encoded.axes))
    inputs = {**encoded.inputs, ASKED: marked}
    moves = {**encoded.moves, name: (*encoded.moves.get(name, (name,)), ASKED)}
    return replace(encoded, inputs=inputs, axes={**encoded.axes, name: replace(axis, special=special)}, moves=moves)


def answer(head: Head) -> Callable[..., Any]:
    """From what a backbone gives out, and where the mask is, to probabilities `[batch, vocabulary]`."""

    def shares(outputs: Any, where: Any) -> Any:
        x = outputs["sequence_output"] if isinstance(outputs, dict) else outputs
        picked = ops.sum(x * keras.ops.cast(where, x.dtype)[..., None], 1)
        return ops.softmax(head(picked))

    return shares
