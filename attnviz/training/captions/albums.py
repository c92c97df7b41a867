"""The scenes of all parts as the models of scenes share them: drawn and encoded once, kept on disk."""

from __future__ import annotations

import keras

from attnviz.families.common import vision
from attnviz.training.captions.features import Album
from attnviz.training.captions.parts import parts
from attnviz.training.captions.pretrained import vision_weights
from attnviz.training.data import CACHE
from attnviz.training.networks import halves, set_weights

#: Where scenes and what the encoder makes of them are kept; models that are made from the same ones share them.
SCENES = CACHE / "scenes"


def frozen_encoder(*, quiet: bool = False) -> keras.Model:
    """The network that sees, with its weights as they are shipped."""
    encoder = vision.build()
    set_weights(encoder, {name: value.astype("float32") for name, value in halves(vision_weights(quiet=quiet)).items()})
    return encoder


def album(name: str, count: int, encoder: keras.Model, label: str, *, quiet: bool = False) -> Album:
    """The scenes of a part, see `parts`.

    Args:
        name: Of the part.
        count: Scenes to learn from.
        encoder: As `frozen_encoder` gives it.
        label: Of the progress bar.
        quiet: No progress bar.
    """
    part = parts(count)[name]
    folder = SCENES / (name if name != "train" else f"train-{part.count}")
    return Album(part, folder, encoder, f"{label}, {name}", quiet)
