"""What is kept of traces is bounded by bytes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from attnviz.ui import cache, models, offers
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
