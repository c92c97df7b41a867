"""A Chromium for tests and benchmarks, and the guard that no page asks another host or fails in its JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.machine import HOW_TO_GET_A_BROWSER, MachineError, find_chrome

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start the machine's Chromium.

    Raises:
        MachineError: There is none; the message says how to get one.
    """
    chrome = find_chrome()
    if chrome is None:
        raise MachineError(HOW_TO_GET_A_BROWSER.format(python="python"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chrome, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Guard:
    """Notes what a page must not do.

    Attributes:
        netloc: The only host and port that may be asked.
        faults: What happened all the same. A test that provokes some clears it.
    """

    netloc: str
    faults: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        """Note the faults of every page of a context."""
        context.on("request", lambda request: self._note_request(request.url))
        context.on("weberror", lambda error: self.faults.append(f"uncaught in the page: {error.error}"))
        context.on("page", self._watch_page)

    def _watch_page(self, page: Page) -> None:
        page.on("websocket", lambda socket: self._note_request(socket.url))

    def _note_request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self.netloc:
            self.faults.append(f"another host was asked: {url[:200]}")
