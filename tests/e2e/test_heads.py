"""Plots over heads in the browser: a click on a point opens its head; maps name their tokens when hovered over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from attnviz import zoo
from attnviz.analysis.heads import maps
from attnviz.families.model import Values
from attnviz.i18n import translate
from tests.e2e.conftest import MANY, OpenPage
from tests.e2e.helpers import PATIENCE, expect_no_exception, wait_until

TEXT = "the cat sat"


@pytest.mark.parametrize(
    ("key", "likeness"), [("heads-plot", "map"), ("heads-alike", "map"), ("heads-alike", "matrix")]
)
def test_a_click_on_a_point_opens_its_head(visit: OpenPage, key: str, likeness: str):
    page = visit(f"/?model={MANY}&text={TEXT.replace(' ', '+')}&view=heads&likeness={likeness}")
    points = page.locator(f".st-key-chart-{key} .plane .point")
    point = points.nth(4)
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    wait_until(page, "() => location.search.includes('view=head&')")
    assert "layer=1" in page.url and "head=1" in page.url
    expect(page.locator(".st-key-chart-head .title")).to_contain_text("Layer 2, head 2")
    expect_no_exception(page)


def test_a_map_tells_its_cell_on_hover(visit: OpenPage, models: Path):
    model = zoo.load(models / MANY)
    encoded = model.encode(TEXT)
    block = model.run(encoded).blocks[0]
    page = visit(f"/?model={MANY}&text={TEXT.replace(' ', '+')}&view=flow&map=norms&layer=1&head=2")
    plot = page.locator(".st-key-chart-map-norms")
    cells = plot.locator(".plane canvas")
    cells.scroll_into_view_if_needed()
    box = cells.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 1.5 / 4, box["y"] + box["height"] * 2.5 / 4)

    assert isinstance(model, Values)
    expected = maps.values(block, "norms", 1, 2, model.value_norms(encoded))[2, 1]
    tip = plot.locator(".tip")
    expect(tip).to_contain_text("cat → the")
    told = tip.text_content() or ""
    assert np.float32(told.split()[-1]) == pytest.approx(np.float32(expected), rel=1e-6)


def test_japanese_beside_an_axis_stands_upright_and_english_is_turned(visit: OpenPage):
    for language, upright in (("ja", "vertical-rl"), ("en", "horizontal-tb")):
        page = visit(f"/?model={MANY}&text={TEXT.replace(' ', '+')}&view=head&lang={language}")
        word = translate(language, "figures.query_axis")
        title = page.locator(".st-key-chart-head .plane text").filter(has_text=word)
        expect(title).to_be_visible(timeout=PATIENCE)
        assert title.evaluate("(text) => getComputedStyle(text).writingMode") == upright
        assert (title.get_attribute("transform") is None) == (language == "ja")
