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


@pytest.mark.parametrize("kept", [cache, clone, download])
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
