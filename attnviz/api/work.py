"""How much is computed at a time, and for how long: who comes when there is too much is told when to come back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool

from attnviz.deadline import Deadline
from attnviz.errors import ServerError

T = TypeVar("T")

#: Seconds one request may take, waiting for its turn and for a model that is not loaded yet included.
SECONDS = 60.0

#: Requests that wait for their turn.
WAITING = 64


class Work:
    """Tasks in threads, so many at a time, each within its time.

    Args:
        running: At a time; by default as many as there are processors, and two at least.
        waiting: For their turn.
        seconds: Each may take.

    Attributes:
        inside: Tasks that run or wait now.
        refused: How many were turned away so far.
    """

    def __init__(self, running: int | None = None, waiting: int = WAITING, seconds: float = SECONDS) -> None:
        self._running = running or max(2, os.cpu_count() or 2)
        self._waiting, self._seconds = waiting, seconds
        self._turn: tuple[asyncio.AbstractEventLoop, asyncio.Semaphore] | None = None
        self.inside = 0
        self.refused = 0

    async def do(self, task: Callable[[], T]) -> T:
        """What a task returns.

        Raises:
            ServerError: `busy`: too many are there; `took_too_long`.
        """
        if self.inside >= self._running + self._waiting:
            self.refused += 1
            raise ServerError("busy", seconds=2)
        self.inside += 1
        deadline = Deadline(self._seconds)
        turn = self._semaphore()
        try:
            async with asyncio.timeout(self._seconds):
                await turn.acquire()
        except BaseException as error:
            self.inside -= 1
            if isinstance(error, TimeoutError):
                raise deadline.error() from None
            raise
        running = asyncio.ensure_future(run_in_threadpool(deadline.run, task))

        def ended(_: object) -> None:
            # Not before: a thread that goes on after its caller has gone takes its turn still.
            self.inside -= 1
            turn.release()

        running.add_done_callback(ended)
        try:
            async with asyncio.timeout(deadline.left):
                return await asyncio.shield(running)
        except TimeoutError:
            raise deadline.error() from None
        finally:
            deadline.stop()
            running.add_done_callback(_looked_at)

    def _semaphore(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        if self._turn is None or self._turn[0] is not loop:
            self._turn = loop, asyncio.Semaphore(self._running)
        return self._turn[1]


def _looked_at(running: asyncio.Future[Any]) -> None:
    """An error of a task nobody waits for any more is no news."""
    if not running.cancelled():
        running.exception()
