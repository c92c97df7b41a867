"""The photographs of groceries are fetched once, checked and packed."""

from __future__ import annotations

import io
import tarfile

import pytest

from attnviz import places
from attnviz.errors import DataError
from attnviz.scenes.groceries import Photographs
from attnviz.training import data, groceries
from tests.scenes import grocery_archive


@pytest.fixture
def upstream(tmp_path, monkeypatch):
    """Where a file lies as upstream packs it, in the place of the download; what it should hold is known."""
    own = grocery_archive.make(tmp_path / "own")
    file = tmp_path / "upstream.tar.gz"
    with tarfile.open(own) as tar, tarfile.open(file, "w:gz") as packed:
        members = {each.name: tar.extractfile(each).read() for each in tar}
        for name, content in {
            "README.md": b"read me",
            "sample_images/one.png": b"one",
            "dataset/iconic-images-and-descriptions/Fruit/one.png": b"one",
            **{f"dataset/{name}": content for name, content in members.items()},
        }.items():
            member = tarfile.TarInfo(f"GroceryStoreDataset-fc80/{name}")
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    for module in (data, places, groceries):
        monkeypatch.setattr(module, "CACHE", tmp_path / "cache")
    (tmp_path / "cache" / "data" / "grocery_store").mkdir(parents=True)
    monkeypatch.setattr(groceries, "data_folders", lambda name: iter([tmp_path / "cache" / "data" / name]))
    monkeypatch.setattr(groceries, "CONTENT", groceries.digest(iter(members.items())))
    fetched = []

    def download(*asked):
        fetched.append(asked)
        copy = tmp_path / "cache" / "copy.tar.gz"
        copy.write_bytes(file.read_bytes())
        return copy

    monkeypatch.setattr(groceries, "download", download)
    return file, fetched


def test_what_is_read_is_packed_and_fetched_once(upstream):
    _, fetched = upstream
    found = groceries.fetch(quiet=True)
    assert Photographs(found).count("test", "milk") == grocery_archive.EACH
    with tarfile.open(found) as tar:
        assert not [name for name in tar.getnames() if "iconic" in name or "sample" in name]
    assert groceries.fetch(quiet=True) == found and len(fetched) == 1
    assert [each.name for each in found.parent.iterdir()] == [found.name]


def test_other_files_are_refused_and_nothing_is_left(upstream, monkeypatch):
    monkeypatch.setattr(groceries, "CONTENT", "0" * 64)
    with pytest.raises(DataError) as caught:
        groceries.fetch(quiet=True)
    assert caught.value.code == "data_checksum"
    assert not list((places.CACHE / "data" / "grocery_store").iterdir())


def test_a_file_that_is_cut_off_is_refused(upstream):
    file, _ = upstream
    file.write_bytes(file.read_bytes()[:-500])
    with pytest.raises(DataError):
        groceries.fetch(quiet=True)
    assert not list((places.CACHE / "data" / "grocery_store").iterdir())
