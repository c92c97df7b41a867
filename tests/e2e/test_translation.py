"""A translation in the browser: written, stepped through, continued from another token, read when typed."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import TINY, OpenPage
from tests.e2e.helpers import (
    PATIENCE,
    address_parameters,
    eventually,
    expect_no_exception,
    expect_run,
    has_horizontal_scroll,
    open_popover,
)
from tests.families.writing.translation_folder import ENGLISH, JAPANESE


def at(**address: str) -> str:
    return "/?" + urlencode({"model": TINY, "lang": "en", "speed": "0", "text": ENGLISH[0], **address})


def opened(visit: OpenPage, **address: str) -> Page:
    """The page once the translation is drawn."""
    page = visit(at(**address))
    text = address.get("text", ENGLISH[0])
    expect(page.locator(".writing")).to_have_attribute("data-attnviz-trace", text, timeout=PATIENCE)
    return page


def written(page: Page) -> str:
    """The tokens of the translation that can be seen."""
    return "".join(page.locator(".target .token:not(.later)").all_text_contents())


def step(page: Page) -> str | None:
    return page.locator(".writing").get_attribute("data-step")


#: Keeps, from the step after this on, how many tokens and rows could be seen at each.
WATCH = """(section) => {
  section.seen = [];
  const count = (what) => section.querySelectorAll(`${what}:not(.later)`).length;
  new MutationObserver(() => section.seen.push([count(".target .token"), count(".grid .row")]))
    .observe(section, { attributeFilter: ["data-step"] });
}"""


def test_a_translation_is_written_token_by_token_with_its_rows(open_page):
    page = opened(open_page, speed="1")
    section = page.locator(".writing")
    section.evaluate(WATCH)
    expect(section).to_have_attribute("data-playing", "1")
    eventually(lambda: written(page), JAPANESE[0] + "[EOS]")
    rows = page.locator(".grid .row")
    assert page.locator(".grid .row:not(.later)").count() == rows.count() == page.locator(".target .token").count()
    seen = section.evaluate("(section) => section.seen")
    assert seen == [[count, count] for count in range(rows.count() - len(seen) + 1, rows.count() + 1)] and len(seen) > 3
    expect_no_exception(page)


def test_enter_writes_a_new_sentence(visit):
    page = opened(visit)
    with expect_run(page):
        page.locator("textarea").fill(ENGLISH[3])
        page.locator("textarea").press("Enter")
    eventually(lambda: written(page), JAPANESE[3] + "[EOS]")


def test_steps_by_slider_buttons_and_keys_and_the_step_is_in_the_address(open_page):
    page = opened(open_page)
    last = page.locator(".target .token").count() - 1
    assert step(page) == str(last)
    page.get_by_role("button", name="To the first token").click()
    assert step(page) == "0" and written(page) == "私"
    page.locator(".writing .grid .row").first.click()
    page.get_by_role("button", name="One token on").click()
    page.locator(".player .forward").press("ArrowRight")
    page.locator(".player .forward").press("ArrowRight")
    page.locator(".player .forward").press("ArrowLeft")
    assert step(page) == "2"
    # Playwright learns of a new address only when it is asked something.
    eventually(lambda: parse_qs(page.evaluate("location.search.slice(1)")).get("at"), ["2"])
    page.get_by_role("slider", name="Step of the translation").press("End")
    assert step(page) == str(last)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator(".writing")).to_have_attribute("data-playing", "1")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.locator(".writing")).to_have_attribute("data-playing", "0")
    again = opened(open_page, at="2")
    assert step(again) == "2"


def test_another_token_goes_on_from_there_and_can_be_taken_back(visit):
    page = opened(visit, pieces="pieces")
    before = written(page)
    page.locator(".target .token").nth(2).click()
    other = page.locator(".choices button").nth(1)
    words = other.locator(".word").inner_text()
    with expect_run(page):
        other.click()
    eventually(lambda: page.locator(".target .token").nth(2).inner_text(), words)
    assert address_parameters(page)["path"] == [f"2:{words}"]
    with expect_run(page):
        page.get_by_role("button", name="Take back the last choice").click()
    eventually(lambda: written(page), before)
    assert "path" not in address_parameters(page) or address_parameters(page)["path"] == [""]


def test_a_typed_translation_is_read(visit):
    page = opened(visit)
    box = page.get_by_role("textbox", name="Your own translation")
    with expect_run(page):
        box.fill("彼は茶を飲みます。")
        box.press("Enter")
    eventually(lambda: page.locator(".target .token").first.inner_text().split("\n")[0], "彼")
    assert page.locator(".target .number").count() == page.locator(".target .token").count()
    assert page.locator(".target .differs").count() > 0
    expect(page.locator(".choices button").first).to_be_disabled()
    assert address_parameters(page)["own"] == ["彼は茶を飲みます。"]
    with expect_run(page):
        page.get_by_role("button", name="The model's own translation").click()
    eventually(lambda: written(page), JAPANESE[0] + "[EOS]")


def test_words_light_up_on_both_sides(visit):
    page = opened(visit)
    expect(page.locator(".target .now")).to_have_count(1)
    assert page.locator(".target .now.special").count() == 0, "at rest a word is looked at, not the end"
    page.locator(".target .token").nth(1).hover()
    expect(page.locator(".target .token").nth(1)).to_have_class("token met")
    note = page.locator(".note")
    assert note.inner_text().startswith("は →")
    page.locator(".source .token").nth(2).hover()
    expect(page.locator(".source .token").nth(2)).to_have_class("token met")
    assert note.inner_text().startswith("→ green")
    colours = page.locator(".target .token").evaluate_all("all => all.map(each => each.style.background)")
    assert len(set(colours)) > 1
    page.locator(".cell").first.hover()
    expect(page.locator(".source .token.met")).to_have_text("I")
    expect(page.locator(".target .token.met")).to_have_text("私")
    assert "weight 0." in note.inner_text()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_it_fits_the_window(visit, language):
    page = opened(visit, lang=language, text=ENGLISH[1])
    for width, height in ((390, 844), (1280, 800)):
        page.set_viewport_size({"width": width, "height": height})
        eventually(lambda: has_horizontal_scroll(page), False)
    # On a laptop the map stands whole; what could have been written gives way.
    assert page.locator(".writing .scroll").evaluate("(map) => map.scrollWidth <= map.clientWidth")


def test_the_picture_can_be_saved(visit):
    page = opened(visit)
    open_popover(page, "export")
    with page.expect_download() as download:
        page.locator(".st-key-tools-stage-box").get_by_role("button", name="SVG", exact=True).click()
    svg = download.value.path().read_text("utf-8")
    assert "飲み" in svg and "morning" in svg and "<script" not in svg
