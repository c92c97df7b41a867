"""Garbage collection in the server's own rhythm.

Streamlit would collect all generations after every run of every visitor, and no other thread moves while it does. That
is off (`[runner] postScriptGC` in `.streamlit/config.toml`). What runs and ended sessions leave in cycles is collected
here instead, however many runs there were: Python's own full collections come only when a quarter more objects are
there than after the last one, which with TensorFlow's on the heap is late.
"""

from __future__ import annotations

import gc
import threading
import time

#: Seconds between two collections, at least.
PAUSE = 5.0

#: Most of the interpreter's time that collecting may take: a long collection is followed by a longer pause.
SHARE = 0.01

_lock = threading.Lock()
_started = False


def start(after: threading.Event) -> None:
    """Collect in the background for as long as the process lives, once per process.

    Args:
        after: Set when all that stays is loaded and frozen; until then every collection would look at all of it.
    """
    global _started
    with _lock:
        if _started:
            return
        _started = True
    threading.Thread(target=keep_collecting, args=(after,), name="attnviz-collecting", daemon=True).start()


def keep_collecting(after: threading.Event, stop: threading.Event | None = None, pause: float = PAUSE) -> None:
    """Collect until told to stop.

    Args:
        after: Wait for this first.
        stop: Ends it; None for never.
        pause: Seconds between two collections, at least.
    """
    stop = stop or threading.Event()
    after.wait()
    while not stop.wait(pause):
        begin = time.perf_counter()
        gc.collect()
        # What is found alive is not frozen: a session would never be collected any more once it has ended.
        stop.wait((time.perf_counter() - begin) / SHARE - pause)
