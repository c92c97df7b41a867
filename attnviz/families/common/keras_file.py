"""Files in which Keras keeps a model."""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path

_UNREADABLE = (OSError, ValueError, TypeError, KeyError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error)


def keras_version(path: Path) -> str:
    """Which Keras wrote a `.keras` or `.h5` file; empty where it does not say."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                return str(json.loads(packed.read("metadata.json")[:10_000]).get("keras_version", ""))
        import h5py

        with h5py.File(path, "r") as opened:
            said = opened.attrs.get("keras_version", b"")
            return said.decode() if isinstance(said, bytes) else str(said)
    except (*_UNREADABLE, ImportError, AttributeError):
        return ""
