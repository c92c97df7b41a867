"""The scripts of the page's components as the browser gets them."""

from __future__ import annotations

import re

import pytest

from attnviz.ui.components import joined


@pytest.mark.parametrize("name", joined.names())
def test_a_script_has_its_parts_before_it_and_imports_nothing(name: str):
    script = joined.script(name)

    assert re.findall(r"^(?:import|export) .*", script, re.MULTILINE) == [f"export default {exported(name)};"]
    assert script.endswith(joined.source(f"{name}.js").split('.js";\n')[-1])
    assert "const newest = " in script


@pytest.mark.parametrize("name", joined.names())
def test_only_what_newest_guards_is_exported(name: str):
    assert exported(name).startswith("newest(")


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


def exported(name: str) -> str:
    return re.findall(r"^export default (.*);$", joined.source(f"{name}.js"), re.MULTILINE)[0]
