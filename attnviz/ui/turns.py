"""Pages run in turns, a few at a time: more at once take longer each, and all of them longer together.

Python runs one thread at a time. With a hundred pages running, each waits for all others whenever it lets go of the
interpreter, and all end at the same late moment; in turns, the first are done at once and none is later. Who waits for
something else – a model, what another one is computing – gives the turn back meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Pages that run at a time. More than the interpreter can run: on a busy machine, handing a turn over takes a while.
RUNNING = 8

#: Seconds of waiting after which a visitor is told of it, once more each time.
LOOK = 4.0

_turns = threading.Semaphore(RUNNING)
_own = threading.local()


@contextmanager
def taken(tell: Callable[[float], None]) -> Iterator[None]:
    """Wait for a turn, and have it.

    Args:
        tell: Called with the seconds of waiting, every few; what it raises ends the waiting.
    """
    waited = 0.0
    while not _turns.acquire(timeout=LOOK):
        waited += LOOK
        tell(waited)
    _own.has = True
    try:
        yield
    finally:
        _own.has = False
        _turns.release()


@contextmanager
def given_back() -> Iterator[None]:
    """Let others run while this thread waits; nothing where it has no turn."""
    if not getattr(_own, "has", False):
        yield
        return
    _turns.release()
    try:
        yield
    finally:
        _turns.acquire()
