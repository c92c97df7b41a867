"""A disk that is full, a folder that cannot be written to: what was there stays, and it is said."""

from __future__ import annotations

import resource
from contextlib import contextmanager

import pytest

from attnviz import cli, corpus, zoo
from attnviz.errors import AttnvizError, InputError, ModelError
from attnviz.places import write_whole
from tests.families.own import own_folder
from tests.shipped import POOLING

NAME = POOLING[0]


@contextmanager
def full(room):
    """A disk on which no file has more than so many bytes: the system's own limit, so that writing ends midway."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_was_there_stays_where_writing_fails(tmp_path):
    file = tmp_path / "kept.json"
    write_whole(file, b"before")
    with full(1_000), pytest.raises(InputError, match=r"kept\.json"):
        write_whole(file, b"x" * 1_301)
    assert file.read_bytes() == b"before" and [each.name for each in tmp_path.iterdir()] == ["kept.json"]
    with pytest.raises(InputError):
        write_whole(tmp_path / "nowhere" / "kept.json", b"x")
    write_whole(tmp_path / "made" / "kept.json", b"x", parents=True)
    with pytest.raises(InputError):
        write_whole(file / "below-a-file.json", b"x", parents=True)


def test_a_link_is_followed_and_a_device_is_written_to_as_it_is(tmp_path):
    file, link = tmp_path / "kept.json", tmp_path / "link.json"
    link.symlink_to(file)
    write_whole(link, b"through it")
    assert link.is_symlink() and file.read_bytes() == b"through it"
    device = tmp_path / "full.json"
    device.symlink_to("/dev/full")
    with pytest.raises(InputError, match=r"full\.json"):
        write_whole(device, b"x")


@pytest.mark.parametrize("ending", ["json", "csv", "html"])
def test_a_trace_for_which_there_is_no_room(tmp_path, capsys, ending):
    file = tmp_path / f"kept.{ending}"
    file.write_text("before")
    with full(60):
        assert cli.main(["trace", NAME, "hello there", "-o", str(file)]) == 2
    said = capsys.readouterr().err
    assert f"kept.{ending}" in said and "Traceback" not in said
    assert file.read_text() == "before" and len(list(tmp_path.iterdir())) == 1


def test_a_model_for_which_there_is_no_room_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path / "models"))
    source = own_folder.make(tmp_path / "source", own_folder.pooled())
    with full((source / "model.keras").stat().st_size - 1), pytest.raises(ModelError) as failed:
        zoo.add(source, "mine")
    assert failed.value.code == "add_failed" and not list((tmp_path / "models").iterdir())
    zoo.add(source, "mine")
    assert "mine" in zoo.model_folders()


def test_a_corpus_for_which_there_is_no_room_is_said_and_goes_on_where_there_is(tmp_path):
    model, sentences = zoo.load(NAME), ["hello there", "book a table", "good morning"]
    with full(200), pytest.raises(AttnvizError) as failed:
        corpus.measure(model, sentences, folder=tmp_path / "found")
    assert failed.value.code == "cannot_write"
    assert corpus.measure(model, sentences, folder=tmp_path / "found").summary["sentences"] == 3
