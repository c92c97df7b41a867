"""A network in training, read the way a model is: where it looks while it reads a given translation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from attnviz.families.card import ModelCard
from attnviz.families.writing import sentence
from attnviz.families.writing.decoding import log_softmax
from attnviz.families.writing.subwords import END_ID, START_ID
from attnviz.families.writing.transformer import Networks
from attnviz.trace import AttentionBlock, AttentionTrace, Encoded, Text, Written
from attnviz.training.translation.gold import BLOCK
from attnviz.training.translation.learner import LONGEST
from attnviz.training.translation.school import School


class Forced:
    """What `gold.alignment_figures` needs of a model.

    Args:
        networks: Of any kind with source–target attention; their weights are read at each call.
        lessons: Whose pieces they know.
    """

    def __init__(self, networks: Networks, lessons: School) -> None:
        self._full = networks.full
        self._source, self._target = (lessons.subwords[code] for code in (lessons.source, lessons.target))
        languages = (lessons.source, lessons.target)
        self.card = ModelCard("forced", family="translation", languages=languages, details={"config": {}})

    def encode(self, source: str) -> Encoded:
        """The pieces of a text; inputs `tokens` int32 `[1, token]`."""
        pieces = self._source.cut(source)
        axis = sentence.source_axis(pieces, self._source)
        return Encoded(Text(source), {"tokens": np.array([[piece.id for piece in pieces]], np.int32)}, {"tokens": axis})

    def run(self, encoded: Encoded, *, target: str) -> AttentionTrace:
        """The block `source-target`, weights `[layer, head, query, key]`; a query is the token it predicted."""
        output = sentence.typed(self._target.cut(target), target, self._target)
        source = sentence.with_end(encoded.axis)
        found = self._full.predict_on_batch(
            {
                "source": _row([*encoded.inputs["tokens"][0], END_ID]),
                "target": _row([START_ID, *output.ids[:-1]]),
            }
        )
        weights = np.stack([layer[0, :, : len(output.ids), : len(source)] for layer in found["weights"]])
        told = log_softmax(found["logits"][0])[range(len(output.ids)), output.ids].astype(np.float32)
        answer = Written("translation", target, tuple(self._target.vocabulary[index] for index in output.ids), told)
        block = AttentionBlock(BLOCK, "cross", output.axis, source, weights)
        return AttentionTrace(self.card.name, encoded.source, (block,), answer)


def _row(ids: Sequence[int]) -> NDArray[np.int32]:
    """Padded to one length, so that the network is compiled once."""
    row = np.zeros((1, LONGEST + 1), np.int32)
    row[0, : len(ids)] = ids
    return row
