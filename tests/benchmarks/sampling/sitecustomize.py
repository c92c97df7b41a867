"""What the threads of a server do, sampled from its start; found by Python where `hall.py --profile` puts it."""

from __future__ import annotations

import collections
import os
import sys
import threading
import time
from types import FrameType


def _sample(file: str) -> None:
    """Count the stacks of all threads that do not wait, every 10 ms; written every 5 s, the most frequent first."""
    counted: collections.Counter[str] = collections.Counter()
    own, last = threading.get_ident(), time.monotonic()
    while True:
        time.sleep(0.01)
        for thread, frame in sys._current_frames().items():
            if thread != own:
                counted[_stack(frame)] += 1
        if time.monotonic() - last > 5:
            last = time.monotonic()
            with open(file, "w", encoding="utf-8") as out:
                out.writelines(f"{count}\t{stack}\n" for stack, count in counted.most_common(4000))


def _stack(frame: FrameType | None) -> str:
    names: list[str] = []
    while frame is not None and len(names) < 40:
        names.append(f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_code.co_name}:{frame.f_lineno}")
        frame = frame.f_back
    return ";".join(reversed(names))


if os.environ.get("ATTNVIZ_SAMPLES") and "streamlit" in " ".join(sys.orig_argv):
    threading.Thread(target=_sample, args=(os.environ["ATTNVIZ_SAMPLES"],), daemon=True).start()
