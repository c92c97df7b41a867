"""A masked language model from a Hugging Face folder: a body, and what it expects in the place of each mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from attnviz.errors import InputError, ModelError
from attnviz.families.card import ModelCard
from attnviz.families.hub.body import HubModel, vectors_of
from attnviz.families.hub.depending import Vectors
from attnviz.families.hub.gap import Gap, answer, asked
from attnviz.families.hub.heads import Head
from attnviz.families.hub.pieces import Pieces
from attnviz.families.writing.decoding import log_softmax
from attnviz.trace import AttentionTrace, Edit, Encoded, Filled, Notice, Output

#: How many alternatives a mask has.
LISTED = 10


class HubFilling(HubModel):
    """A pretrained Transformer that says what stands in the place of a mask.

    Args:
        backbone: KerasHub's.
        head: What follows it at a mask.
        tokenizer: Cuts a text into ids and tokens.
        card: What the model is.
        told: What every trace is to say of the folder.

    Raises:
        ModelError: `hub_special_token`: the vocabulary has no mask.
    """

    def __init__(
        self, backbone: keras.Model, head: Head, tokenizer: Pieces, card: ModelCard, told: Sequence[Notice] = ()
    ) -> None:
        super().__init__(backbone, tokenizer, card, told)
        if tokenizer.mask is None:
            raise ModelError("hub_special_token", source=card.name, file="tokenizer", received="[MASK]")
        self._head, self._mask = head, tokenizer.mask
        self._vectors = Vectors(backbone, backbone, answer(head), 1)

    def attend(self, encoded: Encoded, edits: Sequence[Edit] = ()) -> AttentionTrace:
        """One run.

        Returns:
            As `HubModel.attend`, with `Filled` where the text has masks; without, a notice says how a mask is typed.
        """
        trace = super().attend(encoded, edits)
        if isinstance(trace.output, Filled):
            return trace
        asked = Notice("no_mask", {"mask": self._pieces.name(self._mask)})
        return replace(trace, notices=(*trace.notices, asked))

    def gap(self, encoded: Encoded, mask: int = 0) -> Gap:
        """One mask, and what is expected there depends on.

        Args:
            encoded: From `encode`.
            mask: Which, from 0.

        Raises:
            InputError: `no_masks`: the text has none; `no_such_index`.
        """
        places = np.flatnonzero(encoded.inputs["tokens"][0] == self._mask).tolist()
        if not places:
            raise InputError("no_masks", model=self.card.name)
        if not 0 <= mask < len(places):
            raise InputError("no_such_index", what="mask", received=mask, last=len(places) - 1)
        marked, size = asked(encoded, places[mask]), int(self.model.token_embedding.input_dim)
        run = lambda each: self._computed(each, ())[0]  # noqa: E731
        return Gap(marked, places[mask], run, self._inputs, self._head, self._vectors, self._pieces, size)

    def _output(self, prediction: Any, encoded: Encoded) -> Output:
        places = np.flatnonzero(encoded.inputs["tokens"][0] == self._mask).tolist()
        if not places:
            return super()._output(prediction, encoded)
        logits = keras.ops.convert_to_numpy(self._head(vectors_of(prediction)[places]))
        logs = log_softmax(logits.astype(np.float64))
        best = np.argsort(-logs, axis=-1, kind="stable")[:, :LISTED].tolist()
        found = (
            tuple((self._pieces.entry(index), float(row[index])) for index in ranked)
            for row, ranked in zip(logs, best, strict=True)
        )
        return Filled(tuple(places), tuple(found))
