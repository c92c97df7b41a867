"""A lecture from its file: what is read, and what is refused, by file, slide and key."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from attnviz import lectures
from attnviz.errors import InputError
from attnviz.i18n import languages
from attnviz.lectures.lecture import MAX_BYTES, MAX_TEXT, RESERVED

ROOT = Path(__file__).resolve().parents[2]

#: Three slides, so that the number in a message is neither the first nor the last.
GOOD = """
format = 1
minutes = 7
[title]
en = "Bees"
ja = "蜂"
[[slides]]
title.en = "One"
[slides.state]
view = "bars"
[[slides]]
tour = true
about = ["pooling", "picture"]
title.en = "Two <b>{lang}</b>"
title.ja = "二"
words.ja = "言葉"
notes.en = "notes"
ask.en = "which?"
try.en = "do it"
[slides.state]
view = "bars"
numbers = true
temperature = 0.5
sentence = 2
[slides.state.ja]
view = "steps"
text = "文"
[[slides]]
title.ja = "三"
[slides.state]
"""


def written(folder: Path, text: str, name: str = "bees.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> InputError:
    with pytest.raises(InputError) as raised:
        lectures.read(written(folder, text))
    return raised.value


def test_a_lecture_is_read_whole(tmp_path: Path):
    held = lectures.read(written(tmp_path, GOOD))
    one, two, three = held.slides

    assert (held.name, held.minutes, dict(held.title)) == ("bees", 7, {"en": "Bees", "ja": "蜂"})
    assert (one.number, two.number, three.number) == (1, 2, 3) and held.tour == (two,)
    assert two.title["en"] == "Two <b>{lang}</b>", "words are literal"
    assert (two.about, dict(two.ask), dict(two.attempt)) == (("pooling", "picture"), {"en": "which?"}, {"en": "do it"})
    assert two.state_in("en") == {"view": "bars", "numbers": True, "temperature": 0.5, "sentence": 2}
    assert two.state_in("ja") == {**two.state_in("en"), "view": "steps", "text": "文"}
    assert lectures.in_language(three.title, "en") == "三", "what there is in one language only is shown in all"


def test_the_lecture_in_the_readme_is_one(tmp_path: Path):
    (shown,) = re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    (slide,) = lectures.read(written(tmp_path, shown)).slides
    assert slide.tour and slide.ask and slide.state_in("ja")["model"] != slide.state_in("en")["model"]


@pytest.mark.parametrize(
    ("found", "instead", "told"),
    [
        ("format = 1\n", "", {"key": "format"}),
        ("format = 1", "format = 2", {"key": "format", "expected": "1", "received": "2"}),
        ("minutes = 7", 'minutes = "7"', {"key": "minutes", "expected": "int", "received": "str"}),
        ("minutes = 7", "hours = 7", {"key": "hours", "received": "hours"}),
        ('en = "Bees"\nja = "蜂"', "", {"key": "title", "expected": " / ".join(languages())}),
        ('en = "Bees"', "en = 3", {"key": "title.en", "expected": "str", "received": "int"}),
    ],
)
def test_what_is_wrong_with_the_head_is_told_with_its_key(tmp_path: Path, found: str, instead: str, told: dict):
    assert found in GOOD
    error = refusal(tmp_path, GOOD.replace(found, instead, 1))

    assert error.code == "lecture_head"
    assert {**error.parameters, **told, "file": "bees.toml"} == error.parameters


@pytest.mark.parametrize(
    ("found", "instead", "told"),
    [
        ('title.en = "Two <b>{lang}</b>"\ntitle.ja = "二"', "", {"key": "title"}),
        ('words.ja = "言葉"', 'words.de = "Worte"', {"key": "words", "received": "de"}),
        ('words.ja = "言葉"', "words.ja = 5", {"key": "words.ja", "expected": "str", "received": "int"}),
        ('notes.en = "notes"', f'notes.en = "{"n" * (MAX_TEXT + 1)}"', {"key": "notes.en"}),
        ('ask.en = "which?"', 'aks.en = "which?"', {"key": "aks"}),
        ("tour = true", "tour = 1", {"key": "tour", "expected": "bool", "received": "int"}),
        ('about = ["pooling", "picture"]', 'about = ["bees"]', {"key": "about[0]"}),
        ("sentence = 2", "sentence = [2]", {"key": "state.sentence", "received": "list"}),
        ("sentence = 2", "[slides.state.fr]\ntext = 'x'", {"key": "state.fr", "received": "dict"}),
        ('text = "文"', "text = 1979-05-27", {"key": "state.ja.text", "received": "date"}),
    ],
)
def test_what_is_wrong_with_a_slide_is_told_with_its_number_and_key(
    tmp_path: Path, found: str, instead: str, told: dict
):
    assert found in GOOD
    error = refusal(tmp_path, GOOD.replace(found, instead, 1))

    assert (error.code, error.parameters["slide"], error.parameters["file"]) == ("lecture_slide", 2, "bees.toml")
    assert {**error.parameters, **told} == error.parameters
    for language in languages():
        message = error.message(language)
        assert all(str(error.parameters[name]) in message for name in ("file", "slide", "key", "received"))


@pytest.mark.parametrize(("name", "language"), list(itertools.product(RESERVED, ("", "ja"))))
def test_a_slide_sets_nothing_that_is_the_page_s_own(tmp_path: Path, name: str, language: str):
    place = "[slides.state.ja]\n" if language else "numbers = true\n"
    error = refusal(tmp_path, GOOD.replace(place, f'{place}{name} = "1"\n', 1))

    assert (error.parameters["slide"], error.parameters["received"]) == (2, name)


@pytest.mark.parametrize("text", ["format = ", "\ufeff{}", 'a = "\\uD800"', "[[" * 4000, GOOD * 2])
def test_what_is_no_toml_is_refused(tmp_path: Path, text: str):
    assert refusal(tmp_path, text).code == "lecture_unreadable"


def test_what_is_no_text_too_large_or_not_there_is_refused(tmp_path: Path):
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    written(tmp_path, "#" * (MAX_BYTES + 1), "large.toml")
    (tmp_path / "folder.toml").mkdir()
    for name in ("bytes", "large", "folder", "none"):
        with pytest.raises(InputError) as raised:
            lectures.read(tmp_path / f"{name}.toml")
        assert (raised.value.code, raised.value.parameters["file"]) == ("lecture_unreadable", f"{name}.toml")


@pytest.mark.parametrize("count", [0, 201])
def test_there_are_slides_and_not_too_many(tmp_path: Path, count: int):
    slides = '[[slides]]\ntitle.en = "x"\n[slides.state]\n' * count
    text = 'format = 1\ntitle.en = "x"\n' + (slides or "slides = []")
    error = refusal(tmp_path, text)

    assert (error.parameters["key"], error.parameters["received"]) == ("slides", str(count))


def test_a_name_is_never_made_into_a_path(tmp_path, monkeypatch):
    monkeypatch.setenv("ATTNVIZ_LECTURES", str(tmp_path / "shelf"))
    (tmp_path / "shelf").mkdir()
    outside = written(tmp_path, GOOD)
    for name in (
        "../bees",
        "../bees.toml",
        str(outside),
        str(outside.with_suffix("")),
        "./attention",
        "shelf/../bees",
        "a\0b",
    ):
        with pytest.raises(InputError) as refused:
            lectures.find(name)
        assert refused.value.code == "no_such_lecture", name
