"""What all tests share."""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

import pytest
from hypothesis import settings

from tests import both_ends

# Before anything imports TensorFlow: no chatter, the same numbers on every machine, no look for a GPU; one thread, for
# there are as many processes as cores, and threads that wait for each other cost a fifth.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
for _threads in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

# The machines that run this are slow and shared: no deadline for an example, and the same examples every time.
settings.register_profile("attnviz", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("attnviz")

# Nearly all that collecting makes stays to the end: to look through it for what can go took a sixth of its time.
gc.disable()


def pytest_collection_finish() -> None:
    """From here on garbage is collected, in what comes after, and graphs run as they were traced.

    Most graphs of the tests run once or twice: to rewrite each for speed first takes longer than it saves. The servers
    and commands that tests start do it, as anywhere else. Nor is it kept where in the code each operation of a graph
    was made, through all frames of Keras and of pytest, which takes a sixth of a tracing.
    """
    gc.freeze()
    gc.enable()
    if tensorflow := sys.modules.get("tensorflow"):
        tensorflow.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
        from tensorflow.python.util import tf_stack

        here = tf_stack.extract_stack()
        tf_stack.extract_stack = lambda stacklevel=1: here


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What loads the same comes together, and what takes long at one end or the other, see `both_ends`."""
    items.sort(key=lambda item: both_ends.place(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> both_ends.BothEnds | None:
    """Where tests are run in the order above; those in a browser have another one."""
    if config.getoption("loadscopereorder") or "tests/e2e" in config.args:
        return None
    return both_ends.BothEnds(config, log)
