"""Which scenes are learned from: parts share none, pairs that are set aside never meet, everything can be seen."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np

from attnviz.scenes import KINDS, STYLES, Scene
from attnviz.training.captions.parts import parts
from attnviz.training.captions.scenes import HELD_OUT, held_out_pairs

SMALL = {name: replace(part, count=43) for name, part in parts().items()}


@cache
def scenes(name):
    return list(SMALL[name].scenes())


def met(scene):
    return {frozenset(pair) for pair in combinations({each.kind for each in scene.objects}, 2)}


def test_parts_share_no_scene_and_are_the_same_each_time():
    codes = {name: [scene.code for scene in scenes(name)] for name in SMALL}
    assert len({code for each in codes.values() for code in each}) == sum(map(len, codes.values()))
    assert codes["train"] == [scene.code for scene in SMALL["train"].scenes()]


def test_pairs_that_are_set_aside_meet_only_where_they_should():
    pairs = held_out_pairs()
    assert len(pairs) == 200 and all(each <= set(KINDS) and len(each) == 2 for each in pairs)
    for name in ("train", "dev", "test", "style"):
        assert not any(met(scene) & pairs for scene in scenes(name)), name
    assert all(met(scene) & pairs for scene in scenes("pairs"))


def test_a_style_is_never_learned_from():
    styles = {name: {each.style for scene in scenes(name) for each in scene.objects} for name in SMALL}
    assert styles["style"] == {HELD_OUT} and styles["train"] == set(STYLES) - {HELD_OUT} == styles["test"]


def test_half_of_every_thing_can_be_seen():
    for scene in scenes("train"):
        alone = [Scene.composed(scene.background, [each]).masks().sum() for each in scene.objects]
        seen = scene.masks().sum(axis=(1, 2))
        assert (seen >= 0.5 * np.array(alone)).all(), scene.code
