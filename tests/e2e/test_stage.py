"""The picture of the sentences: numbers on hover and from the keyboard, choosing a sentence, shuffling, contrast."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import expect

import attnviz
from attnviz.figures import style
from tests.e2e.conftest import OpenPage
from tests.e2e.helpers import (
    PATIENCE,
    address_parameters,
    click_button,
    eventually,
    expect_no_exception,
    expect_run,
    wait_until,
)
from tests.e2e.sentences import MODEL, expect_drawn, tokens, weights


def test_the_number_of_a_token_shows_on_hover_and_by_keyboard(visit: OpenPage):
    page = visit(f"/?model={MODEL}&text=a+terrible+zzgblurk")
    expect_drawn(page, "a terrible zzgblurk")
    numbers = attnviz.load(MODEL).trace("a terrible zzgblurk").block("pooling").weights[0, 0, 0]
    tip = page.locator(".stage .tip")
    expect(tip).to_be_hidden()

    page.locator(".token").nth(1).hover()
    expect(tip).to_contain_text(f"{float(numbers[1]):.9g}")
    page.mouse.move(2, 700)
    expect(tip).to_be_hidden()
    page.locator(".token").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(tip).to_contain_text(f"{float(numbers[2]):.9g}")
    expect(tip).to_contain_text("not in the model's vocabulary")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


def test_a_click_or_enter_on_a_sentence_selects_it_and_the_bars_follow(visit: OpenPage):
    page = visit(f"/?model={MODEL}&text=good+film%0Aterrible+plot")
    bars = page.locator(".st-key-chart-bars .chart")
    expect(bars.filter(has_text="film")).to_be_visible(timeout=PATIENCE)
    bars.locator(".plane rect").nth(1).hover()
    expect(bars.locator(".tip")).to_contain_text("film")

    page.locator(".line").nth(1).locator(".verdict").click()
    expect(bars.filter(has_text="plot")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".line").nth(1)).to_have_attribute("aria-current", "true")
    wait_until(page, "() => location.search.includes('sentence=2')")
    page.locator(".line").first.focus()
    page.keyboard.press("Enter")
    expect(bars.filter(has_text="film")).to_be_visible(timeout=PATIENCE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_p_makes_the_contrast_strong_for_the_page_and_what_draws_itself_and_undoes_it(
    open_page: OpenPage, scheme: Literal["light", "dark"]
):
    page = open_page("/?model=sentiment-en&view=bars&lang=en&text=good&stage=1", colour_scheme=scheme)
    token = page.locator(".token").first
    expect(token).to_be_visible(timeout=PATIENCE)

    def colours() -> list[str]:
        """Behind the page, behind the token, of its words and of its edge's variable."""
        return token.evaluate(
            """(token) => {
              const behind = (element) => getComputedStyle(element).backgroundColor;
              const edge = getComputedStyle(token.getRootNode().host).getPropertyValue("--st-border-color");
              return [behind(document.querySelector(".stApp")), behind(token), edge];
            }"""
        )

    plain, paint = colours(), style.theme(f"{scheme}-contrast")
    strong = [rgb(paint.background), rgb(paint.ramp[-1]), paint.muted]
    assert plain != strong
    for wanted, parameters in ((strong, ["1"]), (plain, None)):
        with expect_run(page):
            page.keyboard.press("p")
        eventually(colours, wanted)
        assert address_parameters(page).get("contrast") == parameters
    expect_no_exception(page)


def rgb(colour: str) -> str:
    """A hexadecimal colour as a browser gives it back."""
    return f"rgb({', '.join(str(int(colour[place : place + 2], 16)) for place in (1, 3, 5))})"


def test_shuffle_and_undo(visit: OpenPage):
    page = visit(f"/?model={MODEL}&text=not+good+at+all")
    expect_drawn(page, "not good at all")
    own = tokens(page), weights(page)
    click_button(page, "Shuffle the words")
    expect(page.locator(".line")).to_have_count(2)
    assert sorted(tokens(page, 1)) == sorted(own[0])
    assert tokens(page, 1) != own[0]
    expect(page.get_by_text("Each word keeps x·W")).to_be_visible()
    shuffled = tokens(page, 1)
    page.reload()
    expect(page.locator(".line")).to_have_count(2, timeout=PATIENCE)
    assert tokens(page, 1) == shuffled

    click_button(page, "Original order")
    expect(page.locator(".line")).to_have_count(1)
    assert (tokens(page), weights(page)) == own
