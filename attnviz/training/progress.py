"""A progress bar on standard error, so that standard output stays for results."""

from __future__ import annotations

import sys
import time

_WIDTH = 28


class Progress:
    """One line that redraws itself on a terminal, and one line at the end elsewhere.

    Args:
        label: What is going on.
        total: Steps to do; 0 if unknown.
        quiet: Say nothing.
    """

    def __init__(self, label: str, total: int, *, quiet: bool = False) -> None:
        self._label, self._total, self._quiet = label, total, quiet
        self._began = time.monotonic()
        self._drawn = 0.0

    def update(self, done: int, note: str = "") -> None:
        """Show that `done` of the steps are done."""
        now = time.monotonic()
        if self._quiet or not sys.stderr.isatty() or (now - self._drawn < 0.1 and done < self._total):
            return
        self._drawn = now
        share = min(1.0, done / self._total) if self._total else 0.0
        bar = "━" * round(share * _WIDTH)
        print(f"\r{self._label:<28} {bar:<{_WIDTH}} {share:4.0%} {note}\033[K", end="", file=sys.stderr, flush=True)

    def close(self, note: str = "") -> None:
        """Leave the line standing, with the time it took in seconds."""
        if not self._quiet:
            start = "\r" if sys.stderr.isatty() else ""
            end = "\033[K" if sys.stderr.isatty() else ""
            took = time.monotonic() - self._began
            print(f"{start}{self._label:<28} {took:6.1f} s  {note}{end}", file=sys.stderr, flush=True)
