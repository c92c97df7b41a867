"""Scenes as pictures: the same pixels again, and the truth about where everything is."""

from __future__ import annotations

import subprocess
import sys
import time
import tracemalloc

import numpy as np
import pytest

from attnviz.scenes import BACKGROUNDS, GRID, KINDS, SIDE, STYLES, Placed, Scene, on
from attnviz.scenes.scene import CELLS, MOST

CODE = "meadow;dog@3,2;tree.noto@9,8*1.3~10;red-apple@0,13*0.4"
if "red-apple" not in KINDS:
    CODE = CODE.replace("red-apple", "banana")


def test_drawing_again_gives_the_same_pixels():
    first = Scene(CODE).pixels()
    np.testing.assert_array_equal(Scene(f" {CODE};").pixels(), first)
    assert first.shape == (SIDE, SIDE, 3) and first.dtype == np.uint8
    first[:] = 0  # whoever draws on a picture draws on no other
    assert Scene(CODE).pixels().any()


def test_another_process_draws_the_same():
    script = (
        f"import hashlib; from attnviz.scenes import Scene; print(hashlib.sha256(Scene({CODE!r}).pixels()).hexdigest())"
    )
    sums = {
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(sums) == 1 and len(sums.pop().strip()) == 64


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_a_background_alone_and_none_like_another(background: str):
    pixels = Scene(background).pixels()
    assert Scene(background).masks().shape == (0, SIDE, SIDE) and Scene(background).boxes().shape == (0, 4)
    for other in BACKGROUNDS:
        assert (other == background) == np.array_equal(Scene(other).pixels(), pixels)


@pytest.mark.parametrize("style", STYLES)
def test_every_kind_can_be_seen_where_it_stands(style: str):
    empty = Scene("room").pixels().astype(int)
    for kind in KINDS:
        scene = Scene.composed("room", [Placed(kind, 6.5, 6.5, style=style)])
        changed = np.abs(scene.pixels().astype(int) - empty).max(axis=2) > 8
        rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
        half = CELLS / 2 / GRID * SIDE
        assert rows.size and columns.size, kind
        for found in (rows, columns):
            assert SIDE / 2 - half - 1 <= found[0] and found[-1] <= SIDE / 2 + half + 1, kind
        assert scene.masks()[0].sum() > 300, kind


def test_masks_are_what_differs_from_the_picture_without_the_object():
    for place in range(3):
        scene = Scene(CODE)
        without = Scene.composed(scene.background, scene.objects[:place] + scene.objects[place + 1 :])
        differs = (scene.pixels() != without.pixels()).any(axis=2)
        mask = scene.masks()[place]
        assert not differs[mask == 0].any()
        assert differs[mask > 0.5].mean() > 0.9


def test_boxes_lie_around_masks():
    scene = Scene(CODE)
    for mask, (x0, y0, x1, y1) in zip(scene.masks() > 0.5, (scene.boxes() * SIDE).round().astype(int), strict=True):
        assert mask[y0:y1, x0:x1].sum() == mask.sum() > 0
        assert mask[y0].any() and mask[y1 - 1].any() and mask[:, x0].any() and mask[:, x1 - 1].any()


def test_the_front_hides_the_back():
    scene = Scene("beach;dog@6,6;house@6,6*2.5")
    back, front = scene.masks()
    alone = Scene("beach;dog@6,6").masks()[0]
    assert back.sum() < 0.1 * alone.sum()
    np.testing.assert_allclose(front, Scene("beach;house@6,6*2.5").masks()[0])
    assert scene.masks().sum(axis=0).max() <= 1 + 1e-5, "no pixel is more than itself"
    swapped = Scene("beach;house@6,6*2.5;dog@6,6")
    np.testing.assert_allclose(swapped.masks()[1], alone)
    assert not np.array_equal(swapped.pixels(), scene.pixels())


def test_what_cannot_be_seen_has_no_box():
    scene = Scene("beach;bee@6.5,6.5*0.4" + ";heart@6.5,6.5*2.5" * 2)
    assert scene.boxes()[0].tolist() == [0, 0, 0, 0]
    assert not on(scene.covered(), [0]).any()


def test_what_is_covered_is_the_mean_of_the_masks():
    scene = Scene("snow;penguin@2,10;balloon@10,3*1.4")
    covered = scene.covered(7, 14)
    assert covered.shape == (2, 7, 14)
    by_hand = [
        [
            [mask[row * 32 : row * 32 + 32, column * 16 : column * 16 + 16].mean() for column in range(14)]
            for row in range(7)
        ]
        for mask in scene.masks()
    ]
    np.testing.assert_allclose(covered, by_hand, rtol=1e-5)
    regions = on(scene.covered(), [0])
    assert regions[10, 2] and not regions[3, 10]
    assert on(scene.covered(), [0, 1])[3, 10]


def test_a_larger_picture_is_the_same_scene():
    scene = Scene(CODE)
    large = np.array(scene.image(3 * SIDE)).reshape(SIDE, 3, SIDE, 3, 3).mean(axis=(1, 3))
    assert np.abs(large - scene.pixels()).mean() < 4


def test_the_heaviest_scene_takes_little_time_and_memory():
    kinds = list(KINDS)
    scene = Scene.composed(
        "city", [Placed(kind, place, 6, 2.5, 45, STYLES[1]) for place, kind in enumerate(kinds[:MOST])]
    )
    scene.image(4 * SIDE)
    tracemalloc.start()
    start = time.process_time()
    for _ in range(3):
        scene.image(4 * SIDE)
    seconds = (time.process_time() - start) / 3
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < 3
    assert peak < 100 * 1024**2
