"""No two files import each other, however long the way round, nor in a function or for types alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "attnviz"

Files = dict[str, tuple[str, bool]]


def imported(name: str, files: Files) -> Iterator[str]:
    """Which of the files one of them imports, wherever in it the statement stands."""
    source, package = files[name]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = name.split(".")[: len(name.split(".")) - node.level + package] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:  # a module of a package, or what stands in a file
                yield f"{base}.{alias.name}" if f"{base}.{alias.name}" in files else base


def graph(files: Files) -> dict[str, set[str]]:
    """Of each file, by module, the others it imports; from source and whether it is a package's own."""
    return {name: {each for each in imported(name, files) if each in files and each != name} for name in files}


def files_of(package: str) -> Files:
    found: Files = {}
    for path in sorted((ROOT / package.replace(".", "/")).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        own = parts[-1] == "__init__"
        found[".".join(parts[:-1] if own else parts)] = (path.read_text(encoding="utf-8"), own)
    return found


def in_order(edges: dict[str, set[str]]) -> list[str]:
    return list(TopologicalSorter(edges).static_order())


def test_no_two_files_import_each_other():
    edges = graph(files_of(PACKAGE))
    assert len(edges) > 200 and edges["attnviz.capture.loops"] == {
        f"attnviz.capture.{each}" for each in ("recorder", "roots")
    }
    assert edges["attnviz"] >= {"attnviz.export", "attnviz.version"}  # for types alone, too
    in_order(edges)


@pytest.mark.parametrize(
    "back",
    [
        "import p.a",
        "from p import a",
        "from . import a",
        "from .a import x",
        "def f():\n    from p.a import x",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p import a",
    ],
)
def test_a_circle_is_seen_however_it_is_written(back):
    files = {"p": ("", True), "p.a": ("from p.b import x", False), "p.b": ("import p.c", False), "p.c": (back, False)}
    with pytest.raises(CycleError):
        in_order(graph(files))
    in_order(graph(files | {"p.c": ("import q", False)}))
