"""The files of a model folder: only what the card lists, as it lists them."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from attnviz.errors import ModelError

#: No file of a model folder is larger than this, nor the arrays of a weights file together; in bytes.
MAX_BYTES = 64 * 1024 * 1024
MAX_HUB_BYTES = 2 * 1024 * 1024 * 1024
MAX_OWN_BYTES = 500 * 1024 * 1024
MAX_ARRAY_BYTES = 1024 * 1024 * 1024

_LIMITS = {"hub": MAX_HUB_BYTES, "gguf": MAX_HUB_BYTES, "own": MAX_OWN_BYTES}

#: What NumPy and zipfile raise on a file that is not what it seems; MemoryError is for a header that lies.
_UNREADABLE = (OSError, ValueError, TypeError, KeyError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error)


def check_files(folder: Path, card: Mapping[str, Any]) -> None:
    """Compare every file the card lists with its size and SHA-256.

    Raises:
        ModelError: A file is missing, is not a plain file of this folder, or differs.
    """
    for name, facts in card["files"].items():
        path = folder / name
        if Path(name).name != name or path.is_symlink() or not path.is_file():
            raise ModelError("file_missing", folder=folder.name, file=name)
        size = path.stat().st_size
        if size != facts.get("bytes") or size > _LIMITS.get(card["family"], MAX_BYTES):
            raise ModelError(
                "file_size", folder=folder.name, file=name, received=size, expected=str(facts.get("bytes"))
            )
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        if digest != facts.get("sha256"):
            raise ModelError("file_checksum", folder=folder.name, file=name, received=digest[:12])


def read_weights(folder: Path, name: str = "weights.npz") -> dict[str, np.ndarray[Any, Any]]:
    """Arrays of a weights file by `layer/variable`, as float32.

    Raises:
        ModelError: The file is not what it should be, or unpacks to more than a model may have.
    """
    try:
        with zipfile.ZipFile(folder / name) as packed:
            size = sum(member.file_size for member in packed.infolist())
        check_size(folder, name, size, MAX_ARRAY_BYTES)
        with np.load(folder / name, allow_pickle=False) as archive:
            return {key: archive[key].astype(np.float32) for key in archive.files}
    except _UNREADABLE as error:
        raise damaged(folder, name, type(error).__name__) from error


def check_size(folder: Path, file: str, size: int, limit: int) -> None:
    """Refuse what is larger than it may be; raises `ModelError` `file_size`."""
    if size > limit:
        raise ModelError("file_size", folder=folder.name, file=file, received=size, expected=f"≤ {limit}")


def damaged(folder: Path, file: str, cause: str) -> ModelError:
    """The error of a file that cannot be read."""
    return ModelError("file_unreadable", folder=folder.name, file=file, cause=cause)
