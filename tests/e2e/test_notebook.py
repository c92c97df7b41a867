"""A notebook is run and turned into a page, and the page is looked at: live, in the dark, and where no script runs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import Guard

MADE = """
import numpy as np
import attnviz
from attnviz.trace import Written

def weights(*shape):
    drawn = np.exp(3 * np.random.default_rng(5).normal(size=shape)).astype(np.float32)
    return drawn / drawn.sum(axis=-1, keepdims=True)

tokens = ["a", "<b onclick=x>bold</b><img src=//else.where/x>", "c", "d", "e"]
said = ("x", "y", "[EOS]")
steps = tuple(((token, -0.1), ("z", -3.0)) for token in said)
"""
CELLS = (
    "attnviz.from_arrays(weights(2, 3, 5, 5), tokens, output={'good': 0.75, 'bad': 0.25})",
    "attnviz.show(attnviz.from_arrays(weights(2, 3, 5, 5), tokens), view='overview')",
    "output = Written('translation', 'x y', said, np.full(3, -0.1, np.float32), steps)\n"
    "attnviz.from_arrays(weights(2, 3, 3, 5), tokens, said, kind='cross', output=output)",
    "attnviz.models()",
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What `jupyter nbconvert --to html` makes of a notebook that was run, by theme; without its own scripts."""
    book = NotebookClient(new_notebook(cells=[*map(new_code_cell, (MADE, *CELLS))]), timeout=120).execute()
    folder = tmp_path_factory.mktemp("notebook")
    found = {}
    for theme in ("light", "dark"):
        converted, _ = HTMLExporter(theme=theme, mathjax_url="", require_js_url="").from_notebook_node(book)
        found[theme] = folder / f"{theme}.html"
        found[theme].write_text(re.sub(r'<script src="[^"]*"></script>', "", converted), encoding="utf-8")
    return found


def rows() -> np.ndarray:
    """The weights that the notebook draws, anew."""
    drawn = np.exp(3 * np.random.default_rng(5).normal(size=(2, 3, 5, 5))).astype(np.float32)
    return drawn / drawn.sum(axis=-1, keepdims=True)


def opened(browser: Browser, path: Path, guard: Guard, scripts: bool = True) -> Page:
    context = browser.new_context(java_script_enabled=scripts, viewport={"width": 1000, "height": 800})
    guard.watch(context)
    page = context.new_page()
    page.goto(path.as_uri())
    return page


def test_a_notebook_is_live_and_stays_itself_without_scripts(browser: Browser, pages: dict[str, Path]):
    guard = Guard("")
    page = opened(browser, pages["light"], guard)
    first, second, third = (page.locator("[data-attnviz]").nth(place) for place in range(3))

    def shown() -> list[float]:
        return [float(each.get_attribute("data-weight") or "nan") for each in first.locator(".token").all()]

    expect(first.locator(".token").nth(1)).to_have_text("<b onclick=x>bold</b><img src=//else.where/x>")
    expect(first.locator("svg").first).to_be_hidden()
    expect(first.locator(".classes")).to_contain_text("75.0 %")
    assert np.array(shown(), np.float32).tolist() == rows()[1, 0, 0].tolist()  # 9 digits give a float32 back
    lines = first.locator("path").count()
    first.get_by_label("head", exact=True).select_option(label="3")
    first.get_by_label("layer", exact=True).select_option(label="1")
    first.locator(".token").nth(3).click()
    assert np.array(shown(), np.float32).tolist() == rows()[0, 2, 3].tolist()
    expect(first.get_by_label("query", exact=True)).to_have_value("3")
    expect(first.locator(".heads input").nth(2)).to_be_checked()
    assert lines and first.locator("path").count()

    expect(second.locator(".title")).to_have_text("Layer 2, head 1")
    second.get_by_role("button", name="layer 1, head 3").click()
    expect(second.locator(".title")).to_have_text("Layer 1, head 3")

    third.get_by_role("button", name="To the first token").click()
    expect(third.locator(".count")).to_have_text("1 / 3")
    third.get_by_role("button", name="Play").click()
    expect(third.locator(".count")).to_have_text("3 / 3")
    third.get_by_label("Heads drawn").select_option(label="layer 1 · head 2")
    expect(third.locator(".name")).to_have_text("layer 1 · head 2")
    expect(third.locator(".cell").first).to_have_text(f"{written()[0, 1, 0, 0]:.2f}")
    expect(page.locator("td", has_text="topics-en").first).to_be_visible()
    page.context.close()

    dark = opened(browser, pages["dark"], guard)
    box = dark.locator("[data-attnviz] .picture").first
    expect(box).to_have_css("background-color", "rgb(17, 20, 26)")
    expect(box).to_have_css("color", "rgb(241, 243, 247)")
    dark.context.close()

    still = opened(browser, pages["light"], guard, scripts=False)
    pictures = still.locator("[data-attnviz] svg")
    expect(pictures).to_have_count(3)
    for each in pictures.all():
        expect(each).to_be_visible()
        assert each.locator("path").count() and "<b onclick=x>" in (each.text_content() or "")
    expect(still.locator("[data-attnviz]").first).to_contain_text("good 75.0 %")
    still.context.close()
    assert guard.faults == []


def written() -> np.ndarray:
    """The weights of what the notebook writes."""
    drawn = np.exp(3 * np.random.default_rng(5).normal(size=(2, 3, 3, 5))).astype(np.float32)
    return drawn / drawn.sum(axis=-1, keepdims=True)
