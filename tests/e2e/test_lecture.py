"""A lecture as it is given: keys, guess, way back, notes in a second window, back and forward."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from attnviz import lectures
from attnviz.i18n import translate
from tests.e2e.conftest import OpenPage
from tests.e2e.geometry import geometry
from tests.e2e.helpers import PATIENCE, eventually, expect_no_exception, has_horizontal_scroll
from tests.e2e.sentences import apply

SLIDE = "/?lecture=attention&slide="


def asked(page: Page) -> dict[str, str]:
    """What stands in the address at this moment."""
    found: dict[str, str] = page.evaluate("Object.fromEntries(new URLSearchParams(location.search))")
    return found


def expect_slide(page: Page, number: int) -> None:
    """Wait until the address stands at a slide."""
    eventually(lambda: asked(page).get("slide", ""), str(number))


def title(page: Page) -> str:
    return page.locator(".lecture .title").inner_text()


def test_page_keys_turn_the_slides_wherever_the_focus_is_and_back_returns(open_page: OpenPage):
    page = open_page(f"{SLIDE}2&revealed=1", height=720)
    expect(page.locator(".token").first).to_be_visible(timeout=PATIENCE)
    # On a low window the stage has the room of the model's examples, and ends above its line.
    expect(page.locator(".examples")).to_be_hidden()
    line = page.locator(".st-key-line").bounding_box()
    assert line is not None and line["y"] + line["height"] <= 720 and geometry(page).share > 0.45
    page.set_viewport_size({"width": 1920, "height": 1080})
    expect(page.locator(".examples")).to_be_visible()
    eventually(
        lambda: page.evaluate("document.querySelector('.st-key-line').getBoundingClientRect().bottom <= 1080"), True
    )
    page.locator("textarea#text").focus()
    first = title(page)
    page.keyboard.press("PageDown")
    expect_slide(page, 3)
    expect(page.locator(".lecture .title")).not_to_have_text(first)
    page.keyboard.press("PageUp")
    expect_slide(page, 2)
    page.go_back()
    expect_slide(page, 3)
    expect_no_exception(page)


def test_the_black_key_of_a_remote_makes_the_window_black_and_any_key_brings_it_back(open_page: OpenPage):
    page = open_page(f"{SLIDE}2&revealed=1&stage=1", height=720)
    expect(page.locator(".token").first).to_be_visible(timeout=PATIENCE)
    page.locator(".lecture .close").click(trial=True)  # nothing lies on it
    over = "getComputedStyle(document.body, '::after').backgroundColor"
    for black, back in (("b", "b"), (".", "Shift")):
        page.keyboard.press(black)
        assert page.evaluate(over) == "rgb(0, 0, 0)"
        page.keyboard.press(back)
        assert page.evaluate(over) != "rgb(0, 0, 0)"
    page.keyboard.press("b")
    page.mouse.click(5, 5)
    assert page.evaluate(over) != "rgb(0, 0, 0)"


def test_the_class_guesses_first_edits_and_finds_the_way_back(open_page: OpenPage):
    page = open_page(f"{SLIDE}2")
    words = page.locator(".guess .tokens button")
    words.nth(2).click()
    expect(words.nth(2)).to_have_attribute("aria-pressed", "true", timeout=PATIENCE)
    assert page.locator(".token").count() == 0
    page.locator(".lecture .reveal").click()
    expect(page.locator(".token").first).to_be_visible(timeout=PATIENCE)
    # What the class guessed may stand there yet when the weights already do.
    expect(page.locator("p.told", has_text="Your guess")).to_be_visible()

    back = page.locator(".lecture .back")
    expect(back).to_be_hidden()
    apply(page, "a bad film")
    expect(back).to_be_visible(timeout=PATIENCE)
    eventually(lambda: asked(page).get("text", ""), "a bad film")
    back.click()
    expect(words.first).to_be_visible(timeout=PATIENCE)
    eventually(lambda: "text" in asked(page), False)


def test_the_notes_follow_the_slides_and_turn_them(open_page: OpenPage):
    page = open_page(f"{SLIDE}3")
    terms = page.locator(".lecture .words abbr")
    expect(terms.first).to_have_attribute("title", translate("en", "meanings.feature"), timeout=PATIENCE)
    said = lectures.find("attention").slides[2].words["en"].split("\n\n")
    assert page.locator(".lecture .words p").all_text_contents() == said, "marked terms change no letter"
    with page.context.expect_page() as opened:
        page.locator(".lecture .notes").click()
    notes = opened.value
    expect(notes.locator(".notes .place")).to_have_text("3 / 21", timeout=PATIENCE)
    notes.locator(".notes .next").click()
    expect_slide(page, 4)
    expect(notes.locator(".notes .place")).to_have_text("4 / 21", timeout=PATIENCE)
    page.keyboard.press("PageDown")
    expect(notes.locator(".notes .place")).to_have_text("5 / 21", timeout=PATIENCE)


def test_the_link_is_shown_with_its_code_and_a_phone_has_room(open_page: OpenPage):
    page = open_page(f"{SLIDE}2&lang=ja", width=390, height=844)
    page.locator(".lecture .join").click()
    expect(page.locator(".joined svg path")).to_be_attached(timeout=PATIENCE)
    assert page.locator(".joined .link").inner_text().endswith("/?lang=ja&lecture=attention&slide=2")
    assert not has_horizontal_scroll(page)
    page.locator(".lecture .close").click()
    eventually(lambda: "lecture" in asked(page), False)
    expect(page.locator(".lecture")).to_have_count(0)
