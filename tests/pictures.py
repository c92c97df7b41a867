"""The README's pictures of the page, made anew: `python -m tests.pictures [NAME ...] [--port N] [--patience SECONDS]`.

A server is started, each address is opened in a Chromium, and what it shows is written into `.readme/`: PNG files of
few colours, each under `LARGEST` bytes. The strip is made of slides of the lecture beside each other. The picture of a
notebook is not of the page, and is not made here.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.e2e.browser import open_browser
from tests.e2e.helpers import COUNT_RUNS, wait_for_run
from tests.e2e.server import ROOT, Server

FOLDER = ROOT / ".readme"

#: Bytes of a file, and pixels of a window and of a slide in the strip.
LARGEST, WINDOW, SLIDE = 150_000, (1280, 720), 480

#: Milliseconds after a run in which the browser draws.
DRAWN = 1500


@dataclass(frozen=True)
class Shot:
    """A picture of the page.

    Attributes:
        address: Parameters of the page.
        click: Selector of what is clicked before; empty: nothing is.
    """

    address: Mapping[str, str]
    click: str = ""


_SCENE = "snow;dog@3,8*1.3;car@10,9*1.4"
_POLITE = {"lang": "ja", "model": "politeness-ja", "text": "資料を拝見いたしました。"}

SHOTS: Mapping[str, Shot] = {
    "page": Shot({"lang": "en", "model": "sentiment-en", "text": "A wonderful film with a brilliant cast"}),
    "caption": Shot(
        {"lang": "en", "model": "caption-scenes", "view": "written", "both": "1", "text": _SCENE},
        ".writing .target .token:has-text('car')",
    ),
    "next-word": Shot({"lang": "en", "model": "next-word-en", "view": "next", "text": "I would like a cup of"}),
    "attribution": Shot({"lang": "en", "model": "sentiment-en", "view": "attribution", "text": "not good at all"}),
    "lecture-ja": Shot({"lang": "ja", "lecture": "attention", "slide": "13"}),
    "surgery-ja": Shot({**_POLITE, "view": "surgery", "edits": "set-K3-0.1"}),
    "training-ja": Shot({**_POLITE, "view": "learning"}),
}

#: The strip: slides of the lecture, in English.
STRIP, SLIDES = "lecture", (1, 2, 9, 10, 13, 14)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make all pictures, or those that are named.

    Returns:
        0, or 1 where one is larger than it may be; the others are written.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join([*SHOTS, STRIP])}; without, all")
    parser.add_argument("--port", type=int, help="of the server")
    parser.add_argument("--patience", type=float, default=90, help="seconds until a page is given up")
    options = parser.parse_args(arguments)
    if unknown := {*options.names} - {*SHOTS, STRIP}:  # argparse's own choices refuse that there is none
        parser.error(f"no such picture: {', '.join(sorted(unknown))}")
    names, large = options.names or [*SHOTS, STRIP], False
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        server = Server(ROOT / "app.py", Path(folder) / "server.log")
        server.port = options.port or server.port
        server.start(options.patience)
        try:
            for name in names:
                made = _strip(browser, server, options.patience) if name == STRIP else None
                content = _small(made or _taken(browser, server, SHOTS[name], options.patience))
                (FOLDER / f"{name}.png").write_bytes(content)
                print(f"{name}.png {len(content)}", file=sys.stderr, flush=True)
                large |= len(content) > LARGEST
        finally:
            server.stop()
    return int(large)


def _taken(browser: Browser, server: Server, shot: Shot, patience: float) -> Image.Image:
    context = browser.new_context(viewport={"width": WINDOW[0], "height": WINDOW[1]}, reduced_motion="reduce")
    context.add_init_script(COUNT_RUNS)
    page = context.new_page()
    page.set_default_timeout(1000 * patience)
    page.goto(f"{server.url}/?{urlencode(shot.address)}")
    _wait(page, patience)
    if shot.click:
        page.locator(shot.click).first.click()
        _wait(page, patience)
    picture = Image.open(io.BytesIO(page.screenshot()))
    context.close()
    return picture.convert("RGB")


def _wait(page: Page, patience: float) -> None:
    page.locator(".rail").wait_for()
    wait_for_run(page, 1000 * patience)
    page.wait_for_timeout(DRAWN)


def _strip(browser: Browser, server: Server, patience: float) -> Image.Image:
    """Slides of the lecture, three in a row."""
    slides = []
    for number in SLIDES:
        address = {"lang": "en", "lecture": "attention", "slide": str(number)}
        slide = _taken(browser, server, Shot(address), patience)
        slides.append(slide.resize((SLIDE, SLIDE * slide.height // slide.width), Image.Resampling.LANCZOS))
    width, height, gap = SLIDE, slides[0].height, 12
    rows = (len(slides) + 2) // 3
    strip = Image.new("RGB", (3 * width + 2 * gap, rows * height + (rows - 1) * gap), "#c3cad6")
    for place, slide in enumerate(slides):
        strip.paste(slide, (place % 3 * (width + gap), place // 3 * (height + gap)))
    return strip


def _small(picture: Image.Image) -> bytes:
    """A PNG of 256 colours; of fewer where it would be too large."""
    content = b""
    for colours in (256, 96, 48):
        held = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(held, "PNG", optimize=True)
        content = held.getvalue()
        if len(content) <= LARGEST:
            break
    return content


if __name__ == "__main__":
    sys.exit(main())
