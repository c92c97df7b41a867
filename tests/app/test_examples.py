"""Examples are marked by what the model really answers, once it has been asked."""

from __future__ import annotations

import json

import pytest

import attnviz
from attnviz.trace import Classification
from attnviz.ui import examples, openings
from tests.app.page import Page

CARDS = {card.name: card for card in attnviz.models()}
NAMES = [name for name, card in CARDS.items() if card.task in examples.EXPECTED]


@pytest.fixture(autouse=True)
def _nobody_has_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "_answers", {})


@pytest.mark.parametrize("name", NAMES)
def test_what_is_expected_is_of_the_model(name: str):
    card = CARDS[name]

    assert set(examples.EXPECTED[card.task]) <= set(card.examples)
    assert set(examples.EXPECTED[card.task].values()) <= set(card.labels)


def test_a_mark_says_what_the_model_answers():
    card = CARDS["sentiment-en"]
    assert examples.marks(card, "en") == {}

    examples.ask(card)
    model = attnviz.load(card.name)
    for text, (right, answer) in examples.marks(card, "en").items():
        output = model.trace(text).output
        assert isinstance(output, Classification)
        label = output.labels[output.predicted]
        assert right == (label == examples.EXPECTED["sentiment"][text])
        assert answer == card.names_of_labels("en")[card.labels.index(label)]
    assert {right for right, _ in examples.marks(card, "en").values()} == {True, False}


def test_the_box_has_the_marks_once_they_are_known():
    marks = {each["text"]: each["mark"] for each in Page(model="sentiment-en").component("sentence_box")["examples"]}
    assert set(marks.values()) == {""}

    examples.ask(CARDS["sentiment-en"])
    shown = Page(model="sentiment-en", lang="en").component("sentence_box")["examples"]
    assert {each["text"]: each["mark"] for each in shown if each["mark"]} == {
        text: "✓" if right else "✗" for text, (right, _) in examples.marks(CARDS["sentiment-en"], "en").items()
    }
    assert all(bool(each["told"]) == bool(each["mark"]) for each in shown)


def test_a_model_without_expected_answers_has_no_marks():
    examples.ask(CARDS["translate-en-ja"])

    assert examples.marks(CARDS["translate-en-ja"], "en") == {}


@pytest.mark.parametrize("name", openings.stored())
def test_what_a_model_opens_with_is_an_example_of_it(name: str):
    stored = openings.stored()[name]
    assert stored.text in CARDS[name].examples
    assert openings.opening(CARDS[name]) == stored


@pytest.mark.parametrize("name", ["politeness-ja", "sentiment-en-encoder"])
def test_it_is_what_the_model_shows_most_clearly_and_answers_right(name: str):
    """If not, `python -m attnviz.ui.examples` finds it anew."""
    assert examples.clearest(CARDS[name]) == openings.stored()[name]
    examples.ask(CARDS[name])
    assert examples.marks(CARDS[name], "en")[openings.stored()[name].text][0]


def test_a_page_opens_with_it_and_a_head_that_is_asked_for_is_shown_all_the_same():
    name = "sentiment-en-encoder"
    stored, page = openings.stored()[name], Page(model=name)
    assert (page.state("text"), page.state("layer"), page.state("head")) == (stored.text, stored.layer, stored.head)
    assert not {"layer", "head"} & set(page.address())
    other = Page(model=name, layer="1", head="0")
    assert (other.state("layer"), other.state("head")) == (1, 0) != (stored.layer, stored.head)


def test_a_model_without_one_opens_with_its_first_example(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(openings, "stored", lambda: {"sentiment-en": openings.Opening("no example any more", 0, 0)})
    assert openings.opening(CARDS["sentiment-en"]) == openings.Opening(CARDS["sentiment-en"].examples[0])
    assert openings.opening(CARDS["topics-en"]).text == CARDS["topics-en"].examples[0]


def said(page: Page) -> str:
    """All words of the page, without what keeps them from being markup."""
    return "\n".join(page.markdown()).replace("\\", "")


def test_the_cross_of_an_example_leads_to_what_the_answer_depends_on_with_a_sentence():
    page = Page(model="sentiment-en", lang="en").enter("not good", kind="why")
    assert (page.state("text"), page.address()["view"]) == ("not good", "attribution")
    assert "The model answers Positive, a reader would say Negative" in said(page)
    assert "a reader would say" not in said(page.enter("good"))


def test_the_same_sentence_stands_in_the_other_model_after_one_click():
    page = Page(model="sentiment-en", lang="en", text="not good at all")
    page.app.button(key="onward-sentiment-en-encoder").click()
    page.run()
    assert {"view": "compare", "against": "model", "model2": "sentiment-en-encoder"}.items() <= page.settings().items()
    mine, beside = (
        json.loads(each.proto.json)["rows"][0]
        for each in page.app.get("bidi_component")
        if each.proto.component_name == "attnviz_stage"
    )
    own = attnviz.load("sentiment-en-encoder").trace("not good at all")
    assert [each["text"] for each in beside["tokens"]] == list(own.blocks[0].key.tokens)
    assert (mine["classes"][1]["top"], beside["classes"][0]["top"]) == (True, True)
    assert "A adds the words up one by one, and no word sees another" in said(page)
    assert "onward-sentiment-en-encoder" not in [button.key for button in page.app.button]
