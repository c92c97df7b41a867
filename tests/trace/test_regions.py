"""Regions of a picture along an axis, and pictures as what was put in."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from attnviz.errors import InputError, TraceError
from attnviz.trace import (
    AttentionBlock,
    AttentionTrace,
    Encoded,
    Picture,
    RegionAxis,
    Tensor,
    Text,
    TokenAxis,
    Written,
)

ROWS, COLUMNS = 3, 5


def axis(*special: str) -> RegionAxis:
    return RegionAxis.grid_of(ROWS, COLUMNS, special)


def test_a_grid_covers_the_picture_once_row_by_row():
    grid = axis()
    assert len(grid) == ROWS * COLUMNS and grid.grid == (ROWS, COLUMNS)
    assert grid.labels[:6] == ("1,1", "1,2", "1,3", "1,4", "1,5", "2,1")
    x0, y0, x1, y1 = grid.boxes.astype(np.float64).T
    assert ((x1 - x0) * (y1 - y0)).sum() == pytest.approx(1)
    np.testing.assert_allclose(grid.boxes[7], [2 / 5, 1 / 3, 3 / 5, 2 / 3])  # the eighth: second row, third column
    assert not grid.boxes.flags.writeable


def test_it_is_read_as_an_axis_of_tokens_is():
    grid = axis("[CLS]")
    assert grid.tokens == grid.labels and grid.tokens[0] == "[CLS]"
    assert grid.special == (True, *[False] * 15) and not any(grid.unknown)
    assert set(grid.spans) == {None} and grid.words is None and grid.text is None
    np.testing.assert_array_equal(grid.boxes[0], [0, 0, 1, 1])
    assert grid == axis("[CLS]") and hash(grid) == hash(axis("[CLS]")) and grid != axis()


def test_taking_and_marking():
    grid = axis("[CLS]")
    assert grid.take(range(1, 16)).grid == (ROWS, COLUMNS), "all its regions without the token are a grid"
    assert grid.take([0, 3, 1]).grid is None and grid.take([0, 3, 1]).labels == ("[CLS]", "1,3", "1,1")
    np.testing.assert_array_equal(grid.take([3]).boxes, grid.boxes[3:4])
    assert grid.marked([2]).unknown.index(True) == 2


@pytest.mark.parametrize(
    "boxes",
    [
        [[0, 0, 1, 1.1]],
        [[-0.1, 0, 1, 1]],
        [[0.5, 0, 0.5, 1]],
        [[0, 0.6, 1, 0.5]],
        [[0, 0, np.nan, 1]],
        [[0, 0, 1]],
        [[0, 0, 1, 1]] * 2,
    ],
)
def test_boxes_that_are_no_part_of_a_picture(boxes):
    with pytest.raises(TraceError):
        RegionAxis(("1,1",), np.array(boxes, np.float32))


def test_a_grid_of_another_size():
    with pytest.raises(TraceError):
        RegionAxis(("a", "b"), np.array([[0, 0, 0.5, 1], [0.5, 0, 1, 1]]), grid=(2, 2))


def test_a_picture_is_known_by_its_code_or_by_a_hash_of_its_pixels():
    drawn = []

    def draw():
        drawn.append(1)
        return np.zeros((2, 3, 3), np.uint8)

    picture = Picture("meadow;dog@3,2", (3, 2), draw)
    assert not drawn, "pixels come when they are asked for"
    assert picture.pixels().shape == (2, 3, 3) and picture == Picture("meadow;dog@3,2", (3, 2), lambda: None)
    pixels = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    one = Picture.of(pixels)
    assert one.size == (3, 2) and one.code == "sha256:" + hashlib.sha256(b"3x2:" + pixels.tobytes()).hexdigest()
    pixels[0, 0, 0] = 9
    assert one != Picture.of(pixels) and one.pixels()[0, 0, 0] == 0, "what was given may change, the picture does not"
    assert Picture.of(np.zeros((2, 3, 3), np.uint8)) != Picture.of(np.zeros((3, 2, 3), np.uint8))
    with pytest.raises(TraceError):
        Picture("x", (2, 3), draw).pixels()


@pytest.mark.parametrize(
    "pixels", [np.zeros((2, 3)), np.zeros((2, 3, 3)), np.zeros((2, 3, 4), np.uint8), np.zeros((0, 3, 3), np.uint8)]
)
def test_what_is_no_picture(pixels):
    with pytest.raises(TraceError):
        Picture.of(pixels)


def trace() -> AttentionTrace:
    query = TokenAxis.of(["a", "dog"])
    weights = np.full((1, 1, 2, 15), 1 / 15, np.float32)
    picture = Picture("meadow;dog@3,2", (3, 2), lambda: np.zeros((2, 3, 3), np.uint8))
    written = Written("caption", "a dog", ("a", "dog"), np.log([0.5, 0.25]))
    return AttentionTrace("m", picture, (AttentionBlock("regions", "cross", query, axis(), weights),), written)


def test_the_json_says_regions_source_and_kind():
    data = json.loads(trace().to_json())
    assert data["text"] == "meadow;dog@3,2"
    assert data["source"] == {"kind": "picture", "code": "meadow;dog@3,2", "size": [3, 2]}
    key = data["blocks"][0]["key"]
    assert key.keys() == {"kind", "labels", "boxes", "grid"} and key["kind"] == "regions" and key["grid"] == [3, 5]
    assert data["output"]["kind"] == "caption" and data["blocks"][0]["query"]["tokens"] == ["a", "dog"]
    assert trace().to_frame()["key_token"].iloc[0] == "1,1"


def test_a_text_stays_what_it_was_in_the_json():
    plain = AttentionTrace("m", "some text", (), Tensor(np.zeros(1)))
    assert plain.source == Text("some text") and plain.text == "some text"
    data = plain.to_dict()
    assert data["text"] == "some text" and data["source"] == {"kind": "text", "text": "some text"}


def test_a_kind_of_writing_that_is_none():
    with pytest.raises(TraceError, match="kind"):
        Written("poem", "x", ("x",), [-1.0])  # type: ignore[arg-type]


def encoded(**options) -> Encoded:
    pixels = np.arange(15 * 7, dtype=np.float32).reshape(1, 15, 7)
    return Encoded(Text("x"), {"patches": pixels, "mask": np.ones((1, 15))}, {"regions": axis()}, **options)


def test_the_encoder_owns_what_moves_with_an_axis():
    moved = encoded(moves={"regions": ["patches", "mask"]}).keep([4, 2])
    assert moved.inputs["patches"].shape == (1, 2, 7) and moved.inputs["mask"].shape == (1, 2)
    np.testing.assert_array_equal(moved.inputs["patches"][0, 0], np.arange(28, 35))
    assert moved.axis.tokens == ("1,5", "1,3")
    blank = encoded(moves={"regions": ["patches"]}).replace([1], np.full(7, -1.0))
    assert (blank.inputs["patches"][0, 1] == -1).all() and blank.axis.unknown[1]
    assert blank.inputs["patches"][0, 0, 0] == 0 and blank.inputs["mask"].shape == (1, 15)


def test_where_nothing_would_move_it_is_refused():
    for change in (lambda each: each.keep([0]), lambda each: each.replace([0], 1)):
        with pytest.raises(InputError) as caught:
            change(encoded())
        assert caught.value.code == "axis_fixed" and "patches" in str(caught.value)


def test_padding_stays_behind_what_is_left():
    ids = np.array([[5, 6, 7, 0, 0]])
    kept = Encoded(Text("a b c"), {"tokens": ids}, {"tokens": TokenAxis.of(list("abc"))}).keep([2, 0])
    assert kept.inputs["tokens"].tolist() == [[7, 5, 0, 0, 0]]
