"""The server collects garbage in its own rhythm, and Streamlit does not after every run."""

from __future__ import annotations

import gc
import threading
import time
import tomllib
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st

from attnviz.ui import collecting, warmup

ROOT = Path(__file__).resolve().parent.parent


class Knot:
    """Something that only a collection can free."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def no_collection_by_itself() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    """Threads that have collected; none of them really does."""
    found: list[threading.Thread] = []
    monkeypatch.setattr(collecting, "gc", SimpleNamespace(collect=lambda: found.append(threading.current_thread())))
    return found


def is_set() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


def until(condition, seconds: float = 4) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(condition())


def test_what_only_a_full_collection_frees_goes(no_collection_by_itself):
    stop = threading.Event()
    knot = Knot()
    gone = weakref.ref(knot)
    gc.collect(1)  # it is old now: no young collection will find it
    del knot
    assert gone() is not None
    thread = threading.Thread(target=collecting.keep_collecting, args=(is_set(), stop, 0.01))
    thread.start()
    try:
        assert until(lambda: gone() is None)
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


def test_it_waits_until_all_is_loaded(counted):
    loaded, stop = threading.Event(), threading.Event()
    thread = threading.Thread(target=collecting.keep_collecting, args=(loaded, stop, 0.01))
    thread.start()
    try:
        time.sleep(0.1)
        assert thread not in counted
        loaded.set()
        assert until(lambda: thread in counted)
    finally:
        loaded.set()
        stop.set()
        thread.join(10)


def test_a_long_collection_is_followed_by_a_long_pause(monkeypatch):
    stop, begun, here = threading.Event(), [], threading.current_thread()

    def collect() -> None:
        if threading.current_thread() is not here:
            return  # of a page that another test has opened in this process
        begun.append(time.monotonic())
        time.sleep(0.02)
        if len(begun) == 2:
            stop.set()

    monkeypatch.setattr(collecting, "gc", SimpleNamespace(collect=collect))
    collecting.keep_collecting(is_set(), stop, 0.01)

    assert begun[1] - begun[0] >= 0.02 / collecting.SHARE


def test_warming_up_starts_it(monkeypatch):
    started = []
    monkeypatch.setattr(warmup, "_started", False)
    monkeypatch.setattr(warmup, "_load", lambda: None)
    monkeypatch.setattr(collecting, "start", started.append)
    warmup.start()
    warmup.start()

    assert started == [warmup.progress.finished]


def test_streamlit_does_not_collect_after_every_run():
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))

    assert settings["runner"]["postScriptGC"] is False
    assert isinstance(st.get_option("runner.postScriptGC"), bool), "Streamlit still knows the setting"


def test_a_page_keeps_what_it_names_for_longer_than_quick_steps_take():
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))

    assert settings["global"]["maxCachedMessageAge"] >= 20
    assert isinstance(st.get_option("global.maxCachedMessageAge"), int), "Streamlit still knows the setting"
