"""Taking a folder, or files that were sent, into the user's own models."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from attnviz.errors import ModelError
from attnviz.zoo import cards
from attnviz.zoo.files import MAX_HUB_BYTES, MAX_OWN_BYTES
from attnviz.zoo.folders import model_folders, own_folder
from attnviz.zoo.loading import open_folder


def source_folder(source: str) -> Path:
    """A path, or the folder with a pretrained model inside an installed Python package, which is not imported.

    Raises:
        ModelError: `add_source`.
    """
    if Path(source).is_dir() or (Path(source).is_file() and source.lower().endswith(".gguf")):
        return Path(source)
    from attnviz.families.hub import foreign

    name = source.replace("-", "_")
    if name.isidentifier():
        for entry in sys.path:
            place = Path(entry or ".") / name
            for folder in (place, *sorted(place.glob("*/"))):
                whole = (folder / "config.json").is_file() and (folder / "model.safetensors").is_file()
                if whole or foreign.gguf_of(folder):
                    return folder
    raise ModelError("add_source", received=source[:200])


def add(source: Path, name: str, sha256: str | None = None) -> Path:
    """Copy a Hugging Face folder, a model in GGUF or one with `model.keras` to the user's models; checksums go along.

    Args:
        source: The folder, as Hugging Face's cache, git or a download leaves it. Only weights, configuration,
            vocabulary, card and README are taken; links may lead no further than the folder beside.
        name: What the model is to be called.
        sha256: What the SHA-256 of `model.safetensors`, `model.keras` or the GGUF file must be.

    Returns:
        The new folder, in the first of `$ATTNVIZ_MODELS`, else in `own_folder`.

    Raises:
        ModelError: `add_source`, `add_name`, `add_exists`, `add_link`, `add_executable`, `add_checksum`, and what the
            family says of a folder that it cannot read.
    """
    from attnviz.families.hub import foreign

    file = foreign.gguf_of(source)
    if not source.is_dir() and file is None:
        raise ModelError("add_source", received=str(source)[:200])
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise ModelError("add_name", received=name[:200])
    places = [Path(place) for place in os.environ.get("ATTNVIZ_MODELS", "").split(os.pathsep) if place]
    target = (places[0] if places else own_folder()) / name
    if name in model_folders() or target.exists():
        raise ModelError("add_exists", received=name)
    if (source / "model.keras").exists():
        card = cards.read(source, name)
        if card.family != "own":
            raise ModelError("no_such_family", folder=source.name, received=card.family, expected="own")
        return foreign.copy_own(source, target, dict(card.details), sha256, MAX_OWN_BYTES, open_folder)
    if file is not None:
        return foreign.copy_gguf(file, target, sha256, MAX_HUB_BYTES, open_folder)
    return foreign.copy(source, target, sha256, MAX_HUB_BYTES)


def add_files(files: Mapping[str, bytes], name: str = "") -> Path:
    """As `add`, for files that were sent: a `.zip` of a model folder, or the files themselves.

    Args:
        files: Content by name.
        name: What the model is to be called; what its card says if empty.

    Raises:
        ModelError: As `add`, and what `attnviz.families.own.archive` says of a zip.
    """
    from attnviz.families.hub import foreign
    from attnviz.families.own import archive

    known = (*foreign.TAKEN_OF_OWN, "card.json")
    first, content = next(iter(files.items()), ("", b""))
    if len(files) == 1 and first.lower().endswith(".zip"):
        files = archive.members(content, first, first, ("model.keras", "card.json"), known)
    with tempfile.TemporaryDirectory(prefix="attnviz-") as place:
        folder = Path(place) / "upload"
        folder.mkdir()
        for each, content in files.items():
            if each in known:
                (folder / each).write_bytes(content)
        if not (folder / "model.keras").is_file():
            raise ModelError("file_missing", folder=folder.name, file="model.keras")
        return add(folder, name or str(cards.content(folder).get("name", "")))
