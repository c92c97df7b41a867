"""A component as one script and one set of rules: the browser is handed one script, which can import nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

#: Of the drawings. The page has components of its own in another folder.
FOLDER = Path(__file__).parent

#: What several components share.
SHARED = FOLDER / "shared"

#: Of a shared part, as the scripts write it; the name is that of the file in `SHARED`.
_IMPORT = re.compile(r'^import \{[^}]*\} from "(?:\.|\./shared|(?:\.\./)+drawings/shared)/(\w+)\.js";\n', re.MULTILINE)

#: For who asked for less motion.
_STILL = """@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after { transition: none !important; animation: none !important; }
}"""

_EXPORT = re.compile(r"^export (?!default )", re.MULTILINE)


@dataclass(frozen=True)
class Component:
    """How something is drawn in a browser.

    Attributes:
        name: Of the component.
        html: What it is drawn into.
        css: Its rules.
        js: Its script, which exports a function of `{data, parentElement, setStateValue, setTriggerValue}`.
    """

    name: str
    html: str
    css: str
    js: str


@dataclass(frozen=True)
class Drawing:
    """One drawing: a component, and what it shows.

    Attributes:
        component: How it is drawn.
        data: What it shows, as JSON holds it.
    """

    component: Component
    data: Mapping[str, Any]


@cache
def component(name: str, folder: Path = FOLDER) -> Component:
    """The component whose files are `name.html`, `name.css` and `name.js`; what the script imports comes with it."""
    return Component(name, source(folder / f"{name}.html"), style(name, folder), script(name, folder))


@cache
def source(path: Path) -> str:
    """The text of a file."""
    return path.read_text(encoding="utf-8")


def names(folder: Path = FOLDER) -> list[str]:
    """Of all components of a folder."""
    return sorted(path.stem for path in folder.glob("*.html"))


def script(name: str, folder: Path = FOLDER) -> str:
    """The component's script after the parts it imports, each once, none before what it imports itself.

    All share one scope, so no two of them may declare the same name; `python -m tests.javascript` checks that.

    Raises:
        ValueError: An import is left that names no shared part.
    """
    return "\n".join([*(part(each) for each in parts(name, folder)), own(name, folder)])


def part(name: str) -> str:
    """The script of a shared part; its names are not exported."""
    return _plain(SHARED / f"{name}.js")


def own(name: str, folder: Path = FOLDER) -> str:
    """The component's script without its parts; it exports one thing, what draws it."""
    return _plain(folder / f"{name}.js")


def style(name: str, folder: Path = FOLDER) -> str:
    """The component's rules after those of its parts that have any."""
    files = [path for each in parts(name, folder) if (path := SHARED / f"{each}.css").is_file()]
    return "\n".join([*(source(file) for file in (*files, folder / f"{name}.css")), _STILL])


def parts(name: str, folder: Path = FOLDER) -> list[str]:
    """What the component imports, and what that imports before it."""
    found: list[str] = []

    def visit(file: Path) -> None:
        for each in _IMPORT.findall(source(file)):
            if each not in found:
                visit(SHARED / f"{each}.js")
                found.append(each)

    visit(folder / f"{name}.js")
    return found


def _plain(file: Path) -> str:
    plain = _EXPORT.sub("", _IMPORT.sub("", source(file)))
    if left := re.search(r"^import .*", plain, re.MULTILINE):
        raise ValueError(f"{file.name} should import names from files in shared only. Received: {left.group()}")
    return plain
