"""The scripts of the page's components as the browser gets them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from attnviz.drawings import joined
from tests.javascript.__main__ import components

every_component = pytest.mark.parametrize("folder,name", components(), ids=[name for _, name in components()])


@every_component
def test_a_script_has_its_parts_before_it_and_imports_nothing(folder: Path, name: str):
    script = joined.script(name, folder)

    assert re.findall(r"^(?:import|export) .*", script, re.MULTILINE) == [f"export default {exported(folder, name)};"]
    assert script.endswith(joined.source(folder / f"{name}.js").split('.js";\n')[-1])
    assert "const newest = " in script


@every_component
def test_only_what_newest_guards_is_exported(folder: Path, name: str):
    assert exported(folder, name).startswith("newest(")


def test_a_part_comes_once_and_after_what_it_imports():
    assert joined.parts("maps") == ["elements", "cells", "legend", "newest"]
    assert (
        joined.style("maps").index(".reasons")
        < joined.style("maps").index(".legend")
        < joined.style("maps").index(".maps")
    )


def test_an_import_from_elsewhere_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(joined, "source", lambda file: 'import chart from "https://example.org/chart.js";\n')
    with pytest.raises(ValueError, match=r"from files in shared only\. Received: import chart"):
        joined.script("maps")


def exported(folder: Path, name: str) -> str:
    return re.findall(r"^export default (.*);$", joined.source(folder / f"{name}.js"), re.MULTILINE)[0]
