"""Fixtures of the browser tests: a server, a browser, pages that are watched."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, Protocol

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import ONE_PROCESS, Guard, Profiles, open_browser
from tests.e2e.helpers import COUNT_RUNS, PATIENCE, go_on, wait_for_run
from tests.e2e.server import ROOT, Server
from tests.families.writing import caption_folder, translation_folder
from tests.many import many_headed

#: The models that only tests have.
MANY, TINY, SCENES, PHOTOS = "many-heads", "tiny-en-ja", "tiny-captions", "tiny-photos"

# The machines that run this are slow and shared, and two processes test at once: Playwright's five seconds are too few.
expect.set_options(timeout=PATIENCE / 2)

#: Files of few tests that take long: they start servers or a notebook, or look through whole pages.
LONG = ("test_replicas.py", "test_reconnect.py", "test_notebook.py", "test_access.py")

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
    ) -> Page:
        """Args:
        path: Path and query, from the slash.
        width: Pixels.
        height: Pixels.
        locale: The browser's language.
        colour_scheme: What the system prefers.
        wait: False returns as soon as the document is there.
        """


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the models lie that only tests have: `MANY` heads, a `TINY` translation, captions (`SCENES`, `PHOTOS`)."""
    folder = tmp_path_factory.mktemp("models")
    many_headed(folder, MANY)
    translation_folder.make(folder / TINY)
    caption_folder.make(folder / SCENES)
    caption_folder.make(folder / PHOTOS, takes="photo")
    return folder


@pytest.fixture(scope="session")
def server(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The page's server with those models, too; `restart()` and `stop()` are there for tests that need them."""
    log = tmp_path_factory.mktemp("server") / "log.txt"
    running = Server(ROOT / "app.py", log, {"ATTNVIZ_MODELS": str(models), "ATTNVIZ_WARM": "0"})
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with open_browser(ONE_PROCESS) as chromium:
        yield chromium


@pytest.fixture(scope="session")
def profiles(server: Server, browser: Browser) -> Profiles:
    """The browser's profiles, once the server has shown its first page; their pages are closed after every test."""
    kept = Profiles(browser, server.url, COUNT_RUNS)
    first = kept.get("en-US").new_page()
    first.goto(server.url)
    wait_for_run(first, timeout=2 * PATIENCE)
    kept.clear()
    return kept


@pytest.fixture
def guard(server: Server, request: pytest.FixtureRequest) -> Iterator[Guard]:
    """Fails the test if a page asks another host or leaves a JavaScript error uncaught."""
    watching = Guard(server.netloc)
    yield watching
    watching.rest()
    if watching.faults and request.node.get_closest_marker("page_errors_expected") is None:
        pytest.fail("\n".join(watching.faults), pytrace=False)


@pytest.fixture
def open_page(server: Server, profiles: Profiles, guard: Guard, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Opens pages, each in a new window; at the end of the test all are closed and what they stored is forgotten."""

    def open_one(
        path: str = "/",
        *,
        width: int = 1280,
        height: int = 800,
        locale: str = "en-US",
        colour_scheme: Literal["light", "dark"] = "light",
        wait: bool = True,
    ) -> Page:
        profile = profiles.get(locale)
        guard.watch(profile)
        opened = profile.new_page()
        opened.set_viewport_size({"width": width, "height": height})
        opened.emulate_media(color_scheme=colour_scheme)
        opened.goto(server.url + path)
        if wait:
            wait_for_run(opened)
        return opened

    yield open_one
    if getattr(request.node, "has_failed", False):
        _keep_screenshots(request.node.name, profiles.pages())
        profiles.stay.clear()
    profiles.clear()


@pytest.fixture(scope="module")
def windows(profiles: Profiles) -> Iterator[dict[str, Page]]:
    """The window that the tests of a file share, for each language of the browser."""
    opened: dict[str, Page] = {}
    yield opened
    profiles.stay.clear()
    profiles.clear()


@pytest.fixture
def visit(open_page: OpenPage, windows: dict[str, Page], profiles: Profiles, guard: Guard) -> OpenPage:
    """Like `open_page`, but goes on in the window of the test before, which takes less work.

    The address is taken over as after a step of the browser's history. For tests that leave nothing open that an
    address does not tell of, and that do not ask what a first visit, the history or a load is like; the window that
    a failed test leaves is closed.
    """

    def visit_one(
        path: str = "/",
        *,
        width: int = 1280,
        height: int = 800,
        locale: str = "en-US",
        colour_scheme: Literal["light", "dark"] = "light",
        wait: bool = True,
    ) -> Page:
        if locale not in windows or windows[locale].is_closed():
            windows[locale] = open_page(
                path, width=width, height=height, locale=locale, colour_scheme=colour_scheme, wait=wait
            )
            profiles.stay.append(windows[locale])
            return windows[locale]
        page = windows[locale]
        guard.watch(page.context)
        page.bring_to_front()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=colour_scheme)
        go_on(page, path)
        return page

    return visit_one


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """The page as a visitor with an English browser first sees it."""
    return open_page()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, and then the files of most tests: begun last, one would keep one of two processes
    busy alone."""
    here = [item for item in items if item.path.parent == Path(__file__).parent]
    tests = Counter(item.path for item in here)
    here.sort(key=lambda item: (item.path.name not in LONG, -tests[item.path], item.path))
    items[:] = [item for item in items if item.path not in tests] + here


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Tell the fixtures whether the test failed."""
    outcome: Any = yield
    report = outcome.get_result()
    if report.failed:
        item.has_failed = True  # type: ignore[attr-defined]


def _keep_screenshots(name: str, pages: list[Page]) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for number, page in enumerate(pages):
        page.screenshot(path=SCREENSHOTS / f"{re.sub(r'[^A-Za-z0-9_-]+', '-', name)}-{number}.png")
