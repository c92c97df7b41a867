"""Warming up, and what is seen of it if the process ends meanwhile: nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from attnviz.ui import warmup

#: Ends while TensorFlow would be imported; the first model is then asked for in vain.
_ENDS = """
import threading, time
from attnviz.ui import cache, models, warmup
begun = threading.Event()
warmup.families.import_backend = lambda: (begun.set(), time.sleep(0.3))
cache.trace = lambda name, text: models.in_worker(lambda: print("a model was loaded"))
warmup.start()
begun.wait()
"""


def test_a_process_that_ends_meanwhile_says_nothing():
    done = subprocess.run([sys.executable, "-c", _ENDS], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_error_while_the_process_goes_on_is_seen(monkeypatch):
    def fail():
        raise RuntimeError("cannot load")

    monkeypatch.setattr(warmup, "_load", fail)
    with pytest.raises(RuntimeError, match="cannot load"):
        warmup._run()
