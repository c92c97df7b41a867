"""What the style sheets of the page must not say, for the browser's sake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import attnviz.ui

SHEETS = sorted(Path(attnviz.ui.__file__).parent.glob("*.css"))


def holding(rules: str) -> list[str]:
    """What stands within each `:has(…)`, to its own closing bracket."""
    found = []
    for start in (match.end() for match in re.finditer(r":has\(", rules)):
        end, depth = start, 1
        while depth:
            depth += {"(": 1, ")": -1}.get(rules[end], 0)
            end += 1
        found.append(rules[start : end - 1])
    return found


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_what_holds_something_is_known_by_classes_alone(sheet: Path):
    """With anything else within a `:has`, Chromium looks at all around each element that is put in anywhere."""
    within = holding(re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL))

    assert within
    assert [each for each in within if not re.fullmatch(r"[\w\s>,.-]+", each)] == []


def test_the_views_that_say_what_they_are_come_below_their_drawing_on_phones():
    views = Path(attnviz.ui.__file__).parent / "views"
    told = {key for each in views.glob("*.py") for key in re.findall(r'\btold\(context, "(\w+)"', each.read_text())}
    page = (Path(attnviz.ui.__file__).parent / "page.css").read_text(encoding="utf-8")

    assert set(re.findall(r"> \.st-key-told-(\w+)", page)) == told
