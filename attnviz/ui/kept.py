"""A cache bounded by bytes: traces of long sentences are large, those of short ones many."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar

from attnviz.trace import AttentionTrace

P = ParamSpec("P")
T = TypeVar("T")


class Kept(Generic[P, T]):
    """A function whose latest results are kept, as `functools.lru_cache` keeps them, within a budget of bytes.

    Args:
        function: Of hashable arguments.
        budget: Bytes to keep; the latest result is kept whatever its size.
        size: Bytes of a result.
    """

    def __init__(self, function: Callable[P, T], budget: int, size: Callable[[T], int]) -> None:
        update_wrapper(self, function)
        self.__wrapped__ = function
        self._budget, self._size = budget, size
        self._results: OrderedDict[Hashable, T] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __call__(self, *args: P.args, **options: P.kwargs) -> T:
        """The kept result, or a new one."""
        key = (args, tuple(sorted(options.items())))
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                return self._results[key]
        result = self.__wrapped__(*args, **options)
        with self._lock:
            if key not in self._results:
                self._results[key] = result
                self._bytes += self._size(result)
            while self._bytes > self._budget and len(self._results) > 1:
                self._bytes -= self._size(self._results.popitem(last=False)[1])
        return result

    @property
    def bytes(self) -> int:
        """Bytes of what is kept."""
        return self._bytes

    def cache_clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._results.clear()
            self._bytes = 0


def kept(budget: int, size: Callable[[Any], int]) -> Callable[[Callable[P, T]], Kept[P, T]]:
    """`Kept` as a decorator."""
    return lambda function: Kept(function, budget, size)


def trace_bytes(trace: AttentionTrace) -> int:
    """Bytes of the weights of a trace, and a little for the rest."""
    return 10_000 + sum(block.weights.nbytes for block in trace.blocks)
