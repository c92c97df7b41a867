"""Words for everything, in every language; what users type comes through as they typed it."""

from __future__ import annotations

import ast
import string
from functools import cache
from pathlib import Path

import pytest

import attnviz
from attnviz import i18n
from attnviz.errors import InputError
from attnviz.i18n import FALLBACK, catalogue, choose, languages, translate
from attnviz.trace import Notice

SOURCE = Path(attnviz.__file__).parent
LANGUAGES = list(languages())

NAMES = {"Notice", "InputError", "ModelError", "DataError", "TraceError", "ServerError"}

Call = tuple[str, str, frozenset[str] | None]


def _calls(path: Path) -> list[tuple[str, Call]]:
    """Where errors and notices are made: place, and section, code and names of the parameters (None: not literal)."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        code = node.args[0].value
        if not isinstance(code, str) or name not in {
            "Notice",
            "InputError",
            "ModelError",
            "DataError",
            "TraceError",
            "ServerError",
        }:
            continue
        names: frozenset[str] | None = frozenset(word.arg for word in node.keywords if word.arg)
        if any(word.arg is None for word in node.keywords):
            names = None
        if name == "Notice":
            given = node.args[1] if len(node.args) > 1 else ast.Dict([], [])
            literal = isinstance(given, ast.Dict) and all(isinstance(key, ast.Constant) for key in given.keys)
            names = frozenset(str(key.value) for key in given.keys) if literal else None  # type: ignore[attr-defined]
        place = f"{path.relative_to(SOURCE)}:{node.lineno}"
        found.append((place, ("notices" if name == "Notice" else "errors", code, names)))
    return found


@cache
def calls() -> list[tuple[str, Call]]:
    """All of them, read when a test first asks: to collect the tests parses no source."""
    return [call for path in sorted(SOURCE.rglob("*.py")) for call in _calls(path)]


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_source_is_read():
    assert len(calls()) > 50
    assert {"errors", "notices"} == {section for _, (section, _, _) in calls()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_in_the_source_has_words(language):
    words = catalogue(language)
    assert [place for place, (section, code, _) in calls() if f"{section}.{code}" not in words] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_of_the_words_is_given(language):
    words = catalogue(language)
    lacking = {
        place: _fields(words[f"{section}.{code}"]) - names
        for place, (section, code, names) in calls()
        if names is not None and f"{section}.{code}" in words
    }
    assert {place: fields for place, fields in lacking.items() if fields} == {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("section", ["errors", "notices"])
def test_every_message_can_be_put_together(language, section):
    for key, text in catalogue(language).items():
        if key.startswith(f"{section}."):
            message = translate(language, key, **{name: f"<{name}>" for name in _fields(text)})
            assert all(f"<{name}>" in message for name in _fields(text))


@pytest.mark.parametrize(
    "value", ["{}", "{received}", "{0.__class__}", "{{x}}", "<b>&amp;", "%s %{x}", "$x$", "日本\n"]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_parameters_come_through_literally(language, value):
    assert value in InputError("no_such_block", received=value, expected="a").message(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notice_may_speak_of_a_language(language):
    for code, name in {"en": {"en": "English", "ja": "英語"}, "ja": {"en": "Japanese", "ja": "日本語"}}.items():
        assert name[language] in Notice("wrong_language", {"language": code}).message(language)
    assert "eo" in Notice("wrong_language", {"language": "eo"}).message(language)


def test_languages_call_themselves_by_their_names():
    assert languages() == {"en": "English", "ja": "日本語"}
    assert next(iter(languages())) == FALLBACK


def test_words_are_found_without_the_disk_once_they_were_read(monkeypatch, tmp_path):
    assert translate("ja", "language") == "日本語"
    monkeypatch.setattr(i18n, "_FOLDER", tmp_path)

    assert translate("ja", "language") == "日本語"


@pytest.mark.parametrize(
    ("locale", "code"),
    [("ja-JP", "ja"), ("JA", "ja"), ("en-GB", "en"), ("fr", "en"), ("", "en"), (None, "en"), ("../ja", "en")],
)
def test_the_nearest_language(locale, code):
    assert choose(locale) == code


def test_an_unknown_language_speaks_the_fallback():
    assert translate("xx", "errors.empty_text") == translate("en", "errors.empty_text")
    with pytest.raises(KeyError):
        translate("ja", "errors.there_is_no_such_thing")
