"""The stage in every view, at three sizes: its share of the window, where it begins, letters, what moves, clicks, time.

    python -m tests.benchmarks.stage [--models sentiment-en …] [--url http://localhost:8501] [--stage]

Each model is opened once a size; its views are then chosen one after the other on the rail, as a visitor does.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page

from tests.e2e.browser import open_browser
from tests.e2e.geometry import WATCH_SHIFTS, geometry, shift
from tests.e2e.helpers import COUNT_RUNS, PATIENCE, expect_run, wait_for_run
from tests.e2e.server import ROOT, Server

SIZES = ((1280, 720), (1920, 1080), (390, 844))

#: One of each kind.
MODELS = ("sentiment-en", "topics-en-encoder", "translate-en-ja", "scene-topics", "caption-scenes")

_HEAD = ("model", "window", "view", "stage", "drawing at", "smallest letter", "shift", "too wide", "clicks", "ms")


@contextmanager
def served(url: str | None) -> Iterator[str]:
    """A server that runs already, or one for as long as this takes."""
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory() as folder:
        server = Server(ROOT / "app.py", Path(folder) / "log.txt")
        server.start()
        try:
            yield server.url
        finally:
            server.stop()


def views_of(page: Page) -> list[str]:
    """All views that are offered, every level of the map too."""
    found = page.locator(".rail [data-parts]").evaluate_all("(all) => all.map((each) => each.dataset.parts)")
    return [view for parts in found for view in parts.split(",")]


# Clicks from the first picture to each view: its verb where that is not open, "more" where it stands there, itself if
# it is not what the verb opens, and its level of the map.
_CLICKS = """
() => Object.fromEntries([...document.querySelectorAll(".rail [data-parts]")].flatMap((button) => {
  const group = button.closest(".group"), open = group.classList.contains("open");
  const itself = open ? !button.getAttribute("aria-current") : group.querySelector(".view") !== button;
  const there = [!open, itself, button.closest(".rest") !== null].filter(Boolean).length;
  return button.dataset.parts.split(",").map((view, level) => [view, there + (level ? 1 : 0)]);
}))
"""


def choose(page: Page, view: str) -> None:
    """Choose a view on the rail, wherever it stands there."""
    button = page.locator(f'.rail :is([data-parts="{view}"], [data-parts^="{view},"], [data-parts*=",{view}"])').first
    if button.get_attribute("aria-current") and button.get_attribute("data-view") == view:
        return
    button.evaluate("(button, view) => { button.dataset.view = view; }", view)
    with expect_run(page):
        button.dispatch_event("click")


def another_sentence(page: Page) -> None:
    """Choose the second example, of texts or of scenes."""
    with expect_run(page):
        page.locator(".examples button:not(.why)").nth(1).dispatch_event("click")


def another_model(page: Page) -> None:
    """Choose the next model in the list."""
    names = page.locator(".models .model").evaluate_all("(all) => all.map((each) => each.dataset.model)")
    shown = page.locator('.models .model[aria-current="true"]').get_attribute("data-model") or names[0]
    choose_model(page, names[(names.index(shown) + 1) % len(names)])


def choose_model(page: Page, name: str) -> None:
    """Choose a model in the list."""
    with expect_run(page):
        page.locator(f'.models [data-model="{name}"]').dispatch_event("click")


def measured(browser: Browser, url: str, model: str, size: tuple[int, int], alone: bool) -> Iterator[tuple[str, ...]]:
    """A row for each view."""
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height}, locale="en-US")
    page.add_init_script(COUNT_RUNS)
    page.add_init_script(WATCH_SHIFTS)
    page.goto(f"{url}/?{urlencode({'model': model, 'speed': 0, **({'stage': 1} if alone else {})})}")
    page.locator("[data-attnviz-trace]").first.wait_for(timeout=2 * PATIENCE, state="attached")
    wait_for_run(page)
    page.wait_for_timeout(700)
    opened = shift(page)
    clicks = page.evaluate(_CLICKS)
    changes = [(view, partial(choose, page, view)) for view in views_of(page)]
    changes += [
        ("(another sentence)", partial(another_sentence, page)),
        ("(another model)", partial(another_model, page)),
    ]
    for view, change in changes:
        begun = time.perf_counter()
        change()
        taken = 1000 * (time.perf_counter() - begun)
        page.wait_for_timeout(700)
        found, moved = geometry(page), shift(page)
        yield (
            model,
            f"{width}×{height}",
            view,
            f"{found.share:.0%}",
            f"{found.drawing:.0f}",
            f"{found.letter:.1f} “{found.said}”",
            f"{moved:.3f}" + (f" (opened: {opened:.3f})" if opened else ""),
            f"{found.wide:.0f}" if found.wide > 1 else "",
            f"{clicks.get(view, 1)}",
            f"{taken:.0f}",
        )
        opened = 0
    page.close()


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--url", help="of a server that runs already")
    parser.add_argument("--stage", action="store_true", help="the stage alone, as for a projector")
    asked = parser.parse_args()
    print(f"| {' | '.join(_HEAD)} |\n|{' --- |' * len(_HEAD)}")
    with served(asked.url) as url, open_browser() as browser:
        for model in asked.models:
            for size in SIZES:
                for row in measured(browser, url, model, size, asked.stage):
                    print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
