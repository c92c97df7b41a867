"""Translation models: an encoder–decoder with source–target attention, seen while it writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnviz.families.card import ModelCard
from attnviz.families.common.cleaning import cleaned
from attnviz.families.common.encoding import text_of, told
from attnviz.families.writing import sentence, transformer
from attnviz.families.writing.encoder_decoder import EncoderDecoderModel, with_weights
from attnviz.families.writing.subwords import END_ID, START_ID, UNKNOWN_ID, Subwords
from attnviz.trace import Encoded, Source, Text, TokenAxis, WrittenKind

#: What `load` reads of a model folder; the card has a checksum of each.
FILES = ("weights.npz", "source.json", "target.json")


class TranslationModel(EncoderDecoderModel):
    """A trained encoder–decoder with the pieces of both its languages.

    Args:
        networks: As `transformer.build` makes them.
        source: Cuts the language that is read.
        target: Cuts the language that is written, and joins it.
        card: What the model is; `languages` are those of source and target.
    """

    writes: ClassVar[WrittenKind] = "translation"

    def __init__(self, networks: transformer.Networks, source: Subwords, target: Subwords, card: ModelCard) -> None:
        super().__init__(networks, target, card)
        self._source = source

    def encode(self, source: Source | str) -> Encoded:
        """Clean, cut into pieces, look up.

        Args:
            source: Anything a person types.

        Returns:
            Inputs `tokens` int32 `[1, token]` without the end token, which `run` adds; notices say what was cleaned,
            cut, unknown or in another script.

        Raises:
            InputError: Nothing is left after cleaning.
        """
        shown, notices = cleaned(text_of(source))
        limit = self.card.max_length or self.longest
        shown, pieces, total = sentence.cut(shown, self._source, limit)
        axis = sentence.source_axis(pieces, self._source)
        notices += told(axis, shown, self.card.languages[:1], limit, total)
        ids = np.array([[piece.id for piece in pieces]], np.int32)
        return Encoded(Text(shown), {"tokens": ids}, {"tokens": axis}, tuple(notices))

    def given(self, encoded: Encoded) -> dict[str, Any]:
        """The source's ids with the end id."""
        return {"source": np.concatenate([encoded.inputs["tokens"], [[END_ID]]], axis=1).astype(np.int32)}

    def source_axis(self, encoded: Encoded) -> TokenAxis:
        """The source's tokens with the end token."""
        return sentence.with_end(encoded.axis)

    def next_logits(self, batch: Sequence[Encoded], before: Sequence[int]) -> NDArray[np.float32]:
        """What follows these ids for each of several sources, float32 `[source, vocabulary]`."""
        rows = [self.given(encoded)["source"][0] for encoded in batch]
        source = np.zeros((len(rows), max(map(len, rows))), np.int32)
        for row, place in zip(rows, source, strict=True):
            place[: len(row)] = row
        return self._next({"source": source, "target": np.array([[START_ID, *before]] * len(rows), np.int32)})

    @property
    def unknown_id(self) -> int:
        """Id of the token that stands for any piece of the source that its vocabulary lacks."""
        return UNKNOWN_ID

    def completed(self, features: Any, given: Mapping[str, Any]) -> Any:
        """With the vector of the end token."""
        end = self.model.get_layer("source_embedding")(given["source"][:, -1:])
        return tf.concat([features, end], axis=1)


def load(folder: Path, card: ModelCard, read_weights: Callable[..., dict[str, Any]]) -> TranslationModel:
    """The model of a folder whose checksums agree.

    Raises:
        ModelError: A tokenizer file cannot be read.
        ValueError: Card, weights and vocabularies are not of one model.
    """
    config = dict(card.details["config"])
    options = card.details["tokenizers"]
    cutters = [sentence.cutter(folder, f"{side}.json", options[side]) for side in ("source", "target")]
    sizes = (config["source_size"], config["target_size"])
    if sizes != tuple(each.size for each in cutters) or len(card.languages) != 2:
        received = [each.size for each in cutters]
        raise ValueError(f"Expected two languages and vocabularies of {sizes}. Received: {received}")
    networks = with_weights(config, read_weights(folder))
    return TranslationModel(networks, cutters[0], cutters[1], card)
