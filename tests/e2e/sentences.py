"""Verbs for the sentence box and the stage."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page

from tests.e2e.helpers import eventually, wait_until

MODEL = "sentiment-en"


def box(page: Page) -> Locator:
    """The sentence box."""
    return page.locator("textarea#text")


def stage(page: Page) -> Locator:
    """The picture of the sentences."""
    return page.locator("[data-attnviz-trace]")


def expect_drawn(page: Page, text: str) -> None:
    """Wait until the picture of that text is there, and no other: while it changes, the old one may stand beside it."""
    eventually(lambda: [each["text"] for each in _stages(page)], [text])


def apply(page: Page, text: str) -> None:
    """Type over what is in the box, press Enter, and wait for the picture."""
    box(page).fill(text)
    box(page).press("Enter")
    expect_drawn(page, text)


def expect_address(page: Page, text: str) -> None:
    """Wait until the address has the text."""
    wait_until(
        page,
        """(text) => (new URLSearchParams(location.search).get("text")
            ?? new URLSearchParams(location.hash.slice(1)).get("text")) === text""",
        text,
    )


def picture(page: Page) -> list[tuple[list[str], list[str]]]:
    """Tokens and weights of every sentence drawn, read at one moment."""
    return [(line["tokens"], line["weights"]) for each in _stages(page) for line in each["lines"]]


def tokens(page: Page, line: int = 0) -> list[str]:
    """Tokens of one sentence of the picture, as written."""
    return picture(page)[line][0]


def weights(page: Page, line: int = 0) -> list[str]:
    """Weights of one sentence of the picture, as they stand in the page."""
    return picture(page)[line][1]


def _stages(page: Page) -> list[dict[str, Any]]:
    """What is drawn, read in one go."""
    found: list[dict[str, Any]] = stage(page).evaluate_all(
        """(all) => all.map((each) => ({
            text: each.dataset.attnvizTrace,
            lines: [...each.querySelectorAll(".line")].map((line) => {
                const tokens = [...line.querySelectorAll(".token")];
                const of = (read) => tokens.map(read);
                return { tokens: of((token) => token.innerText), weights: of((token) => token.dataset.weight) };
            }),
        }))"""
    )
    return found
