"""Fixtures of the browser tests: a server, a browser, pages that are watched."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Literal, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.browser import Guard, open_browser
from tests.e2e.helpers import COUNT_RUNS, wait_for_run
from tests.e2e.server import ROOT, Server

#: Screenshots of failed tests; ignored by git.
SCREENSHOTS = ROOT / "build" / "e2e"


class OpenPage(Protocol):
    """Open an address of the page in a new window and wait for its first run."""

    def __call__(
        self,
        path: str = "/",
        *,
        width: int = 1280,
        height: int = 800,
        locale: str = "en-US",
        colour_scheme: Literal["light", "dark"] = "light",
        wait: bool = True,
        **context: Any,
    ) -> Page:
        """Args:
        path: Path and query, from the slash.
        width: Pixels.
        height: Pixels.
        locale: The browser's language.
        colour_scheme: What the system prefers.
        wait: False returns as soon as the document is there.
        **context: More options of Playwright's `new_context`.
        """


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The page's server; `restart()` and `stop()` are there for tests that need them."""
    running = Server(ROOT / "app.py", tmp_path_factory.mktemp("server") / "log.txt")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with open_browser() as chromium:
        yield chromium


@pytest.fixture
def guard(server: Server, request: pytest.FixtureRequest) -> Iterator[Guard]:
    """Fails the test if a page asks another host or leaves a JavaScript error uncaught."""
    watching = Guard(server.netloc)
    yield watching
    if watching.faults and request.node.get_closest_marker("page_errors_expected") is None:
        pytest.fail("\n".join(watching.faults), pytrace=False)


@pytest.fixture
def open_page(server: Server, browser: Browser, guard: Guard, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Opens pages, each in a fresh browser profile; all are closed at the end of the test."""
    contexts: list[BrowserContext] = []

    def open_one(
        path: str = "/",
        *,
        width: int = 1280,
        height: int = 800,
        locale: str = "en-US",
        colour_scheme: Literal["light", "dark"] = "light",
        wait: bool = True,
        **context: Any,
    ) -> Page:
        profile = browser.new_context(
            viewport={"width": width, "height": height}, locale=locale, color_scheme=colour_scheme, **context
        )
        contexts.append(profile)
        guard.watch(profile)
        profile.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
        profile.add_init_script(COUNT_RUNS)
        opened = profile.new_page()
        opened.goto(server.url + path)
        if wait:
            wait_for_run(opened)
        return opened

    yield open_one
    if getattr(request.node, "failed_in_call", False):
        _keep_screenshots(request.node.name, contexts)
    for profile in contexts:
        profile.close()


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """The page as a visitor with an English browser first sees it."""
    return open_page()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Tell the fixtures whether the test failed."""
    outcome: Any = yield
    report = outcome.get_result()
    if report.when == "call":
        item.failed_in_call = report.failed  # type: ignore[attr-defined]


def _keep_screenshots(name: str, contexts: list[BrowserContext]) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    pages = [page for context in contexts for page in context.pages]
    for number, page in enumerate(pages):
        page.screenshot(path=SCREENSHOTS / f"{re.sub(r'[^A-Za-z0-9_-]+', '-', name)}-{number}.png")
