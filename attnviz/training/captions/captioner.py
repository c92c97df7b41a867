"""The kind of model that writes about pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from attnviz import zoo
from attnviz.families.writing.caption import CaptionModel
from attnviz.families.writing.caption_words import CaptionWords
from attnviz.scenes import GRID
from attnviz.trace import Picture, Written
from attnviz.training import recording
from attnviz.training.captions import familiar, outlined
from attnviz.training.captions.albums import OfScenes
from attnviz.training.captions.grammar import LANGUAGES
from attnviz.training.captions.learner import FEATURES, LONGEST, course
from attnviz.training.captions.lesson import PLACES, Lesson, arrays, vocabulary
from attnviz.training.captions.measured import measured, rounded
from attnviz.training.captions.model_card import SHOWN, SIBLINGS, sections
from attnviz.training.captions.moved import moved
from attnviz.training.captions.photo_scores import more
from attnviz.training.captions.reader import Reader
from attnviz.training.captions.recipes import CaptionRecipe
from attnviz.training.captions.scores import figures
from attnviz.training.captions.searched import BEAM, searched
from attnviz.training.captions.settings import CaptionSettings
from attnviz.training.captions.subjects import PHOTOS
from attnviz.training.card import Section
from attnviz.training.kind import Learned, stated
from attnviz.training.loop import Keep, fit
from attnviz.training.networks import Weights, get_weights, halves
from attnviz.training.recording import Recorder, drawn
from attnviz.training.run import stamp
from attnviz.training.written_recording import Texts, WrittenRecorder

#: Scenes that are read at once.
_BATCH = 50

#: So many examples are looked at while the model is trained.
_RECORDED = 3

#: In so many scenes set aside weight is moved from one thing to another.
_MOVED = 200


@dataclass(frozen=True)
class Captioner(OfScenes[CaptionRecipe]):
    """A recipe of a captioner; see `kind.Kind`."""

    def learn(self, models_folder: Path, state: Path) -> Learned:
        recipe, settings = self.recipe, self.recipe.settings
        keep = partial(recording.keep, state / recording.SNAPSHOTS)
        weights, record, said = self.taught(settings, state / "weights.npz", recipe.name, keep)
        known = recipe.subject.known()
        return Learned(
            arrays={"weights.npz": halves(weights), "vision.npz": halves(self.sight())},
            files={"words.json": lambda path: path.write_text(_json(known), encoding="utf-8")},
            card={
                "family": "caption",
                "takes": recipe.subject.takes,
                "task": "caption",
                "kinds": ["causal", "cross"] if settings.attention else ["causal"],
                "labels": [],
                "config": {
                    "source_size": GRID * GRID + 1,
                    "target_size": len(said.vocabulary),
                    "region_features": FEATURES,
                    **settings.network(),
                    "longest": LONGEST,
                },
                "alignment": _alignment(settings),
            },
            training=stated(settings, record, settings.scenes),
        )

    def sight(self) -> Weights:
        """The weights that see, and of photographs what they are compared with to be called strange."""
        weights = get_weights(self.encoder)
        if self.recipe.subject.takes == PHOTOS.takes:
            weights = {**weights, **familiar.learned(self.album("train"), self.album("dev")).arrays()}
        return weights

    def taught(
        self, settings: CaptionSettings, checkpoint: Path, label: str, keep: Keep | None = None
    ) -> tuple[Weights, dict[str, Any], CaptionWords]:
        """Train a captioner by these settings on the scenes of the recipe.

        Args:
            settings: How.
            checkpoint, label, keep: As for `loop.fit`.

        Returns:
            Its weights, the record of its training, and its words.
        """
        subject, dev = self.recipe.subject, self.album("dev")
        lesson = Lesson(
            self.album("train"), vocabulary(subject), settings.batch_size, settings.seed, settings.sentences, subject
        )
        chosen = course(
            lesson,
            settings,
            lambda networks: Reader(networks, lesson.vocabulary, dev, subject).figures(),
            stamp(asdict(settings), [scene.code for scene in lesson.album.scenes], lesson.vocabulary.vocabulary),
        )
        weights, record = fit(chosen, checkpoint=checkpoint, label=label, quiet=self.quiet, keep=keep)
        return weights, record, lesson.vocabulary

    def recorder(self, folder: Path, content: Mapping[str, Any]) -> Recorder | None:
        if "cross" not in content["kinds"]:
            return None
        model, seed = loaded(folder), content["training"]["seed"]
        album = self.album("test", model.encoder)
        rng = np.random.default_rng(seed)
        rows = drawn(len(album.scenes), seed)
        about, language = self.recipe.subject.about, LANGUAGES[0]
        captions = [(about(album.scenes[row], language, False).one(rng), language) for row in rows]
        batches = []
        for start in range(0, len(rows), _BATCH):
            some = rows[start : start + _BATCH]
            target, wanted = arrays(model.words, captions[start : start + _BATCH])
            given = {"source": np.repeat(PLACES, len(some), 0), "regions": album.regions(some)}
            batches.append(Texts(given, target, wanted))
        return WrittenRecorder(model, model.card.examples[:_RECORDED], batches)

    def measure(self, folder: Path, content: Mapping[str, Any], models_folder: Path) -> dict[str, Any]:
        """All figures anew, through the eyes of the model itself."""
        model, settings, subject = loaded(folder), self.recipe.settings, self.recipe.subject
        albums = {name: self.album(name, model.encoder) for name in subject.reported}
        readers = {name: Reader(model.networks, model.words, album, subject) for name, album in albums.items()}
        found = measured(readers, settings.taught.get("named"), content["training"]["seed"])
        for code in LANGUAGES:
            written = list(searched(model, albums["test"], code))
            found[f"test_beam{BEAM}_{code}"] = rounded(figures(written, subject))
        if subject.takes == PHOTOS.takes:
            for code in LANGUAGES:
                found[f"test_{code}"] |= rounded(more(readers["test"].written(code)))
            found["strange"] = familiar.measured(model, readers["test"].album)
            found["outlined"] = outlined.measured(model, settings.taught["named"])
        if settings.attention:
            taught, scenes = tuple(settings.taught.values()), readers["test"].album.scenes[:_MOVED]
            found |= {f"moved_{code}": moved(model, scenes, code, taught) for code in LANGUAGES}
        return {"metrics": found | {key: value for key, value in content["metrics"].items() if key == SIBLINGS}}

    def sections(self, folder: Path, content: Mapping[str, Any]) -> list[Section]:
        """As `model_card.sections`; the captions are written anew."""
        model = loaded(folder)

        def caption(scene: Picture, language: str) -> str:
            output = model.run(model.encode(scene, language)).output
            return output.text if isinstance(output, Written) else ""

        scenes = self.album("dev", model.encoder).scenes[:SHOWN]
        dev = [(scene.code, caption(scene, "en"), caption(scene, "ja")) for scene in scenes]
        return sections(content, self.recipe.settings.taught, self.recipe.tried, dev)


def _alignment(settings: CaptionSettings) -> dict[str, Any]:
    """The heads that the page opens on: that which was taught to name, or all of the last layer."""
    layer, head = settings.taught.get("named", (settings.layers - 1, None))
    return {"layer": layer, "heads": list(range(settings.heads)) if head is None else [head]}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=0) + "\n"


def loaded(folder: Path) -> CaptionModel:
    """The captioner of a folder."""
    model = zoo.load(folder)
    if not isinstance(model, CaptionModel):
        raise TypeError(f"Expected a captioner. Received: {type(model).__name__}")
    return model
