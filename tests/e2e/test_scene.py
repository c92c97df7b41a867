"""The editor of scenes in the browser: by pointer, by keyboard, by code; one step of the history for each scene."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import SCENES, OpenPage
from tests.e2e.helpers import (
    PATIENCE,
    address_parameters,
    expect_no_exception,
    expect_run,
    has_horizontal_scroll,
    wait_for_run,
)
from tests.e2e.sentences import MODEL, box, expect_address

CODE = "meadow;dog@3,5;tree@9,6*1.5"


@pytest.fixture
def visit(visit: OpenPage) -> Iterator[OpenPage]:
    """As ever; what a test has composed last is sent before the next goes on elsewhere."""
    pages: list[Page] = []

    def noted(*where: str, **how: Any) -> Page:
        pages.append(visit(*where, **how))
        return pages[-1]

    yield noted
    for page in pages:
        if page.locator(".scene").is_visible():
            expect_address(page, page.locator(".scene .code").input_value())


def at(**address: str) -> str:
    return "/?" + urlencode({"model": SCENES, "lang": "en", "speed": "0", "text": CODE, **address})


def opened(open_page: OpenPage, path: str = "", width: int = 1280, height: int = 800) -> Page:
    """The page once the editor is drawn with the scene of the address."""
    path = path or at()
    page = open_page(path, width=width, height=height)
    if width < 1000:
        fold = page.locator(".scene .fold")
        expect(fold).to_have_attribute("aria-expanded", "false", timeout=PATIENCE)
        fold.click()
        expect(fold).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".scene .behind")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".scene .code")).to_have_value(parse_qs(urlsplit(path).query)["text"][0], timeout=PATIENCE)
    return page


def thing(page: Page, kind: str) -> Locator:
    return page.locator(f".thing:has(img[src*='/{kind}.webp'])")


def code(page: Page) -> Locator:
    return page.get_by_label("Code", exact=True)


def tool(page: Page, name: str) -> Locator:
    return page.locator(".tools").get_by_role("button", name=name)


def middle(part: Locator) -> tuple[float, float]:
    area = part.bounding_box()
    assert area is not None
    return area["x"] + area["width"] / 2, area["y"] + area["height"] / 2


def on_picture(page: Page, column: float, row: float) -> tuple[float, float]:
    """Where a cell's middle is on the screen."""
    area = page.locator(".scene .canvas").bounding_box()
    assert area is not None
    return area["x"] + (column + 0.5) / 14 * area["width"], area["y"] + (row + 0.5) / 14 * area["height"]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float], release: bool = True) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=3)
    page.mouse.move(*end, steps=3)
    if release:
        page.mouse.up()


def test_things_are_dragged_into_the_picture_and_about_in_it(visit: OpenPage):
    page = opened(visit)
    steps = page.evaluate("history.length")
    drag(page, middle(page.locator(".tray button[data-name=cat]")), on_picture(page, 6, 11))
    added = f"{CODE};cat@6,11"
    expect(code(page)).to_have_value(added)
    expect_address(page, added)
    wait_for_run(page)

    drag(page, on_picture(page, 3, 5), on_picture(page, 2.4, 9))
    moved = added.replace("dog@3,5", "dog@2.5,9")
    expect(code(page)).to_have_value(moved)
    expect_address(page, moved)
    assert page.evaluate("history.length") == steps + 2
    wait_for_run(page)
    page.go_back()
    expect(code(page)).to_have_value(added, timeout=PATIENCE)
    tool(page, "Undo").click()
    expect(code(page)).to_have_value(moved)
    expect_no_exception(page)


def test_what_is_dropped_beside_the_picture_is_not_added(visit: OpenPage):
    page = opened(visit)
    drag(page, middle(page.locator(".tray button[data-name=cat]")), middle(page.locator(".search")))
    expect(page.locator(".ghost")).to_have_count(0)
    expect(code(page)).to_have_value(CODE)
    # A thing cannot leave the picture either.
    drag(page, on_picture(page, 3, 5), (2, on_picture(page, 3, 5)[1]))
    expect(code(page)).to_have_value(CODE.replace("dog@3,5", "dog@0,5"))


def test_a_size_is_pulled_turned_and_bounded(visit: OpenPage):
    page = opened(visit)
    page.mouse.click(*on_picture(page, 3, 5))
    drag(page, middle(page.locator(".handle")), on_picture(page, 7, 9))
    expect(code(page)).to_have_value(CODE.replace("dog@3,5", "dog@3,5*2"))
    page.mouse.move(*on_picture(page, 3, 5))
    for _ in range(9):
        page.mouse.wheel(0, -100)
    expect(code(page)).to_have_value(CODE.replace("dog@3,5", "dog@3,5*2.5"))
    expect(tool(page, "Larger")).to_be_disabled()
    expect_address(page, CODE.replace("dog@3,5", "dog@3,5*2.5"))


def test_all_of_it_by_keyboard(visit: OpenPage):
    page = opened(visit)
    dog, tree = thing(page, "dog"), thing(page, "tree")
    dog.focus()
    steps = page.evaluate("history.length")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowLeft", "+", "+", "-"):
        page.keyboard.press(key)
    changed = "meadow;dog@4.5,6*1.1;tree@9,6*1.5"
    expect(code(page)).to_have_value(changed)
    expect_address(page, changed)
    assert page.evaluate("history.length") > steps
    expect(dog).to_be_focused()
    expect(dog).to_have_accessible_name("dog: column 4.5, row 6, size 1.1")

    page.keyboard.press("PageUp")
    expect(code(page)).to_have_value("meadow;tree@9,6*1.5;dog@4.5,6*1.1")
    expect(dog).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(tree).to_be_focused()
    page.keyboard.press("Delete")
    expect(code(page)).to_have_value("meadow;dog@4.5,6*1.1")
    expect(dog).to_be_focused()
    for _ in range(4):  # deleting, to the front, smaller and larger, moving
        page.keyboard.press("ControlOrMeta+z")
    expect(code(page)).to_have_value(CODE)
    page.keyboard.press("ControlOrMeta+y")
    expect(code(page)).to_have_value("meadow;dog@4.5,6;tree@9,6*1.5")
    expect_address(page, "meadow;dog@4.5,6;tree@9,6*1.5")
    page.locator(".tray button[data-name=owl]").focus()
    page.keyboard.press("Enter")
    expect(thing(page, "owl")).to_have_count(1)
    expect_no_exception(page)


def test_shuffle_clear_and_an_example_are_each_a_step(visit: OpenPage):
    page = opened(visit)
    for _ in range(5):
        tool(page, "Shuffle").click()
        assert 1 <= page.locator(".thing").count() <= 4
    shuffled = code(page).input_value()
    expect_address(page, shuffled)
    wait_for_run(page)
    expect(page.locator(".scene .error")).to_be_hidden()
    tool(page, "Clear").click()
    expect(code(page)).to_have_value(shuffled.split(";")[0])
    page.locator(".examples button").nth(1).click()
    expect_address(page, "beach;blue-car@4,9")
    page.locator(".backgrounds button[data-name=night]").click()
    expect_address(page, "night;blue-car@4,9")
    assert has_horizontal_scroll(page) is False


@pytest.mark.parametrize(
    ("language", "name", "said"), [("en", "Code", "no object"), ("ja", "コード", "という物はありません")]
)
def test_a_code_that_is_none_is_told_and_nothing_is_lost(visit: OpenPage, language: str, name: str, said: str):
    page = opened(visit, at(lang=language))
    field = page.get_by_label(name, exact=True)
    field.fill("meadow;<b>unicorn</b>@1,1")
    field.press("Enter")
    expect(page.locator(".scene .error")).to_be_visible()
    field.fill("meadow;unicorn@1,1")
    field.press("Enter")
    expect(page.locator(".scene .error")).to_contain_text(said)
    expect(field).to_have_value("meadow;unicorn@1,1")
    expect(page.locator(".thing")).to_have_count(2)
    assert address_parameters(page)["text"] == [CODE]

    field.fill(" sea ; fish@4.0,4.26; ")
    field.press("Enter")
    expect(field).to_have_value("sea;fish@4,4.26")
    expect(page.locator(".scene .error")).to_be_hidden()
    expect_address(page, "sea;fish@4,4.26")


def test_a_photograph_is_not_taken_and_it_says_why(visit: OpenPage):
    page = opened(visit)
    page.locator(".scene .canvas").evaluate(
        """(canvas) => {
            const given = new DataTransfer();
            given.items.add(new File([new Uint8Array(7)], "cat.png", { type: "image/png" }));
            canvas.dispatchEvent(new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true }));
        }"""
    )
    expect(page.locator(".scene .error")).to_contain_text("knows pictures that are composed here")
    expect(code(page)).to_have_value(CODE)
    tool(page, "Shuffle").click()
    expect(page.locator(".scene .error")).to_be_hidden()


def test_an_address_with_a_code_that_is_none_keeps_it(visit: OpenPage):
    page = opened(visit, at(text="meadow;unicorn@1,1"))
    expect(code(page)).to_have_value("meadow;unicorn@1,1")
    expect(page.locator(".scene .error")).to_contain_text("no object")
    tool(page, "Shuffle").click()
    expect(page.locator(".scene .error")).to_be_hidden()
    expect_address(page, code(page).input_value())
    wait_for_run(page)
    page.go_back()
    expect(code(page)).to_have_value("meadow;unicorn@1,1", timeout=PATIENCE)
    expect_no_exception(page)


def test_objects_are_found_in_either_language(open_page: OpenPage):
    page = opened(open_page, at(lang="ja"))
    shown = page.locator(".tray button:visible")
    for asked in ("dog", "犬"):
        page.locator(".search").fill(asked)
        assert "犬" in shown.all_text_contents() and shown.count() < 5
    page.locator(".search").fill("ろけっと")
    expect(shown).to_have_text(["ロケット"])
    expect(shown).to_have_attribute("aria-label", "ロケット")
    page.locator(".search").fill("zzz")
    expect(shown).to_have_count(0)
    expect(page.locator(".none")).to_be_visible()


def test_a_run_of_the_page_leaves_a_drag_alone_and_nothing_jumps(visit: OpenPage):
    page = opened(visit)
    place = page.locator(".scene").bounding_box()
    with expect_run(page):
        page.locator(".examples button").nth(1).click()
        page.wait_for_timeout(400)  # the pause: then a run begins
        drag(page, on_picture(page, 4, 9), on_picture(page, 10, 3), release=False)
    assert thing(page, "blue-car").evaluate("(each) => each.style.left") == "75%"
    page.mouse.up()
    expect_address(page, "beach;blue-car@10,3")
    wait_for_run(page)
    expect(page.locator(".scene")).to_be_visible()
    assert page.locator(".scene").bounding_box() == place


def test_the_caption_has_a_language_of_its_own_and_a_sentence_comes_back(visit: OpenPage):
    page = opened(visit)
    with expect_run(page):
        page.get_by_role("radio", name="Caption: 日本語").click()
    assert address_parameters(page)["said"] == ["ja"]

    page = visit(f"/?model={MODEL}&text=my+own+words&follow=0")
    for name, own in (("Tiny captions", False), (None, True)):
        page.locator(".models .open").click()
        option = page.locator(".models .model", has_text=name) if name else page.locator(".models .model").nth(1)
        with expect_run(page):
            option.click()
        if own:
            break
        expect(page.locator(".scene .thing")).to_have_count(2, timeout=PATIENCE)
    expect(box(page)).to_have_value("my own words", timeout=PATIENCE)


@pytest.mark.parametrize(("width", "height", "language"), [(1280, 720, "en"), (390, 844, "ja")])
def test_it_fits_the_window(open_page: OpenPage, width: int, height: int, language: str):
    page = opened(open_page, at(lang=language), width=width, height=height)
    assert has_horizontal_scroll(page) is False
    area = page.locator(".scene .canvas").bounding_box()
    assert area is not None and area["width"] == pytest.approx(area["height"], abs=1)
    assert area["y"] + area["height"] < height, "the picture can be seen whole"
    for each in page.locator(".tools button").all():
        part = each.bounding_box()
        assert part is not None and min(part["width"], part["height"]) >= 30


# ── the picture that is lit ─────────────────────────────────────────────────────────────────────────────────────────


def dimming(page: Page) -> list[float]:
    """How much each region is dimmed; read again while the page puts a new picture in the place of an old one."""
    colours: list[str] = []
    while not all(colours) or not colours:
        colours = page.locator(".region").evaluate_all(
            "(all) => all.map((each) => getComputedStyle(each).backgroundColor)"
        )
    return [float(colour.removesuffix(")").replace("/", ",").split(",")[-1]) for colour in colours]


def lit(page: Page, word: Locator) -> list[float]:
    """The same, once a word is pointed at and the light has moved; again where a new picture came in between."""
    found = [0.0]
    for _ in range(20):
        word.hover()
        expect(word).to_have_class(re.compile(r"\bmet\b"))
        page.wait_for_timeout(300)
        if max(found := dimming(page)) > 0:
            break
        page.mouse.move(1, 1)
    return found


def test_each_word_lights_regions_and_a_region_its_words(visit: OpenPage):
    page = opened(visit, at(both="1"))
    wait_for_run(page)
    words, second = page.locator(".target .token"), page.locator(".second .token")
    page.get_by_role("button", name="Last").click()
    wait_for_run(page)
    first = lit(page, words.nth(0))
    assert len(first) == 196 and 0 <= min(first) < max(first) <= 0.82
    assert lit(page, words.nth(1)) != first
    assert lit(page, second.nth(1)) != first
    expect(page.locator(".writing .note")).to_contain_text("weight")

    page.locator(".region").nth(100).hover()
    expect(words.nth(0)).to_have_attribute("style", re.compile("background"))
    expect(second.nth(0)).to_have_attribute("style", re.compile("background"))
    expect(page.locator(".writing .note")).to_contain_text("→")


def test_stepping_by_key_moves_the_light(visit: OpenPage):
    page = opened(visit)
    page.get_by_role("button", name="First").click()
    wait_for_run(page)
    page.wait_for_timeout(300)
    first = dimming(page)
    expect(page.locator(".target .token:not(.later)")).to_have_count(1)
    page.locator(".player button").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".target .token:not(.later)")).to_have_count(2)
    page.wait_for_timeout(300)
    assert dimming(page) != first


def test_the_difference_to_the_mean_is_switched_on_and_named(open_page: OpenPage):
    page = opened(open_page)
    page.get_by_role("button", name="Last").click()
    wait_for_run(page)
    plain, scale = lit(page, page.locator(".target .token").nth(0)), page.locator(".seen .legend")
    expect(scale).to_contain_text("one scale for all words")
    page.get_by_label("Difference to the mean over the words").check()
    expect(scale).to_contain_text("above the mean")
    assert lit(page, page.locator(".target .token").nth(0)) != plain
    note = page.locator(".writing .note")
    expect(note).not_to_contain_text("Entropy")
    page.get_by_label("Border and entropy").check()
    page.locator(".target .token").nth(1).hover()
    expect(note).to_contain_text("Entropy")
    page.get_by_label("Outline the things").check()
    expect(page.locator(".outline").first).to_be_visible()


def test_the_light_is_beside_the_editor_and_first_on_a_phone(visit: OpenPage):
    page = opened(visit, width=1280, height=720)
    picture, editor = page.locator(".seen .picture").bounding_box(), page.locator(".scene").bounding_box()
    assert picture is not None and editor is not None
    assert picture["y"] + picture["height"] < 720 and picture["x"] > editor["x"] + editor["width"]
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".scene .canvas")).to_be_hidden()
    picture, editor = page.locator(".seen .picture").bounding_box(), page.locator(".scene").bounding_box()
    assert picture is not None and editor is not None
    assert editor["y"] + editor["height"] < picture["y"] < picture["y"] + picture["height"] < 844
    assert has_horizontal_scroll(page) is False
