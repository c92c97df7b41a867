"""A data set of groceries as the real one is packed, with two small photographs of each kind in each part."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

from attnviz.scenes.groceries import ARCHIVE, FOLDER, GROCERIES, PARTS

#: Photographs of a kind in a part, and their width and height.
EACH, SIZE = 2, (29, 37)


def make(folder: Path) -> Path:
    """Write it below a folder, as `$ATTNVIZ_DATA` has it.

    Returns:
        The archive. The red of a photograph tells its kind, the green its part, the blue its number.
    """
    place = folder / FOLDER
    place.mkdir(parents=True)
    classes = ["Class Name (str),Class ID (int),Coarse Class Name (str),Coarse Class ID (int)"]
    lists: dict[str, list[str]] = {}
    with tarfile.open(place / ARCHIVE, "w") as tar:
        for number, kind in enumerate(GROCERIES.values()):
            coarse = "Pepper" if kind.of.endswith("-Bell-Pepper") else kind.of
            classes.append(f"{kind.of},{number},{coarse},{number}")
            for place_of_part, part in enumerate(PARTS):
                for photo in range(EACH):
                    name = f"{part}/{kind.of}/{kind.of}_{photo}.png"
                    _add(tar, name, _photo(colour(number, place_of_part, photo)))
                    lists.setdefault(part, []).append(f"{name}, {number}, {number}")
        _add(tar, "classes.csv", "\n".join(classes).encode())
        for part, lines in lists.items():
            _add(tar, f"{part}.txt", "\n".join(lines).encode())
    return place / ARCHIVE


def colour(kind: int, part: int, photo: int) -> tuple[int, int, int]:
    """Of a photograph, by the places of its kind and part and its number from 0."""
    return 5 * kind, 100 * part, 50 + 100 * photo


def _photo(colour: tuple[int, int, int]) -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.full((SIZE[1], SIZE[0], 3), colour, np.uint8)).save(content, "PNG")
    return content.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))
