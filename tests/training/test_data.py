"""A data set is read from where it lies, fetched where it is not, and never trusted without its checksum."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import tarfile
import threading
from dataclasses import replace

import pytest

from attnviz import places as own_places
from attnviz.errors import DataError
from attnviz.training import data
from attnviz.training.data import DataFile, DataSet
from attnviz.training.progress import Progress

CONTENT = "一\ttwo\n".encode()
DIGEST = hashlib.sha256(CONTENT).hexdigest()
FILE = DataFile("local name.txt", DIGEST, "up(stream) name.txt")


def dataset(raw="http://127.0.0.1:9/", **options):
    known = dict(name="Tiny", url="", revision="", licence="", attribution="", raw=raw, files=(FILE,))
    return DataSet(folder="attnviz-test-tiny", **(known | options))


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    for module in (data, own_places):
        monkeypatch.setattr(module, "CACHE", tmp_path / "cache")
    monkeypatch.setenv("ATTNVIZ_DATA", str(tmp_path / "local"))
    return tmp_path


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "server"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))
    ) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


def put(path, content=CONTENT):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_a_local_copy_is_used(places):
    put(places / "local" / "attnviz-test-tiny" / FILE.name)
    assert data.read(dataset(), FILE.name, quiet=True) == CONTENT.decode()


def test_a_local_copy_with_another_checksum_is_refused_by_name(places):
    put(places / "local" / "attnviz-test-tiny" / FILE.name, CONTENT + b" ")
    with pytest.raises(DataError) as raised:
        data.read(dataset(), FILE.name, quiet=True)
    assert raised.value.code == "data_checksum"
    assert raised.value.parameters["file"] == FILE.name
    assert raised.value.parameters["expected"] == DIGEST


def test_a_missing_file_is_fetched_once_with_a_line_on_standard_error(places, server, capsys):
    folder, address = server
    put(folder / FILE.upstream)
    assert data.read(dataset(address), FILE.name) == CONTENT.decode()
    streams = capsys.readouterr()
    assert FILE.name in streams.err and "0.0 MB" in streams.err and streams.out == ""
    (folder / FILE.upstream).unlink()
    assert data.read(dataset(address), FILE.name) == CONTENT.decode()


def test_a_fetched_file_with_another_checksum_is_not_kept(places, server):
    folder, address = server
    put(folder / FILE.upstream, b"something else")
    with pytest.raises(DataError) as raised:
        data.read(dataset(address), FILE.name, quiet=True)
    assert raised.value.code == "data_checksum"
    assert raised.value.parameters["expected"] == DIGEST
    assert raised.value.parameters["received"] == hashlib.sha256(b"something else").hexdigest()
    assert not [path for path in (places / "cache").rglob("*") if path.is_file()]


def test_an_address_without_the_file_is_our_own_error(places, server):
    with pytest.raises(DataError) as raised:
        data.read(dataset(server[1]), FILE.name, quiet=True)
    assert raised.value.code == "data_download" and "404" in raised.value.parameters["cause"]


def test_without_a_network_the_error_names_the_address(places):
    with pytest.raises(DataError) as raised:
        data.read(dataset(), FILE.name, quiet=True)
    assert raised.value.code == "data_download"
    assert "127.0.0.1" in raised.value.parameters["url"]


def packed(path, content):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        info = tarfile.TarInfo(path)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def test_a_file_inside_an_archive_inside_an_archive(places, server):
    folder, address = server
    outer = packed("package/inner.tar.gz", packed(FILE.upstream, CONTENT))
    put(folder / "package.tar.gz", outer)
    nested = dataset(
        address + "package.tar.gz", archive="package/inner.tar.gz", archive_sha256=hashlib.sha256(outer).hexdigest()
    )
    assert data.read(nested, FILE.name, quiet=True) == CONTENT.decode() and data.available(nested)
    (folder / "package.tar.gz").unlink()
    assert data.read(nested, FILE.name, quiet=True) == CONTENT.decode()
    with pytest.raises(DataError) as raised:  # the archive is at hand, but another file is wanted of it
        data.read(replace(nested, files=(replace(FILE, name="other", sha256="7" * 64),)), "other", quiet=True)
    assert raised.value.code == "data_checksum" and not list((places / "cache").rglob("other*"))


def test_a_file_that_the_archive_lacks_is_our_own_error(places, server):
    folder, address = server
    outer = packed("package/inner.tar.gz", packed("other.txt", CONTENT))
    put(folder / "package.tar.gz", outer)
    nested = dataset(
        address + "package.tar.gz", archive="package/inner.tar.gz", archive_sha256=hashlib.sha256(outer).hexdigest()
    )
    with pytest.raises(DataError) as raised:
        data.read(nested, FILE.name, quiet=True)
    assert raised.value.code == "data_member"


def test_bytes_that_are_not_utf8_do_not_stop_reading(places):
    content = b"caf\xe9"
    put(places / "local" / "attnviz-test-tiny" / FILE.name, content)
    odd = replace(FILE, sha256=hashlib.sha256(content).hexdigest())
    assert data.read(dataset(files=(odd,)), FILE.name, quiet=True) == "caf\ufffd"


@pytest.mark.parametrize("known", [data.CLINC150, data.KEICO, data.HUTTO], ids=lambda known: known.folder)
def test_each_data_set_names_its_source(known):
    assert known.url.startswith("https://") and known.raw.startswith("https://")
    assert all(known.card().values())
    assert all(len(file.sha256) == 64 for file in known.files)


def test_the_bar_tells_rate_and_time_left():
    bar = Progress("", 300, done=100, quiet=True)
    assert bar.pace(100, 7.0) == ""
    assert bar.pace(150, 20.0) == "2.5/s, 1:00 left"
    assert Progress("", 0, quiet=True).pace(21, 7.0) == "3/s"
