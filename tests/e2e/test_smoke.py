"""The page opens with a picture on it, in both languages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenPage
from tests.e2e.helpers import PATIENCE, expect_no_exception


@pytest.mark.parametrize(("locale", "language"), [("en-US", "en"), ("ja-JP", "ja")])
def test_the_page_opens_with_a_picture(open_page: OpenPage, locale: str, language: str):
    page = open_page(locale=locale)

    expect(page.locator("[data-attnviz-trace]").first).to_be_visible(timeout=PATIENCE)
    expect(page).to_have_url(re.compile(rf"[?&]lang={language}\b"))
    expect_no_exception(page)
