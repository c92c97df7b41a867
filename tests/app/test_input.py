"""Input of every kind: a result or a message, never an exception, nothing read as markup, the text kept."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz import models
from attnviz.i18n import catalogue
from attnviz.tokenizers import clean
from attnviz.ui.settings import MAX_SENTENCES, sentences
from tests.app.hard import HARD, MARKUP
from tests.app.page import POOLING_VIEWS, TEXTS, Page

_texts = st.text(st.characters(), max_size=60) | st.lists(st.sampled_from(sorted(HARD.values())), max_size=4).map(
    "\n".join
)


#: Kinds that a view or a model may read in its own way, each alone enough to break one that does not take care.
TELLING = ("10,000 characters in one word", "right to left", "lone surrogates in two lines", "image", "plotly")
READ = ("emoji", "markdown in two lines", "unknown words", "Japanese", "English")

#: One model of each family that reads texts: they differ in their data, which `tests/test_input.py` is about.
FAMILIES = tuple({card.family: card.name for card in models() if card.name in TEXTS}.values())


@cache
def shared(model: str, view: str) -> Page:
    """A page that many texts are entered into, as a visitor would."""
    return Page(model=model, view=view)


def check(page: Page, text: str, view: str) -> None:
    """Enter a text; the page's own promise about it, in the view asked for wherever there is anything to draw."""
    version = page.component("sentence_box")["version"]
    page.enter(text)

    assert page.state("text") == text
    assert page.component("sentence_box")["version"] == version, "the server would replace what was typed"
    rows = page.rows()
    known = clean("".join(text.split())).text
    if not known:
        assert page.messages() or rows[0]["error"], "nothing to read, and nothing said"
        assert not page.tokens()
    drawn = view if any(row.get("tokens") for row in rows) else "lesson"
    assert (page.address()["view"], page.state("view")) == (view, drawn)
    assert bool(page.figures()) == (drawn not in ("lesson", "card")), "the view is not drawn"
    assert len(rows) == min(len(sentences(text)), MAX_SENTENCES)
    assert all(row.get("error") or row.get("tokens") for row in rows)
    read = page.markup()
    assert not [markup for markup in MARKUP if markup in text and markup in read]
    for shown in (*page.markdown(), *page.alternatives(), page.address()["text"]):
        shown.encode("utf-8")


@pytest.mark.parametrize("kind", HARD)
def test_hard_input_in_one_view(kind: str):
    check(shared(TEXTS[0], "steps"), HARD[kind], "steps")


@pytest.mark.parametrize("view", POOLING_VIEWS)
@pytest.mark.parametrize("kind", TELLING)
def test_hard_input_in_every_view(kind: str, view: str):
    check(shared(TEXTS[0], view), HARD[kind], view)


@pytest.mark.parametrize("model", TEXTS)
@pytest.mark.parametrize("kind", READ)
def test_hard_input_for_every_model(kind: str, model: str):
    page = shared(model, "bars")
    turn = READ.index(kind) + TEXTS.index(model)  # each kind and each model in both languages
    page.app.session_state["lang"] = ("en", "ja")[turn % 2]
    check(page, HARD[kind], "bars")


@pytest.mark.parametrize("model", FAMILIES)
@settings(max_examples=15)
@given(text=_texts)
def test_any_text_gives_a_result_or_a_message(model: str, text: str):
    check(shared(model, "bars"), text, "bars")


@pytest.mark.parametrize(
    ("model", "text", "code"),
    [
        ("sentiment-en", HARD["Japanese"], "wrong_language"),
        ("politeness-ja", HARD["English"], "wrong_language"),
        ("sentiment-en", HARD["unknown words"], "all_unknown"),
        ("sentiment-en", HARD["5,000 words"], "text_cut"),
        ("sentiment-en", HARD["lone surrogates"], "surrogates_removed"),
        ("sentiment-en", HARD["controls"], "controls_removed"),
        ("sentiment-en", HARD["50 lines"], "lines_left"),
        ("sentiment-en", HARD["empty"], "empty_text"),
        ("sentiment-en", HARD["NUL"], "empty_text"),
    ],
)
def test_what_is_special_is_said_in_the_user_s_language(model: str, text: str, code: str):
    if model not in TEXTS:
        pytest.fail(f"{model} is not shipped")
    for language in ("en", "ja"):
        page = Page(model=model, lang=language).enter(text)
        section = "errors" if code == "empty_text" else "notices"
        beginning = catalogue(language)[f"{section}.{code}"].split("{")[0]
        rows = page.rows()
        said = [*page.messages(), *(row.get("error", "") for row in rows)]
        assert beginning
        assert any(beginning in message.replace("\\", "") for message in said), said


def test_what_was_typed_while_the_model_changes_stays():
    page = Page(model=TEXTS[0]).enter("my own words", kind="live")
    for name in TEXTS:
        page.choose("model", name)
        assert page.state("text") == page.component("sentence_box")["text"] == "my own words"


def test_the_same_entry_is_taken_over_once():
    page = Page().enter("first words")
    step = page.state("step")
    page.run().run()
    assert page.state("step") == step


def test_live_typing_is_no_step_of_the_history():
    page = Page().enter("good")
    step = page.state("step")
    page.enter("good fil", kind="live")
    assert page.state("text") == "good fil"
    assert page.state("step") == step
    page.enter("good film")
    assert page.state("step") == step + 1
