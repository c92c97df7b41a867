"""How the tensor of one softmax is read as `[batch, head, query, key]`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

#: What an axis of scores may hold.
Part = Literal["batch", "head", "query"]


@dataclass(frozen=True)
class Layout:
    """Which dimensions of a softmax are batch, heads, queries and keys.

    Attributes:
        order: The dimensions of the tensor, brought into the order batch, heads, queries, keys.
        heads: How many of them are heads; several are flattened into one.
        queries: How many are queries (attention over an image has two).
        keys: How many are keys: the axes of the softmax.
        folded: Of scores that were laid out as `[batch · head · query, key]` what their first axis holds, outermost
            first, each with its length (None: open; of queries the length of the keys, where they are the same tokens).
    """

    order: tuple[int, ...]
    heads: int
    queries: int
    keys: int
    folded: tuple[tuple[Part, int | None], ...] = ()

    @property
    def batches(self) -> int:
        """How many dimensions are batch: one, or none for a tensor that has none."""
        return len(self.order) - self.heads - self.queries - self.keys

    @classmethod
    def of(cls, shape: Sequence[int | None], axes: Sequence[int]) -> Layout:
        """Read a softmax over `axes` of a tensor with this static shape (None where the length is open).

        What is left between batch and keys is read as `[…heads, query]`: as many queries as keys. One dimension alone
        is the query, unless its length is fixed while that of the keys is open: then it counts learned queries, and
        those are heads.
        """
        rank = len(shape)
        keys = sorted(axis % rank for axis in axes)
        batch = [axis for axis in (0,) if axis not in keys]
        rest = [axis for axis in range(rank) if axis not in keys and axis not in batch]
        if len(rest) == 1 and len(keys) == 1 and shape[rest[0]] is not None and shape[keys[0]] is None:
            queries: list[int] = []
        else:
            queries = rest[-len(keys) :]
        heads = rest[: len(rest) - len(queries)]
        return cls((*batch, *heads, *queries, *keys), len(heads), len(queries), len(keys))

    def split(self, sizes: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any], Sequence[Any]]:
        """Sizes in the order of the tensor, as those of batch, heads, queries, keys."""
        ordered = [sizes[axis] for axis in self.order]
        first, second = self.batches, self.batches + self.heads
        third = second + self.queries
        return ordered[:first], ordered[first:second], ordered[second:third], ordered[third:]

    def shape(self, sizes: Sequence[int | None]) -> tuple[int | None, int | None, int | None, int | None]:
        """Lengths of batch, head, query, key for a tensor of these sizes; None where open."""
        lengths = [None if None in part else math.prod(s for s in part if s) for part in self.split(sizes)]
        if not self.folded:
            return lengths[0], lengths[1], lengths[2], lengths[3]
        inner = self._inner(lengths[0])
        parts = {part: [size for each, size in inner if each == part] for part in ("batch", "head", "query")}
        batch, head, query = (None if None in part else math.prod(s for s in part if s) for part in parts.values())
        return batch, head, query, lengths[3]

    def _inner(self, length: int | None) -> list[tuple[Part, int | None]]:
        """What the folded axis holds, the one open length told by that of all; an open batch beside it is one."""
        inner = list(self.folded)
        if length is None:
            return inner
        if sum(size is None for _, size in inner) > 1:
            inner = [(part, 1 if part == "batch" and size is None else size) for part, size in inner]
        known = math.prod(size for _, size in inner if size is not None)
        return [(part, length // max(known, 1) if size is None else size) for part, size in inner]

    def canonical(self, values: NDArray[Any]) -> NDArray[Any]:
        """The tensor as NumPy `[batch, head, query, key]`; a view where that is possible."""
        shape = [math.prod(part) for part in self.split(values.shape)]
        plain = np.transpose(values, self.order).reshape(shape)
        if not self.folded:
            return plain
        inner = self._inner(len(plain))
        apart = plain.reshape(*(size or 0 for _, size in inner), *plain.shape[1:])
        order = [
            place for wanted in ("batch", "head", "query") for place, (part, _) in enumerate(inner) if part == wanted
        ]
        ends = range(len(inner), apart.ndim)
        return apart.transpose(*order, *ends).reshape([each or 0 for each in self.shape(values.shape)])

    def canonical_tensor(self, values: tf.Tensor) -> tf.Tensor:
        """As `canonical`, inside a graph."""
        sizes = tf.unstack(tf.shape(values), num=values.shape.rank)
        shape = [math.prod(part) for part in self.split(sizes)]
        return tf.reshape(tf.transpose(values, self.order), tf.stack(shape))

    def settled(self, sizes: Sequence[int | None]) -> bool:
        """Whether `arranged` can tell every length: at most one of each kind is open, and none of the heads."""
        parts = self.split(sizes)
        return (
            not self.folded and None not in parts[1] and all(sum(size is None for size in part) <= 1 for part in parts)
        )

    def arranged(self, values: NDArray[Any], sizes: Sequence[int | None]) -> NDArray[Any]:
        """The way back: `[batch, head, query, key]` as the tensor has it.

        Args:
            values: A batch of one may stand for every batch.
            sizes: Of the tensor, `settled`.
        """
        ordered: list[int] = []
        for place, (length, part) in enumerate(zip(values.shape, self.split(sizes), strict=True)):
            if place == 0 and length == 1:
                ordered += [1] * len(part)
                continue
            known = math.prod(size for size in part if size is not None)
            ordered += [length // known if size is None else size for size in part]
        return values.reshape(ordered).transpose(np.argsort(self.order))
