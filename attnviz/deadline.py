"""Long work that ends: whoever waits says for how long, whoever works looks now and then (`check`)."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

from attnviz.errors import ServerError

T = TypeVar("T")

_current: ContextVar[Deadline | None] = ContextVar("attnviz_deadline", default=None)


class Deadline:
    """A time at which work ends, or before, when it is told to.

    Args:
        seconds: From now.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._stopped = False

    @property
    def left(self) -> float:
        """Seconds left; 0 when it is over."""
        return 0.0 if self._stopped else max(0.0, self._end - time.monotonic())

    def stop(self) -> None:
        """It is over now: nobody waits any more."""
        self._stopped = True

    def run(self, task: Callable[[], T]) -> T:
        """What a task returns that ends by this time, in this thread.

        Raises:
            ServerError: `took_too_long`: the task looked, and it was over.
        """
        before = _current.set(self)
        try:
            check()
            return task()
        finally:
            _current.reset(before)

    def error(self) -> ServerError:
        """What is said of work that did not end."""
        return ServerError("took_too_long", limit=round(self.seconds))


def check() -> None:
    """Look whether it is over; before every step of what may take long.

    Raises:
        ServerError: `took_too_long`.

    >>> check()
    """
    deadline = _current.get()
    if deadline is not None and not deadline.left:
        raise deadline.error()
