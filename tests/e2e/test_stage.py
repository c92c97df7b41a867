"""The picture of the sentences: numbers on hover and from the keyboard, choosing a sentence, shuffling."""

from __future__ import annotations

from playwright.sync_api import expect

import attnviz
from tests.e2e.conftest import OpenPage
from tests.e2e.helpers import PATIENCE, click_button, wait_until
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
