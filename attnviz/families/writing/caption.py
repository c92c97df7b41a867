"""Captions: words in one of several languages are written while the regions of a picture are looked at."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np
from numpy.typing import NDArray

from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.families.common import vision
from attnviz.families.common.arrays import set_weights
from attnviz.families.common.familiar import PREFIX, Familiar
from attnviz.families.common.seeing import REGIONS, WORLDS, World, seen
from attnviz.families.model import Floats
from attnviz.families.writing import decoding, transformer
from attnviz.families.writing.caption_words import CaptionWords
from attnviz.families.writing.encoder_decoder import EncoderDecoderModel, with_weights
from attnviz.families.writing.subwords import UNKNOWN_ID
from attnviz.scenes import Kind
from attnviz.trace import Encoded, Notice, RegionAxis, Source, WrittenKind

#: What `load` reads of a model folder; the card has a checksum of each.
FILES = ("weights.npz", "vision.npz", "words.json")


class CaptionModel(EncoderDecoderModel):
    """A trained captioner of scenes, or of photographs.

    Args:
        encoder: As `vision.build` makes it.
        networks: As `transformer.build` makes them.
        words: Of the captions.
        card: What the model is.
        familiar: What it was taught; None: a picture is never called strange.

    Attributes:
        encoder, familiar: As given.
    """

    writes: ClassVar[WrittenKind] = "caption"
    encoding: ClassVar[tuple[str, ...]] = ("language",)

    def __init__(
        self,
        encoder: keras.Model,
        networks: transformer.Networks,
        words: CaptionWords,
        card: ModelCard,
        familiar: Familiar | None = None,
    ) -> None:
        super().__init__(networks, words, card, lengths=(len(REGIONS),))
        self.words, self._world = words, WORLDS[card.takes]
        self._rules_in = {language: rules(words, language, self._rules, self._world) for language in words.languages}
        encoder.compile(jit_compile=False)
        self.encoder, self.familiar = encoder, familiar

    def encode(self, source: Source | str, language: str = "") -> Encoded:
        """Draw the picture, see what is where.

        Args:
            source: A scene, or of a model of photographs any picture; or the code of one.
            language: Of the caption; the card's first if empty.

        Returns:
            Inputs `regions` float32 `[1, region, feature]` and `places` int32 `[1, region]`, from 1 on, both along the
            regions, and `language` int32 `[1, 1]`, the id of the token that the caption begins with; the notice
            `never_taught` where the picture is far from all that was taught.

        Raises:
            InputError: `empty_text`; `caption_language`; `scene_only`, `photo_only`: a picture of another kind; what
                `Scene` or `Collage` says.
        """
        language = language or self.words.languages[0]
        if language not in self.words.languages:
            raise InputError("caption_language", received=str(language)[:40], expected=", ".join(self.words.languages))
        picture = self._world.picture(source)
        places = np.arange(1, len(REGIONS) + 1, dtype=np.int32)[None]
        inputs = {"regions": seen(self.encoder, picture), "places": places}
        start = np.array([[self.words.start(language)]], np.int32)
        axes = {"regions": REGIONS}
        notices = self._strange(inputs["regions"][0])
        return Encoded(picture, {**inputs, "language": start}, axes, notices, {"regions": ("regions", "places")})

    def _strange(self, regions: NDArray[np.float32]) -> tuple[Notice, ...]:
        if self.familiar is None:
            return ()
        distance, limit = self.familiar.distance(regions), self.familiar.limit
        said = {"distance": round(distance, 1), "limit": round(limit, 1)}
        return (Notice("never_taught", said),) if distance > limit else ()

    def given(self, encoded: Encoded) -> dict[str, Any]:
        """The places, and what is seen there."""
        return {"source": encoded.inputs["places"], "regions": encoded.inputs["regions"]}

    def source_axis(self, encoded: Encoded) -> RegionAxis:
        """The regions."""
        axis = encoded.axis
        assert isinstance(axis, RegionAxis)
        return axis

    def rules(self, encoded: Encoded) -> decoding.Rules:
        """See `rules`."""
        return self._rules_in[self.written_in(encoded)[0]]

    def written_in(self, encoded: Encoded) -> tuple[str, ...]:
        """The language that was chosen."""
        start = int(encoded.inputs["language"][0, 0])
        return (self.words.languages[start - self.words.start(self.words.languages[0])],)

    def blank(self, encoded: Encoded) -> Floats:
        """The mean of all regions."""
        mean: Floats = encoded.inputs["regions"][0].mean(axis=0)
        return mean

    def next_logits(self, batch: Sequence[Encoded], before: Sequence[int]) -> NDArray[np.float32]:
        """What follows these ids for each of several sources, float32 `[source, vocabulary]`."""
        places = np.zeros((len(batch), max(len(each.axis) for each in batch)), np.int32)
        regions = np.zeros((*places.shape, batch[0].inputs["regions"].shape[2]), np.float32)
        for row, each in enumerate(batch):  # place 0 is padding
            places[row, : len(each.axis)] = each.inputs["places"][0]
            regions[row, : len(each.axis)] = each.inputs["regions"][0]
        target = np.array([[self.rules(each).start, *before] for each in batch], np.int32)
        return self._next({"source": places, "regions": regions, "target": target})


def rules(words: CaptionWords, language: str, plain: decoding.Rules, world: World) -> decoding.Rules:
    """How captions of a language are written.

    A caption begins with the token of its language, and no word of another is written. Where a kind is named once, a
    word that belongs to the name of one kind alone bars its name from what follows.

    Args:
        words: Of the captions.
        language: One of them.
        plain: What holds whatever the language.
        world: What the pictures show.
    """
    never = (*plain.never, *words.others(language))
    start = words.start(language)
    return replace(plain, start=start, never=never, bars=_bars(words, language, world) if world.once else {})


def _bars(words: CaptionWords, language: str, world: World) -> dict[int, set[int]]:
    """Words after each word that may not follow any more, as the kind has been named."""
    names = [
        [[words.id(part, language) for part in name.split()] for name in _names(kind, language)]
        for kind in world.kinds.values()
    ]
    uses = Counter(index for each in names for index in {index for name in each for index in name})
    said = {words.id(part, language) for each in world.grounds[language] for part in each.split()}
    bars: dict[int, set[int]] = {}
    for each in names:
        own = [[index if uses[index] == 1 and index not in said else UNKNOWN_ID for index in name] for name in each]
        for name in own:
            for place, index in enumerate(name):
                # Words behind it may still follow: they end the name.
                bars.setdefault(index, set()).update(other for another in own for other in another[: place + 1])
    bars.pop(UNKNOWN_ID, None)
    return bars


def _names(kind: Kind, language: str) -> list[str]:
    """What a kind is called, one and several, its colour left out."""
    return [kind.noun[language], *([kind.plural] if language == "en" else [])]


def load(folder: Path, card: ModelCard, read_weights: Callable[..., dict[str, Any]]) -> CaptionModel:
    """The model of a folder whose checksums agree.

    Raises:
        ValueError: Card, weights and vocabulary are not of one model.
    """
    words = CaptionWords(json.loads((folder / "words.json").read_text(encoding="utf-8")))
    config = dict(card.details["config"])
    if config["target_size"] != len(words.vocabulary):
        raise ValueError(f"Expected {config['target_size']} words. Received: {len(words.vocabulary)}")
    encoder = vision.build(WORLDS[card.takes].side)
    sight = read_weights(folder, "vision.npz")
    set_weights(encoder, {name: array for name, array in sight.items() if not name.startswith(PREFIX)})
    return CaptionModel(encoder, with_weights(config, read_weights(folder)), words, card, Familiar.within(sight))
