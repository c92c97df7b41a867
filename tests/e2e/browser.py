"""A Chromium for tests and benchmarks, its profiles, and the guard that no page asks another host or has an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
    WebSocket,
    sync_playwright,
)

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

#: All pages of one profile at one server live in one process, which keeps the scripts it has compiled.
ONE_PROCESS = "--process-per-site"


@contextmanager
def open_browser(*flags: str) -> Iterator[Browser]:
    """Start the machine's Chromium.

    Args:
        flags: More than `FLAGS`.

    Raises:
        MachineError: There is none; the message says how to get one.
    """
    chrome = find_chrome()
    if chrome is None:
        raise MachineError(HOW_TO_GET_A_BROWSER.format(python="python"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chrome, args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            browser.close()


class Profiles:
    """Profiles of a browser, one for each language, kept from page to page.

    A tab of its own holds a profile's process, so that the next page starts in it with its scripts compiled: a third of
    the work. What pages have stored is forgotten by `clear`.

    Attributes:
        stay: Pages that `clear` leaves open.

    Args:
        browser: With `ONE_PROCESS`.
        url: Of the server, no slash at the end.
        script: What runs before the scripts of every page.
    """

    def __init__(self, browser: Browser, url: str, script: str) -> None:
        self._browser, self._url, self._script = browser, url, script
        self._kept: dict[str, tuple[BrowserContext, Page]] = {}
        self.stay: list[Page] = []

    def get(self, locale: str) -> BrowserContext:
        """The profile of a language, such as `en-US`."""
        if locale not in self._kept:
            context = self._browser.new_context(locale=locale)
            context.grant_permissions(["clipboard-read", "clipboard-write"], origin=self._url)
            context.add_init_script(self._script)
            holds = context.new_page()
            holds.goto(f"{self._url}/_stcore/health")
            self._kept[locale] = context, holds
        return self._kept[locale][0]

    def pages(self) -> list[Page]:
        """All that are open, but those of its own."""
        return [page for context, holds in self._kept.values() for page in context.pages if page != holds]

    def clear(self) -> None:
        """Close all pages but those that stay, and forget what any have stored."""
        for page in self.pages():
            if page not in self.stay:
                page.close()
        for context, holds in self._kept.values():
            context.clear_cookies()
            holds.evaluate("localStorage.clear()")


@dataclass
class Guard:
    """Notes what a page must not do.

    Attributes:
        netloc: The only host and port that may be asked.
        faults: What happened all the same. A test that provokes some clears it.
    """

    netloc: str
    faults: list[str] = field(default_factory=list)
    _watched: list[BrowserContext] = field(default_factory=list, init=False)
    _pages: list[Page] = field(default_factory=list, init=False)

    def watch(self, context: BrowserContext) -> None:
        """Note the faults of every page that a context opens from now on."""
        if context in self._watched:
            return
        self._watched.append(context)
        for event, note in self._notes():
            context.on(event, note)
        for page in context.pages:
            self._watch_page(page)

    def rest(self) -> None:
        """Note nothing more."""
        for page in self._pages:
            page.remove_listener("websocket", self._note_socket)
        self._pages.clear()
        for context in self._watched:
            for event, note in self._notes():
                context.remove_listener(event, note)
        self._watched.clear()

    def _notes(self) -> tuple[tuple[Any, Callable[..., None]], ...]:
        return (
            ("request", self._note_request),
            ("weberror", self._note_error),
            ("console", self._note_refused),
            ("page", self._watch_page),
        )

    def _watch_page(self, page: Page) -> None:
        self._pages.append(page)
        page.on("websocket", self._note_socket)

    def _note_socket(self, socket: WebSocket) -> None:
        self._note_url(socket.url)

    def _note_request(self, request: Request) -> None:
        self._note_url(request.url)

    def _note_refused(self, message: ConsoleMessage) -> None:
        """What the page may not load or run: an error in the console and nowhere else."""
        if "Content Security Policy" in message.text:
            self.faults.append(message.text)

    def _note_error(self, error: WebError) -> None:
        self.faults.append(f"uncaught in the page: {error.error}")

    def _note_url(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self.netloc:
            self.faults.append(f"another host was asked: {url[:200]}")
