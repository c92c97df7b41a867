"""Whether the weight lies on what a word names, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.analysis.heads.pointing import border, excess, pointed
from attnviz.figures import describe
from attnviz.scenes import GRID, Scene
from attnviz.trace import AttentionBlock, AttentionTrace, RegionAxis, TokenAxis, Written

SCENE = Scene("snow;dog@2,11*1.2;palm-tree@10,3*1.5;dog@5,4")
WORDS = ["a", "palm", "tree", "and", "two", "dogs"]


def looking(*places):
    """Half of the weight of each word on one region (row, column), the rest even."""
    values = np.full((len(places), GRID * GRID), 0.5 / GRID**2)
    for row, (y, x) in zip(values, places, strict=True):
        row[y * GRID + x] += 0.5
    return values


VALUES = looking((0, 0), (3, 10), (13, 0), (0, 0), (0, 0), (4, 5))


def test_only_words_that_name_something_there_point():
    found = pointed(SCENE, WORDS, VALUES, (GRID, GRID))
    assert [None if each is None else (each.kind, each.hit) for each in found] == [
        None, ("palm-tree", True), ("palm-tree", False), None, None, ("dog", True),
    ]  # fmt: skip
    assert pointed(SCENE, ["a", "cat"], VALUES[:2], (GRID, GRID)) == [None, None], "nothing that is not there"
    assert pointed(SCENE, ["ヤシの木", "と", "犬"], VALUES[[1, 0, 5]], (GRID, GRID))[0].hit


def test_the_share_is_the_weight_on_every_one_of_a_kind():
    covered = SCENE.covered()
    on = (covered[0] + covered[2]) >= 0.25
    dog = pointed(SCENE, WORDS, VALUES, (GRID, GRID))[5]
    assert dog.share == pytest.approx(0.5 + 0.5 * on.mean())


def trace(words=WORDS, values=VALUES, source=SCENE):
    block = AttentionBlock(
        "source-target",
        "cross",
        TokenAxis.of(words),
        RegionAxis.grid_of(GRID, GRID),
        values[None, None].astype(np.float32),
    )
    output = Written(
        "caption", " ".join(words), tuple("▁" + word for word in words), np.zeros(len(words)), ((),) * len(words)
    )
    return AttentionTrace("m", source, (block,), output)


@pytest.mark.parametrize(
    ("language", "on", "off"),
    [("en", "is on it", "is not on it"), ("ja", "ヤシの木の上にある。", "ヤシの木の上にない。")],
)
def test_what_a_word_looked_at_is_said(language, on, off):
    told = describe.looks(trace(), trace().blocks[0], VALUES, language)
    assert len(told) == len(WORDS) and told[1].endswith(on if language == "ja" else f"{on}.") and off in told[2]
    share = pointed(SCENE, WORDS, VALUES, (GRID, GRID))[1].share
    assert "4,11" in told[1] and f"{100 * share:.1f}\u00a0%" in told[1]
    place = {"en": "upper left", "ja": "左上"}[language]
    assert place in told[0], "a word that names nothing says where"


def test_a_text_says_nothing_of_regions():
    block = AttentionBlock("x", "cross", TokenAxis.of(["a"]), TokenAxis.of(["b"]), np.ones((1, 1, 1, 1), np.float32))
    assert describe.looks(trace(), block, np.ones((1, 1))) == []


def test_regions_beside_a_class_token_are_not_taken_for_the_grid():
    axis = RegionAxis.grid_of(GRID, GRID, ["[CLS]"])
    values = np.full((1, len(axis)), 1 / len(axis))
    block = AttentionBlock("x", "cross", TokenAxis.of(["dog"]), axis, values[None, None].astype(np.float32))
    assert describe.looks(trace(), block, values) == []


def test_the_border_is_the_outermost_ring_of_any_grid():
    shares, even = border(np.arange(1, 16, dtype=float).reshape(1, 15) / 120, (3, 5))
    inner = (7 + 8 + 9) / 120
    np.testing.assert_allclose(shares, [1 - inner])
    assert even == pytest.approx(12 / 15)
    assert border(np.full((1, 6), 1 / 6), (2, 3))[1] == 1, "a grid of two rows has nothing within"


def test_excess_is_what_lies_above_the_mean_over_the_words():
    values = np.array([[0.5, 0.3, 0.2], [0.1, 0.3, 0.6]])
    np.testing.assert_allclose(excess(values), [[0.2, 0, 0], [0, 0, 0.2]], atol=1e-12)
    assert not excess(values[:1]).any(), "one word alone is its own mean"
