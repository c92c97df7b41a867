"""Figures of captions, on captions whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.scenes import GRID, Scene
from attnviz.scenes.naming import mentions
from attnviz.training.captions.scores import Written, figures, pointed

SCENE = Scene("snow;dog@2,7;car@10,8")


def written(sentence, scene=SCENE):
    words = tuple("▁" + word for word in sentence.replace(",", "").split())
    return Written(scene, "en", words, sentence)


def test_every_kind_of_mistake_is_counted():
    captions = [
        written("a dog to the left of a red car in the snow"),  # right
        written("a dog to the right of a red car in the snow"),  # the relation
        written("a dog and a blue car in the snow"),  # invents one, misses one
        written("a dog and a dog in the snow"),  # twice, misses one
        written("a red car in the snow"),  # misses one
    ]
    found = figures(captions)
    assert found["perfect"] == 1 / 5
    assert found["named"] == (2 + 2 + 1 + 1 + 1) / 10
    assert found["invented"] == 1 / 9
    assert found["twice"] == 1 / 5


def test_colours_tell_kinds_apart_and_the_longest_name_wins():
    assert [each.kind for each in mentions(["a", "blue", "car", "and", "a", "red", "car"])] == ["blue-car", "car"]
    assert [each.kind for each in mentions(["a", "tree", "and", "a", "palm", "tree"])] == ["tree", "palm-tree"]
    assert [each.kind for each in mentions(["青い", "車", "と", "犬"])] == ["blue-car", "dog"]
    assert mentions(["a", "car"]) == [], "without its colour it is no kind there is"


def test_pointing_is_where_the_heaviest_region_lies():
    caption = written("a dog and a red car in the snow")
    on = SCENE.covered().reshape(2, -1) >= 0.25
    dog, car = (int(np.flatnonzero(each)[0]) for each in on)
    weights = np.full((2, 3, len(caption.words), GRID**2), 0.5 / GRID**2)
    weights[0, 0, 1, dog] += 0.5  # "dog" on the dog
    weights[0, 0, 4:6, car] += 0.5  # "red car" on the car
    found = pointed([caption], [weights], [on])
    assert found.words == 3 and found.hits[0, 0] == 1.0
    off = np.array(weights)
    off[0, 0, 1] = off[0, 0, 4]  # "dog" looks at the car
    assert pointed([caption], [off], [on]).hits[0, 0] == pytest.approx(2 / 3)
    expected = np.mean([0.5 + 0.5 * on[0].mean(), 0.5 + 0.5 * on[1].mean(), 0.5 + 0.5 * on[1].mean()])
    assert found.weight[0, 0] == pytest.approx(expected)
    assert found.chance == pytest.approx(np.mean([on[0].mean(), on[1].mean(), on[1].mean()]))
