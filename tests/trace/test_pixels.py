"""Pictures as people have them: of any mode and size, whole or not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from attnviz.errors import InputError
from attnviz.trace import picture_of, pixels

RED = np.zeros((5, 7, 3), np.uint8)
RED[..., 0] = 200


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (RED, (200, 0, 0)),
        (np.full((5, 7), 60, np.uint8), (60, 60, 60)),
        (np.full((5, 7, 1), 0.5), (128, 128, 128)),
        (np.full((5, 7, 3), 30_000, np.uint16), (117, 117, 117)),
        (np.ones((5, 7), bool), (255, 255, 255)),
        (np.dstack([RED, np.full((5, 7), 51, np.uint8)]), (244, 204, 204)),
        (Image.fromarray(RED), (200, 0, 0)),
        (Image.fromarray(RED).convert("CMYK"), (200, 0, 0)),
        (Image.fromarray(RED).convert("P"), (204, 0, 0)),
        (Image.fromarray(np.full((5, 7), 30_000, np.uint16)), (117, 117, 117)),
        (Image.fromarray(RED).convert("LA"), (60, 60, 60)),
    ],
    ids=["colour", "grey", "floats", "16 bit", "bool", "clear", "image", "cmyk", "palette", "image of 16 bit", "la"],
)
def test_any_mode_is_a_picture(given, expected):
    picture = picture_of(given)
    assert picture.size == (7, 5) and picture.pixels().dtype == np.uint8
    np.testing.assert_allclose(picture.pixels()[2, 3].astype(int), expected, atol=3)


def test_a_camera_s_turn_is_taken_and_of_an_animation_the_first_frame():
    image, file = Image.fromarray(RED), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(file, "JPEG", exif=exif)
    assert picture_of(Image.open(file)).size == (5, 7)
    moving = io.BytesIO()
    image.save(moving, "GIF", save_all=True, append_images=[Image.fromarray(255 - RED)])
    np.testing.assert_allclose(picture_of(Image.open(moving)).pixels()[2, 3].astype(int), (200, 0, 0), atol=3)


def test_one_pixel_is_a_picture():
    assert picture_of(np.zeros((1, 1), np.uint8)).size == (1, 1)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (np.zeros((0, 3), np.uint8), "bad_picture"),
        (np.zeros((2, 3, 5), np.uint8), "bad_picture"),
        (np.zeros(7, np.uint8), "bad_picture"),
        (np.full((2, 3), np.nan), "bad_picture"),
        (np.full((2, 3), 7.0), "bad_picture"),
        (np.zeros((2, 3), np.int64), "bad_picture"),
        ("a.png", "bad_picture"),
        (np.broadcast_to(np.uint8(0), (9000, 9000)), "picture_large"),
        (Image.new("1", (12_000, 9000)), "picture_large"),
    ],
)
def test_what_is_none_or_too_large_is_told_in_both_languages(given, code):
    with pytest.raises(InputError) as raised:
        picture_of(given)
    assert raised.value.code == code
    assert raised.value.message("ja") != raised.value.message("en") and "{" not in raised.value.message("ja")


def test_a_file_that_ends_too_soon_is_told():
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(3).integers(0, 255, (64, 64, 3), np.uint8)).save(file, "PNG")
    with pytest.raises(InputError) as raised:
        picture_of(Image.open(io.BytesIO(file.getvalue()[:900])))
    assert raised.value.code == "picture_broken"


def test_a_large_picture_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(pixels, "MOST_PIXELS", 30)
    image = Image.fromarray(RED)
    monkeypatch.setattr(image, "convert", lambda *_: pytest.fail("it was read"))
    with pytest.raises(InputError):
        picture_of(image)
