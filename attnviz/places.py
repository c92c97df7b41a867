"""Where data lie on this machine, and how files are written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from attnviz.errors import InputError

#: Downloads and unfinished trainings, below the working directory.
CACHE = Path(".attnviz")


def data_folders(name: str) -> Iterator[Path]:
    """Folders that a local copy of a data set may be in, the first to be looked in first.

    They are `$ATTNVIZ_DATA/<name>/`, `../shared/data/<name>/` beside the checkout, and the download cache.

    Args:
        name: Of the data set's folder.
    """
    if named := os.environ.get("ATTNVIZ_DATA"):
        yield Path(named) / name
    yield Path(__file__).resolve().parents[1].parent / "shared" / "data" / name
    yield CACHE / "data" / name


def write_whole(path: Path, content: bytes, *, parents: bool = False) -> None:
    """Write a file beside its place, and move it there once it is whole: what fails leaves what was there before.

    Args:
        path: Where; a device is written to as it is.
        content: All of it.
        parents: Make the folders it lies in.

    Raises:
        InputError: `cannot_write`.
    """
    try:
        place = path.resolve()
        if parents:
            place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists() and not place.is_file():
            place.write_bytes(content)
            return
        beside = place.with_name(f"{place.name}.part")
        try:
            with beside.open("wb") as opened:
                opened.write(content)
                opened.flush()
                os.fsync(opened.fileno())
            beside.replace(place)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        raise InputError("cannot_write", file=str(path), cause=str(error)) from error
