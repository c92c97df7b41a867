"""Slides as the page's state; what the page draws of a lecture; the link to it and its code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest

from attnviz import lectures
from attnviz.export.code import MAX_LINK, code
from attnviz.i18n import languages, translate
from attnviz.ui import lecture_join, lecture_state, models
from attnviz.ui.lecture_state import address, edited, opened, parse, turned
from attnviz.ui.views import lesson
from tests.app.facts import facts
from tests.app.page import Page
from tests.app.qr import decoded
from tests.lectures.test_lecture import GOOD, written

ATTENTION = lectures.find("attention")

#: Of the slides that ask first, and of those that do not.
ASKS, TELLS = (next(each.number for each in ATTENTION.slides if bool(each.ask) is asks) for asks in (True, False))


def slide(number: int, language: str = "en", **others: str) -> dict[str, str]:
    return {"lang": language, "lecture": "attention", "slide": str(number), **others}


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("number", [1, 2, 12, 21])
def test_the_address_of_a_slide_is_its_number_and_means_what_it_says(number: int, language: str):
    known = facts(language)
    state, wrong = parse(slide(number, language), known)

    assert not wrong and address(state, known) == slide(number, language)
    assert state == opened(ATTENTION, number, language, known)[0]
    assert state.model == ATTENTION.slides[number - 1].state_in(language)["model"]
    assert not edited(state, known)


def test_what_was_changed_stands_in_the_address_even_where_it_is_the_default():
    known = facts()
    state, _ = parse(slide(6), known)
    assert state.shuffle == 3
    changed = state.change(known, shuffle=0, numbers=True, model="topics-en")

    assert edited(changed, known)
    assert {"shuffle": "0", "numbers": "1", "model": "topics-en"}.items() <= address(changed, known).items()
    assert parse(address(changed, known), known)[0] == changed


def test_what_a_visitor_keeps_from_slide_to_slide_is_no_change():
    known = facts()
    state, _ = parse(slide(6, tour="1", follow="0", stage="1"), known)

    assert not edited(state, known)
    assert address(state, known) == slide(6, tour="1", follow="0", stage="1")


def test_a_slide_nobody_touched_turns_with_the_language_and_one_that_was_does_not():
    known = facts()
    state, _ = parse(slide(2), known)
    other = turned(state, state.change(known, lang="ja"), known)
    assert other == parse(slide(2, "ja"), facts("ja"))[0] and other.model != state.model

    mine = state.change(known, text="a bad film")
    assert turned(mine, mine.change(known, lang="ja"), known).text == "a bad film"
    alone, _ = parse({"lang": "en", "model": "sentiment-en"}, known)
    assert turned(alone, alone.change(known, lang="ja"), known) == alone.change(known, lang="ja")


def test_beyond_the_last_slide_is_the_last_and_it_is_said():
    state, wrong = parse(slide(77), facts())
    assert (state.slide, state.view) == (21, ATTENTION.slides[-1].state["view"])
    assert [notice.parameters["received"] for notice in wrong] == ["77"]


def test_what_a_slide_asks_for_and_the_page_has_not_is_said_with_lecture_slide_and_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ATTNVIZ_LECTURES", str(tmp_path))
    written(tmp_path, GOOD.replace("numbers = true", 'model = "none"\nnombers = true'))
    state, wrong = parse({"lecture": "bees", "slide": "2"}, facts())

    told = {(each.code, each.parameters["slide"], each.parameters["name"]) for each in wrong}
    assert told == {("lecture_state", 2, "model"), ("lecture_state", 2, "nombers")}
    assert state.temperature == 0.5 and state.model in models.cards()


@pytest.mark.parametrize("name", ["../attention", "attention.toml", "<b>", "none"])
def test_a_lecture_that_is_not_there_is_said_and_the_page_is_as_without(name: str):
    state, wrong = parse({"lecture": name, "slide": "3"}, facts())
    assert [notice.parameters["name"] for notice in wrong] == ["lecture"] and state.lecture == ""
    assert "text" in address(state, facts())


@pytest.mark.parametrize("model", models.names())
def test_beside_a_model_the_lecture_begins_where_it_is_explained(model: str):
    card = models.card(model)
    title, kinds = lesson.begin(ATTENTION, card).title["en"], [kind for kind in card.kinds if kind != "causal"]
    expected = {("text", "pooling"): "Weights", ("scene", "pooling"): "Where", ("text", "self"): "Self-attention"}
    expected |= {("text", "cross"): "Source", ("scene", "cross"): "A picture", ("photo", "cross"): "A picture"}
    expected |= {("text", "causal"): "The next word"}
    assert title.startswith(expected[card.takes, kinds[-1] if kinds else "causal"])


@pytest.mark.parametrize("language", languages())
def test_the_panel_says_what_the_slide_says_and_markup_is_text(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ATTNVIZ_LECTURES", str(tmp_path))
    text = GOOD.replace('words.ja = "言葉"', 'words.en = "<i>a</i>\\n\\n**b** {c}"')
    written(tmp_path, text.replace('view = "steps"', 'view = "bars"'))
    page = Page(lang=language, lecture="bees", slide="2")
    assert page.component("lecture")["ask"] and not page.component("lecture")["paragraphs"], "it might tell the answer"
    panel = Page(lang=language, lecture="bees", slide="2", revealed="1").component("lecture")

    assert panel["title"] == ("二" if language == "ja" else "Two <b>{lang}</b>")
    assert panel["paragraphs"] == ["<i>a</i>", "**b** {c}"]
    assert panel["stops"] == [[1, "One"], [2, panel["title"]], [3, "三"]]


def test_no_weight_reaches_the_browser_until_it_is_asked_for():
    page = Page(**slide(ASKS, guess="1"))
    names = {each.proto.component_name for each in page.app.get("bidi_component")}

    assert "attnviz_lecture_guess" in names and not names & {"attnviz_stage", "attnviz_lines"}
    assert "attnviz_figure_tools" not in names, "what describes the picture has its weights in words"
    assert not page.figures() and page.component("lecture")["ask"]
    assert set(page.component("lecture_guess")["tokens"][0]) == {"text", "gap", "place"}

    shown = Page(**slide(ASKS, guess="1", revealed="1"))
    assert shown.rows() and not shown.component("lecture")["ask"]
    guess, top = shown.tokens()[1], max(shown.rows()[0]["tokens"], key=lambda each: float(each["weight"]))["text"]
    told = shown.component("lecture_told")
    assert guess in told["words"] and top in told["words"] and told["solved"] == (guess == top)


@pytest.mark.parametrize(
    ("number", "language", "text", "solved"),
    [
        (2, "en", "A boring film with a brilliant cast", True),
        (2, "en", "A dreadful film with a brilliant cast", False),
        (2, "en", "A wonderful film with a fine cast", False),
        (2, "en", "A bad film with a bad cast", False),
        (2, "ja", "明日、学校に行きたい。", True),
        (17, "en", "This is a good film", True),
        (17, "en", "This is not a good film!", False),
        (3, "en", "a bad film", None),
    ],
)
def test_an_exercise_is_judged_by_the_model(number: int, language: str, text: str, solved: bool | None):
    page = Page(**slide(number, language, text=text))
    told = [
        each.proto for each in page.app.get("bidi_component") if each.proto.component_name == "attnviz_lecture_told"
    ]
    assert [page.component("lecture_told")["solved"] for _ in told] == ([] if solved is None else [solved])


def test_a_sentence_of_one_s_own_is_shown_at_once_and_the_panel_offers_the_way_back():
    page = Page(**slide(ASKS))
    page.enter("a bad film").run()  # without a browser there is no callback: the second run shows it

    assert page.tokens() == ["a", "bad", "film"] and page.component("lecture")["edited"]
    assert page.address() == slide(ASKS, text="a bad film")


def test_the_notes_are_alone_in_their_window():
    page = Page(**slide(TELLS, "ja", notes="1"))
    notes = page.component("lecture_notes")

    assert {each.proto.component_name for each in page.app.get("bidi_component")} == {
        "attnviz_lecture_notes",
        "attnviz_address",
    }
    assert notes["notes"] and (notes["previous"], notes["next"]) == (None, TELLS + 1)
    assert page.address() == slide(TELLS, "ja", notes="1")


def test_the_tour_goes_from_stop_to_stop():
    stops = [each.number for each in ATTENTION.tour]
    notes = Page(**slide(stops[2], tour="1", notes="1")).component("lecture_notes")
    assert (notes["previous"], notes["next"], notes["place"]) == (stops[1], stops[3], "3 / 8")


def test_a_first_visit_is_offered_the_tour_and_one_by_a_link_is_not():
    tour = translate("en", "lecture.tour", count=8)
    first = Page()
    assert tour in [each.label for each in first.app.button]
    next(each for each in first.app.button if each.label == tour).click().run()
    first.run()
    assert first.address() == slide(1, tour="1")
    assert tour not in [each.label for each in Page(model="sentiment-en").app.button]


def test_the_page_as_it_stands_is_a_slide_to_copy(tmp_path: Path):
    asked = {"model": "sentiment-en", "view": "bars", "text": 'good "film"', "order": "weight"}
    page = Page(lang="ja", **asked)
    code = next(str(each.value) for each in page.app.code if "[[slides]]" in str(each.value))
    held = lectures.read(written(tmp_path, GOOD + "\n" + code))
    assert held.slides[-1].state == asked


@pytest.mark.parametrize("text", ["", "それは違う。"])
def test_the_code_of_the_link_is_read_as_the_same_state(text: str):
    known = facts("ja")
    state, _ = parse(slide(13, "ja", **({"text": text} if text else {})), known)
    link = lecture_join.link("http://192.168.1.17:8501", {**address(state, known), "notes": "1"})
    drawn = code(link)
    dark = np.zeros((drawn["size"],) * 2, bool)
    for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", str(drawn["code"])):
        dark[int(y), int(x)] = True

    read = decoded(dark)
    assert read == link and (len(link) < 70 or text)
    assert parse(dict(parse_qsl(urlsplit(read).query)), known)[0] == state


@pytest.mark.parametrize(
    ("base", "near"),
    [
        *[(base, True) for base in ("http://localhost:8501/", "http://127.0.0.1/", "http://[::1]:8501", "")],
        *[(base, False) for base in ("http://10.0.0.3:8501/", "https://hall.example/attnviz/")],
    ],
)
def test_an_address_that_leads_nowhere_for_others_is_known(base: str, near: bool):
    assert lecture_join.near(base) is near


def test_too_long_a_link_has_no_code():
    assert code("x" * (MAX_LINK + 1))["code"] == ""


def test_what_no_slide_may_set_is_what_the_page_keeps():
    assert set(lectures.lecture.RESERVED) == {*lecture_state.KEPT, "aside"}


def panels(page: Page) -> list[Any]:
    return [each for each in page.app.get("bidi_component") if each.proto.component_name == "attnviz_lecture"]


def test_without_a_lecture_there_is_no_panel():
    assert not panels(Page(model="sentiment-en"))
