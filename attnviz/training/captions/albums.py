"""What kinds of models of scenes share: their head, and the scenes of all parts, drawn and encoded once and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

import keras

from attnviz.families.common import vision
from attnviz.places import CACHE
from attnviz.training import data
from attnviz.training.captions.features import Album
from attnviz.training.captions.photo_encoder import tuned_encoder
from attnviz.training.captions.pretrained import vision_weights
from attnviz.training.captions.subjects import PHOTOS, Subject
from attnviz.training.captions.subjects import SCENES as ABOUT_SCENES
from attnviz.training.networks import halves, set_weights
from attnviz.training.recipe import Recipe

#: Where scenes and what the encoder makes of them are kept, by what a model takes; models that are made from the same
#: ones share them.
FOLDERS = {"scene": CACHE / "scenes", "photo": CACHE / "photos"}


@dataclass(frozen=True, kw_only=True)
class SceneRecipe(Recipe):
    """A recipe whose model sees scenes.

    Attributes:
        settings: How it is trained; `scenes` among them, those to learn from.
        subject: What the scenes are.
    """

    settings: Any
    subject: Subject = ABOUT_SCENES
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
        """The frozen network that sees, while a model is trained."""
        return frozen_encoder(self.recipe.subject, quiet=self.quiet)

    def album(self, name: str, encoder: keras.Model | None = None) -> Album:
        """The scenes of a part, see `Subject.parts`.

        Args:
            name: Of the part.
            encoder: That sees them: a model's own, where one is measured; None: that of the training.
        """
        settings, subject = self.recipe.settings, self.recipe.subject
        return album(name, settings.scenes, encoder or self.encoder, self.recipe.name, subject, quiet=self.quiet)

    def test_sentences(self, content: Mapping[str, Any]) -> Sequence[str]:
        """The codes of the scenes set aside; nothing has to see them for that."""
        return [scene.code for scene in self.recipe.subject.parts(self.recipe.settings.scenes)["test"].scenes()]


def frozen_encoder(subject: Subject = ABOUT_SCENES, *, quiet: bool = False) -> keras.Model:
    """The network that sees, with its weights as they are shipped; for photographs it is trained first, if need be."""
    if subject.takes == PHOTOS.takes:
        return tuned_encoder(FOLDERS[PHOTOS.takes], quiet=quiet)[0]
    encoder = vision.build()
    set_weights(encoder, {name: value.astype("float32") for name, value in halves(vision_weights(quiet=quiet)).items()})
    return encoder


def album(
    name: str, count: int, encoder: keras.Model, label: str, subject: Subject = ABOUT_SCENES, *, quiet: bool = False
) -> Album:
    """The scenes of a part, see `Subject.parts`.

    Args:
        name: Of the part.
        count: Scenes to learn from.
        encoder: As `frozen_encoder` gives it.
        label: Of the progress bar.
        subject: What the scenes are.
        quiet: No progress bar.
    """
    part = subject.parts(count)[name]
    folder = FOLDERS[subject.takes] / (name if name != "train" else f"train-{part.count}")
    return Album(part, folder, encoder, f"{label}, {name}", quiet, subject.world)
