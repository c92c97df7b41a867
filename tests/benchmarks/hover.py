"""What hovering over a token costs in the view of lines: script, layout and paint, in a Chromium trace.

    python -m tests.benchmarks.hover [--tokens 128] [--heads 12] [--hovers 40]

The page runs as it is, with a model of random weights. The pointer goes onto a token and off it again, back to the
picture of all lines; what the browser's main thread does for each (event handlers, style, layout, pre-paint, paint,
commit) and the raster threads after it is added up, once with one head drawn and once with all. Counted is the time
these threads work, so that other programs of the machine do not count.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.e2e.browser import open_browser
from tests.e2e.helpers import COUNT_RUNS, PATIENCE, wait_for_run
from tests.e2e.server import ROOT, Server
from tests.many import many_headed

#: Milliseconds of script and paint a hover may take at 128 tokens (median).
AIM = 16

#: What is counted on the main thread. Events inside others are not counted twice.
MAIN = frozenset(
    (
        *("EventDispatch", "FunctionCall", "HitTest", "FireAnimationFrame", "UpdateLayoutTree", "RecalculateStyles"),
        *("Layout", "UpdateLayerTree", "PrePaint", "Paint", "Layerize", "Commit", "CompositeLayers"),
    )
)

#: What is counted on the other threads of the page.
RASTER = frozenset(("RasterTask", "ImageDecodeTask"))

_CATEGORIES = ["devtools.timeline", "blink.user_timing", "disabled-by-default-devtools.timeline", "__metadata"]

_MARK = "(name) => performance.mark(name)"
_DRAWN = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"""


@dataclass(frozen=True)
class Hovers:
    """What was measured.

    Attributes:
        what: Heads that were drawn, and which way the pointer went.
        main: Milliseconds on the main thread, for each hover.
        raster: Milliseconds on the raster threads, for each hover.
    """

    what: str
    main: list[float]
    raster: list[float]

    def line(self) -> str:
        """One line of the report."""
        total = [sum(pair) for pair in zip(self.main, self.raster, strict=True)]
        figures = (statistics.median(each) for each in (total, self.main, self.raster))
        return f"{self.what:16}" + "".join(f"{figure:>14.1f}" for figure in figures) + f"{max(total):>14.1f}"


def measure(tokens: int, heads: int, hovers: int) -> list[Hovers]:
    """Hover with one head drawn, then with all.

    Args:
        tokens: Of the sentence, [CLS] included.
        heads: Of the model.
        hovers: How many tokens are visited.
    """
    with tempfile.TemporaryDirectory() as folder:
        many_headed(Path(folder), "many-heads", layers=1, heads=heads, size=8, max_length=tokens)
        words = ("the", "cat", "sat", "on", "mat", "because", "it", "was", "tired")
        text = "+".join(words[index % len(words)] for index in range(tokens - 1))
        server = Server(ROOT / "app.py", Path(folder) / "log.txt", {"ATTNVIZ_MODELS": folder})
        server.start()
        try:
            with open_browser() as browser:
                page = _open(browser, f"{server.url}/?model=many-heads&view=lines&lang=en&text={text}", tokens)
                found = _hover(browser, page, hovers, "1 head")
                page.evaluate("""() => {
                    const root = [...document.querySelectorAll("*")].map((each) => each.shadowRoot ?? each)
                        .find((each) => each.querySelector?.(".heads input"));
                    for (const box of root.querySelectorAll(".heads input:not(:checked)")) box.click();
                }""")
                page.evaluate(_DRAWN)
                return found + _hover(browser, page, hovers, f"{heads} heads")
        finally:
            server.stop()


def _open(browser: Browser, address: str, tokens: int) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    context.add_init_script(COUNT_RUNS)
    page = context.new_page()
    page.goto(address)
    wait_for_run(page)
    page.locator(".lines svg text").nth(2 * tokens - 1).wait_for(timeout=PATIENCE)
    return page


def _hover(browser: Browser, page: Page, hovers: int, drawn: str) -> list[Hovers]:
    """Visit tokens of both sides in the middle of the drawing, as far as the window shows them."""
    tokens = page.locator(".lines svg text")
    tokens.nth(tokens.count() // 4).scroll_into_view_if_needed()
    places = page.evaluate("""() => {
        const root = [...document.querySelectorAll("*")].map((each) => each.shadowRoot ?? each)
            .find((each) => each.querySelector?.(".lines svg"));
        return [...root.querySelectorAll(".lines svg text")].map((each) => each.getBoundingClientRect())
            .filter((box) => box.top > 60 && box.bottom < innerHeight - 10)
            .map((box) => [box.left + box.width / 2, box.top + box.height / 2]);
    }""")
    page.mouse.move(640, 30)
    page.evaluate(_DRAWN)
    browser.start_tracing(page=page, categories=_CATEGORIES)
    for index in range(hovers):
        across, down = places[index % len(places)]
        for step, to in enumerate((across, 640)):
            page.evaluate(_MARK, f"hover-{2 * index + step}")
            page.mouse.move(to, down)
            page.evaluate(_DRAWN)
    page.evaluate(_MARK, f"hover-{2 * hovers}")
    events = json.loads(browser.stop_tracing())["traceEvents"]
    main, raster = _sums(events, 2 * hovers)
    return [Hovers(f"{drawn}, {way}", main[at::2], raster[at::2]) for at, way in enumerate(("onto", "off"))]


def _sums(events: Sequence[dict[str, Any]], hovers: int) -> tuple[list[float], list[float]]:
    """Milliseconds between the marks: on the thread that made them, and rastering."""
    marks = {event["name"]: event for event in events if event.get("cat", "").startswith("blink.user_timing")}
    times = [marks[f"hover-{index}"]["ts"] for index in range(hovers + 1)]
    home = (marks["hover-0"]["pid"], marks["hover-0"]["tid"])
    timed = [event for event in events if event.get("ph") == "X"]
    main = [event for event in timed if (event["pid"], event["tid"]) == home and event["name"] in MAIN]
    raster = [event for event in timed if event["name"] in RASTER]

    def between(found: list[dict[str, Any]], start: float, end: float) -> list[dict[str, Any]]:
        return [event for event in found if start <= event["ts"] < end]

    spans = list(itertools.pairwise(times))
    return (
        [_covered(between(main, *span)) for span in spans],
        [sum(map(_time, between(raster, *span))) for span in spans],
    )


def _covered(events: list[dict[str, Any]]) -> float:
    """Milliseconds of the events of a thread that are not within another of them."""
    total, reached = 0.0, 0
    for event in sorted(events, key=lambda event: (event["ts"], -event["dur"])):
        if event["ts"] >= reached:
            total += _time(event)
            reached = event["ts"] + event["dur"]
    return total


def _time(event: dict[str, Any]) -> float:
    """Milliseconds the thread worked; where the trace does not tell, those that passed."""
    return float(event.get("tdur", event["dur"])) / 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--hovers", type=int, default=40)
    given = parser.parse_args()
    print(f"Milliseconds a hover, {given.hovers} hovers over {given.tokens} tokens; aim: median ≤ {AIM}")
    print(f"{'':16}" + "".join(f"{name:>14}" for name in ("median", "main thread", "raster", "largest")))
    for found in measure(given.tokens, given.heads, given.hovers):
        print(found.line())


if __name__ == "__main__":
    main()
