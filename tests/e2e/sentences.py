"""Verbs for the sentence box and the stage."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.e2e.helpers import PATIENCE

MODEL = "sentiment-en"


def box(page: Page) -> Locator:
    """The sentence box."""
    return page.locator("textarea#text")


def stage(page: Page) -> Locator:
    """The picture of the sentences."""
    return page.locator("[data-attnviz-trace]")


def expect_drawn(page: Page, text: str) -> None:
    """Wait until the picture of that text is there."""
    expect(stage(page)).to_have_attribute("data-attnviz-trace", text, timeout=PATIENCE)


def apply(page: Page, text: str) -> None:
    """Type over what is in the box, press Enter, and wait for the picture."""
    box(page).fill(text)
    box(page).press("Enter")
    expect_drawn(page, text)


def expect_address(page: Page, text: str) -> None:
    """Wait until the address has the text."""
    page.wait_for_function(
        """(text) => (new URLSearchParams(location.search).get("text")
            ?? new URLSearchParams(location.hash.slice(1)).get("text")) === text""",
        arg=text,
        timeout=PATIENCE,
    )


def tokens(page: Page, line: int = 0) -> list[str]:
    """Tokens of one sentence of the picture, as written."""
    return page.locator(".line").nth(line).locator(".token").all_inner_texts()


def weights(page: Page, line: int = 0) -> list[str]:
    """Weights of one sentence of the picture, as they stand in the page."""
    found = page.locator(".line").nth(line).locator(".token")
    return [str(weight) for weight in found.evaluate_all("(all) => all.map((each) => each.dataset.weight)")]
