"""Hugging Face folders as people have them: the cache's links, a clone, a download with other files beside."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from attnviz import zoo
from attnviz.errors import ModelError
from tests.families.hub import hub_folders as folders


def cache(plain: Path, place: Path) -> Path:
    """As `huggingface_hub` keeps a model: a snapshot of links to blobs."""
    blobs, snapshot = place / "models--a--b" / "blobs", place / "models--a--b" / "snapshots" / "0123abc"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for number, path in enumerate(sorted(plain.iterdir())):
        shutil.copyfile(path, blobs / f"blob{number}")
        (snapshot / path.name).symlink_to(os.path.join("..", "..", "blobs", f"blob{number}"))
    return snapshot


def whole_cache(plain: Path, place: Path) -> Path:
    """What holds the snapshots: one that was fetched later stands beside that of `main`."""
    snapshot = cache(plain, place)
    repository = snapshot.parent.parent
    (snapshot.parent / "9876fed").mkdir()
    os.utime(snapshot.parent / "9876fed", (2e9, 2e9))
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0123abc", encoding="utf-8")
    return repository


def clone(plain: Path, place: Path) -> Path:
    shutil.copytree(plain, place / "clone")
    (place / "clone" / ".git" / "hooks").mkdir(parents=True)
    (place / "clone" / ".git" / "hooks" / "pre-commit").write_text("#!/bin/sh\n", encoding="utf-8")
    return place / "clone"


def download(plain: Path, place: Path) -> Path:
    shutil.copytree(plain, place / "download")
    (place / "download" / "pytorch_model.bin").write_bytes(b"PK\3\4")
    (place / "download" / "convert.py").write_text("raise SystemExit", encoding="utf-8")
    return place / "download"


@pytest.mark.parametrize("kept", [cache, whole_cache, clone, download])
def test_it_is_taken_and_nothing_else_is(kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path / "mine"))
    added = zoo.add(kept(folders.bert().write(tmp_path / "plain"), tmp_path), "taken")

    assert {path.name for path in added.iterdir()} == {"card.json", "config.json", "model.safetensors", "vocab.txt"}
    assert not any(path.is_symlink() for path in added.iterdir())
    assert zoo.load("taken").trace("the cat").blocks[0].key.tokens == ("[CLS]", "the", "cat", "[SEP]")


def test_a_link_that_leads_elsewhere_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path / "mine"))
    folder = folders.bert().write(tmp_path / "deep" / "plain")
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    (folder / "README.md").symlink_to(tmp_path / "secret")
    with pytest.raises(ModelError) as raised:
        zoo.add(folder, "taken")
    assert raised.value.code == "add_link"


POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 440449768\n"


@pytest.mark.parametrize(
    ("file", "content", "code", "said"),
    [
        ("model.safetensors", POINTER, "hub_pointer", "git lfs pull"),
        ("model.fp16.safetensors", "", "hub_other_weights", "BertModel.from_pretrained"),
        ("onnx/model.onnx", "", "hub_other_weights", "onnx/model.onnx"),
        ("pytorch_model.bin", "", "hub_pickle", "BertModel.from_pretrained"),
        ("adapter_config.json", "{}", "hub_adapter", "merge_and_unload"),
    ],
)
def test_what_lacks_its_weights_is_told_how_to_get_them(file, content, code, said, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path / "mine"))
    folder = folders.make("bert", architectures=["BertModel"]).write(tmp_path / "here")
    (folder / "model.safetensors").unlink()
    if code == "hub_adapter":
        (folder / "config.json").unlink()
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_text(content, encoding="utf-8")
    for taken in (zoo.load, lambda place: zoo.add(place, "taken")):
        with pytest.raises(ModelError) as raised:
            taken(folder)
        assert raised.value.code == code and said in raised.value.message("ja")
