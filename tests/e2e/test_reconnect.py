"""A server that goes away and comes back: the page finds it again and what was typed is still there."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from attnviz.i18n import translate
from tests.e2e.conftest import OpenPage
from tests.e2e.helpers import expect_no_exception, wait_for_run, wait_until
from tests.e2e.sentences import MODEL, apply, box, expect_address, expect_drawn
from tests.e2e.server import Server


@pytest.mark.page_errors_expected
def test_pages_reconnect_and_keep_what_was_typed(server: Server, open_page: OpenPage):
    typed = {text: opened(open_page, text) for text in ("a terrible film", "a terrible film, and not yet applied")}

    server.stop()
    for text, page in typed.items():
        wait_until(page, _STATE, False)
        expect(page.get_by_role("alert")).to_have_text(translate("en", "page.gone"))
        expect(box(page)).to_have_value(text)
    server.start()
    for text, page in typed.items():
        wait_until(page, _STATE, True)
        wait_for_run(page)
        expect(page.locator(".gone")).to_be_hidden()

        expect_drawn(page, "a terrible film")
        expect(box(page)).to_have_value(text)
        box(page).press("Enter")
        expect_drawn(page, text)
        apply(page, "it works again")
        expect_no_exception(page)


def opened(open_page: OpenPage, typed: str) -> Page:
    """A page that shows what was applied, and in the box what was typed since."""
    page = open_page(f"/?model={MODEL}&follow=0&text=good")
    apply(page, "a terrible film")
    expect_address(page, "a terrible film")
    box(page).fill(typed)
    return page


_STATE = """(connected) => connected ===
    (document.querySelector("[data-test-connection-state]")?.dataset.testConnectionState === "CONNECTED")"""
