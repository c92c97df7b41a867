"""The kind of model that says what a composed picture is, by attention pooling over its regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from attnviz import zoo
from attnviz.analysis.entropy import entropy, normalised_entropy
from attnviz.families.classifier.scene_pooling import build
from attnviz.layers import MeanPooling
from attnviz.scenes import BACKGROUNDS, GRID, Scene
from attnviz.training import data
from attnviz.training.captions.albums import album, frozen_encoder
from attnviz.training.captions.features import Album
from attnviz.training.captions.pretrained import vision_weights
from attnviz.training.card import Section, opening, table
from attnviz.training.kind import Learned
from attnviz.training.loop import Course, Step, fit
from attnviz.training.networks import Weights, halves, set_weights
from attnviz.training.recipe import Recipe
from attnviz.training.recording import Recorder
from attnviz.training.run import stamp
from attnviz.training.schedules import Line

#: Parts that are reported.
PARTS = ("test", "pairs", "style")

#: Scenes at once, in training and when the network is asked.
_BATCH = 64

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
class TopicSettings:
    """How a pooling classifier of scenes is trained.

    Attributes:
        scenes: To learn from.
        features: Length of a region's vector.
        hidden: Units of the hidden layer.
        epochs: Passes.
        learning_rate: Of Adam at its highest.
        seed: Of initial weights and order.
    """

    scenes: int = 30_000
    features: int = 64
    hidden: int = 32
    epochs: int = 2
    learning_rate: float = 2e-3
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class TopicRecipe(Recipe):
    """All that tells one such model from another.

    Attributes:
        settings: How it is trained.
    """

    settings: TopicSettings
    languages: tuple[str, ...] = ("en", "ja")
    datasets: tuple[data.DataSet, ...] = (data.EFFICIENTNET,)
    licence: str = "Apache-2.0"


SCENE_TOPICS = TopicRecipe(
    name="scene-topics",
    title={"en": "Where a scene is", "ja": "絵の場所"},
    summary={
        "en": "Says on which of eight backgrounds a composed picture is. One learned query weighs 196 regions as that "
        "of a text model weighs words: features, scores, softmax, weighted sum.",
        "ja": "ものを並べた絵が八つの背景のどれかを答えます。学習した一つのクエリが、テキストのモデルが語に重みを付ける"
        "のと同じように、196の領域に重みを付けます。特徴、スコア、ソフトマックス、重み付き和です。",
    },
    notes={
        "en": "It knows eight drawn backgrounds and gives every picture one of them. The task is easy: the mean of all "
        "regions does it as well, so its weights say where it looks, not that it must look there.",
        "ja": "知っているのは絵の背景八つだけで、どの絵にもそのどれかを答えます。やさしい問題で、全領域の平均でも"
        "同じように解けます。重みは、どこを見ているかを示しますが、そこを見なければならないことは示しません。",
    },
    examples=(
        "meadow;dog@3,5;tree@9,6*1.5",
        "snow;penguin@4,9*1.2;car@10,9*1.4",
        "night;owl@10,3;house@4,9*1.6",
        "sea;fish@3,4;octopus@10,7*1.4",
    ),
    settings=TopicSettings(),
)


@dataclass(frozen=True)
class SceneTopics:
    """A recipe of such a classifier; see `kind.Kind`.

    Attributes:
        recipe: What is made.
        quiet: No progress on standard error.
    """

    recipe: TopicRecipe
    quiet: bool = False

    @cached_property
    def encoder(self) -> Any:
        """The frozen network that sees."""
        return frozen_encoder(quiet=self.quiet)

    def album(self, name: str) -> Album:
        """The scenes of a part, see `parts`."""
        return album(name, self.recipe.settings.scenes, self.encoder, self.recipe.name, quiet=self.quiet)

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
            training={
                "seed": settings.seed,
                "seconds": round(record["seconds"], 1),
                "n_train": len(train.scenes),
                "settings": {key: value for key, value in asdict(settings).items() if key != "seed"},
                "epochs": record["epochs"],
                "best_epoch": record["best_epoch"],
            },
        )

    def recorder(self, folder: Path, content: Mapping[str, Any]) -> Recorder | None:
        """Its training is not looked at."""
        return None

    def measure(self, folder: Path, content: Mapping[str, Any], models_folder: Path) -> dict[str, Any]:
        """All figures anew."""
        network, mean = (with_weights(content["config"], zoo.read_weights(folder, name), attention)
                         for name, attention in (("weights.npz", True), ("mean_pooling.npz", False)))  # fmt: skip
        found: dict[str, Any] = {}
        for part in PARTS:
            scenes = self.album(part)
            found[f"n_{part}"] = len(scenes.scenes)
            found[f"accuracy_{part}"] = round(_accuracy(network, scenes), 4)
            found[f"mean_pooling_accuracy_{part}"] = round(_accuracy(mean, scenes), 4)
        found["accuracy"] = found["accuracy_test"]
        return {"metrics": found | _looks(network, self.album("test"), content["training"]["seed"])}

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
        steps = len(labels) // _BATCH
        trained = keras.Model(learner.input, learner.output[0])
        trained.compile(
            keras.optimizers.Adam(Line(settings.learning_rate, settings.epochs * steps, 0.05)),
            keras.losses.SparseCategoricalCrossentropy(),
            jit_compile=False,
        )

        def batches(epoch: int) -> Iterator[Step]:
            order = np.random.default_rng((settings.seed, epoch)).permutation(len(labels))
            for start in range(0, steps * _BATCH, _BATCH):
                rows = np.sort(order[start : start + _BATCH])
                yield train.regions(rows), labels[rows], None

        def measure(weights: Weights) -> dict[str, float]:
            set_weights(measured, weights)
            return {"accuracy": _accuracy(measured, dev)}

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


def network(config: Mapping[str, int], attention: bool) -> keras.Model:
    """An untrained model from regions to probabilities and weights `[batch, region]`, or with the mean for these."""
    base = build(**config)
    regions = base.input
    vectors = base.get_layer("embedding").output
    pooling = base.get_layer("attention_pooling") if attention else MeanPooling(name="mean_pooling")
    context, weights = pooling(vectors)
    return keras.Model(regions, [base.get_layer("prediction")(base.get_layer("dense")(context)), weights])


def with_weights(config: Mapping[str, int], weights: Weights, attention: bool) -> keras.Model:
    """The same, trained."""
    model = network(config, attention)
    set_weights(model, weights)
    return model


def classes(scenes: tuple[Scene, ...]) -> NDArray[np.int64]:
    """Of each scene the number of its background."""
    numbers = {name: number for number, name in enumerate(BACKGROUNDS)}
    return np.array([numbers[scene.background] for scene in scenes], np.int64)


def _asked(model: keras.Model, album: Album) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    count = len(album.scenes)
    parts = [
        model.predict_on_batch(album.regions(range(start, min(start + _BATCH, count))))
        for start in range(0, count, _BATCH)
    ]
    probabilities, weights = (np.concatenate(each) for each in zip(*parts, strict=True))
    return probabilities, weights


def _accuracy(model: keras.Model, album: Album) -> float:
    return float((_asked(model, album)[0].argmax(axis=1) == classes(album.scenes)).mean())


def _looks(model: keras.Model, album: Album, seed: int) -> dict[str, float]:
    """How spread the weights are, how much lies on things, and what the heaviest region is worth."""
    probabilities, weights = _asked(model, album)
    predicted, rng = probabilities.argmax(axis=1), np.random.default_rng(seed)
    things = album.on.any(axis=1)  # [scene, region]
    drops: dict[str, list[float]] = {"drop_top": [], "drop_random": []}
    for row in range(len(weights)):
        regions = album.regions([row])
        top = int(weights[row].argmax())
        other = int((top + rng.integers(1, weights.shape[1])) % weights.shape[1])
        given = np.repeat(regions, 2, axis=0)
        given[[0, 1], [top, other]] = regions[0].mean(axis=0)
        lost = probabilities[row, predicted[row]] - model.predict_on_batch(given)[0][:, predicted[row]]
        for name, value in zip(drops, lost.tolist(), strict=True):
            drops[name].append(value)
    found = {
        "entropy_mean": entropy(weights).mean(),
        "normalised_entropy_mean": normalised_entropy(weights).mean(),
        "things": (weights * things).sum(axis=1).mean(),
        "covered": things.mean(),
        **{name: np.mean(values) for name, values in drops.items()},
    }
    return {name: round(float(value), 4) for name, value in found.items()}
