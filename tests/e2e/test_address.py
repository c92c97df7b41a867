"""The address has everything: back, forward, reload and a second tab show the same."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.helpers import (
    PATIENCE,
    address_parameters,
    choose_view,
    eventually,
    expect_no_exception,
    expect_run,
    wait_until,
)
from tests.e2e.sentences import MODEL, apply, box, expect_address, expect_drawn, picture

TEXTS = ("a good film", "a bad film\nnot bad", "どうも")


@pytest.mark.parametrize(("locale", "language"), [("en-US", "en"), ("ja-JP", "ja")])
def test_the_first_address_is_short_and_no_step(open_page: OpenPage, locale: str, language: str):
    page = open_page(locale=locale)
    expect(page.locator("[data-attnviz-trace]").first).to_be_visible(timeout=PATIENCE)
    wait_until(page, "() => location.search.includes('text=')")

    assert set(address_parameters(page)) == {"lang", "model", "view", "text"}
    assert address_parameters(page)["lang"] == [language]
    # The empty tab it was opened in is the other one.
    assert page.evaluate("history.length") == 2
    assert page.evaluate("document.documentElement.lang") == language
    expect_no_exception(page)


def test_back_and_forward_return_text_picture_and_box(open_page: OpenPage):
    page = open_page(f"/?model={MODEL}&text=good")
    expect_drawn(page, "good")
    expect_address(page, "good")
    begin = page.evaluate("history.length")
    seen = {"good": picture(page)}
    for text in TEXTS:
        apply(page, text)
        expect_address(page, text)
        seen[text] = picture(page)
    assert page.evaluate("history.length") == begin + len(TEXTS)

    for text in ("a bad film\nnot bad", "a good film", "good"):
        page.go_back()
        expect_same(page, text, seen[text])
    for text in ("a good film", "a bad film\nnot bad"):
        page.go_forward()
        expect_same(page, text, seen[text])
    assert page.evaluate("history.length") == begin + len(TEXTS)


def expect_same(page: Page, text: str, seen: list[tuple[list[str], list[str]]]) -> None:
    """The text is drawn as before, stands in the box and in the address."""
    expect_drawn(page, text)
    expect(box(page)).to_have_value(text)
    expect_address(page, text)
    eventually(lambda: picture(page), seen)


def test_reload_and_a_second_tab_show_the_same(visit: OpenPage):
    page = visit(f"/?model={MODEL}&text=good&view=heatmap&scale=log&numbers=1&lang=ja")
    apply(page, TEXTS[1])
    expect_address(page, TEXTS[1])
    seen, address = picture(page), page.url

    page.reload()
    expect_same(page, TEXTS[1], seen)
    assert page.url == address
    other = page.context.new_page()
    other.goto(address)
    expect_same(other, TEXTS[1], seen)
    assert other.url == address
    expect(other.locator(".st-key-chart-heatmap .plane svg")).to_be_visible(timeout=PATIENCE)


def test_the_sentence_stays_unless_it_is_an_example_the_other_model_cannot_read(open_page: OpenPage):
    page = open_page("/?model=sentiment-en&view=heatmap")
    expect(box(page)).not_to_have_value("", timeout=PATIENCE)
    before = box(page).input_value()
    choose_model(page, "Topics (English)")
    wait_until(page, "() => location.search.includes('model=topics-en')")
    expect(box(page)).to_have_value(before)
    choose_model(page, "Politeness (Japanese)")
    expect(box(page)).not_to_have_value(before, timeout=PATIENCE)
    expect_drawn(page, box(page).input_value())

    apply(page, "my own words")
    choose_model(page, "Sentiment (English)")
    wait_until(page, "() => location.search.includes('model=sentiment-en')")
    expect(box(page)).to_have_value("my own words")
    expect_drawn(page, "my own words")
    assert address_parameters(page)["view"] == ["heatmap"]

    # Each of these was a step of the browser's history, the view that the verb opened too.
    choose_view(page, "Prediction")
    wait_until(page, "() => location.search.includes('view=prediction')")
    page.go_back()
    expect(page.locator('.rail [aria-current="page"]')).to_have_text("Step by step", timeout=PATIENCE)
    page.go_back()
    expect(page.locator('.rail [aria-current="page"]')).to_have_text("Heatmap", timeout=PATIENCE)
    assert address_parameters(page)["model"] == ["sentiment-en"]
    page.go_back()
    expect(page.locator(".models .open")).to_have_text("Politeness (Japanese)", timeout=PATIENCE)
    expect(box(page)).to_have_value("my own words")
    page.go_forward()
    expect(page.locator(".models .open")).to_have_text("Sentiment (English)", timeout=PATIENCE)


# Goes back from a view as soon as the rail has taken it over, while the rest of the page is still drawn.
BACK_AT_ONCE = """
(rail, view) => new Promise((done) => {
  const root = rail.getRootNode(), started = performance.now();
  const back = () => { watch.disconnect(); history.back(); done(performance.now() - started); };
  const watch = new MutationObserver(() => {
    if (root.querySelector('.rail [aria-current="page"]')?.dataset.view === view) back();
  });
  watch.observe(root, { subtree: true, childList: true, attributes: true });
  history.back();
})
"""


def test_going_back_twice_at_once_is_going_back_twice(visit: OpenPage):
    page = visit("/?model=sentiment-en&view=heatmap&text=good")
    for _ in range(2):
        choose_view(page, "Step by step")
        wait_until(page, "() => location.search.includes('view=steps')")
        choose_view(page, "Prediction")
        wait_until(page, "() => location.search.includes('view=prediction')")
        page.locator(".rail").evaluate(BACK_AT_ONCE, "steps")
        expect(page.locator('.rail [aria-current="page"]')).to_have_text("Heatmap", timeout=PATIENCE)
        wait_until(page, "() => location.search.includes('view=heatmap')")


def test_the_language_can_be_switched_faster_than_the_page_answers(visit: OpenPage):
    page = visit(f"/?model={MODEL}&view=heatmap&text=good&lang=en")
    expect_drawn(page, "good")
    page.evaluate(
        """async () => {
            for (const name of ["日本語", "English", "日本語", "English", "日本語"]) {
                [...document.querySelectorAll("button")].find((each) => each.innerText.trim() === name)?.click();
                await new Promise((done) => setTimeout(done, 30));
            }
        }"""
    )
    wait_until(page, "() => location.search.includes('lang=ja')")
    expect(page.locator(".st-key-chart-heatmap .plane svg")).to_be_visible(timeout=PATIENCE)
    expect_drawn(page, "good")
    assert address_parameters(page)["model"] == [MODEL]
    expect_no_exception(page)


def test_streamlits_own_parameters_survive(open_page: OpenPage):
    page = open_page(f"/?embed=true&embed_options=light_theme&embed_options=show_padding&model={MODEL}&text=good")
    expect_drawn(page, "good")
    apply(page, "a good film")
    expect_address(page, "a good film")

    found = address_parameters(page)
    assert (found["embed"], found["embed_options"]) == (["true"], ["light_theme", "show_padding"])
    expect_no_exception(page)


def choose_model(page: Page, title: str) -> None:
    """Choose a model by its title."""
    page.locator(".models .open").click()
    with expect_run(page):
        page.locator(".models .model", has=page.get_by_text(title, exact=True)).click()


def test_another_language_keeps_everything_else(visit: OpenPage):
    page = visit(f"/?model={MODEL}&view=heatmap&scale=log&text=good")
    apply(page, TEXTS[1])
    expect_address(page, TEXTS[1])
    before, seen = address_parameters(page), picture(page)
    page.get_by_text("日本語", exact=True).click()
    wait_until(page, "() => location.search.includes('lang=ja')")

    expect(page.get_by_role("button", name="アテンションを見る")).to_be_visible()
    assert address_parameters(page) == before | {"lang": ["ja"]}
    expect_same(page, TEXTS[1], seen)


def test_what_the_address_asks_for_and_is_not_there_is_said(open_page: OpenPage):
    page = open_page("/?model=%3Cb%3Enone%3C/b%3E&view=**x**&lang=xx&temperature=nan")
    expect(page.get_by_text("The address asks for model = <b>none</b>")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("view = **x**")).to_be_visible()
