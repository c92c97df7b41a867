"""Without a mouse or without eyes: keys, what is said aloud, and what axe-core finds in every view."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Locator, Page, expect

import attnviz
from attnviz.ui import views
from tests.e2e.axe import AXE, found
from tests.e2e.conftest import OpenPage
from tests.e2e.helpers import PATIENCE, expect_run, wait_for_run, wait_until
from tests.e2e.sentences import MODEL, box, expect_drawn

#: Every view, by a model, a language and a theme that it is looked at in. All of them: `tests.benchmarks.access`.
SEEN: dict[tuple[str, str, Literal["light", "dark"]], tuple[str, ...]] = {
    ("sentiment-en", "en", "dark"): ("bars", "steps"),
    ("sentiment-en-encoder", "ja", "dark"): ("overview", "lines", "flow", "cell", "attribution", "learning"),
    ("sentiment-en-encoder", "en", "light"): ("heads", "heatmap", "prediction", "compare", "cases", "lesson"),
    ("translate-en-ja", "en", "light"): ("written", "surgery", "corpus", "card"),
    ("caption-scenes", "ja", "light"): ("written", "head", "surgery", "attribution"),
    ("next-word-en", "ja", "dark"): ("next",),
}

#: What no shipped model does.
NOT_SHIPPED = {"filled"}


def entry(page: Page, view: str) -> Locator:
    """The button of the rail that opens a view, told which of its levels."""
    button = page.locator(f'.rail :is([data-parts="{view}"], [data-parts^="{view},"], [data-parts*=",{view}"])').first
    button.evaluate("(button, view) => { button.dataset.view = view; }", view)
    return button


def focused(page: Page) -> str:
    """What has the focus, in the shadow of a component, too."""
    return str(
        page.evaluate(
            """() => {
                let at = document.activeElement;
                while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
                return at?.className || at?.id || at?.tagName;
            }"""
        )
    )


def test_every_view_is_looked_at():
    assert {view for some in SEEN.values() for view in some} == set(views.KEYS) - NOT_SHIPPED


@pytest.mark.parametrize(("model", "language", "scheme"), SEEN)
def test_axe_finds_nothing_serious_in_any_view(
    open_page: OpenPage, model: str, language: str, scheme: Literal["light", "dark"]
):
    page = open_page(f"/?model={model}&lang={language}&speed=0", colour_scheme=scheme)
    page.locator("[data-attnviz-trace]").first.wait_for(timeout=PATIENCE)
    wait_for_run(page)  # while it lasts, what it has not reached stands back
    page.evaluate(AXE)
    faults = {"around": found(page, "body")}
    for view in SEEN[model, language, scheme]:
        button = entry(page, view)
        if f"view={view}&" not in page.url:
            button.dispatch_event("click")
            wait_until(page, f"() => location.search.includes('view={view}&')")
            wait_for_run(page)
        expect(button).to_have_attribute("aria-current", "page")
        faults[view] = found(page, ".st-key-stage-place")
    assert {view: each for view, each in faults.items() if each} == {}


def test_the_views_are_a_few_tabs_away_and_every_key_does_what_is_listed(open_page: OpenPage):
    page = open_page(f"/?model={MODEL}&text=not+good&lang=en")
    expect_drawn(page, "not good")
    tabs = 0
    while focused(page) != "skip" and tabs < 8:
        page.keyboard.press("Tab")
        tabs += 1
    page.keyboard.press("Enter")
    assert focused(page) == "view" and tabs < 8

    for key, view in (("2", "Step by step"), ("]", "Prediction"), ("[", "Step by step"), ("w", "Does it matter?")):
        with expect_run(page):
            page.keyboard.press(key)
        expect(page.locator('.rail [aria-current="page"]')).to_have_text(view, timeout=PATIENCE)
    with expect_run(page):
        page.keyboard.press("v")
    expect(page.locator('.rail [aria-current="page"]')).to_have_text("Compare", timeout=PATIENCE)
    page.keyboard.press("?")
    listed = page.locator("dialog dt")
    expect(listed.first).to_be_visible()
    assert {"/", "1", "5", "[", "]", "M", "D", "E", "L", "S", "W", "V", "T", "N", "A", "Z", "F", "C", "?"} <= set(
        listed.all_inner_texts()
    )
    page.locator("dialog label").click()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    wait_for_run(page)
    expect(page.locator('.rail [aria-current="page"]')).to_have_text("Compare")

    page.keyboard.press("?")
    page.locator("dialog label").click()
    page.locator("dialog .close").click()
    page.keyboard.press("m")
    expect(page.locator(".models .panel")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(box(page)).to_be_focused()
    page.keyboard.type("2")
    expect(box(page)).to_have_value("not good2")


def test_words_say_their_weight_and_a_new_answer_is_said_aloud(open_page: OpenPage):
    page = open_page(f"/?model={MODEL}&text=good+film&lang=en")
    expect_drawn(page, "good film")
    weights = attnviz.load(MODEL).trace("good film").block("pooling").weights[0, 0, 0]
    expect(page.get_by_role("img", name=f"film: weight ≈ {weights[1]:.3f}")).to_be_visible()
    said = page.locator(".access .said")
    expect(said).to_contain_text("Answer: Positive")
    with expect_run(page):
        box(page).fill("terrible plot")
        box(page).press("Enter")
    expect(said).to_contain_text("Answer: Negative")
    expect(said).to_have_attribute("role", "status")
