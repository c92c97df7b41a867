"""Models of the next word: a text in pieces is continued, every token looking at those before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from attnviz.families.card import ModelCard
from attnviz.families.common.arrays import set_weights
from attnviz.families.common.cleaning import cleaned
from attnviz.families.common.encoding import text_of, told
from attnviz.families.writing import decoder, sentence
from attnviz.families.writing.decoder import Networks, Shape
from attnviz.families.writing.decoder_only import DecoderOnlyModel
from attnviz.families.writing.subwords import START_ID, UNKNOWN_ID, Subwords
from attnviz.trace import Encoded, Source, Text

#: What `load` reads of a model folder; the card has a checksum of each.
FILES = ("weights.npz", "pieces.json")


class ContinuationModel(DecoderOnlyModel):
    """A trained model of the next word; a text begins with the start token.

    Args:
        networks: As `decoder.build` makes them, with their weights.
        shape: Of these.
        pieces: Cuts and joins the language.
        card: What the model is; `config.room` is how many tokens it was trained to look back over.
    """

    def __init__(self, networks: Networks, shape: Shape, pieces: Subwords, card: ModelCard) -> None:
        room = int(card.details["config"].get("room", 128))
        super().__init__(networks, shape, pieces, card, room=room, front=(START_ID,))

    def encode(self, source: Source | str) -> Encoded:
        """Clean, cut into pieces, look up.

        Returns:
            Inputs `tokens` int32 `[1, token]`, without the start token.

        Raises:
            InputError: `empty_text`, `not_a_text`.
        """
        shown, notices = cleaned(text_of(source))
        limit = self.card.max_length or self.longest // 2
        shown, pieces, total = sentence.cut(shown, self.pieces, limit)
        axis = sentence.source_axis(pieces, self.pieces)
        notices += told(axis, shown, self.card.languages, limit, total)
        ids = np.array([[piece.id for piece in pieces]], np.int32)
        return Encoded(Text(shown), {"tokens": ids}, {"tokens": axis}, tuple(notices))

    @property
    def unknown_id(self) -> int:
        """Id of the token that stands for any piece that the vocabulary lacks."""
        return UNKNOWN_ID


def shape_of(config: Mapping[str, Any]) -> Shape:
    """The network that a card's `config` describes.

    Raises:
        KeyError, TypeError, ValueError: It describes none.
    """
    sizes: dict[str, Any] = {
        name: int(config[name]) for name in ("size", "features", "layers", "heads", "groups", "hidden")
    }
    if min(sizes.values()) < 1 or sizes["features"] % (2 * sizes["heads"]) or sizes["heads"] % sizes["groups"]:
        raise ValueError(f"Expected sizes that divide each other. Received: {sizes}")
    return Shape(**sizes, head_size=sizes["features"] // sizes["heads"])


def load(folder: Path, card: ModelCard, read_weights: Callable[..., dict[str, Any]]) -> ContinuationModel:
    """The model of a folder whose checksums agree.

    Raises:
        ModelError: The file of the pieces cannot be read.
        ValueError: Card, weights and vocabulary are not of one model.
    """
    pieces = sentence.cutter(folder, "pieces.json", card.details["tokenizer"])
    shape, weights = shape_of(card.details["config"]), read_weights(folder)
    stored = sum(array.size for array in weights.values())
    if shape.size != pieces.size or shape.numbers > stored:
        raise ValueError(f"Expected a vocabulary of {pieces.size}, {shape.numbers} numbers. Received: {stored}")
    networks = decoder.build(shape, trained=True)
    set_weights(networks.full, weights)
    return ContinuationModel(networks, shape, pieces, card)
