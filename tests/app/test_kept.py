"""What is kept of traces is bounded by bytes."""

from __future__ import annotations

from attnviz.ui.kept import Kept


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
