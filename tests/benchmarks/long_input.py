"""Long input: Enter to first picture, bytes to the browser, another head, memory; beside BertViz on the same weights.

    python -m tests.benchmarks.long_input [--tokens 16 32 64 128 256 512] [--rounds 20] [--torch PYTHON]

The page runs in Chromium with MiniLM-L6 (6 layers x 12 heads). Time is from the Enter key to the animation frame after
the one in which the new sentence was there, median of three different texts; bytes are what the web socket brought
until the run ended. Another head is a click in the view of one head: seconds from the click to the animation frame
after the one in which its map was there, and until the rest of the page had followed. Memory is the resident memory of
the server after 3 and after all rounds, each with another text of the greatest length. BertViz's time is the forward
pass and making `head_view` or `model_view`; its bytes are the HTML. For PYTHON see `forward`.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from attnviz import zoo
from tests.benchmarks.forward import LENGTHS, minilm, other, text_of
from tests.benchmarks.latency import MEASURE
from tests.e2e.browser import open_browser
from tests.e2e.helpers import COUNT_RUNS, PATIENCE, wait_for_run
from tests.e2e.server import ROOT, Server

NAME = "minilm"

#: What issue 3 asks for at 512 tokens: seconds, bytes, seconds, ratio.
PICTURE, BYTES, HEAD, MEMORY = 1.5, 1_500_000, 0.2, 1.05

#: Of the table, after the number of tokens: seconds and megabytes each.
COLUMNS = ("picture", "other head", "and at rest", "head_view", "model_view")

#: Clicks, and promises the milliseconds until the map of the head was there, and until the page was at rest.
CHOOSE = """(button) => new Promise((resolve) => {
  const title = () =>
    window.attnvizFind(document.querySelector(".st-key-chart-head"), ".matrix .title, .gtitle")?.textContent;
  const before = title();
  const runs = window.attnvizRuns, start = performance.now(), times = {};
  const frame = () => {
    const now = title();
    if (!("picture" in times) && now && now !== before) {
      times.picture = null;
      requestAnimationFrame(() => { times.picture = performance.now() - start; });
    }
    if (window.attnvizRuns > runs) times.rest ??= performance.now() - start;
    if (times.picture && times.rest) resolve(times);
    else requestAnimationFrame(frame);
  };
  button.click();
  frame();
})"""

#: First words of texts of equal length.
WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "red", "blue", "green", "white")


class Socket:
    """Counts what the page's web socket brings."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        page.on("websocket", lambda socket: socket.on("framereceived", self._count))

    def _count(self, frame: Any) -> None:
        data = getattr(frame, "body", frame)
        self.bytes += len(data if isinstance(data, bytes) else data.encode())


def texts(model: Any, tokens: int, count: int) -> list[str]:
    """Different texts of so many tokens."""
    text = text_of(model, tokens).split(" ", 1)[1]
    pairs = itertools.product(WORDS, WORDS)
    rest = text.split(" ", 1)[1]
    return [f"{first} {second} {rest}" for first, second in itertools.islice(pairs, count)]


def apply(page: Page, text: str) -> float:
    """Seconds from Enter to the picture."""
    box = page.locator("textarea").first
    box.focus()
    page.evaluate("(text) => { window.attnvizResult = attnvizMeasure('page', text); }", text)
    box.fill(text)
    page.keyboard.press("Enter")
    return float(page.evaluate("window.attnvizResult")["picture"]) / 1000


def another_head(page: Page, index: int) -> tuple[float, float]:
    """Seconds from a click on a head to its map, and to the end of the run that follows."""
    heads = page.locator(".st-key-head button")
    taken = heads.nth(index).evaluate(CHOOSE)
    page.wait_for_timeout(300)
    return float(taken["picture"]) / 1000, float(taken["rest"]) / 1000


def resident(pid: int) -> int:
    """Bytes of memory a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def open_page(browser: Any, server: Server, query: str) -> tuple[Page, Socket]:
    """The page with the model."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    context.add_init_script(COUNT_RUNS)
    context.add_init_script(MEASURE)
    page = context.new_page()
    socket = Socket(page)
    page.goto(f"{server.url}/?model={NAME}{query}")
    wait_for_run(page)
    page.locator("textarea").first.wait_for(timeout=PATIENCE)
    return page, socket


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, nargs="+", default=list(LENGTHS))
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--torch", metavar="PYTHON")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ATTNVIZ_MODELS"] = folder
        zoo.add(minilm(), NAME)
        model = zoo.load(NAME)
        server = Server(ROOT / "app.py", Path(folder) / "log.txt", {"ATTNVIZ_MODELS": folder})
        server.start()
        try:
            with open_browser() as browser, other(options.torch, minilm()) as process:
                page, socket = open_page(browser, server, "&view=head&text=A+cat+sat.")
                print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores; seconds and megabytes")
                if process is None:
                    print("without --torch PYTHON only ours is measured")
                print("tokens" + "".join(f"{column:>16}" for column in COLUMNS))
                for tokens in options.tokens:
                    row = [_ours(page, socket, texts(model, tokens, 4))]
                    row += _heads(page, socket)
                    encoded = model.encode(text_of(model, tokens))
                    for view in ("head_view", "model_view") if process else ():
                        ids, names = encoded.inputs["tokens"][0], encoded.axes["tokens"].tokens
                        answer = process.ask(view, ids, names)  # type: ignore[union-attr]
                        row.append((answer["ms"] / 1000 + answer["seconds"], answer["bytes"]))
                    cells = "".join(f"{seconds:9.2f} {size / 1e6:7.2f}" for seconds, size in row)
                    print(f"{tokens:6}{cells}", flush=True)
                longest = max(options.tokens)
                early = late = 0
                pid = server._process.pid  # type: ignore[union-attr]
                for number, text in enumerate(texts(model, longest, options.rounds), start=1):
                    apply(page, text)
                    late = resident(pid)
                    early = late if number <= 3 else early
                print(f"resident memory after 3 rounds {early / 1e6:.0f} MB, after {options.rounds} {late / early:.1%}")
                print(f"asked at 512 tokens: {PICTURE} s, {BYTES / 1e6} MB, {HEAD} s, {MEMORY:.0%}")
        finally:
            server.stop()


def _ours(page: Page, socket: Socket, given: Sequence[str]) -> tuple[float, float]:
    """Median seconds and bytes of a new sentence; the first is not counted, for it may compile a length."""
    seconds, sizes = [], []
    for index, text in enumerate(given):
        before = socket.bytes
        taken = apply(page, text)
        if index:
            seconds.append(taken)
            sizes.append(socket.bytes - before)
    return statistics.median(seconds), statistics.median(sizes)


def _heads(page: Page, socket: Socket) -> list[tuple[float, float]]:
    """Of another head, median seconds and bytes: to its map (all bytes), and until the rest has followed."""
    pictures, rests, sizes = [], [], []
    for index in (3, 7, 1, 9, 4):
        before = socket.bytes
        picture, rest = another_head(page, index)
        pictures.append(picture)
        rests.append(rest)
        sizes.append(socket.bytes - before)
    size = statistics.median(sizes)
    return [(statistics.median(pictures), size), (statistics.median(rests), size)]


if __name__ == "__main__":
    main()
