"""From a phone to a projector, light and dark: nothing wider than the window, nothing in the way of a click."""

from __future__ import annotations

import re
from functools import partial
from typing import Literal

import pytest
from playwright.sync_api import Route, expect

from attnviz.i18n import translate
from attnviz.ui.components.whole import PATIENCE as COVERED
from attnviz.ui.page import _COME
from tests.app.page import POOLING_VIEWS
from tests.benchmarks.stage import another_model, another_sentence, choose, choose_model
from tests.e2e.conftest import OpenPage
from tests.e2e.geometry import WATCH_SHIFTS, geometry, moved, shift
from tests.e2e.helpers import (
    PATIENCE,
    choose_view,
    eventually,
    expect_no_exception,
    has_horizontal_scroll,
    wait_for_run,
    wait_until,
)

TEXT = "明日、学校に行くよ。%0A" + "とても" * 12 + "%0Asupercalifragilisticexpialidocious" * 2


#: A model of each kind of source and output, with views to change to, one after the other.
CHANGES = {
    "sentiment-en": ("compare", "surgery"),
    "topics-en-encoder": ("overview", "lines", "head"),
    "translate-en-ja": ("compare", "surgery", "written"),
    "next-word-en": ("head", "lines", "written"),
    "caption-scenes": ("lines", "written", "heatmap", "written"),
}

#: Where an editor of pictures comes to stand beside the stage, or goes, the stage's frame may be seen to make room.
BESIDE = 0.05

#: Models of another kind of source to change to: what is put in stands elsewhere, and the stage has another size.
OTHERS = {"sentiment-en": ("caption-scenes",), "caption-scenes": ("sentiment-en",)}

#: Where a drawing begins at the latest on a phone of 844 pixels: at its middle.
UPPER = 430

#: Of each heading in the view by how many pixels it reaches over what holds it, and onto what comes next.
OVER = """
() => [...document.querySelectorAll(".st-key-drawing .stHeading")].map((each) =>
  each.getBoundingClientRect().bottom - each.closest(".stElementContainer").getBoundingClientRect().bottom)
"""

#: By how many pixels the line below the stage reaches out of the window, and what is drawn on the stage over its side.
BEYOND = """
() => {
  const line = document.querySelector(".st-key-line p"), drawing = document.querySelector(".st-key-drawing");
  return [line.getBoundingClientRect().bottom - innerHeight, drawing.scrollWidth - drawing.clientWidth];
}
"""

#: What of the header, and of what lies over it, lies on something else of it: what stands there is hit in its middle.
ON_EACH_OTHER = """
() => {
  const tools = ["display", "export", "alone-button", "lang", "model-place"].map((key) => `.st-key-${key}`);
  const places = [...tools, ".stAppHeader button", ".ask"].join();
  const within = (root) => [...root.querySelectorAll("*")].flatMap(({ shadowRoot }) => shadowRoot ?? []);
  const all = [document, ...within(document)].flatMap((root) => [...root.querySelectorAll(places)]);
  const boxes = all.map((each) => [each, each.getBoundingClientRect()]).filter(([, { width }]) => width);
  const beside = (a, b) => a.right <= b.left + 1 || b.right <= a.left + 1;
  const below = (a, b) => a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
  const related = (a, b) => a.contains(b) || b.contains(a);
  const pairs = boxes.flatMap((one, place) => boxes.slice(place + 1).map((other) => [one, other]));
  const on = pairs.filter(([[a, one], [b, other]]) => !related(a, b) && !beside(one, other) && !below(one, other));
  return [boxes.length, on.map(([[a], [b]]) => [a.className, b.className])];
}
"""

#: Moves the stage, and back, each time in the frame in which it comes, as where a browser draws all of a run at once.
AT_ONCE = """
async (rules) => {
  const stage = document.querySelector(".st-key-stage-place"), come = document.createElement("div");
  document.head.append(come);
  for (const [place, rule] of rules.entries()) {
    come.innerHTML = rule;
    stage.style.marginLeft = place ? "" : "300px";
    await new Promise((then) => setTimeout(then, 200));
  }
  come.remove();
}
"""

#: Which change the page said was whole, in each frame in which the drawing is seen and what all share has a form.
SEEN = """
(form) => {
  const seen = window.attnvizSeen = [], drawing = document.querySelector(".st-key-drawing");
  const look = () => {
    const there = document.querySelector(`.st-key-${form}`) && Number(getComputedStyle(drawing).opacity);
    if (there) seen.push(document.documentElement.dataset.attnvizWhole ?? "");
    if (window.attnvizSeen === seen) requestAnimationFrame(look);
  };
  look();
}
"""

#: A laptop, a projector and a phone, on which the next view is chosen.
SIZES = ((1280, 800), (1920, 1080), (390, 844))


def test_no_view_is_wider_than_the_window_nor_any_heading_over_its_text(open_page: OpenPage):
    page = open_page(f"/?model=politeness-ja&lang=ja&text={TEXT}", width=390, height=844)
    headings = 0
    for view in POOLING_VIEWS:
        name = translate("ja", f"views.{view}")
        if view != POOLING_VIEWS[0]:
            choose_view(page, name)
        wait_until(page, f"() => location.search.includes('view={view}')")
        assert not has_horizontal_scroll(page), view
        assert geometry(page).drawing < UPPER, view
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            eventually(lambda: has_horizontal_scroll(page), False)
            assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), f"{view} at {width} px"
        over = page.evaluate(OVER)
        assert all(each <= 1 for each in over), (view, over)
        headings += len(over)
        expect_no_exception(page)
    assert headings


@pytest.mark.parametrize(("width", "height"), [(960, 540), (853, 480), (640, 360)])
@pytest.mark.parametrize("model", ["translate-en-ja", "caption-scenes"])
def test_zoomed_in_the_header_holds_and_the_stage_is_still_there(
    open_page: OpenPage, model: str, width: int, height: int
):
    """A window of 1920×1080 at 200 %, of 1280×720 at 150 % and at 200 %."""
    page = open_page(f"/?model={model}&view=written&lang=ja", width=width, height=height, locale="ja")
    expect(page.locator(".st-key-writing .token").first).to_be_visible(timeout=PATIENCE)
    number, found = page.evaluate(ON_EACH_OTHER)
    assert number >= 6 and found == []
    assert not has_horizontal_scroll(page)
    stage = page.locator(".st-key-stage-place").bounding_box()
    assert stage is not None and stage["width"] > 0.7 * width
    assert stage["y"] < (0.6 if width > 760 else 0.7) * height
    if width > 760:
        assert page.locator(".st-key-header").bounding_box()["height"] < 60  # type: ignore[index]


@pytest.mark.parametrize("model", CHANGES)
def test_the_stage_is_most_of_a_laptop_s_window_and_nothing_moves_when_what_it_shows_changes(
    open_page: OpenPage, model: str
):
    page = open_page(f"/?model={model}&view=heatmap&speed=0&lang=en", height=720)
    expect(page.locator(".st-key-chart-heatmap .plane svg")).to_be_visible(timeout=PATIENCE)
    page.evaluate(WATCH_SHIFTS)
    page.wait_for_timeout(500)  # what a page just opened still moves is not meant
    shift(page)
    rules = [_COME.format(place="stage-place", number=-1, turn=turn, seconds=COVERED) for turn in range(2)]
    page.evaluate(AT_ONCE, rules)
    assert shift(page) < 0.01, "what comes in one frame with all else is not seen to move"
    changes = [(view, partial(choose, page, view)) for view in CHANGES[model]]
    changes += [("sentence", partial(another_sentence, page)), ("model", partial(another_model, page))]
    changes += [(other, partial(choose_model, page, other)) for other in OTHERS.get(model, ())]
    too_far = {}
    for what, change in changes:
        change()
        wait_until(page, "() => !document.querySelector('.st-key-drawing [data-testid=stSkeleton]')")
        expect(page.locator("[data-attnviz-trace]").first).to_be_visible()
        found = geometry(page)
        assert found.share >= 0.6, (what, found)
        assert found.drawing < 360, (what, found)
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight <= innerHeight + 1"), what
        assert max(beyond := page.evaluate(BEYOND)) <= 0, (what, beyond)
        if (far := shift(page)) > (BESIDE if what in OTHERS.get(model, ()) else 0.02):
            too_far[what] = far, moved(page)[-9:]
    assert not too_far


def test_a_card_has_its_heights_before_the_browser_has_what_draws_figures_and_tables(open_page: OpenPage):
    held = list[Route]()
    page = open_page("/?model=sentiment-en-encoder&lang=en", width=390, height=844, wait=False)
    page.route(re.compile(r"/(Metric|DataFrame)\.[^/]*\.js$"), lambda route: held.append(route))
    wait_for_run(page)
    choose(page, "card")
    eventually(lambda: len(held), 2)
    page.evaluate(
        """() => document.querySelectorAll("[data-testid=stSkeleton]").forEach((each) => {
            const place = each.closest("[data-testid=stElementContainer]");
            place.dataset.before = place.getBoundingClientRect().height;
        })"""
    )
    for each in held:
        each.continue_()
    wait_until(
        page, "() => document.querySelectorAll('[data-testid=stMetric], [data-testid=stDataFrame]').length === 4"
    )
    wait_until(page, "() => !document.querySelector('[data-testid=stSkeleton]')")
    other = """() => [...document.querySelectorAll("[data-before]")]
        .slice(0, -1)  // below the last nothing stands
        .map((each) => [Number(each.dataset.before), each.getBoundingClientRect().height])
        .filter(([before, now]) => Math.abs(before - now) > 1)"""
    assert page.evaluate(other) == []


def test_what_is_drawn_is_out_of_sight_from_the_change_of_what_all_share_until_it_is_whole(open_page: OpenPage):
    page = open_page("/?model=caption-scenes&view=lines&speed=0&lang=en", height=720)
    expect(page.locator(".lines text").first).to_be_visible(timeout=PATIENCE)
    for turn, view in enumerate(("written", "lines"), start=1):
        page.evaluate(SEEN, "large" if view == "written" else "small")
        choose(page, view)
        eventually(lambda: page.evaluate("window.attnvizSeen.length > 5"), True)
        assert set(page.evaluate("window.attnvizSeen")) == {str(turn)}, view


def test_on_a_phone_the_verbs_stand_at_the_foot_and_what_loads_makes_nothing_wider(open_page: OpenPage):
    page = open_page("/?model=topics-en-encoder&view=lines&lang=ja", width=390, height=844)
    rail = page.locator(".rail")
    expect(page.locator(".lines text").first).to_be_visible(timeout=PATIENCE)
    assert geometry(page).drawing < UPPER and geometry(page).letter >= 14, geometry(page)
    expect(rail).to_be_visible(timeout=PATIENCE)
    box = rail.bounding_box()
    assert box is not None and box["y"] + box["height"] == pytest.approx(844, abs=2) and box["width"] == 390
    verb = rail.get_by_role("button", name=translate("ja", "rail.test"))
    verb.click()
    expect(rail.locator('[aria-current="page"]')).to_have_text(translate("ja", "views.attribution"))
    wait_until(page, "() => location.search.includes('view=attribution')")
    assert geometry(page).wide <= 1
    # What stands in for the address while it loads.
    page.locator(".st-key-address-bar").evaluate(
        """(bar) => {
            const skeleton = document.createElement("div");
            skeleton.style.cssText = "width: 100%; height: 3rem";
            bar.append(skeleton);
        }"""
    )
    assert not has_horizontal_scroll(page)


def test_a_verb_opens_its_view_that_was_looked_at_last(open_page: OpenPage):
    page = open_page("/?model=sentiment-en&view=compare&lang=en")
    expect(page.locator('.rail [aria-current="page"]')).to_have_text("Compare", timeout=PATIENCE)
    for verb, view in (("Learn", "Training"), ("Test", "Compare"), ("See", "Words and bars")):
        page.locator(".rail").get_by_role("button", name=verb, exact=True).click()
        expect(page.locator('.rail [aria-current="page"]')).to_have_text(view)
    wait_until(page, "() => location.search.includes('view=bars')")
    expect_no_exception(page)


def test_the_language_can_be_clicked(open_page: OpenPage):
    page = open_page("/?lang=en")
    for width, height, language, name in (
        (390, 844, "日本語", "アテンションを見る"),
        (1280, 800, "English", "Show attention"),
        (1920, 1080, "日本語", "アテンションを見る"),
    ):
        page.set_viewport_size({"width": width, "height": height})
        page.locator(".st-key-lang").get_by_text(language, exact=True).click()
        expect(page.get_by_role("button", name=name)).to_be_visible(timeout=PATIENCE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_system_s_colours_are_followed(open_page: OpenPage, scheme: Literal["light", "dark"]):
    page = open_page("/?view=heatmap&text=good", colour_scheme=scheme)
    expect(page.locator(".st-key-chart-heatmap .plane svg")).to_be_visible(timeout=PATIENCE)
    page_colour = page.locator(".stApp").evaluate("(app) => getComputedStyle(app).backgroundColor")
    assert page_colour == {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 20, 26)"}[scheme]
    # The title of the scale; what stands in cells has the ink that reads on them.
    written = page.locator(".st-key-chart-heatmap .plane text").last.evaluate("(text) => getComputedStyle(text).fill")
    assert written == {"light": "rgb(26, 29, 36)", "dark": "rgb(241, 243, 247)"}[scheme]
