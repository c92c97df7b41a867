"""A text that is continued one token at a time, with the keys and values of the tokens before kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnviz.capture import CapturedModel, Run
from attnviz.families.writing.decoder import SITE, Shape
from attnviz.families.writing.decoding import Choice, log_softmax
from attnviz.trace import Edit

#: Name of the one block of a model that continues a text.
BLOCK = "causal"

Floats = NDArray[np.float32]


class Reader:
    """The network that reads further tokens, with all its weights.

    Args:
        step: As `decoder.Networks.step`, captured with its tensors.
        shape: Of the network.
    """

    def __init__(self, step: CapturedModel, shape: Shape) -> None:
        self._step, self._shape = step, shape
        self._sites = [f"{SITE}{layer}" for layer in range(shape.layers)]

    def nothing(self) -> list[tf.Tensor]:
        """Keys and values kept before anything is read."""
        empty = tf.zeros((1, self._shape.groups, 0, self._shape.head_size))
        return [empty] * (2 * self._shape.layers)

    def __call__(self, ids: NDArray[np.int32], kept: Sequence[tf.Tensor], edits: Sequence[Edit] = ()) -> Run:
        """Read ids `[batch, token]` after what is kept."""
        return self._step({"tokens": ids, "cache": list(kept)}, edits)

    def weights(self, run: Run) -> Floats:
        """float32 `[batch, layer, head, query, key]` of what was read."""
        return np.stack([run.sites[name].weights for name in self._sites], axis=1)


def placed(edits: Sequence[Edit], first: int, queries: int) -> list[Edit]:
    """Edits of a block on some of its rows, as long as there are keys by then.

    Args:
        edits: By layer and head, `[query, key]`; rows beyond theirs stay the model's own.
        first: Row of the block that is read first.
        queries: How many.
    """
    found = []
    for edit in edits:
        rows = np.full((queries, first + queries), np.nan, np.float32)
        own = edit.weights[first : first + queries, : first + queries]
        rows[: own.shape[0], : own.shape[1]] = own
        rows[: own.shape[0], own.shape[1] :] = 0
        if len(own):
            found.append(Edit(f"{SITE}{edit.layer}", rows, 0, edit.head, edit.label))
    return found


class CachedWriting:
    """One text that is being continued.

    Args:
        reader: The network.
        text: Ids of the text, what is put in front of it included.
        edits: Of the block.
        given: Ids that will be written first: they are read along with the text.
    """

    def __init__(self, reader: Reader, text: Sequence[int], edits: Sequence[Edit], given: Sequence[int] = ()) -> None:
        self._reader, self._edits, self._given, self._first = reader, edits, list(given), len(text)
        ids = np.array([[*text, *given]], np.int32)
        run = reader(ids, reader.nothing(), placed(edits, 0, ids.shape[1]))
        self._kept: list[tf.Tensor] = list(run.prediction["cache"])
        self._whole = reader.weights(run)[0]  # [layer, head, token, token]
        self._logits = run.prediction["logits"].numpy()[:, len(text) - 1 :]  # [1, given + 1, vocabulary]
        self._steps = 0
        self._rows: list[Floats] = []  # a step each, [hypothesis, layer, head, 1, key]

    def step(self, tokens: Sequence[int], parents: Sequence[int]) -> NDArray[np.float64]:
        """Log probabilities of what follows, float64 `[hypothesis, vocabulary]`, see `decoding.Following`.

        The first call is about what follows the text; ids that were given are to come back in the calls after it.
        """
        self._steps += 1
        if self._steps <= len(self._given) + 1:
            return log_softmax(self._logits[:, self._steps - 1])
        if len(tokens) > 1 or int(self._kept[0].shape[0]) > 1:
            self._kept = [tf.gather(each, list(parents)) for each in self._kept]
        row = self._first + self._steps - 2
        run = self._reader(np.array(tokens, np.int32)[:, None], self._kept, placed(self._edits, row, 1))
        self._kept = list(run.prediction["cache"])
        self._rows.append(self._reader.weights(run))
        return log_softmax(run.prediction["logits"].numpy()[:, -1])

    def rows(self, place: int, hypothesis: int = 0) -> dict[str, Floats]:
        """The weights of one step, float32 `[layer, head, key]`: on the text and what was written before."""
        read = self._first + len(self._given)
        row = self._first + place - 1
        if row < read:
            return {BLOCK: self._whole[:, :, row, : row + 1]}
        return {BLOCK: self._rows[row - read][hypothesis, :, :, 0]}

    def weights(self, written: Sequence[Choice]) -> Mapping[str, Floats]:
        """The weights float32 `[layer, head, query, key]` with which the text was read and these tokens written."""
        count, read = self._first + len(written) - 1, self._first + len(self._given)
        layers, heads, *_ = self._whole.shape
        found = np.zeros((layers, heads, count, count), np.float32)
        known = min(read, count)
        found[:, :, :known, :known] = self._whole[:, :, :known, :known]
        for row in range(read, count):
            found[:, :, row, : row + 1] = self._rows[row - read][written[row - self._first + 1].row, :, :, 0]
        return {BLOCK: found}
