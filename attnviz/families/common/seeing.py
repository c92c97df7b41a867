"""A composed picture as a model of scenes takes it: what a frozen encoder sees in each region."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from attnviz.errors import InputError
from attnviz.families.common import vision
from attnviz.families.common.cleaning import cleaned
from attnviz.families.common.encoding import text_of
from attnviz.scenes import Scene
from attnviz.trace import Picture, RegionAxis, Source

#: The regions that are looked at.
REGIONS = RegionAxis.grid_of(vision.FINE[0], vision.FINE[0])


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


def seen(encoder: keras.Model, scene: Scene) -> NDArray[np.float32]:
    """What the encoder (see `vision.build`; compiled) sees in each region, float32 `[1, region, feature]`."""
    fine, coarse = encoder.predict_on_batch(scene.pixels()[None].astype(np.float32))
    return vision.regions(fine, coarse)
