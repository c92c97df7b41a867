"""The way back through a graph: what a tensor was computed from."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

import tensorflow as tf

#: What is looked at on a way back: a tensor, perhaps with what is known of it there.
_Stop = TypeVar("_Stop")


def back(
    start: _Stop,
    before: Callable[[_Stop], Iterable[_Stop]],
    known: Callable[[_Stop], Hashable] = id,
    reach: int | None = None,
) -> Iterator[_Stop]:
    """The way back through a graph, the nearest first, each stop once.

    Args:
        start: Where it begins.
        before: What comes before a stop; asked once the stop has been looked at.
        known: What tells two stops apart.
        reach: How many stops at most.
    """
    pending, seen = deque([start]), set[Hashable]()
    while pending and (reach is None or len(seen) < reach):
        each = pending.popleft()
        if known(each) in seen:
            continue
        seen.add(known(each))
        yield each
        pending.extend(before(each))


def inputs(tensor: tf.Tensor) -> Iterable[tf.Tensor]:
    """What the operation of a tensor takes."""
    found: Iterable[tf.Tensor] = tensor.op.inputs
    return found
