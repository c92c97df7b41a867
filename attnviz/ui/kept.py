"""The one way results are kept: by small plain values, within a budget of bytes, the oldest used first to go."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, is_dataclass
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar
from weakref import WeakSet

import numpy as np

from attnviz.ui import turns

P = ParamSpec("P")
T = TypeVar("T")

#: Bytes counted for a result beside its arrays.
REST = 10_000

MEGABYTE = 1024 * 1024

#: Every one there is.
_all: WeakSet[Kept[Any, Any]] = WeakSet()


class Kept(Generic[P, T]):
    """A function whose latest results are kept, as `functools.lru_cache` keeps them, within a budget of bytes.

    Arguments that are hashed by identity, as a trace is, are kept with the result, and counted.

    Args:
        function: Of hashable arguments. What it raises is not kept.
        budget: Bytes to keep; the latest result is kept whatever its size.
        size: Bytes of a result.
    """

    def __init__(self, function: Callable[P, T], budget: int, size: Callable[[Any], int]) -> None:
        update_wrapper(self, function)
        self.__wrapped__ = function
        self.budget, self._size = budget, size
        self._results: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._coming: dict[Hashable, threading.Event] = {}
        _all.add(self)

    def __call__(self, *args: P.args, **options: P.kwargs) -> T:
        """The kept result, or a new one; of those who ask for it at the same moment, one makes it."""
        key = (args, tuple(sorted(options.items())))
        while True:
            with self._lock:
                if key in self._results:
                    self._results.move_to_end(key)
                    return self._results[key][0]
                coming = self._coming.get(key)
                if coming is None:
                    made = self._coming[key] = threading.Event()
                    break
            with turns.given_back():
                coming.wait()  # and look again: whoever made it may have failed, or gone
        try:
            return self._made(key, args, options)
        finally:
            with self._lock:
                del self._coming[key]
            made.set()

    def _made(self, key: Hashable, args: Any, options: Any) -> T:
        result = self.__wrapped__(*args, **options)
        size = self._size(result) + sum(self._size(each) for each in args if is_dataclass(each))
        with self._lock:
            if key not in self._results:
                self._results[key] = (result, size)
                self._bytes += size
            while self._bytes > self.budget and len(self._results) > 1:
                self._bytes -= self._results.popitem(last=False)[1][1]
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


def forget() -> None:
    """Forget everything that is kept anywhere."""
    for each in tuple(_all):
        each.cache_clear()


def size_of(result: Any) -> int:
    """Bytes of the arrays in a result, and a little for the rest."""
    return REST + _arrays(result)


def kept(budget: int, size: Callable[[Any], int] = size_of) -> Callable[[Callable[P, T]], Kept[P, T]]:
    """`Kept` as a decorator."""
    return lambda function: Kept(function, budget, size)


def _arrays(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if is_dataclass(value) and not isinstance(value, type):
        return sum(_arrays(getattr(value, each.name)) for each in fields(value))
    if isinstance(value, Mapping):
        return sum(map(_arrays, value.values()))
    if isinstance(value, (tuple, list)) and not (value and isinstance(value[0], (str, int, float))):
        return sum(map(_arrays, value))
    return 0
