"""Pictures as a model takes them: what may be put in, and what a frozen encoder sees in each region."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from attnviz import scenes
from attnviz.errors import InputError
from attnviz.families.common import vision
from attnviz.families.common.cleaning import cleaned
from attnviz.families.common.encoding import text_of
from attnviz.scenes import BACKGROUNDS, GROCERIES, KINDS, Collage, Kind, Scene
from attnviz.scenes.collage import SIDE as COLLAGE_SIDE
from attnviz.trace import Picture, RegionAxis, Source

#: The regions that are looked at.
REGIONS = RegionAxis.grid_of(vision.GRID, vision.GRID)


@dataclass(frozen=True)
class World:
    """What the pictures of a model show.

    Attributes:
        side: Pixels of the side of a picture as the encoder is given it.
        kinds: Of the things in it, by name.
        once: A caption names a kind once, whatever there is of it; else every thing of its own.
        grounds: By language what a caption may say of where all of it is.
        picture: The picture of a source or of its code; raises `InputError` of what is none.
    """

    side: int
    kinds: Mapping[str, Kind]
    once: bool
    grounds: Mapping[str, tuple[str, ...]]
    picture: Callable[[Source | str], Picture]


def scene_of(source: Source | str) -> Scene:
    """The scene of a source: one as it is, or that of a code.

    Raises:
        InputError: `empty_text`; `scene_only`: a picture that is no scene; what `Scene` says of a code.
    """
    if isinstance(source, Scene):
        return source
    if isinstance(source, Picture):
        raise InputError("scene_only")
    code, _ = cleaned(text_of(source))
    return Scene(code)


def photo_of(source: Source | str) -> Picture:
    """The photograph, or the collage of photographs, of a source; of any other picture a square out of its middle.

    Raises:
        InputError: `empty_text`; `photo_only`: a scene; what `Collage` says of a code.
    """
    if isinstance(source, Scene):
        raise InputError("photo_only")
    if isinstance(source, Picture):
        return source if source.size == (COLLAGE_SIDE, COLLAGE_SIDE) else Picture.of(_square(source, COLLAGE_SIDE))
    code, _ = cleaned(text_of(source))
    return Collage(code)


def _square(picture: Picture, side: int) -> NDArray[np.uint8]:
    from PIL import Image, ImageOps

    whole = Image.fromarray(picture.pixels())
    return np.array(ImageOps.fit(whole, (side, side), Image.Resampling.BICUBIC))


#: By what the card says that a model takes.
WORLDS: Mapping[str, World] = {
    "scene": World(
        scenes.SIDE,
        KINDS,
        True,
        {code: tuple(each.place[code] for each in BACKGROUNDS.values()) for code in ("en", "ja")},
        scene_of,
    ),
    "photo": World(COLLAGE_SIDE, GROCERIES, False, {}, photo_of),
}


def seen(encoder: keras.Model, picture: Picture) -> NDArray[np.float32]:
    """What the encoder (see `vision.build`; compiled) sees in each region, float32 `[1, region, feature]`."""
    fine, coarse = encoder.predict_on_batch(picture.pixels()[None].astype(np.float32))
    return vision.regions(fine, coarse)
