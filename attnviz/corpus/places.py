"""Files written so that whoever is killed leaves the one before."""

from __future__ import annotations

import os
from pathlib import Path

from attnviz.errors import InputError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place, and move it there once it is whole.

    Raises:
        InputError: `cannot_write`.
    """
    beside = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        beside.replace(path)
    except (OSError, ValueError) as error:
        raise InputError("cannot_write", file=str(path), cause=str(error)) from error
