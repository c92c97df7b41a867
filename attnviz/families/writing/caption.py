"""Captions: words in one of several languages are written while the regions of a picture are looked at."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np
from numpy.typing import NDArray

from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.families.classifier.encoder import set_weights
from attnviz.families.common import vision
from attnviz.families.common.seeing import REGIONS, scene_of, seen
from attnviz.families.model import Floats
from attnviz.families.writing import decoding, transformer
from attnviz.families.writing.caption_words import CaptionWords
from attnviz.families.writing.encoder_decoder import EncoderDecoderModel, with_weights
from attnviz.trace import Encoded, RegionAxis, Source, WrittenKind

#: What `load` reads of a model folder; the card has a checksum of each.
FILES = ("weights.npz", "vision.npz", "words.json")


class CaptionModel(EncoderDecoderModel):
    """A trained captioner of scenes.

    Args:
        encoder: As `vision.build` makes it.
        networks: As `transformer.build` makes them.
        words: Of the captions.
        card: What the model is.
    """

    writes: ClassVar[WrittenKind] = "caption"
    encoding: ClassVar[tuple[str, ...]] = ("language",)

    def __init__(
        self, encoder: keras.Model, networks: transformer.Networks, words: CaptionWords, card: ModelCard
    ) -> None:
        super().__init__(networks, words, card, lengths=(len(REGIONS),))
        self.words = words
        encoder.compile(jit_compile=False)
        self._encoder = encoder

    def encode(self, source: Source | str, language: str = "") -> Encoded:
        """Draw the scene, see what is where.

        Args:
            source: A scene, or its code.
            language: Of the caption; the card's first if empty.

        Returns:
            Inputs `regions` float32 `[1, region, feature]` and `places` int32 `[1, region]`, from 1 on, both along the
            regions, and `language` int32 `[1, 1]`, the id of the token that the caption begins with.

        Raises:
            InputError: `empty_text`; `scene_only`: a picture that is no scene; `caption_language`; what `Scene` says.
        """
        language = language or self.words.languages[0]
        if language not in self.words.languages:
            raise InputError("caption_language", received=str(language)[:40], expected=", ".join(self.words.languages))
        scene = scene_of(source)
        places = np.arange(1, len(REGIONS) + 1, dtype=np.int32)[None]
        inputs = {"regions": seen(self._encoder, scene), "places": places}
        start = np.array([[self.words.start(language)]], np.int32)
        axes = {"regions": REGIONS}
        return Encoded(scene, {**inputs, "language": start}, axes, (), {"regions": ("regions", "places")})

    def given(self, encoded: Encoded) -> dict[str, Any]:
        """The places, and what is seen there."""
        return {"source": encoded.inputs["places"], "regions": encoded.inputs["regions"]}

    def source_axis(self, encoded: Encoded) -> RegionAxis:
        """The regions."""
        axis = encoded.axis
        assert isinstance(axis, RegionAxis)
        return axis

    def rules(self, encoded: Encoded) -> decoding.Rules:
        """The caption begins with the token of its language, and no word of another is written."""
        start = int(encoded.inputs["language"][0, 0])
        language = self.words.languages[start - self.words.start(self.words.languages[0])]
        return replace(self._rules, start=start, never=(*self._rules.never, *self.words.others(language)))

    def blank(self, encoded: Encoded) -> Floats:
        """The mean of all regions."""
        mean: Floats = encoded.inputs["regions"][0].mean(axis=0)
        return mean

    def next_logits(self, batch: Sequence[Encoded], before: Sequence[int]) -> NDArray[np.float32]:
        """What follows these ids for each of several sources, float32 `[source, vocabulary]`."""
        rows = []
        for encoded in batch:
            given = self.given(encoded) | {"target": np.array([[self.rules(encoded).start, *before]], np.int32)}
            rows.append(self._captured(given).prediction["logits"][0, -1])
        return np.stack(rows)


def load(folder: Path, card: ModelCard, read_weights: Callable[..., dict[str, Any]]) -> CaptionModel:
    """The model of a folder whose checksums agree.

    Raises:
        ValueError: Card, weights and vocabulary are not of one model.
    """
    words = CaptionWords(json.loads((folder / "words.json").read_text(encoding="utf-8")))
    config = dict(card.details["config"])
    if config["target_size"] != len(words.vocabulary):
        raise ValueError(f"Expected {config['target_size']} words. Received: {len(words.vocabulary)}")
    encoder = vision.build()
    set_weights(encoder, read_weights(folder, "vision.npz"))
    return CaptionModel(encoder, with_weights(config, read_weights(folder)), words, card)
