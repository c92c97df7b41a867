"""A training played back in the browser; the server is told where it stopped."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.conftest import OpenPage
from tests.e2e.helpers import PATIENCE, address_parameters, eventually, expect_run


def test_a_training_is_stepped_and_played_to_its_end(open_page: OpenPage):
    page = open_page("/?model=topics-en&view=learning")
    section = page.locator(".learning")
    last = section.locator(".slider").get_attribute("max")
    assert last is not None and int(last) > 5
    expect(section).to_have_attribute("data-step", last)
    shares = section.locator(".bars .bar").evaluate_all("all => all.map(each => each.style.width)")

    with expect_run(page):
        section.locator(".first").click()
        section.locator(".first").press("ArrowRight")
    expect(section).to_have_attribute("data-step", "1")
    assert address_parameters(page)["look"] == ["1"]
    assert section.locator(".bars .bar").evaluate_all("all => all.map(each => each.style.width)") != shares

    section.locator(".play").click()
    expect(section).to_have_attribute("data-playing", "1")
    eventually(lambda: str(section.get_attribute("data-step")), last, timeout=2 * PATIENCE)
    expect(section).to_have_attribute("data-playing", "0")
    assert section.locator(".bars .bar").evaluate_all("all => all.map(each => each.style.width)") == shares
