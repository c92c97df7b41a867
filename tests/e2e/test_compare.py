"""Rows compared in the browser: another model is chosen, stands in the address, and is there again after a reload."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.helpers import PATIENCE, address_parameters, expect_no_exception, select_option


def titles(page: Page) -> Locator:
    return page.locator(".st-key-chart-compare-row .note")


def test_another_model_is_chosen_and_stays(open_page: OpenPage):
    page = open_page("/?model=topics-en&text=book+a+table&view=compare&against=model&lang=en")
    expect(titles(page)).to_have_text(["A: Topics", "B: Topics, encoder", "B − A"], timeout=PATIENCE)
    select_option(page, "B: model", "Sentiment (English)")
    expected = ["A: Topics", "B: Sentiment", "B − A"]
    expect(titles(page)).to_have_text(expected, timeout=PATIENCE)
    assert address_parameters(page)["model2"] == ["sentiment-en"]
    page.reload()
    expect(titles(page)).to_have_text(expected, timeout=PATIENCE)
    expect_no_exception(page)
