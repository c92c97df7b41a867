"""The sentence box: what applies, what makes a further sentence, what does neither."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.helpers import PATIENCE, expect_no_exception, wait_for_run, wait_until
from tests.e2e.sentences import MODEL, apply, box, expect_address, expect_drawn, stage, tokens

START = f"/?model={MODEL}&follow=0&text=good"


@pytest.fixture
def page(visit: OpenPage) -> Page:
    """A page that does not follow the typing, so that only applying draws."""
    opened = visit(START)
    expect_drawn(opened, "good")
    expect(box(opened)).to_have_value("good")
    return opened


def test_enter_applies_and_the_text_stays(page: Page):
    box(page).fill("a terrible film")
    expect_drawn(page, "good")
    box(page).press("Enter")

    expect_drawn(page, "a terrible film")
    expect(box(page)).to_have_value("a terrible film")
    assert tokens(page) == ["a", "terrible", "film"]


def test_shift_enter_and_pasted_line_breaks_make_sentences(page: Page):
    box(page).fill("good film")
    box(page).press("End")
    box(page).press("Shift+Enter")
    expect(box(page)).to_have_value("good film\n")
    page.evaluate("navigator.clipboard.writeText('bad film\\r\\nnot bad')")
    box(page).press("ControlOrMeta+V")
    expect(box(page)).to_have_value("good film\nbad film\nnot bad")
    expect_drawn(page, "good")
    box(page).press("Enter")

    expect_drawn(page, "good film\nbad film\nnot bad")
    expect(page.locator(".line")).to_have_count(3)


def test_the_enter_that_ends_a_conversion_does_not_apply(page: Page):
    stage(page).evaluate(
        """(stage) => {
            window.drawn = [];
            new MutationObserver(() => window.drawn.push(stage.dataset.attnvizTrace))
                .observe(stage, { attributes: true, attributeFilter: ["data-attnviz-trace"] });
        }"""
    )
    box(page).fill("")
    box(page).focus()
    chrome = page.context.new_cdp_session(page)
    # A composition going on: the key the input method takes has the code 229.
    chrome.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
    taken = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    chrome.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **taken})
    chrome.send("Input.dispatchKeyEvent", {"type": "keyUp", **taken})
    # Browsers that send a plain Enter while they compose.
    box(page).dispatch_event("keydown", {"key": "Enter", "keyCode": 13, "isComposing": True})
    chrome.send("Input.insertText", {"text": "日本"})
    expect(box(page)).to_have_value("日本")
    box(page).press("Enter")

    expect_drawn(page, "日本")
    expect_address(page, "日本")
    assert set(page.evaluate("window.drawn")) == {"日本"}
    expect_no_exception(page)


def test_the_button_and_the_examples_apply(page: Page):
    box(page).fill("what a film")
    page.get_by_role("button", name="Show attention").click()
    expect_drawn(page, "what a film")

    example = page.locator(".examples .example").nth(3)
    words = example.get_attribute("data-text")
    assert words is not None
    example.click()
    expect_drawn(page, words)
    expect(box(page)).to_have_value(words)


def test_typing_is_followed_without_a_step_of_history_until_switched_off(open_page: OpenPage):
    page = open_page(f"/?model={MODEL}&text=good")
    expect_drawn(page, "good")
    expect_address(page, "good")
    steps = page.evaluate("history.length")
    box(page).fill("")
    box(page).press_sequentially("so bad")
    expect_drawn(page, "so bad")
    expect_address(page, "so bad")
    assert page.evaluate("history.length") == steps

    page.get_by_label("follow typing").click()
    wait_until(page, "() => new URLSearchParams(location.search).get('follow') === '0'")
    box(page).press_sequentially(" indeed")
    # Twice the pause: only a time can show that nothing comes.
    page.wait_for_timeout(900)
    expect_drawn(page, "so bad")
    expect(box(page)).to_have_value("so bad indeed")


def test_enter_twenty_times(page: Page):
    for number in range(20):
        box(page).fill(f"film number {number}")
        box(page).press("Enter")

    expect_drawn(page, "film number 19")
    expect(box(page)).to_have_value("film number 19")
    expect_address(page, "film number 19")
    expect_no_exception(page)


@pytest.mark.parametrize("view", ["bars", "heatmap", "steps"])
def test_markup_is_shown_as_typed_and_nothing_runs(visit: OpenPage, view: str):
    page = visit(f"/?model={MODEL}&view={view}&text=good")
    for text in (
        "<script>window.ran=1</script>",
        "<img src=x onerror=window.ran=1>",
        "**b** [a](https://x.org) $x^2$ :red[r]",
    ):
        several = f"{text}\n{text}"
        apply(page, several)

        expect(page.locator(".sentence").first).to_have_text(text)
        wait_for_run(page)
        assert page.evaluate("window.ran") is None
        assert page.locator(".stMain a[href*='x.org'], .stMain img[src=x], .stMain .stMarkdown script").count() == 0
        expect_no_exception(page)


def test_unusual_text_gives_a_picture(page: Page):
    for text in ("good\x00 film", "\u202egood film", "👩‍👩‍👧‍👦 film", "!!! ???", "zzgblurk", "هذا فيلم جميل"):
        apply(page, text)
        expect(page.locator(".token").first).to_be_visible()
        expect(box(page)).to_have_value(text)
        wait_for_run(page)
        expect_no_exception(page)


def test_a_lone_surrogate_gives_a_picture_and_stays_in_the_box(page: Page):
    box(page).evaluate("(area) => { area.value = 'good \\ud800 film\\nbad \\udc00 film'; }")
    box(page).press("Enter")
    expect(page.locator(".line")).to_have_count(2, timeout=PATIENCE)
    assert tokens(page) == ["good", "film"]
    assert box(page).evaluate("(area) => area.value.charCodeAt(5)") == 0xD800
    expect_no_exception(page)


def test_nothing_to_read_is_said(page: Page):
    for text in ("", "   "):
        apply(page, "good")
        expect(page.get_by_text("There is nothing to read")).to_have_count(0)
        box(page).fill(text)
        box(page).press("Enter")
        expect(page.get_by_text("There is nothing to read")).to_be_visible(timeout=PATIENCE)
        expect(box(page)).to_have_value(text)


@pytest.mark.parametrize("text", ["abcde fghi" * 1000, "good " * 5000], ids=["10,000 characters", "5,000 words"])
def test_long_text_survives_a_reload(page: Page, text: str):
    apply(page, text)
    expect(page.get_by_text("The model reads at most")).to_be_visible(timeout=PATIENCE)
    expect_address(page, text.strip())
    assert len(page.url.split("#")[0]) < 2000
    drawn = tokens(page)
    page.reload()

    expect_drawn(page, text.strip())
    expect(box(page)).to_have_value(text.strip())
    assert tokens(page) == drawn
    assert quote("good") in page.url or "abcde" in page.url
