"""A slide written as text means what it was made of."""

from __future__ import annotations

import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from attnviz import lectures
from attnviz.lectures.lecture import RESERVED, Setting
from attnviz.lectures.writing import quoted
from tests.lectures.test_lecture import GOOD, written

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(text=_text)
def test_any_text_comes_back(text: str):
    assert tomllib.loads(f"text = {quoted(text)}") == {"text": text}


def test_a_slide_that_was_written_can_be_added_to_a_lecture(tmp_path: Path):
    state: dict[str, Setting] = {
        "view": "bars",
        "text": 'a "b"\n# c\\',
        "numbers": True,
        "shuffle": 3,
        "temperature": 0.5,
    }
    slide = lectures.slide_text({**dict.fromkeys(RESERVED, "1"), **state}, ("en", "ja"))
    held = lectures.read(written(tmp_path, GOOD + slide))

    assert held.slides[-1].number == 4
    assert held.slides[-1].state == state
    assert set(held.slides[-1].title) == {"en", "ja"}
