"""Warming up, and what is seen of it if the process ends meanwhile: nothing."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time

import pytest

from attnviz import zoo
from attnviz.trace import Classification
from attnviz.ui import cache, examples, models, questions, warmup
from attnviz.ui.openings import opening
from tests.e2e.server import ROOT, Server

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


def test_a_server_that_is_ended_while_it_warms_says_nothing(tmp_path):
    server = Server(ROOT / "app.py", tmp_path / "log.txt")
    server.start()
    until = time.monotonic() + 60
    while server.url not in server.output() and time.monotonic() < until:
        time.sleep(0.05)  # that is said once warming has begun
    time.sleep(0.5)
    server.stop()
    said = server.output()
    assert server.url in said and not re.search(r"Traceback|Error|cannot schedule", said), said


def test_nothing_is_loaded_before_it_is_asked_for_where_that_is_wanted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ATTNVIZ_WARM", "0")
    monkeypatch.setattr(warmup, "progress", warmup.Progress())
    monkeypatch.setattr(cache, "trace", None)
    warmup._load()
    assert warmup.progress.warm("sentiment-en", 0) and warmup.progress.done == 1


def test_what_an_answer_depends_on_is_asked_once_before_a_visitor_waits_for_it(monkeypatch: pytest.MonkeyPatch):
    card, asked, own = models.card("sentiment-en"), [], questions.values
    monkeypatch.setattr(warmup, "progress", warmup.Progress())
    monkeypatch.setattr(zoo, "models", lambda: [card])
    monkeypatch.setattr(examples, "ask", lambda card: None)
    monkeypatch.setattr(questions, "values", lambda question: asked.append((question, own(question))))
    monkeypatch.setenv("ATTNVIZ_WARM", "1")
    warmup._load()
    [(question, found)] = asked
    output = cache.trace(card.name, opening(card).text).output
    assert isinstance(output, Classification)
    assert question == questions.OfClass(card.name, opening(card).text, output.predicted)
    assert found.target == question.target and not found.curves


def test_an_error_while_the_process_goes_on_is_seen(monkeypatch):
    def fail():
        raise RuntimeError("cannot load")

    monkeypatch.setattr(warmup, "_load", fail)
    with pytest.raises(RuntimeError, match="cannot load"):
        warmup._run()


def test_what_is_waited_for_is_loaded_next_and_nobody_waits_for_the_others():
    progress = warmup.Progress()
    order = progress.following(["a", "b", "c", "d"])
    assert next(order) == "a"
    assert not progress.warm("c", 0) and not progress.warm("a", 0)
    assert next(order) == "c"
    assert progress.warm("a", 0) and not progress.warm("c", 0)
    assert list(order) == ["b", "d"]
    assert all(progress.warm(name, 0) for name in "abcd")
    assert not progress.warm("sent later", 0)
    progress.finish()
    assert progress.warm("sent later", 0)


def test_a_page_that_waits_goes_on_as_soon_as_its_model_is_there():
    progress, found = warmup.Progress(), []
    order = progress.following(["a", "b"])
    next(order)
    waiting = threading.Thread(target=lambda: found.append(progress.warm("a", 60)))
    waiting.start()
    next(order)
    waiting.join(30)
    assert found == [True]
