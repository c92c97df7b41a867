"""Finds model folders, loads them once, refuses damaged ones."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from attnviz.errors import ModelError
from attnviz.families import learning as looks
from attnviz.families.card import ModelCard
from attnviz.families.learning import Learning

FORMAT = 1

#: What a card must have before anything else of the folder is read, and of what type.
_REQUIRED: dict[str, type] = {
    "name": str,
    "family": str,
    "labels": list,
    "config": dict,
    "tokenizer": dict,
    "files": dict,
}

#: What is required of a family instead of a tokenizer.
_INSTEAD: dict[str, dict[str, type]] = {"translation": {"tokenizers": dict, "languages": list, "alignment": dict}}

#: What a card may have; whoever shows it relies on the type.
_OPTIONAL: dict[str, type] = {
    "task": str,
    "licence": str,
    "languages": list,
    "kinds": list,
    "examples": list,
    "data": list,
    "title": dict,
    "summary": dict,
    "notes": dict,
    "label_names": dict,
    "metrics": dict,
    "cases": dict,
    "trained_length": int,
    "max_length": int,
}

#: What a card of the user's own may leave out.
_OWN_DEFAULTS: dict[str, Any] = {"format": FORMAT, "labels": [], "config": {}, "files": {}}

#: Type of every entry of a list or dict of the card.
_ENTRIES: dict[str, type] = {
    **dict.fromkeys(("labels", "languages", "kinds", "examples", "title", "summary", "notes"), str),
    **dict.fromkeys(("data", "files"), dict),
    "label_names": list,
    "cases": list,
}

#: No file of a model folder is larger than this, nor a card, nor the arrays of a weights file together; in bytes.
_MAX_BYTES = 64 * 1024 * 1024
_MAX_HUB_BYTES = 2 * 1024 * 1024 * 1024
_MAX_OWN_BYTES = 500 * 1024 * 1024
_MAX_CARD_BYTES = 1024 * 1024
_MAX_ARRAY_BYTES = 1024 * 1024 * 1024

_LIMITS = {"hub": _MAX_HUB_BYTES, "own": _MAX_OWN_BYTES}

#: Names of KerasHub's presets that are understood.
_PRESET = re.compile(r"(bert|distil_bert|electra|roberta|gpt2)_[a-z0-9_]+")

_lock = threading.Lock()
_loaded: dict[Path, Any] = {}
_loading: dict[Path, threading.Lock] = {}


def folders() -> list[Path]:
    """Where model folders are looked for, first come first served.

    `models/` beside the package (a checkout), the folder an installation puts them in, then every folder of
    `$ATTNVIZ_MODELS` (separated as in PATH), then the user's own, `own_folder`.
    """
    places = [
        Path(__file__).resolve().parent.parent / "models",
        Path(__file__).resolve().parent / "_models",
        Path(sys.prefix) / "share" / "attnviz" / "models",
    ]
    places += [Path(place) for place in os.environ.get("ATTNVIZ_MODELS", "").split(os.pathsep) if place]
    places.append(own_folder())
    return [place for place in places if place.is_dir()]


def own_folder() -> Path:
    """Where the user's own models lie when `$ATTNVIZ_MODELS` names no other place."""
    local = os.environ.get("LOCALAPPDATA") if os.name == "nt" else os.environ.get("XDG_DATA_HOME")
    return (Path(local) if local else Path.home() / ".local" / "share") / "attnviz" / "models"


def model_folders() -> dict[str, Path]:
    """Every folder with a card in it, sound or not, by folder name."""
    found: dict[str, Path] = {}
    for place in folders():
        for card in sorted(place.glob("*/card.json")):
            found.setdefault(card.parent.name, card.parent)
    return found


def models() -> list[ModelCard]:
    """Cards of all models that can be read; `problems` has the others."""
    return _survey()[0]


def problems() -> dict[str, ModelError]:
    """Folders that were refused when looked at, and why."""
    return _survey()[1]


def _survey() -> tuple[list[ModelCard], dict[str, ModelError]]:
    cards, refused = [], {}
    for name, folder in model_folders().items():
        try:
            cards.append(ModelCard.from_dict(read_card(folder)))
        except ModelError as error:
            refused[name] = error
    return cards, refused


def load(name: str | os.PathLike[str]) -> Any:
    """A model by name or by the path of its folder, loaded once per process.

    Args:
        name: A name from `models()`, a path to a model folder, a path to a Hugging Face folder, or a KerasHub preset.

    Returns:
        A model with `card`, `encode`, `run`, `trace`, `explain` and `gradients`.

    Raises:
        ModelError: There is no such model, or its folder is damaged; the message names file and cause.
    """
    folder = _find(name)
    if folder is None:
        from attnviz.families.hub import pretrained

        return pretrained.from_preset(str(name))
    return _once(folder, lambda: _open(folder))


def learning(name: str | os.PathLike[str]) -> Learning | None:
    """How a model learned, read once per process.

    Args:
        name: As for `load`.

    Returns:
        None where training wrote nothing of it into the folder.

    Raises:
        ModelError: There is no such model, or its folder is damaged; the message names file and cause.
    """
    folder = _find(name)
    if folder is None or not (folder / looks.FILE).exists():
        return None
    model = load(folder)
    if looks.FILE not in model.card.details.get("files", {}):
        raise ModelError("card_field", folder=folder.name, field=f"files.{looks.FILE}", expected="sha256, bytes")
    found: Learning = _once(folder / looks.FILE, lambda: looks.read(folder, model))
    return found


def _once(path: Path, make: Callable[[], Any]) -> Any:
    """What was made of a path, made when it is first asked for."""
    with _lock:
        guard = _loading.setdefault(path, threading.Lock())
    with guard:
        if path not in _loaded:
            _loaded[path] = make()
        return _loaded[path]


def _find(name: str | os.PathLike[str]) -> Path | None:
    """The folder of a model; None for the name of a KerasHub preset."""
    known = model_folders()
    if isinstance(name, str) and name in known:
        return known[name].resolve()
    try:
        folder = Path(name)
        if os.fspath(name) and folder.is_dir():
            return folder.resolve()
    except (OSError, TypeError, ValueError):
        pass
    if isinstance(name, str) and _PRESET.fullmatch(name):
        return None
    raise ModelError("no_such_model", received=str(name)[:200], expected=", ".join(known))


def read_card(folder: Path, name: str = "") -> dict[str, Any]:
    """The card of a folder, checked for form.

    Args:
        folder: The model folder.
        name: What the model is to be called; the folder's own name if empty.

    Raises:
        ModelError: It is missing, not JSON, of another format, or lacks something.
    """
    card = _card_json(folder)
    if card.get("family") == "own":
        card = {**_OWN_DEFAULTS, **card, **({"name": name} if name else {})}
    if card.get("format") != FORMAT:
        raise ModelError("card_format", folder=folder.name, received=str(card.get("format")), expected=FORMAT)
    required = {
        key: kind for key, kind in _REQUIRED.items() if key != "tokenizer" or card.get("family") not in _INSTEAD
    }
    for key, kind in (required | _INSTEAD.get(str(card.get("family")), {})).items():
        if not isinstance(card.get(key), kind):
            raise ModelError("card_field", folder=folder.name, field=key, expected=kind.__name__)
    if card["name"] != (name or folder.name):
        raise ModelError("card_name", folder=folder.name, received=card["name"])
    _check_entries(folder, card)
    return card


def _card_json(folder: Path) -> dict[str, Any]:
    path = folder / "card.json"
    try:
        size = path.stat().st_size
        if size > _MAX_CARD_BYTES:
            raise ModelError(
                "file_size", folder=folder.name, file="card.json", received=size, expected=f"≤ {_MAX_CARD_BYTES}"
            )
        card = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
    except FileNotFoundError:
        raise ModelError("no_card", folder=folder.name) from None
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(folder, "card.json", type(error).__name__) from error
    if not isinstance(card, dict):
        raise ModelError("card_format", folder=folder.name, received=type(card).__name__, expected=FORMAT)
    return card


def _no_constant(name: str) -> Any:
    raise ValueError(f"Expected JSON. Received: {name}")


def _check_entries(folder: Path, card: dict[str, Any]) -> None:
    """What a card says for people is of the form they are shown it in."""

    def expect(field: str, value: Any, kind: type) -> None:
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            received = repr(value)[:80]
            raise ModelError("card_shape", folder=folder.name, field=field, expected=kind.__name__, received=received)

    for key, kind in _OPTIONAL.items():
        if card.get(key) is not None:
            expect(key, card[key], kind)
    for key, kind in _ENTRIES.items():
        values = card.get(key) or ()
        for name, value in values.items() if isinstance(values, dict) else enumerate(values):
            expect(f"{key}.{name}", value, kind)
    for language, names in (card.get("label_names") or {}).items():
        for name in names:
            expect(f"label_names.{language}", name, str)
        if len(names) != len(card["labels"]):
            count = f"{len(card['labels'])} × str"
            raise ModelError(
                "card_shape",
                folder=folder.name,
                field=f"label_names.{language}",
                expected=count,
                received=f"{len(names)} × str",
            )


def check_files(folder: Path, card: dict[str, Any]) -> None:
    """Compare every file the card lists with its size and SHA-256.

    Raises:
        ModelError: A file is missing, is not a plain file of this folder, or differs.
    """
    for name, facts in card["files"].items():
        path = folder / name
        if Path(name).name != name or path.is_symlink() or not path.is_file():
            raise ModelError("file_missing", folder=folder.name, file=name)
        size = path.stat().st_size
        if size != facts.get("bytes") or size > _LIMITS.get(card["family"], _MAX_BYTES):
            raise ModelError(
                "file_size", folder=folder.name, file=name, received=size, expected=str(facts.get("bytes"))
            )
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        if digest != facts.get("sha256"):
            raise ModelError("file_checksum", folder=folder.name, file=name, received=digest[:12])


def source_folder(source: str) -> Path:
    """A path, or the Hugging Face folder inside an installed Python package of that name (which is not imported).

    Raises:
        ModelError: `add_source`.
    """
    if Path(source).is_dir():
        return Path(source)
    name = source.replace("-", "_")
    if name.isidentifier():
        for entry in sys.path:
            place = Path(entry or ".") / name
            for folder in (place, *sorted(place.glob("*/"))):
                if (folder / "config.json").is_file() and (folder / "model.safetensors").is_file():
                    return folder
    raise ModelError("add_source", received=source[:200])


def add(source: Path, name: str, sha256: str | None = None) -> Path:
    """Copy a Hugging Face folder, or one with `model.keras`, to the user's models, with every checksum in its card.

    Args:
        source: The folder. Only weights, configuration, vocabulary, card and README are taken.
        name: What the model is to be called.
        sha256: What the SHA-256 of `model.safetensors` or `model.keras` must be.

    Returns:
        The new folder, in the first of `$ATTNVIZ_MODELS`, else in `own_folder`.

    Raises:
        ModelError: `add_source`, `add_name`, `add_exists`, `add_link`, `add_executable`, `add_checksum`, and what the
            family says of a folder that it cannot read.
    """
    from attnviz.families.hub import foreign

    if not source.is_dir() or source.is_symlink():
        raise ModelError("add_source", received=str(source)[:200])
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise ModelError("add_name", received=name[:200])
    places = [Path(place) for place in os.environ.get("ATTNVIZ_MODELS", "").split(os.pathsep) if place]
    target = (places[0] if places else own_folder()) / name
    if name in model_folders() or target.exists():
        raise ModelError("add_exists", received=name)
    if (source / "model.keras").exists():
        card = read_card(source, name)
        if card["family"] != "own":
            raise ModelError("no_such_family", folder=source.name, received=card["family"], expected="own")
        return foreign.copy_own(source, target, card, sha256, _MAX_OWN_BYTES, _open)
    return foreign.copy(source, target, sha256, _MAX_HUB_BYTES)


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
        return add(folder, name or str(_card_json(folder).get("name", "")))


def read_weights(folder: Path, name: str = "weights.npz") -> dict[str, np.ndarray[Any, Any]]:
    """Arrays of a weights file by `layer/variable`, as float32.

    Raises:
        ModelError: The file is not what it should be, or unpacks to more than a model may have.
    """
    try:
        with zipfile.ZipFile(folder / name) as packed:
            size = sum(member.file_size for member in packed.infolist())
        if size > _MAX_ARRAY_BYTES:
            raise ModelError(
                "file_size", folder=folder.name, file=name, received=size, expected=f"≤ {_MAX_ARRAY_BYTES}"
            )
        with np.load(folder / name, allow_pickle=False) as archive:
            return {key: archive[key].astype(np.float32) for key in archive.files}
    except _UNREADABLE as error:
        raise _damaged(folder, name, type(error).__name__) from error


#: What NumPy and zipfile raise on a file that is not what it seems; MemoryError is for a header that lies.
_UNREADABLE = (OSError, ValueError, TypeError, KeyError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error)


def _damaged(folder: Path, file: str, cause: str) -> ModelError:
    return ModelError("file_unreadable", folder=folder.name, file=file, cause=cause)


#: Either of these makes a folder without a card one of Hugging Face's.
_FOREIGN = ("config.json", "model.safetensors")


def _open(folder: Path) -> Any:
    from attnviz import families

    if not (folder / "card.json").exists() and any((folder / name).is_file() for name in _FOREIGN):
        from attnviz.families.hub import pretrained

        return pretrained.from_folder(folder)
    card = read_card(folder)
    check_files(folder, card)
    if card["family"] not in families.FAMILIES:
        raise ModelError(
            "no_such_family", folder=folder.name, received=card["family"], expected=", ".join(families.FAMILIES)
        )
    try:
        return families.load(folder, card, read_weights)
    except ModelError as error:
        if {"folder", "model"} & error.parameters.keys() or error.code.startswith("hub_"):
            raise
        raise ModelError("parts_disagree", folder=folder.name, cause=str(error)) from error
    except (KeyError, IndexError, ValueError, TypeError, AttributeError, OSError) as error:
        raise ModelError("parts_disagree", folder=folder.name, cause=f"{type(error).__name__}: {error}") from error
