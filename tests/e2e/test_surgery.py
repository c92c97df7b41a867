"""Weights changed in the browser: bars dragged and moved by keys, numbers typed, undone, reloaded, sent as a link."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from attnviz import zoo
from attnviz.analysis.surgery.operations import traced
from attnviz.trace import Classification
from tests.e2e.conftest import OpenPage
from tests.e2e.helpers import PATIENCE, click_button, eventually, expect_no_exception, wait_for_run

MODEL, TEXT = "sentiment-en", "not good at all"


def opened(visit: OpenPage, edits: str = "", width: int = 1280) -> Page:
    """The page with the weights as they are after edits."""
    query = f"/?model={MODEL}&text={TEXT.replace(' ', '+')}&view=surgery&edits={edits.replace(' ', '+')}"
    page = visit(query, width=width)
    expect(bars(page)).to_have_count(4, timeout=PATIENCE)
    eventually(lambda: values(page), model_gives(edits))
    return page


def bars(page: Page) -> Locator:
    return page.locator(".weights [role=slider]")


def values(page: Page) -> list[float]:
    found = bars(page).evaluate_all("(all) => all.map((bar) => Number(bar.getAttribute('aria-valuenow')))")
    return [round(value, 4) for value in found]


def model_gives(edits: str) -> list[float]:
    row = traced(zoo.load(MODEL), TEXT, edits).blocks[0].weights[0, 0, 0]
    return [round(float(value), 4) for value in row]


def edits(page: Page) -> str:
    found: str = page.evaluate("new URLSearchParams(location.search).get('edits') ?? ''")
    return found


def classes(page: Page) -> list[str]:
    return [" ".join(text.split()) for text in page.locator(".weights .classes li").all_inner_texts()]


def drag(page: Page, bar: int, share: float) -> None:
    """Take a bar's track in the middle and let it go at a share of its length."""
    hold(page, bar, share)
    page.mouse.up()


def hold(page: Page, bar: int, share: float) -> None:
    """Take a bar's track in the middle and hold it at a share of its length."""
    track = bars(page).nth(bar)
    track.evaluate(
        "(bar) => bar.scrollIntoView({ block: 'center' })"
    )  # a bar at the foot of a phone covers the last lines
    box = track.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * (share + 0.5) / 2, middle)
    page.mouse.move(box["x"] + box["width"] * share, middle, steps=3)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_bar_dragged_is_the_weight_the_model_goes_on_from(visit: OpenPage, width: int):
    page = opened(visit, width=width)
    hold(page, 1, 0.8)
    held = f"set-K1-{values(page)[1]:.4f}"
    eventually(lambda: values(page), model_gives(held))
    output = traced(zoo.load(MODEL), TEXT, held).output
    assert isinstance(output, Classification)
    named = zip(("Negative", "Positive"), output.probabilities, strict=True)
    assert classes(page) == [f"{name} {share:.1%}".replace("%", " %") for name, share in named]
    assert edits(page) == "", "nothing is set while the bar is held"
    page.mouse.up()
    eventually(lambda: edits(page)[:9], "set-K1-0.")
    code = edits(page)
    assert abs(float(code.rpartition("-")[2]) - 0.8) < 0.02
    eventually(lambda: values(page), model_gives(code))
    expect(page.locator(".st-key-surgery-list")).to_contain_text("weight of “good” (2) set to")
    expect_no_exception(page)


def test_an_answer_that_comes_after_the_browser_took_the_bar_away_is_dropped(open_page: OpenPage):
    page = opened(open_page)
    eventually(lambda: values(page), model_gives(""))
    held: list[Route] = []
    page.route("**/api/trace*", lambda route: held.append(route))
    hold(page, 1, 0.8)
    eventually(lambda: any("set-K1-" in route.request.url for route in held), True)
    bars(page).nth(1).dispatch_event("pointercancel")
    eventually(lambda: values(page), model_gives(""))
    while held:
        with page.expect_response("**/api/trace*") as told:
            held.pop().continue_()
        assert told.value.json()["output"]
    page.evaluate("() => new Promise((then) => setTimeout(then, 100))")
    assert values(page) == model_gives("")
    page.unroute("**/api/trace*")


def test_keys_move_a_bar_and_the_focus_stays(visit: OpenPage):
    page = opened(visit)
    bars(page).nth(2).focus()
    page.keyboard.press("Home")
    eventually(lambda: edits(page), "set-K2-0")
    expect(bars(page).nth(2)).to_be_focused()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowRight")
    # As soon as one is taken over, and its answer is still to be drawn, the next is pressed.
    for found in ("set-K2-0.31", "set-K2-0.32", "set-K2-0.33"):
        eventually(lambda: edits(page), found)
        if found != "set-K2-0.33":
            page.keyboard.press("ArrowRight")
    eventually(lambda: values(page), model_gives("set-K2-0.33"))
    expect(bars(page).nth(2)).to_be_focused()


def test_a_number_typed_and_one_that_is_none(visit: OpenPage):
    page = opened(visit)
    field = page.locator(".weights input").first
    field.fill("<b>much</b>")
    field.press("Enter")
    eventually(lambda: field.input_value(), f"{model_gives('')[0]:g}")
    field.fill("0,25")
    field.press("Enter")
    eventually(lambda: edits(page), "set-K0-0.25")
    eventually(lambda: values(page), model_gives("set-K0-0.25"))


def test_undo_redo_and_reset(visit: OpenPage):
    page = opened(visit, "uniform")
    drag(page, 0, 0.5)
    eventually(lambda: len(edits(page).split()), 2)
    both = edits(page)
    click_button(page, "Undo")
    eventually(lambda: (edits(page), values(page)), ("uniform", model_gives("uniform")))
    click_button(page, "Redo")
    eventually(lambda: (edits(page), values(page)), (both, model_gives(both)))
    click_button(page, "Reset")
    eventually(lambda: (edits(page), values(page)), ("", model_gives("")))


def test_a_reload_and_a_second_window_show_the_same(open_page: OpenPage, visit: OpenPage):
    page = opened(visit)
    drag(page, 3, 0.6)
    eventually(lambda: edits(page)[:9], "set-K3-0.")
    click_button(page, "Apply")
    eventually(lambda: edits(page).split()[1:], ["uniform"])
    code = edits(page)
    page.reload()
    expect(bars(page)).to_have_count(4, timeout=PATIENCE)
    eventually(lambda: (edits(page), values(page)), (code, model_gives(code)))
    other = open_page(page.url.partition("/?")[2].join(("/?", "")))
    expect(bars(other)).to_have_count(4, timeout=PATIENCE)
    eventually(lambda: (edits(other), values(other)), (code, model_gives(code)))
    click_button(other, "Undo")
    eventually(lambda: edits(other), code.split()[0])


def test_changed_weights_in_another_view_carry_their_mark(visit: OpenPage):
    page = visit(f"/?model={MODEL}&text={TEXT.replace(' ', '+')}&view=bars&edits=uniform&edited=1")
    chart = page.locator(".st-key-chart-bars .chart")
    expect(chart.locator(".note")).to_have_text("edited", timeout=PATIENCE)
    wait_for_run(page)
    expect(chart.locator(".note")).to_be_visible(timeout=PATIENCE)
    mark, frame = chart.locator(".note").bounding_box(), chart.bounding_box()
    assert mark is not None and frame is not None
    assert frame["y"] <= mark["y"] and mark["x"] + mark["width"] <= frame["x"] + frame["width"] + 1
    expect(page.locator(".stage .name")).to_have_text("edited")
