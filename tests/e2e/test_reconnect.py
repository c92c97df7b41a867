"""A server that goes away and comes back: the page finds it again and what was typed is still there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.helpers import COUNT_RUNS, PATIENCE, expect_no_exception, wait_for_run
from tests.e2e.sentences import MODEL, apply, box, expect_address, expect_drawn
from tests.e2e.server import ROOT, Server


@pytest.fixture
def other_server(tmp_path: Path) -> Iterator[Server]:
    """A server that nobody else needs."""
    running = Server(ROOT / "app.py", tmp_path / "log.txt")
    running.start()
    yield running
    running.stop()


@pytest.mark.parametrize("typed", ["a terrible film", "a terrible film, and not yet applied"])
def test_the_page_reconnects_and_keeps_what_was_typed(
    other_server: Server, browser: Browser, request: pytest.FixtureRequest, typed: str
):
    context = browser.new_context(locale="en-US")
    request.addfinalizer(context.close)
    context.add_init_script(COUNT_RUNS)
    page = context.new_page()
    page.goto(f"{other_server.url}/?model={MODEL}&follow=0&text=good")
    wait_for_run(page)
    apply(page, "a terrible film")
    expect_address(page, "a terrible film")
    box(page).fill(typed)

    other_server.stop()
    page.wait_for_function(_STATE, arg=False, timeout=PATIENCE)
    expect(box(page)).to_have_value(typed)
    other_server.start()
    page.wait_for_function(_STATE, arg=True, timeout=PATIENCE)
    wait_for_run(page)

    expect_drawn(page, "a terrible film")
    expect(box(page)).to_have_value(typed)
    box(page).press("Enter")
    expect_drawn(page, typed)
    apply(page, "it works again")
    expect_no_exception(page)


_STATE = """(connected) => connected ===
    (document.querySelector("[data-test-connection-state]")?.dataset.testConnectionState === "CONNECTED")"""
