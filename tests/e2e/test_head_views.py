"""The views of many heads in a browser: opened, chosen from, hovered over and saved, on a model of known weights."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

import attnviz
from attnviz.families.classifier.encoder import EncoderClassifier
from tests.e2e.conftest import MANY, OpenPage
from tests.e2e.helpers import PATIENCE, eventually, expect_no_exception, wait_for_run

LAYERS, HEADS = 2, 3
TEXT = "the cat sat on it"
TOKENS = ["[CLS]", *TEXT.split()]
VIEWS = ("overview", "head", "lines", "cell", "heads")

#: What is the picture of each view.
PICTURES = {
    "overview": ".maps canvas",
    "head": ".st-key-chart-head .plane svg",
    "lines": ".lines svg path",
    "cell": ".st-key-chart-cell-query .plane svg",
    "heads": "[data-testid=stDataFrame] canvas",
}

#: What is chosen besides the language: the layer and the head from one, or their form.
CHOSEN = {
    "overview": [],
    "head": ["Map", "2", "3"],
    "lines": ["Lines", "2", "3"],
    "cell": ["2", "3"],
    "heads": ["as a map"],
}


@pytest.fixture(scope="module")
def model(models: Path) -> EncoderClassifier:
    loaded = attnviz.load(models / MANY)
    assert isinstance(loaded, EncoderClassifier)
    return loaded


def address(view: str, layer: int = 1, head: int = 2, query: int = 3, **more: str) -> str:
    parts = {"model": MANY, "view": view, "lang": "en", "layer": layer, "head": head, "query": query, **more}
    return f"/?text={TEXT.replace(' ', '+')}&" + "&".join(f"{name}={value}" for name, value in parts.items())


def expect_place(page: Page, **wanted: object) -> None:
    """Wait until the address says so."""
    eventually(lambda: _place(page, wanted), {name: str(value) for name, value in wanted.items()})


def _place(page: Page, names: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = page.evaluate("Object.fromEntries(new URLSearchParams(location.search))")
    return {name: found.get(name, "") for name in names}


def choices(page: Page) -> list[str]:
    """What is chosen, as the page shows it."""
    return page.locator(".stButtonGroup button[aria-checked=true], .stButtonGroup [kind$=Active]").all_inner_texts()


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_opens_from_its_address_and_again_after_a_reload(open_page: OpenPage, view: str):
    page = open_page(address(view))
    picture = page.locator(PICTURES[view]).first
    expect(picture).to_be_visible(timeout=PATIENCE)
    asked = page.locator('.token[aria-current="true"], .token.query')
    chosen = ["English", *CHOSEN[view]]
    expect_place(page, view=view, layer=1, head=2, query=3)
    expect(asked).to_have_text("sat")
    eventually(lambda: choices(page), chosen)
    before = numbers(page)

    page.reload()
    expect(picture).to_be_visible(timeout=PATIENCE)
    expect(asked).to_have_text("sat")
    eventually(lambda: (numbers(page), choices(page)), (before, chosen))
    expect_place(page, view=view, layer=1, head=2, query=3)
    expect_no_exception(page)


def numbers(page: Page) -> list[str]:
    """Weights of the stage, nine digits each."""
    return page.evaluate(
        """() => {
            const roots = [...document.querySelectorAll("*")].map((each) => each.shadowRoot).filter(Boolean);
            return roots.flatMap((root) => [...root.querySelectorAll(".token")].map((each) => each.outerHTML));
        }"""
    )


def test_a_small_map_opens_its_head(visit: OpenPage):
    page = visit(address("overview"))
    maps = page.locator(".maps button")
    expect(maps).to_have_count(LAYERS * HEADS, timeout=PATIENCE)
    expect(page.locator(".maps figcaption")).to_contain_text("Colour")

    page.get_by_role("button", name="layer 1, head 2", exact=True).click()
    expect_place(page, view="head", layer=0, head=1, query=3)
    expect(page.locator(".st-key-chart-head .title")).to_contain_text("Layer 1, head 2")


def test_maps_are_reached_by_the_arrow_keys_and_opened_by_enter(visit: OpenPage):
    page = visit(address("overview", layer=0, head=0))
    first = page.get_by_role("button", name="layer 1, head 1", exact=True)
    expect(first).to_have_attribute("aria-pressed", "true", timeout=PATIENCE)

    first.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.get_by_role("button", name="layer 2, head 3", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect_place(page, view="head", layer=1, head=2)


@pytest.mark.parametrize("view", ["head", "lines", "cell"])
def test_a_token_of_the_sentence_is_chosen_as_the_query(visit: OpenPage, view: str):
    page = visit(address(view))
    expect(page.locator(PICTURES[view]).first).to_be_visible(timeout=PATIENCE)

    page.locator(".token", has_text="cat").click()
    expect_place(page, query=2)
    page.locator(".token", has_text="cat").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect_place(page, query=3)


def test_another_head_is_followed_by_the_rest_of_the_page_however_fast_they_are_chosen(visit: OpenPage):
    page = visit(address("head", layer=0, head=0))
    title, heads = page.locator(".st-key-chart-head .title").last, page.locator(".st-key-head button")
    expect(title).to_contain_text("Layer 1, head 1", timeout=PATIENCE)
    for number in (2, 3, 1, 3, 2):
        heads.nth(number - 1).click()
    expect(title).to_contain_text("Layer 1, head 2")
    expect(page.locator(".stage .legend figcaption")).to_contain_text("layer 1, head 2")
    expect_place(page, view="head", layer=0, head=1, query=3)
    page.reload()
    expect(title).to_contain_text("Layer 1, head 2", timeout=PATIENCE)
    expect_no_exception(page)


def test_a_cell_of_the_map_chooses_its_row_as_the_query(visit: OpenPage):
    page = visit(address("head"), height=1400)
    grid = page.locator(".st-key-chart-head .plane canvas")
    expect(grid).to_be_attached(timeout=PATIENCE)
    grid.scroll_into_view_if_needed()

    box = grid.bounding_box()
    assert box is not None
    row, column = 4, 1
    page.mouse.click(
        box["x"] + box["width"] * (column + 0.5) / len(TOKENS), box["y"] + box["height"] * (row + 0.5) / len(TOKENS)
    )
    expect_place(page, view="head", layer=1, head=2, query=row)
    expect(page.locator(".token.query")).to_have_text(TOKENS[row])


def lines(page: Page) -> Locator:
    """Lines on the screen now: those of the token pointed at, else all."""
    return page.locator(".lines .few path")


def test_hovering_a_token_shows_its_lines_and_the_keyboard_does_the_same(visit: OpenPage, model: EncoderClassifier):
    page = visit(address("lines"), height=1400)
    texts, note = page.locator(".lines svg text"), page.locator(".lines .note")
    expect(texts).to_have_text(TOKENS * 2, timeout=PATIENCE)
    expect(note).to_contain_text("0.01")
    expect(lines(page)).to_have_count(0)

    # Weights travel to the lines in 8 bits.
    weights = np.rint(model.trace(TEXT).blocks[0].weights[1, 2] * 255) / 255
    texts.nth(2).hover()
    key = int(weights[2].argmax())
    expect(note).to_contain_text(f"head 3: {TOKENS[key]} ≈ {weights[2, key]:.2f}")
    assert lines(page).count() > 0
    expect(page.locator(".lines .all")).to_have_css("opacity", "0")

    page.mouse.move(2, 2)
    expect(note).to_contain_text("0.01")
    expect(page.locator(".lines .all")).to_have_css("opacity", "1")

    texts.nth(0).focus()
    page.keyboard.press("ArrowDown")
    key = int(weights[1].argmax())
    expect(note).to_contain_text(f"{TOKENS[key]} ≈ {weights[1, key]:.2f}")
    page.keyboard.press("ArrowRight")
    expect(texts.nth(len(TOKENS))).to_be_focused()
    query = int(weights[:, 0].argmax())
    expect(note).to_contain_text(f"{TOKENS[query]} ≈ {weights[query, 0]:.2f}")


def test_from_one_token_to_the_next_the_pointer_never_falls_between(visit: OpenPage):
    page = visit(address("lines"), height=1400)
    texts = page.locator(".lines svg text")
    expect(texts).to_have_count(2 * len(TOKENS), timeout=PATIENCE)
    texts.nth(1).scroll_into_view_if_needed()
    boxes = [texts.nth(index).bounding_box() for index in (1, 2)]
    assert boxes[0] is not None and boxes[1] is not None

    across = boxes[0]["x"] + boxes[0]["width"] / 2
    page.mouse.move(across, boxes[0]["y"] + boxes[0]["height"] / 2)
    page.mouse.move(across, (boxes[0]["y"] + boxes[0]["height"] + boxes[1]["y"]) / 2)
    expect(page.locator(".lines .all")).to_have_css("opacity", "0")


def test_heads_of_the_lines_are_chosen_in_the_browser(open_page: OpenPage):
    page = open_page(address("lines"), height=1400)
    boxes = page.locator(".lines .heads input")
    expect(boxes).to_have_count(HEADS, timeout=PATIENCE)
    assert [boxes.nth(index).is_checked() for index in range(HEADS)] == [False, False, True]
    runs = page.evaluate("window.attnvizRuns")

    for index in range(HEADS - 1):
        boxes.nth(index).check()
    colours = page.locator(".lines .all path").evaluate_all("(all) => all.map((each) => each.getAttribute('stroke'))")
    assert len(set(colours)) == HEADS
    boxes.nth(2).uncheck()
    expect(page.locator(".lines .all > g")).to_have_count(HEADS - 1)
    assert page.evaluate("window.attnvizRuns") == runs


@pytest.mark.parametrize(("view", "target"), [("overview", "overview"), ("head", "head"), ("lines", "lines")])
def test_a_picture_is_saved_as_it_is_drawn(visit: OpenPage, view: str, target: str):
    page = visit(address(view))
    expect(page.locator(PICTURES[view]).first).to_be_visible(timeout=PATIENCE)
    tools = page.locator(f".st-key-tools-chart-{target}")

    svg = saved(page, tools.get_by_role("button", name="SVG", exact=True)).decode()
    assert svg.startswith("<svg") and ("cat" in svg or view == "overview")
    assert saved(page, tools.get_by_role("button", name="PNG", exact=True)).startswith(b"\x89PNG")


def saved(page: Page, button: Locator) -> bytes:
    """Click and read the file that comes."""
    with page.expect_download(timeout=PATIENCE) as coming:
        button.click()
    return Path(coming.value.path()).read_bytes()


def test_a_row_of_the_table_of_heads_is_there_to_open(visit: OpenPage):
    page = visit(address("heads"))
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible(timeout=PATIENCE)
    rows = list(csv.DictReader(io.StringIO(saved(page, page.locator(".st-key-save-heads button")).decode("utf-8-sig"))))

    assert len(rows) == LAYERS * HEADS


def repeated(words: int, **more: str) -> tuple[str, str]:
    """A sentence of so many words, and the address of one of its heads."""
    text = " ".join(TEXT.split()[index % 5] for index in range(words))
    return text, address("head", 1, 2, 5, **more).replace(TEXT.replace(" ", "+"), text.replace(" ", "+"))


@pytest.mark.parametrize("words", [19, 66])
def test_a_head_of_many_tokens_is_painted_cell_by_cell_and_saved(visit: OpenPage, model: EncoderClassifier, words: int):
    text, place = repeated(words, scale="row")
    page = visit(place)
    plane = page.locator(".plane canvas")
    expect(page.locator(".matrix .title")).to_have_text("Layer 2, head 3", timeout=PATIENCE)
    weights = model.trace(text).blocks[0].weights[1, 2]
    eventually(lambda: int(plane.evaluate("(canvas) => canvas.height")), len(weights))
    dark = plane.evaluate(
        """(canvas) => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return Array.from({ length: data.length / 4 }, (_, at) => 255 - data[4 * at]);
        }"""
    )
    shades = np.array(dark).reshape(weights.shape)
    assert (shades[np.arange(len(weights)), weights.argmax(-1)] == shades.max(-1)).all()
    assert (shades.max(-1) > shades.min(-1)).all()

    plane.scroll_into_view_if_needed()
    cell = plane.evaluate("(canvas) => canvas.getBoundingClientRect().width / canvas.width")
    plane.hover(position={"x": 2.5 * cell, "y": 3.5 * cell}, force=True)
    tip = page.locator(".matrix .tip")
    expect(tip).to_contain_text("sat → cat")
    if words < 64:
        told = (tip.text_content() or "").split()[-1]
        assert np.float32(told) == pytest.approx(weights[3, 2], rel=1e-6)
    svg = saved(page, page.locator(".st-key-tools-chart-head").get_by_role("button", name="SVG", exact=True)).decode()
    assert "data:image/png" in svg and "Layer 2, head 3" in svg and "key (is attended to)" in svg
    plane.click(position={"x": 2.5 * cell, "y": 3.5 * cell}, force=True)
    expect(page).to_have_url(re.compile("[?&]query=3(&|$)"), timeout=PATIENCE)


def test_a_hidden_key_carries_its_sign_in_every_cell_and_the_pointer_tells_why(visit: OpenPage):
    page = visit(repeated(19, scale="row", edits="hide-K2", edited="1")[1])
    plane = page.locator(".plane canvas")
    expect(page.locator(".matrix .title")).to_contain_text("edited", timeout=PATIENCE)
    colours = plane.evaluate(
        """(canvas) => {
            const size = canvas.width / 20, brush = canvas.getContext("2d");
            const told = (column) => new Set(Array.from({ length: size * size }, (_, at) =>
                brush.getImageData(column * size + (at % size), Math.floor(at / size), 1, 1).data.join()));
            return [size, told(2).size, told(1).size];
        }"""
    )
    assert colours[0] > 1 and colours[1:] == [2, 1]

    plane.scroll_into_view_if_needed()
    cell = plane.evaluate("(canvas) => canvas.getBoundingClientRect().width / 20")
    plane.hover(position={"x": 2.5 * cell, "y": 3.5 * cell}, force=True)
    expect(page.locator(".matrix .tip")).to_have_text("sat → cat\nhidden by hand")


def test_the_map_zooms_in_by_a_click_and_out_by_a_key(visit: OpenPage):
    page = visit(address("overview"))
    page.locator('.maps button[data-place="0,1"]').click(timeout=PATIENCE)
    expect_place(page, view="head", layer=0, head=1, query=3)
    page.locator(".st-key-zoom-head").get_by_role("radio", name="Lines").click()
    expect_place(page, view="lines", layer=0, head=1, query=3)
    expect(page.locator('.rail [aria-current="page"]')).to_have_text("The map")
    wait_for_run(page)  # the address is written before the button that the key presses
    page.keyboard.press("Escape")
    expect_place(page, view="overview", layer=0, head=1)
    expect(page.locator(".st-key-zoom-out")).to_have_count(0)
    expect_no_exception(page)
