"""Visitors' own photographs: taken over as a browser sends them, kept in memory, nothing else is read."""

from __future__ import annotations

import base64
import io
import time

import numpy as np
import pytest
from PIL import Image

import attnviz
from attnviz.errors import InputError
from attnviz.scenes import groceries
from attnviz.scenes.collage import SIDE
from attnviz.trace import picture_of
from attnviz.ui import photos
from tests.app.page import Page

NAME = "caption-photos"


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(photos, "_kept", type(photos._kept)())


def sent(size: tuple[int, int] = (SIDE, SIDE), kind: str = "JPEG", mode: str = "RGB", seed: int = 3) -> str:
    """A photograph as a browser sends it."""
    file = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 256, (7, 5, 3), np.uint8)
    Image.fromarray(noise).resize(size).convert(mode).save(file, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "L"), ("JPEG", "CMYK")]
)
def test_a_photograph_is_kept_and_found(kind: str, mode: str):
    picture = photos.keep(sent(kind=kind, mode=mode))
    assert photos.is_own(picture.code) and picture.size == (SIDE, SIDE)
    np.testing.assert_array_equal(photos.find(f" {picture.code} ").pixels(), picture.pixels())
    assert photos.keep(sent(kind=kind, mode=mode)).code == picture.code


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://example.org/a.jpg",
        "data:text/html;base64,PGI+",
        "data:image/svg+xml;base64,PHN2Zy8+",
        "data:image/jpeg;base64,",
        "data:image/jpeg;base64,!!!!",
        "data:image/jpeg;base64,AAAA",
        sent()[:-2000],
        sent(kind="GIF").replace("gif", "png"),
        sent((SIDE + 1, SIDE)),
        sent((1, 1)),
        "data:image/png;base64," + "A" * photos.LONGEST,
    ],
    ids=lambda address: address[:24],
)
def test_all_else_is_refused(address: str):
    with pytest.raises(InputError) as caught:
        photos.keep(address)
    assert caught.value.code == "picture_broken"


def test_a_bomb_is_refused_before_it_is_unpacked():
    file = io.BytesIO()
    Image.new("L", (20_000, 20_000)).save(file, "PNG")
    with pytest.raises(InputError):
        photos.keep(f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"[: photos.LONGEST])


def test_the_oldest_make_room_and_what_is_gone_is_said(monkeypatch):
    monkeypatch.setattr(photos, "MOST", 2)
    first, second = (photos.keep(sent(seed=seed)).code for seed in (1, 2))
    photos.find(first)
    photos.keep(sent(seed=3))
    assert photos.find(first)
    with pytest.raises(InputError) as caught:
        photos.find(second)
    assert caught.value.code == "photo_gone"
    assert all(caught.value.message(language) for language in ("en", "ja"))


# ── the page ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["en", "ja"])
def test_where_the_photographs_are_not_at_hand_one_s_own_can_still_be_dropped_in(monkeypatch, language: str):
    monkeypatch.setattr(groceries, "data_folders", lambda name: iter(()))
    page = Page(model=NAME, lang=language)
    drawn = page.component("photo")
    (row,) = page.component("stage")["rows"]
    assert not drawn["there"] and "python -m attnviz data grocery_store" in row["error"]
    page.app.session_state["photo"] = {
        "entry": {"photo": sent(), "kind": "apply", "follow": True, "stamp": float(time.time_ns())}
    }
    page.run().run()
    assert page.component("photo")["own"].startswith("data:image/") and page.component("writing")["target"]["tokens"]


def test_noise_is_called_strange_and_photographs_of_its_kinds_are_not():
    model = attnviz.load(NAME)
    strange = np.random.default_rng(3).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    assert [each.code for each in model.encode(picture_of(strange)).notices] == ["never_taught"]
    assert not any(model.encode(code).notices for code in model.card.examples)
