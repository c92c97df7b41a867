"""Pretrained models that continue a text, wherever their weights come from."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from attnviz.errors import ModelError
from attnviz.families.card import ModelCard
from attnviz.families.common.cleaning import cleaned
from attnviz.families.common.encoding import text_of, told
from attnviz.families.hub.entries import Entries
from attnviz.families.hub.pieces import Pieces
from attnviz.families.writing.decoder import Networks, Shape
from attnviz.families.writing.decoder_only import DecoderOnlyModel
from attnviz.trace import Encoded, Notice, Source, Text

#: Most weights of one text, in numbers: 144 heads at 1,024 tokens, 270 at 747.
MOST_WEIGHTS = 144 * 1024 * 1024


class HubContinuation(DecoderOnlyModel):
    """A pretrained model of the next token with its tokenizer.

    Args:
        networks: With their weights.
        shape: Of these.
        tokenizer: Cuts a text into ids and tokens.
        card: What the model is.
        positions: How many tokens it was taught to look back over.
        end: Name of the token that ends a text, where the folder says it.
        told: What every trace is to say of the folder.
    """

    #: What its file says of itself, where it does: licence, and languages as codes.
    licence: str = ""
    languages: tuple[str, ...] = ()

    def __init__(
        self,
        networks: Networks,
        shape: Shape,
        tokenizer: Pieces,
        card: ModelCard,
        positions: int,
        end: str | None = None,
        told: Sequence[Notice] = (),
    ) -> None:
        if tokenizer.rows > shape.size:
            raise ModelError("hub_vocabulary", source=card.name, received=tokenizer.rows, expected=shape.size)
        entries = Entries(tokenizer.tokenizer, end, shape.size)
        room = min(positions, math.isqrt(MOST_WEIGHTS // (shape.layers * shape.heads)))
        super().__init__(networks, shape, entries, card, room=room, never=entries.nameless)
        self._cut, self._told, self._blank = tokenizer, tuple(told), tokenizer.blank

    def encode(self, source: Source | str) -> Encoded:
        """Clean the text and cut it into the model's pieces.

        Returns:
            Inputs `tokens` int32 `[1, token]`; what the tokenizer puts in front is special and has no span, what it
            puts behind is left out, as the text goes on.

        Raises:
            InputError: `empty_text`, `not_a_text`.
        """
        shown, notices = cleaned(text_of(source))
        cut = self._cut(shown, self.longest)
        last = max((place for place, special in enumerate(cut.axis.special) if not special), default=-1)
        axis, ids = cut.axis.take(range(last + 1)), cut.ids[: last + 1]
        notices += [*self._told, *told(axis, cut.text, self.card.languages, self.longest, cut.total)]
        if max(ids) >= self.shape.size:
            raise ModelError("hub_vocabulary", source=self.card.name, received=max(ids) + 1, expected=self.shape.size)
        return Encoded(Text(cut.text), {"tokens": np.array([ids], np.int32)}, {"tokens": axis}, tuple(notices))

    @property
    def unknown_id(self) -> int:
        """Id of the unknown token; without one, of that which ends a text: it says that nothing stood before."""
        return self.pieces.end if self._blank is None else self._blank
