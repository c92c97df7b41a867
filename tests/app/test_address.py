"""The address and the page: what it asks for is drawn, a wish stays in it, and it gives the same page again.

What an address means is tested where no page is needed, in `test_state`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.i18n import languages
from attnviz.ui import models
from attnviz.ui.lecture_state import ALWAYS
from tests.app.hard import HARD, MARKUP
from tests.app.page import TEXTS, Page
from tests.app.test_state import GOOD
from tests.families.writing import caption_folder, translation_folder

#: Characters of an address that Streamlit takes; of a longer one it takes nothing.
LONGEST = 500_000

# No address carries a lone surrogate: it arrives as U+FFFD.
_any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_addresses = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) | _any_text for name, values in GOOD.items()} | {"other": _any_text}
)


@settings(max_examples=6)
@given(address=_addresses)
def test_any_address_is_drawn(address: dict[str, str]):
    expect_drawn(address)


@pytest.mark.parametrize(
    ("folder", "address"),
    [
        (caption_folder.made, {"own": "a translation"}),  # a word that the model cannot write
        (translation_folder.taught, {"text": "tea", "own": "a", "sentence": "20"}),  # of a sentence that there is not
    ],
    ids=["caption", "translation"],
)
def test_what_is_written_depends_on_what_there_is(
    folder: Callable[[], Path], address: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ATTNVIZ_MODELS", str(folder().parent))
    models.forget()
    try:
        expect_drawn({"model": folder().name, "view": "attribution", **address}, view="attribution")
    finally:
        models.forget()


def test_what_is_wrong_in_the_address_of_notes_is_said_there():
    expect_drawn({"lecture": "attention", "slide": "1", "notes": "1", "tour": ""})


def expect_drawn(address: dict[str, str], view: str | None = None) -> None:
    """An address opens, in a view if one is named, and what the page makes of it opens the same page."""
    page = Page(**address)

    assert view is None or page.state("view") == view
    assert len(page.messages()) >= len(page.state("problems"))
    held = ALWAYS if page.state("asked").lecture else ("lang", "model", "view", "text")
    assert set(held) <= set(page.address()) <= set(GOOD)
    again = Page(**page.address())
    assert not again.state("problems")
    assert (again.address(), again.settings()) == (page.address(), page.settings() | {"text": again.settings()["text"]})


@pytest.mark.parametrize("kind", ["image", "markdown", "latex", "10,000 characters"])
def test_what_is_wrong_is_said_and_never_read_as_markup(kind: str):
    wrong = [name for name in GOOD if name not in ("text", "own", "aside")]  # what may be any text
    wrong = wrong[:: 1 + (len(HARD[kind]) * len(wrong) > LONGEST)]
    page = Page(**dict.fromkeys(wrong, HARD[kind]))

    assert len(page.state("problems")) == len(wrong)
    assert all(any(name in message.replace("\\", "") for message in page.messages()) for name in wrong)
    assert not [markup for markup in MARKUP if markup in HARD[kind] and markup in page.markup()]


@pytest.mark.parametrize("language", languages())
def test_the_first_picture_has_a_short_address(language: str):
    page = Page(lang=language)
    assert list(page.address()) == ["lang", "model", "view", "text"]
    assert len("?" + urlencode(page.address(), encoding="utf-8", safe="ぁ-ん")) < (120 if language == "en" else 240)


def test_what_is_written_into_the_address_gives_the_same_page_again():
    first = Page(model=TEXTS[-1], view="bars", lang="ja", scale="log", order="weight", numbers="1", shuffle="3")
    first.enter("good film\n良い映画です")
    again = Page(**first.address())

    assert again.component("writing") == first.component("writing")
    assert again.address() == first.address()


def test_an_old_link_that_spells_everything_out_opens_the_same_page():
    page = Page(model="sentiment-en-encoder", view="head", text="not good at all", layer="0", head="2")
    old = Page(**page.settings())

    assert not old.state("problems")
    assert old.settings() == page.settings()
    assert old.component("stage") == page.component("stage")


@pytest.mark.parametrize("given", [{"beam": "4"}, {"own": "x"}, {"path": "1:a"}])
def test_a_setting_of_another_kind_of_model_is_dropped(given: dict[str, str]):
    asked = {"model": "sentiment-en-encoder", "view": "cell", "text": "not good at all"}
    page = Page(**asked, **given)

    assert page.state("view") == "cell" and page.figures()
    assert page.address() == {"lang": "en", **asked}


def test_a_view_that_cannot_be_drawn_is_still_wished_for():
    page = Page(model="sentiment-en", view="surgery", text="not good")
    page.enter("")
    assert (page.state("view"), page.address()["view"]) == ("lesson", "surgery")
    page.enter("good")
    assert page.state("view") == page.address()["view"] == "surgery"

    page = Page(model="sentiment-en", view="steps", text="not good").choose("model", "sentiment-en-encoder")
    assert (page.state("view"), page.address()["view"], page.state("text")) == ("bars", "steps", "not good")
    assert page.choose("model", "topics-en").state("view") == "steps"
    page.choose("model", "sentiment-en-encoder").choose("view", "heatmap")
    assert page.choose("model", "topics-en").state("view") == "heatmap"


def test_head_and_layer_are_one_choice_and_the_query_stays_while_it_is_typed():
    page = Page(model="translate-en-ja", view="head", text="I like tea.")
    shown = [page.state(name) for name in ("layer", "head")]
    other = (shown[1] + 1) % 4
    page.choose("head", other)
    assert [page.state(name) for name in ("layer", "head")] == [shown[0], other]

    page = Page(model="sentiment-en-encoder", text="not good at all", query="4")
    page.enter("not", kind="live")
    assert page.state("query") == 0
    page.enter("not good at all", kind="live")
    assert page.state("query") == 4
