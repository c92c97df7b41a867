"""A lecture as one file: what is in it is what the models say, and what a lecture says stays text."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnviz import lectures, offline, zoo
from attnviz.analysis.surgery.operations import traced
from attnviz.errors import InputError
from attnviz.export.printed import pdf
from attnviz.i18n import languages
from attnviz.offline.pictures import only_live
from attnviz.scenes import Scene
from attnviz.trace import Classification
from tests.lectures.test_lecture import written

HOSTILE = "</script><script>alert(1)</script> %%data%% {title} <!-- <b>"

LECTURE = """
format = 1
title.en = "HOSTILE"
[[slides]]
title.en = "pooling"
words.en = "HOSTILE"
ask.en = "which?"
[slides.state]
model = "sentiment-en"
view = "bars"
text = "not good at all"
[slides.state.ja]
model = "politeness-ja"
text = "お茶をどうぞ。"
[[slides]]
title.en = "one head, changed"
[slides.state]
model = "sentiment-en-encoder"
view = "surgery"
text = "HOSTILE good"
layer = 0
head = 2
query = 1
edits = "off-L0H2"
[[slides]]
title.en = "two models"
[slides.state]
model = "sentiment-en-encoder"
view = "compare"
against = "model"
model2 = "sentiment-en"
text = "not good"
[[slides]]
title.en = "a scene"
[slides.state]
model = "scene-topics"
view = "steps"
text = "night;owl@10,3;house@4,9*1.6"
[[slides]]
title.en = "words alone"
[slides.state]
""".replace("HOSTILE", HOSTILE)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The file in each language."""
    held = lectures.read(written(tmp_path_factory.mktemp("lecture"), LECTURE))
    return {language: offline.page(held, language).decode() for language in languages()}


def data(page: str) -> dict[str, Any]:
    """What stands in it for its script."""
    (held,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    found: dict[str, Any] = json.loads(held)
    return found


@pytest.mark.parametrize("language", languages())
def test_weights_and_answers_are_the_model_s(made: dict[str, str], language: str):
    slides = data(made[language])["slides"]
    name, text = ("sentiment-en", "not good at all") if language == "en" else ("politeness-ja", "お茶をどうぞ。")
    trace = zoo.load(name).trace(text)
    (picture,) = slides[0]["pictures"]
    np.testing.assert_allclose(picture["weights"], trace.blocks[0].weights[0, 0], atol=5e-5)
    assert "".join(gap + token for gap, token in picture["keys"]) == text
    assert isinstance(trace.output, Classification)
    best = trace.output.predicted
    assert picture["classes"][0][1] == pytest.approx(float(trace.output.probabilities[best]), abs=5e-5)

    encoder: Any = zoo.load("sentiment-en-encoder")
    own, changed = slides[1]["pictures"]
    for codes, each in (([], own), (["off-L0H2"], changed)):
        trace = traced(encoder, f"{HOSTILE} good", codes, "")
        np.testing.assert_allclose(each["weights"], trace.blocks[0].weights[0, 2], atol=5e-5)
        assert (each["edited"], each["query"], each["place"]) == (bool(codes), 1, [1, 3])
    assert [each["model"] for each in slides[2]["pictures"]] == [
        zoo.load(name).card.in_language("title", language) for name in ("sentiment-en-encoder", "sentiment-en")
    ]

    scene = zoo.load("scene-topics").trace(Scene("night;owl@10,3;house@4,9*1.6"))
    (picture,) = slides[3]["pictures"]
    np.testing.assert_allclose(picture["weights"], scene.blocks[0].weights[0, 0], atol=5e-5)
    assert picture["image"].startswith("data:image/webp;base64,") and len(picture["boxes"]) == len(
        picture["weights"][0]
    )
    assert not slides[4]["pictures"]


def test_what_only_the_live_page_shows_is_said(made: dict[str, str]):
    assert [bool(each["live"]) for each in data(made["en"])["slides"]] == [False, False, False, True, True]


@pytest.mark.parametrize("language", languages())
def test_nothing_a_lecture_says_is_markup_and_nothing_is_asked_of_a_network(made: dict[str, str], language: str):
    page = made[language]
    assert HOSTILE in data(page)["slides"][0]["words"]
    assert page.count("<script") == 2 and "alert(1)</script>" not in page
    assert not re.search(r"(?:src|href)=|https?://|url\(", page)
    assert "default-src 'none'" in page and len(page.encode()) < 1_000_000
    assert f'<html lang="{language}">' in page


def test_every_slide_of_the_shipped_lecture_says_what_it_does_not_draw():
    drawn = {each.number for each in lectures.find("attention").slides if not only_live(each.state)}
    assert {1, 2, 7, 9, 12, 13, 14, 16, 17, 19} == drawn


def test_a_lecture_goes_out_by_its_name_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from attnviz.cli import main

    file = written(tmp_path, LECTURE.partition('[[slides]]\ntitle.en = "one head')[0])
    assert main(["--lang", "ja", "lecture", str(file), "-o", str(tmp_path / "out.html")]) == 0
    assert data((tmp_path / "out.html").read_text(encoding="utf-8"))["slides"][0]["title"] == "pooling"
    assert main(["lecture", str(file), "-o", str(tmp_path / "out.odp")]) == 2
    assert main(["lecture", "none"]) == 2
    assert "none" in capsys.readouterr().err


def test_it_is_printed_with_its_notes_or_with_room_for_answers(tmp_path: Path):
    from attnviz.cli import main

    file, printed = written(tmp_path, LECTURE), []
    for more in ([], [], ["--worksheet"]):
        assert main(["lecture", str(file), "-o", str(tmp_path / "out.pdf"), *more]) == 0
        printed.append((tmp_path / "out.pdf").read_bytes())
    notes, again, sheet = printed
    assert all(each.startswith(b"%PDF-") for each in printed)
    assert len(notes) == len(again) and len(sheet) < 0.95 * len(notes), "weights and notes are not on a worksheet"


def test_without_a_browser_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "choreographer", None)
    with pytest.raises(InputError) as caught:
        pdf(b"<p>a</p>")
    assert caught.value.code == "no_image_engine" and "pip install kaleido" in str(caught.value)
