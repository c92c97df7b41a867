"""Where lectures lie, and which there are."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path

from attnviz.errors import InputError
from attnviz.lectures.lecture import Lecture, read

#: Holds the lectures that are shipped.
SHIPPED = Path(__file__).parent

#: What a lecture may be called; a file called otherwise is none.
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

#: Most files that are looked at in one folder.
MAX_FILES = 200


def files() -> dict[str, Path]:
    """The file of every lecture by its name: the shipped ones, then every folder of `$ATTNVIZ_LECTURES`.

    Folders are separated as in PATH; of two lectures of one name the first counts. A link is no file of a lecture.
    """
    places = [SHIPPED, *(Path(each) for each in os.environ.get("ATTNVIZ_LECTURES", "").split(os.pathsep) if each)]
    found: dict[str, Path] = {}
    for place in places:
        for path in sorted(place.glob("*.toml"))[:MAX_FILES]:
            if NAME.fullmatch(path.stem) and path.is_file() and not path.is_symlink():
                found.setdefault(path.stem, path)
    return found


def every() -> tuple[dict[str, Lecture], dict[str, InputError]]:
    """All lectures by name, and why the others cannot be read, by name as well."""
    sound: dict[str, Lecture] = {}
    wrong: dict[str, InputError] = {}
    for name, path in files().items():
        try:
            status = path.stat()
            sound[name] = _read(path, status.st_mtime_ns, status.st_size)
        except OSError as error:
            wrong[name] = InputError("lecture_unreadable", file=path.name, cause=error.strerror)
        except InputError as error:
            wrong[name] = error
    return sound, wrong


def names() -> tuple[str, ...]:
    """Of the lectures that can be read."""
    return tuple(every()[0])


def problems() -> dict[str, InputError]:
    """Why the others cannot be read, by name."""
    return every()[1]


def find(name: str) -> Lecture:
    """A lecture by its name. A name is looked up among the files there are, never made into a path.

    Raises:
        InputError: `no_such_lecture`, or what is wrong with its file.

    >>> find("attention").title["en"]
    'Attention, seen at work'
    """
    sound, wrong = every()
    if name in wrong:
        raise wrong[name]
    if name not in sound:
        raise InputError("no_such_lecture", received=name[:80], expected=", ".join(sound))
    return sound[name]


@lru_cache(maxsize=64)
def _read(path: Path, changed: int, size: int) -> Lecture:
    """Kept until the file changes: who writes a lecture sees it by reloading the page."""
    return read(path)
