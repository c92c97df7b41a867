"""A corpus over several processes: the same as in one, though one of them is killed; and nobody else hears of it."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from functools import partial
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

from attnviz import corpus
from attnviz.corpus.workers import FOLDER
from attnviz.errors import ExtraError, InputError
from tests.corpus.made import Made, Mortal, sentences
from tests.processes import family

#: Where a socket listens for this machine alone, as `/proc/net` writes it.
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}


def _listening() -> set[str]:
    """Addresses at which this process and all that it began can be reached."""
    sockets = set()
    for each in family():
        try:
            sockets |= {os.readlink(path) for path in Path(f"/proc/{each}/fd").iterdir()}
        except OSError:
            continue
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return {row[1].partition(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets}


@pytest.fixture
def asked(monkeypatch):
    """A socket to which all go who ask for an address beyond this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")
        server.setblocking(False)
        yield server


def test_two_workers_of_which_one_is_killed_measure_what_one_process_does(tmp_path, monkeypatch, asked):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    before, texts = dict(os.environ), sentences(197)
    killed, heard, done = tmp_path / "killed", set(), []

    def look(lines: int) -> None:
        done.append(lines)
        heard.update(_listening())

    model = partial(Mortal, killed, texts[83])
    found = corpus.measure(model, texts, part=10, ray=2, folder=tmp_path / "out", progress=look)

    assert killed.exists()
    whole = corpus.measure(Made(), texts, part=10)
    for name in ("heads", "sentences", "tokens"):
        assert_frame_equal(getattr(found, name), getattr(whole, name), check_exact=True)
    assert dict(found.summary) == dict(whole.summary)
    assert done == [*range(10, 191, 10), 197]
    assert heard and heard <= LOOPBACK
    with pytest.raises(BlockingIOError):
        asked.accept()
    assert dict(os.environ) == before and not (tmp_path / "home").exists()
    assert not list(Path(tempfile.gettempdir()).glob(f"{FOLDER}*"))


def test_without_ray_the_command_that_brings_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ExtraError, match="pip install ray") as missing:
        corpus.measure(Made, ["a b"], ray=True)
    assert "pip install ray" in missing.value.message("ja")


@pytest.mark.parametrize("where", [0, "0", "reviews.csv", "-1", "http://head:1"])
def test_what_is_no_place_for_ray_is_told(where):
    with pytest.raises(InputError, match="ray://") as refused:
        corpus.measure(Made, ["a b"], ray=where)
    assert refused.value.code == "ray_address"


def test_a_model_that_is_there_already_is_not_sent():
    with pytest.raises(InputError, match="its name") as refused:
        corpus.measure(Made(), ["a b"], ray=2)
    assert refused.value.code == "ray_model"
