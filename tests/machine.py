"""What the browser tests need of the machine, a Chromium, a Japanese font and nginx: finds, installs, or says how."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")

_ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")

_ELSEWHERE = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)

HOW_TO_GET_A_BROWSER = """\
No Chromium or Chrome was found and none could be installed. One of these helps:
    Debian, Ubuntu     sudo apt-get install chromium fonts-noto-cjk
    Fedora             sudo dnf install chromium google-noto-sans-cjk-fonts
    macOS              brew install --cask google-chrome
    Windows            winget install Google.Chrome
    any                {python} -m playwright install --with-deps chromium
or set ATTNVIZ_CHROME to the path of a Chromium."""

HOW_TO_GET_A_FONT = """\
No font with Japanese characters was found and none could be installed. One of these helps:
    Debian, Ubuntu     sudo apt-get install fonts-noto-cjk
    Fedora             sudo dnf install google-noto-sans-cjk-fonts"""

HOW_TO_GET_NGINX = """\
No nginx was found and none could be installed. One of these helps:
    Debian, Ubuntu     sudo apt-get install nginx-light
    Fedora             sudo dnf install nginx
    macOS              brew install nginx"""


class MachineError(RuntimeError):
    """The machine lacks something and it could not be installed; the message says how to."""


def find_chrome() -> str | None:
    """Path of a Chromium: `$ATTNVIZ_CHROME`, then the usual names and places, then Playwright's own download.

    Raises:
        MachineError: `$ATTNVIZ_CHROME` is set and is no program.
    """
    chosen = os.environ.get("ATTNVIZ_CHROME")
    if chosen:
        found = shutil.which(chosen)
        if found is None:
            raise MachineError(f"ATTNVIZ_CHROME should be the path of a Chromium. Received: {chosen}")
        return found
    candidates = [shutil.which(name) for name in _ON_PATH]
    candidates += [place for place in _ELSEWHERE if Path(place).is_file()]
    return next(filter(None, candidates), None) or _playwright_chrome()


def _playwright_chrome() -> str | None:
    # In a process of its own: Playwright's sync API leaves an event loop behind in the one that asks.
    script = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"
    asked = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    path = asked.stdout.strip()
    return path if path and Path(path).is_file() else None


def find_nginx() -> str | None:
    """Path of nginx, which Debian keeps where only root looks."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def has_japanese_font() -> bool:
    """True if the system can draw Japanese; macOS and Windows always can."""
    if not sys.platform.startswith("linux"):
        return True
    if shutil.which("fc-list") is None:
        return False
    listed = subprocess.run(["fc-list", ":lang=ja"], capture_output=True, text=True, check=False, timeout=60)
    return bool(listed.stdout.strip())


def prepare() -> str:
    """Make sure that there are a browser, a Japanese font and nginx, installing what is missing.

    Returns:
        Path of the browser.

    Raises:
        MachineError: Something is missing and could not be installed.
    """
    ways = (lambda: _apt("chromium"), lambda: _run([sys.executable, "-m", "playwright", "install", "chromium"]))
    chrome = _first(find_chrome, "a browser", *ways)
    if chrome is None:
        raise MachineError(HOW_TO_GET_A_BROWSER.format(python=sys.executable))
    if not _first(has_japanese_font, "a Japanese font", lambda: _apt("fontconfig", "fonts-noto-cjk")):
        raise MachineError(HOW_TO_GET_A_FONT)
    if not _first(find_nginx, "an nginx", lambda: _apt("nginx-light")):
        raise MachineError(HOW_TO_GET_NGINX)
    return chrome


def _first(look: Callable[[], Found], what: str, *installs: Callable[[], object]) -> Found:
    found = look()
    for install in installs:
        if found:
            break
        print(f"No {what.partition(' ')[2]} here yet: installing {what}.", flush=True)
        install()
        found = look()
    return found


def _apt(*packages: str) -> None:
    """Install Debian packages where that needs no password; do nothing elsewhere."""
    if shutil.which("apt-get") is None:
        return
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not root and (shutil.which("sudo") is None or not _run(["sudo", "-n", "true"])):
        return
    prefix = [] if root else ["sudo", "-n"]
    noninteractive = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "Dpkg::Use-Pty=0"]
    _run([*prefix, *noninteractive, "update"])
    _run([*prefix, *noninteractive, "install", "-y", "--no-install-recommends", *packages])


def _run(command: list[str]) -> bool:
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, check=False, timeout=900).returncode == 0
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{command[0]}: {error}", flush=True)
        return False
