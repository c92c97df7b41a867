"""Verbs for tests of the page. They wait for the script run an action causes, never for a time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import parse_qs, parse_qsl, urlsplit

from playwright.sync_api import Page, expect

T = TypeVar("T")

#: What every address of the page has.
ALWAYS = ("lang", "model", "view", "text")

#: Milliseconds a script run may take on a slow machine, the first one with TensorFlow's import included.
PATIENCE = 60_000

# Runs before the page's own scripts and counts finished script runs. The attribute `data-test-script-state` alone does
# not do: a quick run never shows in it. So the server's messages are read: field 6 of a ForwardMsg says that a run has
# ended (2: early, another follows). It counts once the picture after it has been drawn.
COUNT_RUNS = """
(() => {
  window.attnvizRuns = 0;
  const status = (bytes) => {
    let at = 0;
    const number = () => {
      let value = 0, shift = 1, byte;
      do { byte = bytes[at++]; value += (byte & 127) * shift; shift *= 128; } while (byte & 128);
      return value;
    };
    while (at < bytes.length) {
      const tag = number(), kind = tag % 8;
      if (tag === 48) return number();
      if (kind === 0) number();
      else if (kind === 2) { const length = number(); at += length; }
      else at += kind === 1 ? 8 : 4;
    }
    return 2;
  };
  const drawn = (then) => requestAnimationFrame(() => setTimeout(() => requestAnimationFrame(() => setTimeout(then))));
  window.WebSocket = class extends window.WebSocket {
    constructor(...how) {
      super(...how);
      this.addEventListener("message", ({ data }) => {
        const ended = data instanceof ArrayBuffer && status(new Uint8Array(data)) !== 2;
        if (ended) drawn(() => { window.attnvizRuns += 1; });
      });
    }
  };
})();
"""

_AT_REST = """(runs) => {
  const app = document.querySelector("[data-test-script-state]");
  return app !== null && window.attnvizRuns > runs && app.dataset.testConnectionState === "CONNECTED"
    && app.dataset.testScriptState === "notRunning";
}"""


def wait_until(page: Page, told: str, arg: Any = None, timeout: float = PATIENCE) -> None:
    """Wait until a function of JavaScript is true in the page.

    Playwright's own way asks at every frame, and so has sixty of them drawn a second where nothing moves.

    Args:
        page: The page.
        told: The function, or an expression.
        arg: What it is given.
        timeout: Milliseconds.
    """
    page.wait_for_function(told, arg=arg, timeout=timeout, polling=50)


def wait_for_run(page: Page, timeout: float = PATIENCE) -> None:
    """Wait until the page has run at least once and runs no more."""
    wait_until(page, _AT_REST, 0, timeout)


# As a step of the browser's history: the page takes the address over and is not loaded anew.
_GO_ON = """(path) => {
  document.activeElement?.blur();
  document.querySelector("[data-testid=stMain]").scrollTo(0, 0);
  history.replaceState({}, "", path);
  dispatchEvent(new PopStateEvent("popstate"));
}"""


def go_on(page: Page, path: str) -> None:
    """Let an opened page go on at another of its addresses; wait for its run."""
    wait_for_run(page)
    page.mouse.click(0, 0)  # beside everything: closes what is open, and nothing is pointed at
    with expect_run(page):
        page.evaluate(_GO_ON, path)
    asked = {name: value for name, value in parse_qsl(urlsplit(path).query) if name in ALWAYS}
    stands = page.evaluate("Object.fromEntries(new URLSearchParams(location.search))")
    assert asked.items() <= stands.items(), f"{asked} is not in {stands}"


@contextmanager
def expect_run(page: Page, timeout: float = PATIENCE) -> Iterator[None]:
    """Wait until the script run that the actions inside cause has ended.

    with expect_run(page):
        page.keyboard.press("Enter")
    """
    runs = page.evaluate("window.attnvizRuns")
    yield
    wait_until(page, _AT_REST, runs, timeout)


def expect_no_exception(page: Page) -> None:
    """No exception is on the page, neither the script's nor that of an element the browser could not draw."""
    for kind in ("stException", "stErrorElementStack", "stErrorCodeBlock"):
        expect(page.get_by_test_id(kind)).to_have_count(0)


def eventually(read: Callable[[], T], expected: T, timeout: float = PATIENCE) -> None:
    """Wait until what is read in the page is as expected; fail with what it was last."""
    end = time.monotonic() + timeout / 1000
    while (found := read()) != expected and time.monotonic() < end:
        time.sleep(0.05)
    assert found == expected, f"{found!r} is not {expected!r}"


def click_button(page: Page, name: str) -> None:
    """Click the button of that name and wait for the run it causes."""
    with expect_run(page):
        page.get_by_role("button", name=name, exact=True).click()


def choose_view(page: Page, name: str) -> None:
    """Open the verb that a view belongs to, unfold the rest of its views where it stands there, and choose it."""
    named = page.locator(".view", has_text=re.compile(f"^{re.escape(name)}$"))
    group = page.locator(".rail .group").filter(has=named)
    view = group.locator(named)
    if not group.locator(".views").is_visible():
        with expect_run(page):
            group.locator(".verb").click()
    if view.get_attribute("aria-current"):
        return
    if not view.is_visible():
        group.locator(".more").click()
    with expect_run(page):
        view.click()
    expect(view).to_have_attribute("aria-current", "page")


def open_popover(page: Page, key: str) -> None:
    """Open what stands behind a button: `display` or `export`."""
    if page.get_by_test_id("stPopoverBody").count() == 0:
        page.locator(f".st-key-{key} button").first.click()
    expect(page.get_by_test_id("stPopoverBody")).to_be_visible()


def select_option(page: Page, label: str, option: str) -> None:
    """Choose an option of a select box at rest and wait for the run it causes; typing brings far options into view."""
    wait_for_run(page)  # a run that ends meanwhile closes the list
    box = page.get_by_test_id("stSelectbox").filter(has_text=label).get_by_role("combobox")
    box.click()
    box.press_sequentially(option)
    with expect_run(page):
        page.get_by_role("option", name=option, exact=True).click()


def address_parameters(page: Page) -> dict[str, list[str]]:
    """What the page has written into the address."""
    return parse_qs(urlsplit(page.url).query, keep_blank_values=True)


def has_horizontal_scroll(page: Page) -> bool:
    """True if the page is wider than the window."""
    return bool(
        page.evaluate(
            """() => [document.documentElement, ...document.querySelectorAll("[data-testid=stMain]")]
                .some((element) => element.scrollWidth > element.clientWidth + 1)"""
        )
    )
