"""The kind of model that says what a composed picture is, by attention pooling over its regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from attnviz import zoo
from attnviz.families.common import vision
from attnviz.scenes import BACKGROUNDS, GRID
from attnviz.training.captions.albums import OfScenes
from attnviz.training.captions.features import Album
from attnviz.training.captions.pretrained import vision_weights
from attnviz.training.captions.topic_network import BATCH, accuracy, classes, looks, network, with_weights
from attnviz.training.captions.topic_recipes import TopicRecipe
from attnviz.training.card import Section, opening, table
from attnviz.training.kind import Learned, stated
from attnviz.training.loop import Course, Step, fit
from attnviz.training.networks import Weights, halves, set_weights
from attnviz.training.recording import Recorder
from attnviz.training.run import stamp
from attnviz.training.schedules import Line

#: Parts that are reported.
PARTS = ("test", "pairs", "style")

_SOURCE = "- [{name}]({url}), {revision}, {licence}. {attribution}."

_ARCHITECTURE = (
    "The published attention layer, corrected (`attnviz.layers.AttentionPooling`), over 14 × 14 regions in the place "
    "of words: a dense layer makes a vector of what EfficientNet-Lite0 (frozen, in `vision.npz`) sees in each, one "
    "learned query W scores them, b is one number for each place, two dense layers classify the weighted sum"
)

_SPLIT = "The scenes of caption-scenes, of which {n:,} are learned from; see there."

_FIGURES = (
    "`python -m attnviz evaluate {name}` prints them. *Mean in its place*: the same network with the mean of the "
    "regions in the place of attention, trained likewise. On the scenes set aside a row of weights has an entropy of "
    "{entropy:.2f} nats ({share:.1%} of even weights), and {things:.1%} of the weight lies on things, which cover "
    "{covered:.1%} of the picture. The mean of all regions put in the place of the heaviest one costs the predicted "
    "class {top:.4f} of probability, in the place of another, taken by chance, {random:.4f}."
)


@dataclass(frozen=True)
class SceneTopics(OfScenes[TopicRecipe]):
    """A recipe of such a classifier; see `kind.Kind`."""

    def learn(self, models_folder: Path, state: Path) -> Learned:
        settings, train, dev = self.recipe.settings, self.album("train"), self.album("dev")
        weights, record = fit(self._course(train, dev, attention=True), checkpoint=state / "attention.npz",
                              label=self.recipe.name, quiet=self.quiet)  # fmt: skip
        mean, _ = fit(self._course(train, dev, attention=False), checkpoint=state / "mean.npz",
                      label=f"{self.recipe.name} mean", quiet=self.quiet)  # fmt: skip
        names = {code: [each.words[code] for each in BACKGROUNDS.values()] for code in ("en", "ja")}
        return Learned(
            arrays={
                "weights.npz": halves(weights),
                "mean_pooling.npz": halves(mean),
                "vision.npz": halves(vision_weights(quiet=self.quiet)),
            },
            files={},
            card={
                "family": "scene-pooling",
                "task": "background",
                "kinds": ["pooling"],
                "labels": list(BACKGROUNDS),
                "label_names": names,
                "config": self._config(),
                "trained_length": GRID * GRID,
                "max_length": GRID * GRID,
            },
            training=stated(settings, record, len(train.scenes)),
        )

    def recorder(self, folder: Path, content: Mapping[str, Any]) -> Recorder | None:
        """Its training is not looked at."""
        return None

    def measure(self, folder: Path, content: Mapping[str, Any], models_folder: Path) -> dict[str, Any]:
        """All figures anew, through the eyes of the model itself."""
        network, mean = (with_weights(content["config"], zoo.read_weights(folder, name), attention)
                         for name, attention in (("weights.npz", True), ("mean_pooling.npz", False)))  # fmt: skip
        encoder = vision.build()
        set_weights(encoder, zoo.read_weights(folder, "vision.npz"))
        albums = {part: self.album(part, encoder) for part in PARTS}
        found: dict[str, Any] = {}
        for part, scenes in albums.items():
            found[f"n_{part}"] = len(scenes.scenes)
            found[f"accuracy_{part}"] = round(accuracy(network, scenes), 4)
            found[f"mean_pooling_accuracy_{part}"] = round(accuracy(mean, scenes), 4)
        found["accuracy"] = found["accuracy_test"]
        return {"metrics": found | looks(network, albums["test"], content["training"]["seed"])}

    def sections(self, folder: Path, content: Mapping[str, Any]) -> list[Section]:
        """The card for people."""
        metrics, training = content["metrics"], content["training"]
        rows = [
            (
                part,
                metrics[f"n_{part}"],
                *(f"{metrics[f'{kind}accuracy_{part}']:.1%}" for kind in ("", "mean_pooling_")),
            )
            for part in PARTS
        ]
        told = {"entropy": metrics["entropy_mean"], "share": metrics["normalised_entropy_mean"]}
        told |= {name: metrics[name] for name in ("things", "covered")}
        told |= {"top": metrics["drop_top"], "random": metrics["drop_random"]}
        stated = ", ".join(f"{key} {value}" for key, value in training["settings"].items())
        notes = f"{content['notes']['en']}\n\n{content['notes']['ja']}"
        return [
            *opening(content, _ARCHITECTURE, "{key} {value}", _SOURCE, _SPLIT.format(n=training["n_train"])),
            Section(
                "How well",
                table(["scenes", "how many", "accuracy", "mean in its place"], rows, words=1),
                _FIGURES.format(name=content["name"], **told),
            ),
            Section("What it gets wrong", notes),
            Section("Training", f"Seed {training['seed']}, {training['seconds']:.0f} seconds. Settings: {stated}."),
        ]

    def _config(self) -> dict[str, int]:
        settings = self.recipe.settings
        return {"classes": len(BACKGROUNDS), "features": settings.features, "hidden": settings.hidden}

    def _course(self, train: Album, dev: Album, *, attention: bool) -> Course:
        settings, labels = self.recipe.settings, classes(train.scenes)
        keras.utils.set_random_seed(settings.seed)
        learner, measured = network(self._config(), attention), network(self._config(), attention)
        steps = len(labels) // BATCH
        trained = keras.Model(learner.input, learner.output[0])
        trained.compile(
            keras.optimizers.Adam(Line(settings.learning_rate, settings.epochs * steps, 0.05)),
            keras.losses.SparseCategoricalCrossentropy(),
            jit_compile=False,
        )

        def batches(epoch: int) -> Iterator[Step]:
            order = np.random.default_rng((settings.seed, epoch)).permutation(len(labels))
            for start in range(0, steps * BATCH, BATCH):
                rows = np.sort(order[start : start + BATCH])
                yield train.regions(rows), labels[rows], None

        def measure(weights: Weights) -> dict[str, float]:
            set_weights(measured, weights)
            return {"accuracy": accuracy(measured, dev)}

        codes = [scene.code for scene in train.scenes]
        return Course(
            learner=trained,
            steps=steps,
            batches=batches,
            measure=measure,
            better=lambda new, old: new["accuracy"] >= old["accuracy"],
            shown="accuracy",
            stamp=stamp(asdict(settings), attention, codes),
            epochs=settings.epochs,
        )
