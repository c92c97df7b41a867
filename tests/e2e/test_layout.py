"""From a phone to a projector, light and dark: nothing wider than the window, nothing in the way of a click."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import expect

from attnviz.i18n import translate
from tests.app.page import POOLING_VIEWS
from tests.e2e.conftest import OpenPage
from tests.e2e.helpers import PATIENCE, expect_no_exception, expect_run, has_horizontal_scroll

TEXT = "明日、学校に行くよ。%0A" + "とても" * 12 + "%0Asupercalifragilisticexpialidocious" * 2


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800), (1920, 1080)])
def test_no_view_is_wider_than_the_window(open_page: OpenPage, width: int, height: int):
    page = open_page(f"/?model=politeness-ja&lang=ja&text={TEXT}", width=width, height=height, locale="ja-JP")
    for view in POOLING_VIEWS:
        name = translate("ja", f"views.{view}")
        button = page.locator(".st-key-view").get_by_text(name, exact=True)
        if view != POOLING_VIEWS[0]:
            with expect_run(page):
                button.click()
        page.wait_for_function(f"location.search.includes('view={view}')", timeout=PATIENCE)
        assert not has_horizontal_scroll(page), f"{view} at {width} px"
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), f"{view} at {width} px"
        expect_no_exception(page)


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800), (1920, 1080)])
def test_the_language_can_be_clicked(open_page: OpenPage, width: int, height: int):
    page = open_page("/?lang=en", width=width, height=height)
    page.locator(".st-key-lang").get_by_text("日本語", exact=True).click()
    expect(page.get_by_role("button", name="注意を見る")).to_be_visible(timeout=PATIENCE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_system_s_colours_are_followed(open_page: OpenPage, scheme: Literal["light", "dark"]):
    page = open_page("/?view=heatmap&text=good", colour_scheme=scheme)
    expect(page.locator(".st-key-chart-heatmap .js-plotly-plot")).to_be_visible(timeout=PATIENCE)
    page_colour = page.locator(".stApp").evaluate("(app) => getComputedStyle(app).backgroundColor")
    assert page_colour == {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 20, 26)"}[scheme]
    paper = page.locator(".js-plotly-plot").evaluate("(plot) => plot.layout.paper_bgcolor")
    written = page.locator(".js-plotly-plot").evaluate("(plot) => plot.layout.font.color")
    assert paper in {"light": ("#ffffff", "rgba(0,0,0,0)"), "dark": ("#11141a", "rgba(0,0,0,0)")}[scheme]
    assert (int(written[1:3], 16) > 128) == (scheme == "dark")
