"""Where data lie on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

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
