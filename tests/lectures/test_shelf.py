"""Which lectures there are, and that a name leads nowhere else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from attnviz import lectures
from attnviz.errors import InputError
from attnviz.lectures.shelf import SHIPPED
from tests.lectures.test_lecture import GOOD, written


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two more folders, the second of which is returned."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    folders = (tmp_path / "none", tmp_path / "first", tmp_path / "second")
    monkeypatch.setenv("ATTNVIZ_LECTURES", os.pathsep.join(map(str, folders)))
    return tmp_path / "second"


def test_what_is_shipped_is_there_and_has_nothing_wrong():
    assert "attention" in lectures.names() and not lectures.problems()


def test_more_folders_are_looked_through_and_the_first_of_a_name_counts(shelf: Path):
    written(shelf, GOOD)
    written(shelf, GOOD.replace("Bees", "Other"), "attention.toml")
    written(shelf.parent / "first", GOOD.replace("Bees", "Wasps"))

    assert lectures.names() == ("attention", "bees")
    assert lectures.find("bees").title["en"] == "Wasps"
    assert lectures.find("attention").title["en"] != "Other"


def test_a_damaged_lecture_is_told_of_and_leaves_the_others_alone(shelf: Path):
    written(shelf, "slides = 3", "wasps.toml")
    written(shelf, GOOD)

    assert "bees" in lectures.names() and set(lectures.problems()) == {"wasps"}
    with pytest.raises(InputError) as raised:
        lectures.find("wasps")
    assert raised.value.parameters["file"] == "wasps.toml"


def test_a_lecture_that_is_changed_is_read_again(shelf: Path):
    path = written(shelf, GOOD)
    assert lectures.find("bees").title["en"] == "Bees"
    path.write_text(GOOD.replace("Bees", "Hornets"), encoding="utf-8")
    assert lectures.find("bees").title["en"] == "Hornets"


@pytest.mark.parametrize("name", ["../bees", "first/bees", "bees.toml", "", ".", "BEES", "b" * 65, "bees\x00", "蜂"])
def test_a_name_is_looked_up_and_never_a_path(shelf: Path, name: str):
    written(shelf.parent / "first", GOOD, "x.toml")
    expect_none(name)


def test_no_path_leads_to_a_file_that_is_there(shelf: Path):
    outside = written(shelf.parent, GOOD).with_suffix("")
    for start in (SHIPPED, shelf, Path.cwd()):
        name = os.path.relpath(outside, start)
        assert (start / f"{name}.toml").is_file()
        expect_none(name)
    expect_none(str(outside))


def expect_none(name: str) -> None:
    with pytest.raises(InputError) as raised:
        lectures.find(name)
    assert raised.value.code == "no_such_lecture"


def test_links_and_files_of_other_names_are_none(shelf: Path):
    outside = written(shelf.parent, GOOD, "secret.toml")
    (shelf / "link.toml").symlink_to(outside)
    written(shelf, GOOD, "Bees and.toml")
    written(shelf, GOOD, ".hidden.toml")
    assert lectures.names() == ("attention",)
