"""`import attnviz` is light: nothing heavy comes with it, and it is quick."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = ("tensorflow", "keras", "plotly", "streamlit", "pandas")

SCRIPT = f"""
import json, sys, time
start = time.perf_counter()
import attnviz
seconds = time.perf_counter() - start
print(json.dumps([seconds, [name for name in {HEAVY!r} if name in sys.modules]]))
"""


def _import_in_a_fresh_interpreter() -> tuple[float, list[str]]:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=60)
    seconds, loaded = json.loads(done.stdout)
    return seconds, loaded


def test_import_is_quick_and_brings_nothing_heavy():
    runs = [_import_in_a_fresh_interpreter() for _ in range(5)]

    assert {name for _, loaded in runs for name in loaded} == set()
    assert min(seconds for seconds, _ in runs) < 0.3


def test_every_public_name_is_there():
    import attnviz

    missing = [name for name in attnviz.__all__ if not hasattr(attnviz, name)]

    assert missing == []
