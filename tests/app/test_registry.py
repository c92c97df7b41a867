"""A view is one file and its entry: a made-up one with a setting of its own; what files of views leave alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import streamlit as st

import attnviz.ui
from attnviz import i18n
from attnviz.ui import views
from attnviz.ui.context import Context, View
from attnviz.ui.fields import Field
from attnviz.ui.views import lesson
from tests.app.page import Page

UI = Path(attnviz.ui.__file__).parent
FILES = sorted(path for room in ("views", "components", "controls") for path in (UI / room).glob("*.py"))

PETALS = Field("petals", (3, 5, 8), 5, reset_on=frozenset({"model"}))


def flower(context: Context) -> None:
    """A made-up view; it borrows another's name from the catalogue."""
    st.segmented_control("petals", (3, 5, 8), key="petals", required=True)
    st.markdown(f"a flower of {context.state.petals} petals for {context.card.name}")


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only its entry is added: in the place of the lesson, whose words it takes."""
    made = View("lesson", "learn", frozenset({"steps"}), (PETALS,), flower)
    others = tuple(view for view in views.VIEWS if view.render is not lesson.render)
    monkeypatch.setattr(views, "VIEWS", (*others, made))


def flowers(page: Page) -> list[str]:
    return [str(each.value) for each in page.app.markdown if "petals" in str(each.value)]


def test_a_view_to_come_needs_its_file_and_its_entry():
    page = Page(model="sentiment-en", view="lesson", text="good")
    assert flowers(page) == ["a flower of 5 petals for sentiment-en"]
    assert "petals" not in page.address()

    page.choose("petals", 8)
    assert flowers(page) == ["a flower of 8 petals for sentiment-en"]
    assert page.address()["petals"] == "8"
    assert flowers(Page(**page.address())) == flowers(page)

    page.choose("model", "topics-en")
    assert flowers(page) == ["a flower of 5 petals for topics-en"]


def test_its_setting_is_dropped_where_it_does_not_fit_and_refused_where_it_is_none():
    page = Page(model="sentiment-en-encoder", view="lesson", petals="3", text="good")
    assert not flowers(page) and "petals" not in page.address()
    assert page.choose("view", "bars").state("petals") == 5

    page = Page(model="sentiment-en", view="lesson", petals="4", text="good")
    assert flowers(page) and any("petals = 4" in each.replace("\\", "") for each in page.messages())


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_is_drawn_is_handed_in(path: Path):
    """No view, component or control reaches into Streamlit's session or the kept results, or asks for a family."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {
        f"{node.module}.{each.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for each in node.names
    }
    assert not names & {"session_state", "query_params", "family"}
    assert not [name for name in imported if name.startswith(("attnviz.ui.cache", "attnviz.zoo"))]
    if path.parent.name == "views":
        assert "attnviz.ui.models" not in imported


#: A page in a language whose catalogue is in the folder when the app starts.
_OPENED = """
import sys
from pathlib import Path
from attnviz import i18n
i18n._FOLDER = Path(sys.argv[1])
from tests.app.page import Page
page = Page(model="sentiment-en", view="bars", text="good", lang="eo")
assert page.state("lang") == "eo" and page.address()["lang"] == "eo", page.address()
groups = [[str(option) for option in group.options] for group in page.app.get("button_group")]
assert "Stangoj" in page.views() and any("Esperanto" in group for group in groups), groups
"""


def test_a_language_to_come_needs_its_catalogue(tmp_path: Path):
    """Its words are English but for two."""
    for path in i18n._FOLDER.glob("*.toml"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    english = (tmp_path / "en.toml").read_text(encoding="utf-8")
    words = english.replace('language = "English"', 'language = "Esperanto"', 1)
    (tmp_path / "eo.toml").write_text(words.replace('bars = "Words and bars"', 'bars = "Stangoj"', 1), encoding="utf-8")
    command = [sys.executable, "-c", _OPENED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=UI.parents[1])
    assert done.returncode == 0, done.stderr[-2000:]
