"""Taking a Hugging Face folder into the user's models. Imports nothing heavy and runs nothing of the folder."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attnviz.errors import ModelError

WEIGHTS = "model.safetensors"

#: Hugging Face's `model_type` that are understood, and KerasHub's own names.
MODEL_TYPES = ("bert", "distilbert", "roberta", "electra", "gpt2")
BACKBONES = ("BertBackbone", "DistilBertBackbone", "ElectraBackbone", "RobertaBackbone", "GPT2Backbone")

#: What is copied; nothing else of a folder is needed.
TAKEN = (
    "config.json",
    WEIGHTS,
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "README.md",
)

#: What is copied of a folder with a Keras model.
TAKEN_OF_OWN = ("model.keras", "vocabulary.txt", "tokenizer.json", "README.md")

#: What a folder must not hold: archives, pickles, programs.
_REFUSED = re.compile(
    r"\.(py|pyc|sh|bat|exe|dll|so|dylib|js|zip|tar|gz|bz2|xz|7z|whl|pkl|pickle|pt|pth|bin|ckpt|keras|h5)$", re.I
)


def copy(source: Path, target: Path, sha256: str | None, limit: int) -> Path:
    """Check, copy beside the target, then move there in one step.

    Args:
        source: A Hugging Face folder.
        target: The model folder to be.
        sha256: What the SHA-256 of the weights must be; None accepts any.
        limit: Largest file, in bytes.

    Raises:
        ModelError: As `attnviz.zoo.add` says.
    """
    for path in sorted(source.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise ModelError("add_link", file=path.name)
        if path.is_file() and (_REFUSED.search(path.name) or _is_program(path)):
            raise ModelError("add_executable", file=path.name)
    card = describe(source, target.name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".adding-", dir=target.parent) as place:
            made = Path(place) / "model"
            made.mkdir()
            card["files"] = {name: _taken(source / name, made, limit) for name in TAKEN if (source / name).is_file()}
            if WEIGHTS not in card["files"]:
                raise ModelError("add_source", received=source.name)
            found = card["files"][WEIGHTS]["sha256"]
            if sha256 is not None and found != sha256.strip().lower():
                raise ModelError("add_checksum", file=WEIGHTS, received=found, expected=sha256[:80])
            readme = made / "README.md"
            licence = _licence(readme.read_text(encoding="utf-8", errors="replace")) if readme.is_file() else ""
            card["licence"] = licence or "not stated"
            card["data"] = [{"name": source.name, "source": f"model.safetensors sha256:{found}", "licence": licence}]
            _write_card(made, card)
            os.rename(made, target)
    except OSError as error:
        raise ModelError("add_failed", folder=target.name, cause=str(error)) from error
    return target


def copy_own(
    source: Path, target: Path, card: dict[str, Any], sha256: str | None, limit: int, opened: Callable[[Path], Any]
) -> Path:
    """As `copy`, for a folder with `model.keras`: it is opened before it is taken.

    Args:
        source, target, sha256, limit: As in `copy`.
        card: The folder's card, whose checksums are computed anew.
        opened: Loads a model folder, or says what is wrong with it.

    Raises:
        ModelError: As `attnviz.zoo.add` says, and whatever is wrong with the model.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".adding-", dir=target.parent) as place:
            made = Path(place) / target.name
            made.mkdir()
            files = {}
            for path in sorted(source.iterdir()):
                if path.is_symlink():
                    raise ModelError("add_link", file=path.name)
                if path.name in TAKEN_OF_OWN and path.is_file():
                    files[path.name] = _taken(path, made, limit)
            found = files["model.keras"]["sha256"]
            if sha256 is not None and found != sha256.strip().lower():
                raise ModelError("add_checksum", file="model.keras", received=found, expected=sha256[:80])
            card = {**card, "name": target.name, "files": files}
            _write_card(made, card)
            _write_card(made, {**card, "kinds": list(opened(made).card.kinds)})
            os.rename(made, target)
    except OSError as error:
        raise ModelError("add_failed", folder=target.name, cause=str(error)) from error
    return target


def _write_card(folder: Path, card: dict[str, Any]) -> None:
    text = json.dumps(card, ensure_ascii=False, indent=1)
    (folder / "card.json").write_text(text + "\n", encoding="utf-8")


def _taken(path: Path, folder: Path, limit: int) -> dict[str, Any]:
    size = path.stat().st_size
    if size > limit:
        raise ModelError("file_size", folder=folder.name, file=path.name, received=size, expected=f"≤ {limit}")
    shutil.copyfile(path, folder / path.name)
    with (folder / path.name).open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return {"bytes": size, "sha256": digest}


def _is_program(path: Path) -> bool:
    with path.open("rb") as content:
        start = content.read(4)
    return start.startswith((b"#!", b"MZ", b"\x7fELF", b"PK\x03\x04", b"\x1f\x8b"))


def _licence(readme: str) -> str:
    """What the head of a Hugging Face README says."""
    found = re.search(r"^license:\s*([\w.+-]+)\s*$", readme[:5000], re.M)
    return found[1] if found else ""


def describe(folder: Path, name: str) -> dict[str, Any]:
    """What the folder's own configuration says, in the form of a card.

    Raises:
        ModelError: As `kind_of`.
    """
    kind, config = kind_of(folder), read_json(folder, "config.json")
    pooling: dict[str, Any] = {}
    if (folder / "1_Pooling" / "config.json").is_file() and read_json(folder, "1_Pooling/config.json").get(
        "pooling_mode_mean_tokens"
    ):
        modules = read_json(folder, "modules.json", list) if (folder / "modules.json").is_file() else []
        normalize = any("Normalize" in str(each.get("type")) for each in modules if isinstance(each, dict))
        pooling = {"pooling": "mean", "normalize": normalize}
    own = config["config"] if kind in BACKBONES and isinstance(config.get("config"), dict) else {}
    length = own.get("max_sequence_length") or config.get("max_position_embeddings") or config.get("n_positions")
    if not isinstance(length, int):
        length = None
    elif kind == "roberta":  # its first positions stand for padding
        length -= 1 + (config["pad_token_id"] if isinstance(config.get("pad_token_id"), int) else 1)
    return {
        "format": 1,
        "name": name,
        "family": "hub",
        "task": "embedding" if pooling else "",
        "title": {"en": name},
        "kinds": ["causal" if kind in ("gpt2", "GPT2Backbone") else "self"],
        "labels": [],
        "files": {},
        "config": {"model_type": kind, "max_length": length, **pooling},
        "tokenizer": {},
    }


def kind_of(folder: Path) -> str:
    """Of `MODEL_TYPES` for a Hugging Face folder, of `BACKBONES` for a KerasHub preset.

    Raises:
        ModelError: `hub_file_missing`, `hub_unreadable`, `hub_architecture`.
    """
    if not (folder / "config.json").is_file():
        raise ModelError("hub_file_missing", source=folder.name, file="config.json")
    config = read_json(folder, "config.json")
    kind = config.get("model_type") or str(config.get("registered_name", "")).rpartition(">")[2]
    if kind not in (*MODEL_TYPES, *BACKBONES):
        raise ModelError("hub_architecture", received=str(kind)[:80], expected=", ".join(MODEL_TYPES))
    return str(kind)


def read_json(folder: Path, name: str, kind: type = dict) -> Any:
    """A JSON file of a folder; `hub_unreadable` if it is none, or not of that kind."""
    try:
        value = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError("hub_unreadable", source=folder.name, cause=f"{name}: {type(error).__name__}") from error
    if not isinstance(value, kind):
        raise ModelError("hub_unreadable", source=folder.name, cause=f"{name}: {type(value).__name__}")
    return value
