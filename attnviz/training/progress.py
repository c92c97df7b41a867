"""A progress bar on standard error, so that standard output stays for results."""

from __future__ import annotations

import sys
import time

_WIDTH = 28


class Progress:
    """One line that redraws itself on a terminal, with rate and time left, and one line at the end elsewhere.

    Args:
        label: What is going on.
        total: Steps to do; 0 if unknown.
        done: Steps that an earlier run has done.
        quiet: Say nothing.
        left: How the time left is told, with `{time}`.
        every: Seconds between lines where there is no terminal; None: none before the end.
    """

    def __init__(
        self,
        label: str,
        total: int,
        *,
        done: int = 0,
        quiet: bool = False,
        left: str = "{time} left",
        every: float | None = None,
    ) -> None:
        self.total = total
        self._label, self._quiet, self._first = label, quiet, done
        self._began = time.monotonic()
        self._drawn = 0.0
        self._left, self._every, self._told = left, every, self._began

    def update(self, done: int, note: str = "") -> None:
        """Show that `done` of the steps are done."""
        now = time.monotonic()
        if not sys.stderr.isatty():
            self._tell(done, now)
            return
        if self._quiet or (now - self._drawn < 0.1 and done < self.total):
            return
        self._drawn = now
        share = min(1.0, done / self.total) if self.total else 0.0
        bar = "━" * round(share * _WIDTH)
        pace = self.pace(done, now - self._began)
        line = f"\r{self._label:<28} {bar:<{_WIDTH}} {share:4.0%} {pace} {note}\033[K"
        print(line, end="", file=sys.stderr, flush=True)

    def _tell(self, done: int, now: float) -> None:
        if self._quiet or self._every is None or now - self._told < self._every:
            return
        self._told = now
        print(f"{self._label} {done}/{self.total} {self.pace(done, now - self._began)}", file=sys.stderr, flush=True)

    def pace(self, done: int, seconds: float) -> str:
        """Steps per second since the start, and the time the others will take, as minutes and seconds."""
        if done <= self._first or seconds <= 0:
            return ""
        rate = (done - self._first) / seconds
        left = round(max(self.total - done, 0) / rate)
        told = self._left.format(time=f"{left // 60}:{left % 60:02}")
        return f"{rate:,.3g}/s" + (f", {told}" if self.total else "")

    def close(self, note: str = "") -> None:
        """Leave the line standing, with the time it took in seconds."""
        if not self._quiet:
            start = "\r" if sys.stderr.isatty() else ""
            end = "\033[K" if sys.stderr.isatty() else ""
            took = time.monotonic() - self._began
            print(f"{start}{self._label:<28} {took:6.1f} s  {note}{end}", file=sys.stderr, flush=True)
