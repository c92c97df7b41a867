"""What kinds of models of scenes share: their head, and the scenes of all parts, drawn and encoded once and kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

import keras

from attnviz.families.common import vision
from attnviz.training import data
from attnviz.training.captions.features import Album
from attnviz.training.captions.parts import parts
from attnviz.training.captions.pretrained import vision_weights
from attnviz.training.data import CACHE
from attnviz.training.networks import halves, set_weights
from attnviz.training.recipe import Recipe

#: Where scenes and what the encoder makes of them are kept; models that are made from the same ones share them.
SCENES = CACHE / "scenes"


@dataclass(frozen=True, kw_only=True)
class SceneRecipe(Recipe):
    """A recipe whose model sees scenes.

    Attributes:
        settings: How it is trained; `scenes` among them, those to learn from.
    """

    settings: Any
    languages: tuple[str, ...] = ("en", "ja")
    datasets: tuple[data.DataSet, ...] = (data.EFFICIENTNET,)
    licence: str = "Apache-2.0"


R = TypeVar("R", bound=SceneRecipe)


@dataclass(frozen=True)
class OfScenes(Generic[R]):
    """The head of a `kind.Kind` whose models see scenes.

    Attributes:
        recipe: What is made.
        quiet: No progress on standard error.
    """

    recipe: R
    quiet: bool = False

    @cached_property
    def encoder(self) -> keras.Model:
        """The frozen network that sees."""
        return frozen_encoder(quiet=self.quiet)

    def album(self, name: str) -> Album:
        """The scenes of a part, see `parts`."""
        return album(name, self.recipe.settings.scenes, self.encoder, self.recipe.name, quiet=self.quiet)


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
