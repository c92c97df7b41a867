"""What is kept of traces is bounded by bytes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import pytest

from attnviz.ui import cache, models, offers, turns
from attnviz.ui.controls.chart import marked
from attnviz.ui.kept import REST, Kept, kept, size_of


def test_the_least_recently_used_gives_way():
    made: list[int] = []
    kept = Kept(lambda size: made.append(size) or "x" * size, 100, len)
    for size in (30, 40, 30, 50, 40, 30):
        assert len(kept(size)) == size
        assert kept.bytes <= 100

    assert made == [30, 40, 50, 40, 30]


def test_one_result_larger_than_the_budget_is_kept_alone():
    made: list[int] = []
    kept = Kept(lambda size: made.append(size) or "x" * size, 100, len)
    for size in (7, 130, 130):
        kept(size)
    assert (made, kept.bytes) == ([7, 130], 130)
    kept.cache_clear()
    assert kept.bytes == 0


@dataclass(frozen=True, eq=False)
class Picture:
    """Hashed by identity, as a trace is."""

    weights: np.ndarray
    tokens: tuple[str, ...] = ("a",)


def test_arrays_are_counted_wherever_they_stand():
    weights = np.zeros((3, 5), np.float32)
    for result in (weights, Picture(weights), (Picture(weights), None), {"a": weights}, [weights]):
        assert size_of(result) == REST + 60
    assert size_of((0.5, "x", ("a", "b"))) == REST


def test_what_is_kept_by_identity_is_counted_with_what_was_made_of_it():
    made: list[Picture] = []
    function = kept(2 * REST + 250)(lambda picture: made.append(picture) or picture.weights[0])  # type: ignore[func-returns-value]
    one, other = (Picture(np.ones((2, 5), np.float64)) for _ in range(2))
    for picture in (one, one, other, one):
        np.testing.assert_array_equal(function(picture), np.ones(5))
    assert made == [one, other, one]
    assert function.bytes == 2 * REST + 80 + 40


def test_what_is_raised_is_not_kept():
    answers = [ValueError("x"), 3]

    def answer() -> int:
        found = answers.pop(0)
        if isinstance(found, ValueError):
            raise found
        return int(str(found))

    function = kept(REST)(answer)
    with pytest.raises(ValueError, match="x"):
        function()
    assert function() == function() == 3


def test_there_is_one_mechanism():
    for module in (cache, models, offers):
        for name, value in vars(module).items():
            assert not hasattr(value, "cache_info"), f"{module.__name__}.{name} is kept in another way"


def at_once(count: int, task: Callable[[], object]) -> list[object]:
    with ThreadPoolExecutor(count) as threads:
        return [each.result(20) for each in [threads.submit(task) for _ in range(count)]]


def test_of_those_who_ask_at_the_same_moment_one_makes_it():
    made: list[int] = []

    def make(size: int) -> str:
        made.append(size)
        time.sleep(0.1)
        return "x" * size

    assert at_once(7, lambda: Kept(make, 100, len)(5)) == ["xxxxx"] * 7 and len(made) == 7  # each its own
    made.clear()
    kept = Kept(make, 100, len)
    assert at_once(7, lambda: kept(5)) == ["xxxxx"] * 7 and made == [5]


def test_who_waited_for_one_that_failed_makes_it():
    made: list[int] = []

    def make() -> str:
        made.append(1)
        time.sleep(0.05)
        if len(made) < 3:
            raise ValueError
        return "x"

    kept = Kept(make, 100, len)

    def ask() -> str:
        try:
            return kept()
        except ValueError:
            return "failed"

    assert sorted(map(str, at_once(5, ask))) == ["failed", "failed", "x", "x", "x"] and len(made) == 3


def test_a_few_pages_run_at_a_time_and_who_waits_gives_the_turn_back():
    running, most, done = [], [], []

    def page() -> None:
        with turns.taken(lambda seconds: None):
            running.append(1)
            most.append(len(running))
            together.wait(10)
            time.sleep(0.02)  # one more that ran would be seen
            running.pop()
            with turns.given_back():
                meeting.wait(10)  # all are here together, though few run
            done.append(1)

    meeting, together = threading.Barrier(3 * turns.RUNNING), threading.Barrier(turns.RUNNING)
    at_once(3 * turns.RUNNING, page)
    assert max(most) == turns.RUNNING and len(done) == 3 * turns.RUNNING
    with turns.given_back():  # a thread that has none keeps none
        pass
    assert at_once(1, lambda: [turns._turns.acquire(blocking=False) for _ in range(turns.RUNNING + 1)])[0][-1] is False
    for _ in range(turns.RUNNING):
        turns._turns.release()


def test_a_drawing_is_made_once_and_marked_on_a_copy():
    drawn = []

    def draw(what: str, *, theme: str) -> go.Figure:
        drawn.append((what, theme))
        return go.Figure(go.Bar(y=[1]))

    first = cache.figure(draw, "a", theme="dark")
    assert cache.figure(draw, "a", theme="dark") is first and cache.figure(draw, "a", theme="light") is not first
    assert drawn == [("a", "dark"), ("a", "light")]
    other = marked(first, "edited")
    assert [each.text for each in other.layout.annotations] == ["edited"] and not first.layout.annotations
    assert first.to_dict() == go.Figure(go.Bar(y=[1])).to_dict() != other.to_dict()
