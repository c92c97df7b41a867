"""What a captioner of photographs was taught, learned from made features: classes that lie apart, and spread alike."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from attnviz.families.common.familiar import SEEN
from attnviz.training.captions import familiar

KINDS = ("kiwi", "leek", "milk")


@dataclass
class Made:
    """In the place of an album: each picture shows one thing of each of two kinds, above and below."""

    features: np.ndarray
    scenes: list

    @property
    def on(self) -> np.ndarray:
        there = np.zeros((len(self.scenes), 4, 14, 14), bool)
        there[:, 0, :7] = there[:, 1, 7:] = True
        return there.reshape(len(self.scenes), 4, 196)

    def regions(self, rows) -> np.ndarray:
        return self.features[rows]


def made(count: int, seed: int, shift: float = 0.0) -> Made:
    rng = np.random.default_rng(seed)
    features = np.zeros((count, 14, 14, 432), np.float32)
    centres = np.random.default_rng(7).normal(scale=5, size=(len(KINDS), 320))
    scale = np.linspace(0.5, 2, 320)
    scenes = []
    for row in range(count):
        kinds = rng.choice(len(KINDS), 2, replace=False)
        scenes.append(SimpleNamespace(objects=[SimpleNamespace(kind=KINDS[kind]) for kind in kinds]))
        for half, kind in zip((slice(7), slice(7, None)), kinds, strict=True):
            features[row, half, :, SEEN] = centres[kind] + rng.normal(size=320) * scale + shift
    return Made(features.reshape(count, 196, 432), scenes)


@pytest.fixture(scope="module")
def learned():
    return familiar.learned(made(1009, 3), made(211, 5))


def test_a_class_spreads_by_one_in_every_direction(learned):
    album = made(211, 11)
    things, kinds = familiar._things(album)
    assert len(things) == 2 * 211 and set(kinds) == set(KINDS)
    apart = things @ learned.whitening - learned.means[[sorted(KINDS).index(kind) for kind in kinds]]
    np.testing.assert_allclose(apart.std(axis=0).mean(), 1, atol=0.12)


def test_pictures_alike_are_known_and_others_are_strange(learned):
    alike, other = made(211, 13), made(53, 17, shift=3.0)
    distances = [[learned.distance(each) for each in album.features] for album in (alike, other)]
    assert np.mean(np.array(distances[0]) > learned.limit) < 0.1
    assert min(distances[1]) > learned.limit


def test_two_in_a_hundred_pictures_that_choose_the_limit_are_beyond_it(learned):
    beyond = [learned.distance(each) > learned.limit for each in made(211, 5).features]
    assert sum(beyond) == 5


def test_what_is_called_strange_is_counted(monkeypatch, learned):
    """Half of the pictures are shifted; of those that are drawn, three, everything is strange."""
    album = made(10, 19)
    album.features[5:, :, SEEN] += 3
    model = SimpleNamespace(familiar=learned, encoder=None)
    monkeypatch.setattr(familiar, "_drawn", lambda: [None] * 3)
    monkeypatch.setattr(familiar, "seen", lambda encoder, picture: album.features[[9]])
    assert familiar.measured(model, album) == {"n_test": 10, "test": 0.5, "n_drawn": 3, "drawn": 1.0}
