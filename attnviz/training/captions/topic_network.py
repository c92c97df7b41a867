"""The network of a pooling classifier of scenes, and what can be measured of it."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.entropy import entropy, normalised_entropy
from attnviz.families.classifier.scene_pooling import build
from attnviz.layers import MeanPooling
from attnviz.scenes import BACKGROUNDS, Scene
from attnviz.training.captions.features import Album
from attnviz.training.networks import Weights, set_weights

#: Scenes at once, in training and when the network is asked.
BATCH = 64


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


def asked(model: keras.Model, album: Album) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Probabilities `[scene, class]` and weights `[scene, region]` of all scenes."""
    count = len(album.scenes)
    parts = [
        model.predict_on_batch(album.regions(range(start, min(start + BATCH, count))))
        for start in range(0, count, BATCH)
    ]
    probabilities, weights = (np.concatenate(each) for each in zip(*parts, strict=True))
    return probabilities, weights


def accuracy(model: keras.Model, album: Album) -> float:
    """Share 0 to 1 of the scenes whose background is told."""
    return float((asked(model, album)[0].argmax(axis=1) == classes(album.scenes)).mean())


def looks(model: keras.Model, album: Album, seed: int) -> dict[str, float]:
    """How spread the weights are, how much lies on things, and what the heaviest region is worth."""
    probabilities, weights = asked(model, album)
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
