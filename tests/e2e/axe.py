"""axe-core in a page."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from playwright.sync_api import Page

#: To be evaluated in the page once.
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")

_RUN = """
([place, weights]) => axe.run(place, { resultTypes: ["violations"] }).then(({ violations }) => violations
    .filter(({ impact }) => weights.includes(impact))
    .map(({ impact, id, nodes }) => [impact, id, ...nodes.slice(0, 3).map(({ html }) => html.slice(0, 200))])
    .map((parts) => parts.join(" | ")))
"""


def found(page: Page, place: str, weights: Sequence[str] = ("serious", "critical")) -> list[str]:
    """What is wrong in a place of the page.

    Args:
        page: Where `AXE` has been evaluated.
        place: Selector.
        weights: Only what weighs so.
    """
    faults: list[str] = page.evaluate(_RUN, [place, list(weights)])
    return faults
