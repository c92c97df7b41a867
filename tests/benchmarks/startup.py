"""From the start of the server to the first picture in a browser that waits, of this checkout and of another, in turns.

    python -m tests.benchmarks.startup [--beside ../older-checkout] [--rounds 3]

A round starts a server, opens its page at once in a fresh profile, and waits for the first picture.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser

from tests.e2e.browser import open_browser
from tests.e2e.server import ROOT, Server


def measured(folder: Path, browser: Browser, log: Path) -> dict[str, float]:
    """Seconds until the server answers, and until the picture is there."""
    # The server's working directory is this checkout, which must not be where the other one finds its modules.
    server = Server(folder / "app.py", log, {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"})
    began = time.monotonic()
    server.start(180)
    answers = time.monotonic() - began
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    try:
        page = context.new_page()
        page.goto(server.url, wait_until="commit")
        page.locator("[data-attnviz-trace]").first.wait_for(timeout=180_000)
        return {"answers": answers, "picture": time.monotonic() - began}
    finally:
        context.close()
        server.stop()


def main() -> None:
    """Measure and print medians, in seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    folders = {"here": ROOT} | ({"beside": options.beside.resolve()} if options.beside else {})
    found: dict[str, list[dict[str, float]]] = {name: [] for name in folders}
    with open_browser() as browser, tempfile.TemporaryDirectory() as logs:
        for _ in range(options.rounds):
            for name, folder in folders.items():
                found[name].append(measured(folder, browser, Path(logs) / f"{name}.txt"))
    report: dict[str, float] = {
        f"{name}, {what}, s": round(statistics.median(each[what] for each in rounds), 2)
        for name, rounds in found.items()
        for what in ("answers", "picture")
    }
    if options.beside:
        report["picture, ratio"] = round(report["here, picture, s"] / report["beside, picture, s"], 2)
    print(json.dumps({"rounds": options.rounds, **report}, indent=1))


if __name__ == "__main__":
    main()
