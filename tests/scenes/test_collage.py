"""Collages: their code, their picture, where each photograph lies; what is not there is said."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.errors import InputError
from attnviz.scenes import GRID, GROCERIES, Collage, Photo
from attnviz.scenes.collage import GROUNDS, MOST, SIDE, UNITS
from attnviz.scenes.groceries import PARTS, Photographs, photographs
from attnviz.scenes.naming import mentions
from tests.scenes import grocery_archive
from tests.scenes.grocery_archive import EACH, SIZE, colour

KINDS = list(GROCERIES)


@pytest.fixture
def archive(tmp_path, monkeypatch):
    monkeypatch.setenv("ATTNVIZ_DATA", str(tmp_path))
    return grocery_archive.make(tmp_path)


@st.composite
def photos(draw):
    x, y = draw(st.integers(0, UNITS - 1)), draw(st.integers(0, UNITS - 1))
    width, height = draw(st.integers(1, UNITS - x)), draw(st.integers(1, UNITS - y))
    kind, part = draw(st.sampled_from(KINDS)), draw(st.sampled_from(list(PARTS)))
    return Photo(kind, part, draw(st.integers(1, 999)), x, y, width, height)


@given(st.builds(Collage.composed, st.sampled_from(list(GROUNDS)), st.lists(photos(), max_size=MOST)))
def test_a_code_is_its_own_usual_form_and_holds_everything(collage: Collage):
    again = Collage(collage.code)
    assert (again.code, again.ground, again.objects) == (collage.code, collage.ground, collage.objects)
    assert again == collage and pickle.loads(pickle.dumps(collage)).objects == collage.objects


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("", "collage_ground"),
        ("meadow;dog@3,2", "collage_ground"),
        ("white;dog@3,2", "collage_code"),
        ("white;dog.1@0,0,3,2", "scene_object"),
        ("white;milk.1@0,0,0,2", "collage_box"),
        ("white;milk.1@0,0,29,2", "collage_box"),
        ("white;milk.1@27,0,2,2", "collage_box"),
        ("white;milk.1@-1,0,2,2", "collage_code"),
        ("white;milk.x1@0,0,2,2", "collage_code"),
        ("white" + ";milk.1@0,0,2,2" * (MOST + 1), "scene_many"),
        ("white" * 1000, "scene_long"),
        (7, "collage_code"),
    ],
)
def test_what_is_no_code_is_refused_in_words(code, error):
    with pytest.raises(InputError) as caught:
        Collage(code)
    assert caught.value.code == error
    assert all(caught.value.message(language) for language in ("en", "ja"))


def test_photographs_come_by_part_kind_and_number(archive):
    known = photographs()
    for kind in ("milk", "red-pepper", KINDS[-1]):
        assert known.count("test", kind) == EACH
        for place, part in enumerate(PARTS):
            image = known.image(part, kind, 2)
            assert image.size == SIZE and image.getpixel((3, 5)) == colour(KINDS.index(kind), place, 1)


def test_a_collage_is_drawn_where_its_code_says(archive):
    collage = Collage("grey;milk.2@0,0,14,28;kiwi.t1@14,7,7,7")
    pixels, unit = collage.pixels(), SIDE // UNITS
    assert pixels.shape == (SIDE, SIDE, 3)
    milk, kiwi = colour(KINDS.index("milk"), 2, 1), colour(KINDS.index("kiwi"), 0, 0)
    assert (pixels[:, : 14 * unit] == milk).all()
    assert (pixels[7 * unit : 14 * unit, 14 * unit : 21 * unit] == kiwi).all()
    assert (pixels[: 7 * unit, 14 * unit :] == GROUNDS["grey"]).all()
    on = collage.lies_on().reshape(2, GRID, GRID)
    assert on[0, :, :7].all() and not on[0, :, 7:].any()
    assert on[1, 4:7, 7:10].all() and on[1].sum() == pytest.approx(3.5**2, abs=4)
    assert collage.boxes().tolist() == [[0, 0, 0.5, 1], [0.5, 0.25, 0.75, 0.5]]
    assert (collage.objects[0].column, collage.objects[0].row) == (3.0, 6.5)


def test_what_lies_in_front_takes_the_regions(archive):
    behind, front = Collage("white;milk.1@0,0,28,28;kiwi.1@0,0,14,14").lies_on()
    assert front.sum() == 49 and behind.sum() == GRID**2 - 49 and not (behind & front).any()


@pytest.mark.parametrize("number", [0, EACH + 1])
def test_a_photograph_that_is_not_there_is_named(archive, number):
    with pytest.raises(InputError) as caught:
        Collage(f"white;milk.{number}@0,0,28,28").pixels()
    assert caught.value.code == "no_such_photograph"


def test_without_the_data_it_is_said_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setattr("attnviz.scenes.groceries.data_folders", lambda name: iter([tmp_path / name]))
    with pytest.raises(InputError) as caught:
        photographs()
    assert caught.value.code == "no_photographs" and "attnviz data grocery_store" in caught.value.message("en")


@pytest.mark.parametrize("content", [b"", b"no archive" * 99])
def test_a_damaged_archive_is_refused(tmp_path, content):
    file = tmp_path / "dataset.tar"
    file.write_bytes(content)
    with pytest.raises(InputError) as caught:
        Photographs(file)
    assert caught.value.code == "photographs_damaged"


def test_every_kind_has_a_name_of_its_own():
    for language in ("en", "ja"):
        assert len({kind.noun[language] for kind in GROCERIES.values()}) == len(GROCERIES)
    for name, kind in GROCERIES.items():
        (mention,) = mentions(kind.noun["en"].split(), GROCERIES)
        assert mention.kind == name
