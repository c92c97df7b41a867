"""Taking a folder, or files that were sent, into the user's own models."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from attnviz.errors import ModelError
from attnviz.families import recorded
from attnviz.families.card import sealed
from attnviz.families.hub.weight_files import snapshot
from attnviz.zoo import cards
from attnviz.zoo.files import MAX_HUB_BYTES, MAX_OWN_BYTES
from attnviz.zoo.folders import BESIDE, beside_folders, model_folders, own_folder
from attnviz.zoo.loading import of_a_file, open_folder


def source_folder(source: str) -> Path:
    """A path, or the folder with a pretrained model inside an installed Python package, which is not imported.

    Raises:
        ModelError: `add_source`.
    """
    path = Path(os.path.expanduser(source))
    if path.is_dir() or (path.is_file() and source.lower().endswith((".gguf", ".json"))):
        return path
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
        source: The folder, as Hugging Face's cache (a snapshot, or what holds it), git or a download leaves it, or a
            `.json` of traces, see `add_recording`. Only weights, configuration, vocabulary, card and README are taken;
            links may lead no further than the folder beside.
        name: What the model is to be called.
        sha256: What the SHA-256 of `model.safetensors`, `model.keras`, the GGUF file or the JSON must be.

    Returns:
        The new folder, in the first of `$ATTNVIZ_MODELS`, else in `own_folder`.

    Raises:
        ModelError: `add_source`, `keras_2_file`, `load_weights`, `add_name`, `add_exists`, `add_link`,
            `add_executable`, `add_checksum`, and what the family says of a folder that it cannot read.
    """
    from attnviz.families.hub import foreign

    if source.is_file() and source.suffix.lower() == ".json":
        return add_recording(source.read_bytes(), name, sha256)
    file = foreign.gguf_of(source)
    if not source.is_dir() and file is None:
        refusal = of_a_file(source, str(source)[:200]) if source.is_file() else None
        if refusal is not None and refusal.code in ("keras_2_file", "load_weights"):
            raise refusal
        raise ModelError("add_source", received=str(source)[:200])
    target, source = _target(name), snapshot(source)
    if (source / "model.keras").exists():
        card = cards.read(source, name)
        if card.family != "own":
            raise ModelError("no_such_family", folder=source.name, received=card.family, expected="own")
        return foreign.copy_own(source, target, dict(card.details), sha256, MAX_OWN_BYTES, open_folder)
    if file is not None:
        return foreign.copy_gguf(file, target, sha256, MAX_HUB_BYTES, open_folder)
    return foreign.copy(source, target, sha256, MAX_HUB_BYTES)


def _target(name: str) -> Path:
    """Where a model of that name goes: a name that is sound, and a place that is free."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise ModelError("add_name", received=name[:200])
    places = [Path(place) for place in os.environ.get("ATTNVIZ_MODELS", "").split(os.pathsep) if place]
    target = (places[0] if places else own_folder()) / name
    if name in {BESIDE, *model_folders(), *beside_folders()} or target.exists():
        raise ModelError("add_exists", received=name)
    return target


def add_recording(content: bytes, name: str, sha256: str | None = None) -> Path:
    """Take in traces that were saved as JSON; they are then shown like a model's that knows no other sentences.

    Args:
        content: Of the file, as `export.json` and `AttentionTrace.to_json` write it.
        name: What it is to be called.
        sha256: What its SHA-256 must be.

    Raises:
        InputError: `not_a_trace`, `recording_large`.
        ModelError: As `add`.
    """
    traces, digest = recorded.checked(content), hashlib.sha256(content).hexdigest()
    target = _target(name)
    if sha256 is not None and digest != sha256.strip().lower():
        raise ModelError("add_checksum", file=recorded.FILE, received=digest, expected=sha256[:80])
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".adding-", dir=target.parent) as place:
            made = Path(place) / name
            made.mkdir()
            (made / recorded.FILE).write_bytes(content)
            facts = {"bytes": len(content), "sha256": digest}
            card = sealed(recorded.card_of(name, traces, {recorded.FILE: facts}))
            (made / "card.json").write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            open_folder(made)
            os.rename(made, target)
    except OSError as error:
        raise ModelError("add_failed", folder=name, cause=str(error)) from error
    return target


def _free(stem: str) -> str:
    """A name that there is not yet, after that of a file."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:48] or "recorded"
    known = model_folders()
    numbered = (f"{plain}-{number}" for number in count(2))
    return plain if plain not in known else next(each for each in numbered if each not in known)


def add_files(files: Mapping[str, bytes], name: str = "") -> Path:
    """As `add`, for files that were sent: a `.zip` of a model folder, the files themselves, or a `.json` of traces.

    Args:
        files: Content by name.
        name: What the model is to be called; what its card says if empty.

    Raises:
        ModelError: As `add`, and what `attnviz.families.own.archive` says of a zip.
        InputError: What `add_recording` says of traces.
    """
    from attnviz.families.hub import foreign
    from attnviz.families.own import archive

    known = (*foreign.TAKEN_OF_OWN, "card.json")
    first, content = next(iter(files.items()), ("", b""))
    if len(files) == 1 and first.lower().endswith(".json") and first not in known:
        return add_recording(content, name or _free(Path(first).stem))
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
