"""Models are found, loaded once, and refused when anything about their folder is wrong; the others keep working."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import subprocess
import sys
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

import attnviz
from attnviz import zoo
from attnviz.errors import ModelError
from attnviz.families.hub import foreign
from attnviz.tokenizers import PADDING, UNKNOWN
from attnviz.zoo import files, loading

WORDS = (PADDING, UNKNOWN, "tea", "train", "the")
CONFIG = {"vocabulary_size": 11, "features": 7, "max_length": 13, "hidden": 5, "classes": 2}


def arrays(**changes):
    """Weights of a tiny model, by `layer/variable`."""
    rng = np.random.default_rng(3)
    shapes = {
        "embedding/embeddings": (11, 7),
        "attention_pooling/kernel": (7, 1),
        "attention_pooling/bias": (13, 1),
        "dense/kernel": (7, 5),
        "dense/bias": (5,),
        "prediction/kernel": (5, 2),
        "prediction/bias": (2,),
    }
    made = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    made.update(changes)
    return {name: value for name, value in made.items() if value is not None}


def npz(values):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **values)
    return buffer.getvalue()


def facts(content: bytes):
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def make(place: Path, called="tiny", *, weights=None, vocabulary=WORDS, **changes):
    """A sound model folder, but for what is asked; `...` drops a field of the card."""
    folder = place / called
    folder.mkdir(parents=True)
    files = {
        "weights.npz": npz(arrays()) if weights is None else weights,
        "vocabulary.txt": "".join(f"{word}\n" for word in vocabulary).encode(),
    }
    for file, content in files.items():
        (folder / file).write_bytes(content)
    card = {
        "format": zoo.FORMAT,
        "name": called,
        "family": "pooling",
        "labels": ["tea", "train"],
        "config": CONFIG,
        "tokenizer": {"kind": "words"},
        "files": {file: facts(content) for file, content in files.items()},
        "languages": ["en"],
        **changes,
    }
    write_card(folder, {key: value for key, value in card.items() if value is not ...})
    return folder


def write_card(folder, card):
    text = card if isinstance(card, str) else json.dumps(card)
    (folder / "card.json").write_text(text, encoding="utf-8")


def refused(folder, code, *words):
    """Loading fails with this code, and the message names folder and cause in every language."""
    with pytest.raises(ModelError) as caught:
        zoo.load(folder)
    assert caught.value.code == code
    for language in ("en", "ja"):
        assert all(word in caught.value.message(language) for word in (folder.name, *words))


# ── found ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sound_folder_loads_by_path(tmp_path):
    folder = make(tmp_path)
    by_path, by_text = zoo.load(folder), attnviz.load(str(folder))
    assert by_path is by_text
    assert by_path.trace("the tea").block("pooling").shape == (1, 1, 1, 2)


def test_a_relative_path_loads(tmp_path, monkeypatch):
    folder = make(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert attnviz.load("./tiny") is attnviz.load(folder)


def test_folders_of_the_environment_are_looked_through(tmp_path, monkeypatch):
    make(tmp_path / "one", "first")
    make(tmp_path / "two", "second")
    places = [tmp_path / "one", tmp_path / "missing", tmp_path / "two"]
    monkeypatch.setenv("ATTNVIZ_MODELS", os.pathsep.join(map(str, places)) + os.pathsep)
    assert {"first", "second"} <= {card.name for card in attnviz.models()}
    assert attnviz.load("second").card.name == "second"


def test_the_first_folder_of_a_name_is_taken(tmp_path, monkeypatch):
    make(tmp_path / "one", labels=["a", "b"])
    make(tmp_path / "two", labels=["c", "d"])
    monkeypatch.setenv("ATTNVIZ_MODELS", os.pathsep.join([str(tmp_path / "one"), str(tmp_path / "two")]))
    assert next(card.labels for card in attnviz.models() if card.name == "tiny") == ("a", "b")


def test_a_file_is_told_from_a_folder_and_keras_2_from_keras_3(tmp_path):
    new, old, older = tmp_path / "new.keras", tmp_path / "old.keras", tmp_path / "older.h5"
    for path, version in ((new, "3.15.1"), (old, "2.15.0")):
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("metadata.json", json.dumps({"keras_version": version}))
    with h5py.File(older, "w") as opened:
        opened.attrs["keras_version"] = b"2.4.0"
    said = {new: ("load_file", "wrap"), old: ("keras_2_file", "2.15.0"), older: ("keras_2_file", "2.4.0")}
    for path, (code, words) in said.items():
        with pytest.raises(ModelError) as caught:
            zoo.load(path)
        assert caught.value.code == code and words in str(caught.value)
    for path in (old, older):
        with pytest.raises(ModelError) as caught:
            zoo.add(path, "mine")
        assert caught.value.code == "keras_2_file" and path.name in str(caught.value)
        with pytest.raises(ModelError) as caught:
            attnviz.wrap(path, lambda text: (text, [text]))
        assert caught.value.code == "keras_2_file" and path.name in str(caught.value)


@pytest.mark.parametrize(
    ("name", "code"),
    [("bert-base-uncased", "hub_name"), ("cl-tohoku/bert-base-japanese", "hub_name"), ("mine.keras", "no_such_path")],
)
def test_a_name_of_hugging_face_and_a_path_that_is_not_there(name, code):
    with pytest.raises(ModelError) as caught:
        zoo.load(name)
    assert caught.value.code == code and name in str(caught.value)


@pytest.mark.parametrize("call", ["load('sentiment-en')", "wrap(object(), str)"])
def test_another_backend_is_named(call):
    program = f"import attnviz\ntry: attnviz.{call}\nexcept attnviz.ModelError as e: print(e.code, e)"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={**os.environ, "KERAS_BACKEND": "numpy"}
    )
    assert run.stdout.startswith("other_backend") and "numpy" in run.stdout and "KERAS_BACKEND=tensorflow" in run.stdout


@pytest.mark.parametrize("name", ["", "nothing", "../nothing", "x" * 5000, "a\0b", "\ud800", None, 5, b"x"])
def test_what_is_no_model_is_refused_with_the_names_there_are(name):
    with pytest.raises(ModelError) as caught:
        zoo.load(name)
    assert caught.value.code == ("no_such_model" if isinstance(name, str) and name else "load_takes")
    assert ", ".join(zoo.model_folders()) in str(caught.value)
    assert len(str(caught.value)) < 1000


# ── refused ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_card(tmp_path):
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "no_card", "card.json")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "file_unreadable"),
        ("{", "file_unreadable"),
        ("[" * 100_000, "file_unreadable"),
        ('{"format": NaN}', "file_unreadable"),
        ("[1]", "card_format"),
        ("{}", "card_format"),
        ('{"format": 99}', "card_format"),
        ('{"format": 1}', "card_field"),
        (" " * 2_000_000, "file_size"),
    ],
)
def test_a_card_that_is_none(tmp_path, text, code):
    folder = make(tmp_path)
    write_card(folder, text)
    refused(folder, code, "card.json")


def test_a_card_that_is_not_utf8(tmp_path):
    folder = make(tmp_path)
    (folder / "card.json").write_bytes(b'{"format": "\xff"}')
    refused(folder, "file_unreadable", "card.json")


@pytest.mark.parametrize("field", ["name", "family", "labels", "config", "tokenizer", "files"])
@pytest.mark.parametrize("value", [..., None, 7])
def test_a_field_that_is_missing_or_of_another_type(tmp_path, field, value):
    refused(make(tmp_path, **{field: value}), "card_field", field)


@pytest.mark.parametrize(
    "change",
    [
        {"languages": 5},
        {"languages": [5]},
        {"title": "Tiny"},
        {"title": {"en": 5}},
        {"examples": {"a": 1}},
        {"labels": [1, 2]},
        {"label_names": {"en": ["only one"]}},
        {"label_names": {"en": "ab"}},
        {"metrics": []},
        {"task": ["x"]},
        {"trained_length": "19"},
        {"trained_length": True},
        {"search_length": "1.5"},
        {"search_length": -0.5},
        {"files": {"weights.npz": "sha"}},
        *({name: None} for name in ("title", "summary", "notes", "languages", "kinds", "examples", "label_names")),
        *({name: None} for name in ("metrics", "task", "licence", "data", "cases", "training")),
        {"title": {"en": "a \ud800 b"}},
        {"examples": ["\udc00"]},
        {"metrics": {"\ud800": 1}},
    ],
)
def test_a_card_of_another_shape(tmp_path, change):
    folder = make(tmp_path, **change)
    with pytest.raises(ModelError) as caught:
        zoo.load(folder)
    assert caught.value.code == "card_shape"
    for language in ("en", "ja"):
        assert folder.name in caught.value.message(language) and next(iter(change)) in caught.value.message(language)
        caught.value.message(language).encode()


@pytest.mark.parametrize("text", ['{"en": null}', "null", "[]", "1e999", "NaN", '"\\ud800"', '{"a": 1e999}'])
@pytest.mark.parametrize(
    "field", ["title", "languages", "kinds", "examples", "label_names", "metrics", "family", "name"]
)
def test_one_bad_card_leaves_the_others_alone(tmp_path, monkeypatch, field, text):
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path))
    make(tmp_path, "sound")
    folder = make(tmp_path, "bad")
    card = json.loads((folder / "card.json").read_text())
    card.pop(field, None)
    write_card(folder, json.dumps(card)[:-1] + f', "{field}": {text}}}')
    sound = (text == "[]" and field in ("languages", "kinds", "examples")) or (text[0] == "{" and field == "metrics")
    sound = sound and "999" not in text
    cards = zoo.models()
    json.dumps([card.to_dict() for card in cards], allow_nan=False).encode()
    assert ("bad" in {card.name for card in cards}) == sound and "sound" in {card.name for card in cards}
    if not sound:
        error = zoo.problems()["bad"]
        assert "bad" in str(error) and (field in str(error) or error.code == "file_unreadable")


@pytest.mark.parametrize("change", [{"title": None}, {"metrics": None}, {"languages": None}, {"label_names": None}])
def test_a_bad_card_is_not_taken_in(tmp_path, monkeypatch, change):
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path / "own"))
    source = make(tmp_path, "mine", family="own", **change)
    (source / "model.keras").write_bytes(b"never looked at")
    with pytest.raises(ModelError) as caught:
        zoo.add(source, "mine")
    assert caught.value.code == "card_shape" and next(iter(change)) in str(caught.value)
    assert not (tmp_path / "own" / "mine").exists()


def test_a_card_of_another_model(tmp_path):
    folder = make(tmp_path)
    refused(folder.rename(tmp_path / "renamed"), "card_name", "tiny")


def test_an_unknown_family(tmp_path):
    refused(make(tmp_path, family="os"), "no_such_family", "os", "pooling")


@pytest.mark.parametrize("file", ["weights.npz", "vocabulary.txt"])
def test_files_missing_truncated_changed_or_linked(tmp_path, file):
    folder = make(tmp_path)
    path = folder / file
    content = path.read_bytes()

    path.write_bytes(content[:-1])
    refused(folder, "file_size", file)

    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    refused(folder, "file_checksum", file)

    path.unlink()
    refused(folder, "file_missing", file)

    (tmp_path / "elsewhere").write_bytes(content)
    path.symlink_to(tmp_path / "elsewhere")
    refused(folder, "file_missing", file)

    path.unlink()
    path.mkdir()
    refused(folder, "file_missing", file)


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "..", ".", "", "sub/file", "a\0b"])
def test_names_that_lead_out_of_the_folder(tmp_path, name):
    (tmp_path / "secret").write_bytes(b"secret")
    folder = make(tmp_path)
    card = json.loads((folder / "card.json").read_text())
    card["files"][name] = facts(b"secret")
    write_card(folder, card)
    refused(folder, "file_missing")


@pytest.mark.parametrize("file", ["weights.npz", "vocabulary.txt"])
def test_a_file_without_a_checksum_is_not_read(tmp_path, file):
    folder = make(tmp_path)
    card = json.loads((folder / "card.json").read_text())
    del card["files"][file]
    write_card(folder, card)
    refused(folder, "card_field", file)


def pickled():
    class Evil:
        def __reduce__(self):
            return os.abort, ()

    return {
        "a pickle": pickle.dumps(Evil()),
        "an array of objects": npz(arrays(**{"dense/bias": np.array([Evil()], dtype=object)})),
        "no archive": b"not an archive",
        "an empty file": b"",
        "one array, no archive": np.lib.format.magic(1, 0) + b"\x00" * 100,
    }


@pytest.mark.parametrize("content", pickled().values(), ids=pickled().keys())
def test_weights_are_data_only(tmp_path, content):
    refused(make(tmp_path, weights=content), "file_unreadable", "weights.npz")


def lying(member: bytes):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("embedding/embeddings.npy", member)
    return buffer.getvalue()


def test_a_header_that_claims_more_than_there_is(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (10**15,)})
    refused(make(tmp_path, weights=lying(header.getvalue())), "file_unreadable", "weights.npz")


def test_an_archive_that_unpacks_to_too_much(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_ARRAY_BYTES", 1_000_000)
    weights = npz(arrays(more=np.zeros(1_000_000, np.float32)))
    assert len(weights) < 20_000
    refused(make(tmp_path, weights=weights), "file_size", "weights.npz")


def test_a_file_that_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_BYTES", 100)
    refused(make(tmp_path), "file_size", "weights.npz")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"weights": npz(arrays(**{"dense/bias": None}))}, "dense/bias"),
        ({"weights": npz(arrays(**{"embedding/embeddings": None}))}, "embedding/embeddings"),
        ({"weights": npz(arrays(more=np.zeros(1)))}, "more"),
        ({"weights": npz(arrays(**{"dense/kernel": np.zeros((5, 7), np.float32)}))}, "dense/kernel"),
        ({"config": {**CONFIG, "vocabulary_size": 10**12}}, "embedding/embeddings"),
        ({"config": {**CONFIG, "hidden": 10**12}}, "prediction/kernel"),
        ({"config": {**CONFIG, "classes": "2"}}, "2"),
        ({"config": {**CONFIG, "more": 1}}, "more"),
        ({"config": {}}, "vocabulary_size"),
        ({"labels": ["only"]}, "labels"),
        ({"tokenizer": {"kind": "other"}}, "other"),
        ({"tokenizer": {}}, "words"),
        ({"tokenizer": {"kind": "words", "more": 1}}, "more"),
        ({"vocabulary": ("tea",)}, PADDING),
        ({"vocabulary": (*WORDS, "tea")}, "6"),
        ({"vocabulary": (*WORDS, *"abcdefgh")}, "vocabulary.txt"),
    ],
)
def test_parts_that_do_not_fit_together(tmp_path, change, word):
    refused(make(tmp_path, **change), "parts_disagree", word)


# ── the others keep working ───────────────────────────────────────────────────────────────────────────────────────


def test_a_damaged_folder_is_reported_and_the_others_keep_working(tmp_path, monkeypatch):
    make(tmp_path, "sound")
    write_card(make(tmp_path, "broken"), "{")
    make(tmp_path, "odd", languages=5)
    truncated = make(tmp_path, "truncated")
    (truncated / "weights.npz").write_bytes(b"")
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path))
    assert {"sound", "truncated"} <= {card.name for card in attnviz.models()}
    assert {name: error.code for name, error in zoo.problems().items()} == {
        "broken": "file_unreadable",
        "odd": "card_shape",
    }
    with pytest.raises(ModelError):
        attnviz.load("truncated")
    assert attnviz.load("sound").trace("tea").text == "tea"


def test_a_model_beside_another_is_not_offered_and_loads_by_its_name(tmp_path, monkeypatch):
    place = tmp_path / "models"
    make(place, "tiny")
    make(place / zoo.BESIDE, "tiny-other", original="tiny")
    make(place / zoo.BESIDE, "bad", original="tiny", family=...)
    monkeypatch.setenv("ATTNVIZ_MODELS", str(place))
    assert "tiny" in {card.name for card in zoo.models()} and "tiny-other" not in {card.name for card in zoo.models()}
    assert [card.name for card in zoo.beside("tiny")] == ["tiny-other"] and not zoo.beside("sentiment-en")
    assert "bad" in zoo.problems()
    assert zoo.load("tiny-other").card.details["original"] == "tiny"


@pytest.mark.parametrize("name", [zoo.BESIDE, "tiny-other"])
def test_nothing_is_added_under_a_name_of_that_place(tmp_path, monkeypatch, name):
    place = tmp_path / "models"
    if name != zoo.BESIDE:  # that name is kept free for the place itself, there or not
        make(place / zoo.BESIDE, name, original="tiny")
    monkeypatch.setenv("ATTNVIZ_MODELS", str(place))
    source = make(tmp_path, "sent", format=...)
    with pytest.raises(ModelError) as raised:
        zoo.add(source, name)
    assert raised.value.code == "add_exists"


def test_a_repaired_folder_loads(tmp_path):
    folder = make(tmp_path)
    content = (folder / "weights.npz").read_bytes()
    (folder / "weights.npz").write_bytes(b"")
    refused(folder, "file_size")
    (folder / "weights.npz").write_bytes(content)
    assert zoo.load(folder).card.name == "tiny"


# ── once ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_eight_threads_at_once_load_one_model_once(tmp_path, monkeypatch):
    folder, opened, together = make(tmp_path), [], threading.Barrier(8)
    real = loading.open_folder
    monkeypatch.setattr(loading, "open_folder", lambda path: opened.append(path) or real(path))

    def load(_):
        together.wait()
        return zoo.load(folder)

    with ThreadPoolExecutor(8) as pool:
        models = list(pool.map(load, range(8)))
    assert len(set(map(id, models))) == 1
    assert opened == [folder.resolve()]


# ── damage and bad places ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_bit_that_flips_anywhere_in_a_card_is_seen(tmp_path):
    folder = make(tmp_path, examples=["tea, please"], summary={"en": "tells tea from trains"})
    zoo.seal(folder)
    assert attnviz.load(folder).card.examples == ("tea, please",)
    sound, rng = (folder / "card.json").read_bytes(), np.random.default_rng(11)
    said = json.loads(sound)
    for place in rng.choice(len(sound), 150, replace=False):
        damaged = bytearray(sound)
        damaged[place] ^= 1 << rng.integers(8)
        (folder / "card.json").write_bytes(damaged)
        try:
            found = zoo.read_card(folder)
        except ModelError:
            continue
        assert {**found, "sha256": ""} == {**said, "sha256": ""} or "sha256" not in found
    card = {**said, "examples": ["coffee"]}
    write_card(folder, card)
    with pytest.raises(ModelError, match="checksum"):
        zoo.read_card(folder)
    zoo.seal(folder)
    assert zoo.read_card(folder)["examples"] == ["coffee"]


def test_every_shipped_card_has_its_checksum():
    assert [card.name for card in zoo.models() if "sha256" not in card.details] == []


def test_nobody_at_home(monkeypatch):
    def nobody():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nobody)
    assert zoo.own_folder().parts[-2:] == ("attnviz", "models")
    assert [card.name for card in zoo.models()]


def test_what_a_killed_process_left_goes_with_the_next_and_nothing_else(tmp_path):
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    at_work, left = tmp_path / f"{foreign.ADDING}{os.getpid()}-a", tmp_path / f"{foreign.ADDING}{killed.pid}-b"
    strange, old = tmp_path / f"{foreign.ADDING}c", tmp_path / f"{foreign.ADDING}d"
    for folder in (at_work, left, strange, old):
        (folder / "model").mkdir(parents=True)
    os.utime(old, (0, 0))
    with pytest.raises(ModelError, match="nothing"):
        foreign.copy_own(tmp_path / "nothing", tmp_path / "new", {}, None, 1, lambda folder: None)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([at_work.name, strange.name])


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (keras.Sequential([keras.layers.Dense(3)]), "load_takes", "attnviz.wrap"),
        ("no/such/folder", "no_such_path", "no/such/folder"),
        ("hf://google-bert/bert-base-uncased", "hub_name", "hf download"),
        ("https://huggingface.co/google-bert/bert-base-uncased", "hub_name", "hf download"),
        ("model.weights.h5", "load_weights", "load_weights"),
        ("model.safetensors", "load_weights", "folder"),
        ("https://huggingface.co/bert-base-uncased", "hub_name", "hf download bert-base-uncased "),
        ("folder/config.json", "load_folder", 'attnviz.load("folder")'),
        ("model.onnx", "load_other", "attnviz.wrap"),
        ("traces.json", "load_added", "attnviz add traces.json"),
        (None, "load_takes", "NoneType"),
        ("", "load_takes", "''"),
    ],
)
def test_what_load_is_given_by_mistake_is_told_apart(given, code, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for name in ("model.weights.h5", "model.safetensors", "folder/config.json", "model.onnx", "traces.json"):
        (tmp_path / name).write_bytes(b"numbers")
    with pytest.raises(ModelError) as raised:
        zoo.load(given)
    assert raised.value.code == code and said in raised.value.message("en") and raised.value.message("ja")
