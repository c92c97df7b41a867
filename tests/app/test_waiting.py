"""A page that waits for long says so, ends what its visitor no longer wants, and takes no text without end."""

from __future__ import annotations

import contextvars
import threading
import time

import pytest

from attnviz.deadline import check
from attnviz.errors import ServerError
from attnviz.i18n import translate
from attnviz.ui import models, page, turns
from attnviz.ui.desk import Desk
from attnviz.ui.settings import MAX_TEXT
from attnviz.ui.words import literal
from tests.app.page import Page


class GoneOnError(BaseException):
    """What Streamlit raises where something is drawn and another run is wanted."""


def waited(told, task):
    """`in_worker` as a page calls it."""

    def run():
        models.tell(told)
        return models.in_worker(task)

    return contextvars.copy_context().run(run)


def busy(ended):
    def task():
        try:
            for _ in range(500):
                check()
                time.sleep(0.01)
        finally:
            ended.set()

    return task


def test_who_waits_is_told_and_who_goes_on_ends_it(monkeypatch):
    monkeypatch.setattr(models, "_LOOK", 0.02)
    monkeypatch.setattr(models, "_LONG", 0.05)
    said: list[float | None] = []
    assert waited(said.append, lambda: time.sleep(0.2) or "done") == "done"
    assert said[-1] is None and len(said) > 2 and said[0] < said[-2]
    ended = threading.Event()

    def gone_on(seconds):
        raise GoneOnError

    with pytest.raises(GoneOnError):
        waited(gone_on, busy(ended))
    assert ended.wait(1), "the task looks, and ends"


def test_a_task_of_a_page_has_a_limit(monkeypatch):
    monkeypatch.setattr(models, "_LOOK", 0.02)
    monkeypatch.setattr(models, "SECONDS", 0.1)
    ended = threading.Event()
    with pytest.raises(ServerError) as raised:
        waited(lambda seconds: None, busy(ended))
    assert raised.value.code == "took_too_long" and ended.wait(1)
    assert models.in_worker(lambda: time.sleep(0.2) or "a task of the house has none") is not None


def test_a_model_is_loaded_however_long_it_takes(monkeypatch):
    monkeypatch.setattr(models, "_LOOK", 0.02)
    monkeypatch.setattr(models, "SECONDS", 0.05)
    monkeypatch.setattr(models.zoo, "load", lambda name: time.sleep(0.2) or name)
    assert waited(lambda seconds: None, lambda: None) is None

    def run():
        models.tell(lambda seconds: None)
        return models.load("slow")

    assert contextvars.copy_context().run(run) == "slow"


def test_of_a_view_that_takes_too_long_to_settle_all_else_is_there(monkeypatch):
    error = ServerError("took_too_long", limit=60)

    def explain(*args):
        raise error

    monkeypatch.setattr(Desk, "explain", explain)
    opened = Page(model="topics-en-encoder", view="cell", lang="ja", text="book a table")
    assert [each.value for each in opened.app.warning] == [literal(error.message("ja"))]
    assert opened.component("rail")["view"] == "cell" and len(opened.views()) > 5 and opened.tokens()


def test_who_waits_for_a_turn_is_told_and_has_it_in_the_end(monkeypatch):
    turn = threading.Semaphore(0)
    monkeypatch.setattr(turns, "_turns", turn)
    monkeypatch.setattr(turns, "LOOK", 0.3)
    tell = page._queued
    monkeypatch.setattr(page, "_queued", lambda seconds: (tell(seconds), turn.release()))
    opened = Page(lang="ja", model="topics-en", text="good")
    first = translate("ja", "page.queued", seconds=0)
    assert [each.value for each in opened.app.toast] == [literal(first)] and opened.state("text") == "good"
    opened.enter("fine")
    assert not opened.app.toast and turn.acquire(timeout=0), (
        "who had no need to wait hears nothing, and the turn is back"
    )


def test_a_text_without_end_is_cut_with_a_word():
    long, words = "good " * MAX_TEXT, literal(translate("en", "notices.text_too_long", limit=MAX_TEXT))
    opened = Page(lang="en", model="topics-en", text=long)
    assert len(opened.state("text")) == MAX_TEXT and any(words in each for each in opened.markdown())
    opened.enter("fine")
    assert not any(words in each for each in opened.markdown())
    version = opened.state("version")
    opened.enter(long)
    assert len(opened.state("text")) == MAX_TEXT
    assert any(words in each for each in opened.markdown())
    assert opened.state("version") == version, "the box keeps what was typed"


def test_a_page_that_runs_while_the_process_ends_says_nothing(monkeypatch):
    def asks():
        raise models.EndingError("cannot schedule new futures after shutdown")

    monkeypatch.setattr(page, "_render", asks)
    assert page.render() is None
