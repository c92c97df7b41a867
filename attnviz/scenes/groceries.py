"""Kinds of groceries, and photographs of them: those of a data set, where it is on this machine."""

from __future__ import annotations

import csv
import io
import tarfile
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.errors import InputError
from attnviz.places import data_folders
from attnviz.scenes.kinds import Kind

if TYPE_CHECKING:
    from PIL import Image

#: The data set's folder, and the one file of it that is read.
FOLDER, ARCHIVE = "grocery_store", "dataset.tar"

#: Parts of the data set, and the letter that says so in the code of a photograph; of the test part there is none.
PARTS: Mapping[str, str] = {"train": "t", "val": "v", "test": ""}


@dataclass(frozen=True)
class Grocery(Kind):
    """A kind of groceries.

    Attributes:
        of: Of the data set's coarse class, or of one of its fine ones.
        many: English speaks of several.
    """

    of: str = ""
    many: bool = False

    def words(self, language: str) -> str:
        """As a list names it, without an article.

        >>> GROCERIES["milk"].words("en"), GROCERIES["banana"].words("en")
        ('carton of milk', 'bananas')
        """
        return super().words(language).removeprefix("a ").removeprefix("an ")


def _kinds() -> dict[str, Grocery]:
    rows = tomllib.loads((Path(__file__).parent / "groceries.toml").read_text(encoding="utf-8"))
    plain = {"en": "", "ja": ""}
    return {
        name: Grocery(
            name, "", {"en": row["en"], "ja": row["ja"]}, row["en"], plain, False, "", of=row["of"], many=row["many"]
        )
        for name, row in rows.items()
    }


#: By name.
GROCERIES: Mapping[str, Grocery] = _kinds()


class Photographs:
    """The photographs of a copy of the data set, by part and kind.

    Args:
        archive: Its tar file, not packed; photographs are read out of it when they are asked for.

    Raises:
        InputError: `photographs_damaged`: it is no such archive.
    """

    def __init__(self, archive: Path) -> None:
        self._archive = archive
        try:
            with tarfile.open(archive, "r:") as tar:
                self._offsets = {each.name: (each.offset_data, each.size) for each in tar if each.isfile()}
            fine = {row[1]: (row[0], row[2]) for row in csv.reader(self._lines("classes.csv"))}
            self._names = {part: self._sorted(part, fine) for part in PARTS}
        except (OSError, tarfile.TarError, KeyError, IndexError, UnicodeDecodeError) as error:
            raise InputError("photographs_damaged", path=str(archive)) from error

    def count(self, part: str, kind: str) -> int:
        """How many there are of a kind in a part."""
        return len(self._names[part].get(kind, ()))

    def image(self, part: str, kind: str, number: int) -> Image.Image:
        """A photograph.

        Args:
            part: One of `PARTS`.
            kind: One of `GROCERIES`.
            number: From 1.

        Raises:
            InputError: `no_such_photograph`; `photographs_damaged`.
        """
        from PIL import Image

        names = self._names[part].get(kind, ())
        if not 1 <= number <= len(names):
            raise InputError("no_such_photograph", kind=kind, received=number, last=len(names))
        try:
            with Image.open(io.BytesIO(self._read(names[number - 1]))) as image:
                return image.convert("RGB")
        except OSError as error:
            raise InputError("photographs_damaged", path=str(self._archive)) from error

    def _sorted(self, part: str, fine: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, ...]]:
        """Paths of a part by kind, in the order of its list."""
        kinds = {each.of: name for name, each in GROCERIES.items()}
        found: dict[str, list[str]] = {}
        for path, number, _ in csv.reader(self._lines(f"{part}.txt"), skipinitialspace=True):
            own, coarse = fine[number]
            found.setdefault(kinds[own] if own in kinds else kinds[coarse], []).append(path)
        return {kind: tuple(paths) for kind, paths in found.items()}

    def _lines(self, name: str) -> Iterable[str]:
        return self._read(name).decode().splitlines()

    def _read(self, name: str) -> bytes:
        offset, size = self._offsets[name]
        with self._archive.open("rb") as file:
            file.seek(offset)
            return file.read(size)


def photographs() -> Photographs:
    """Those on this machine.

    Raises:
        InputError: `no_photographs`: there are none; `photographs_damaged`.
    """
    found = next((place / ARCHIVE for place in data_folders(FOLDER) if (place / ARCHIVE).is_file()), None)
    if found is None:
        raise InputError("no_photographs", command=f"python -m attnviz data {FOLDER}")
    return _opened(found.resolve(), found.stat().st_mtime_ns)


@cache
def _opened(archive: Path, _changed: int) -> Photographs:
    return Photographs(archive)
