"""Which row of weights is looked at: of which block, layer, head and query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.heads.alignment import alignment_heads
from attnviz.errors import InputError
from attnviz.trace import AttentionBlock, AttentionTrace, Axis, index_of


@dataclass(frozen=True)
class Focus:
    """One row of weights.

    Attributes:
        block: Name of the block.
        layer: From 0.
        head: From 0.
        query: Position on the query axis, from 0.

    >>> Focus("encoder", layer=0, head=1, query=2).head
    1
    """

    block: str
    layer: int = 0
    head: int = 0
    query: int = 0

    def row(self, trace: AttentionTrace) -> NDArray[np.float32]:
        """The weights, float32 `[key]`.

        Raises:
            InputError: The trace has no such block.
        """
        weights: NDArray[np.float32] = trace.block(self.block).weights[self.layer, self.head, self.query]
        return weights

    def keys(self, trace: AttentionTrace) -> Axis:
        """What the weights are given to."""
        return trace.block(self.block).key

    def mask(self, trace: AttentionTrace) -> NDArray[np.int8] | None:
        """Why each weight of the row is zero, int8 `[key]`, or None if nothing in the block is masked."""
        block = trace.block(self.block)
        return None if block.mask is None else block.mask_of(self.layer, self.head)[self.query]

    def own(self, trace: AttentionTrace) -> Focus:
        """The same row by the model's own positions; of a word of several pieces, that of its first."""
        parts = trace.block(self.block).parts
        return self if parts is None else replace(self, query=parts[0][self.query][0])


def focus(
    trace: AttentionTrace,
    layer: int | None = None,
    head: int | None = None,
    query: int | None = None,
    block: str | None = None,
    alignment: Mapping[str, Any] | None = None,
) -> Focus:
    """The row to look at in a trace, as near to what is asked for as there is one.

    Args:
        trace: With at least one block.
        layer: From 0; None means the last, on which the answer rests.
        head: From 0; None means the first.
        query: The model's own position, from 0; None, or one that is not shown, means the first special token ([CLS],
            a learned vector; not an end token), else the first. Where no query looks ahead it means the last: the first
            has nothing to look at but itself.
        block: Name; None, or one that is not there, means the first between two sources, else the first.
        alignment: Which heads between two sources serve as alignment, as a model's card states it: the first of them is
            taken there where neither a layer nor a head is asked for.

    Raises:
        InputError: `show_trace`: this is no trace.

    >>> from attnviz.trace import AttentionBlock, Embedding, Text, TokenAxis
    >>> axis = TokenAxis.of(["a", "cat"])
    >>> block = AttentionBlock("words", "self", axis, axis, np.full((1, 1, 2, 2), 0.5, np.float32))
    >>> trace = AttentionTrace("made", Text("a cat"), (block,), Embedding(np.ones(3)))
    >>> chosen = focus(trace)
    >>> chosen.block, chosen.layer, chosen.head, chosen.query
    ('words', 0, 0, 0)
    """
    _check(trace)
    named = [each for each in trace.blocks if each.name == block]
    chosen = [*named, *(each for each in trace.blocks if each.kind == "cross"), *trace.blocks][0]
    layers, heads, queries, _ = chosen.shape
    if chosen.kind == "cross" and layer is None and head is None:
        layer, head = alignment_heads(chosen, alignment)[0]
    if chosen.parts is not None and query is not None:
        query = next((place for place, own in enumerate(chosen.parts[0]) if query in own), None)
    return Focus(
        chosen.name,
        _within(layer, layers, layers - 1),
        _within(head, heads, 0),
        _within(query, queries, _telling(chosen)),
    )


def _check(trace: Any) -> None:
    if not isinstance(trace, AttentionTrace):
        raise InputError("show_trace", received=type(trace).__name__)


def asked(
    trace: AttentionTrace,
    layer: int | None,
    head: int | None,
    block: str | None = None,
    query: int | None = None,
    alignment: Mapping[str, Any] | None = None,
) -> Focus:
    """`focus` for what must be there, arguments as for it.

    Raises:
        InputError: There is no such block, layer, head or query, or it is no whole number; `show_trace`.
    """
    layer, head, query = (index_of(*each) for each in (("layer", layer), ("head", head), ("query", query)))
    _check(trace)
    if block is not None:
        trace.block(block)
    chosen = focus(trace, layer, head, query, block, alignment)
    found = trace.block(chosen.block)
    found.select(layer, head)
    if query is not None and not 0 <= query < len(found.query):
        raise InputError("no_such_index", what="query", received=query, last=len(found.query) - 1)
    return chosen


def answering(trace: AttentionTrace) -> NDArray[np.float32]:
    """The row that the answer of a classifier rests on, over what is of the source, scaled to sum to 1.

    Args:
        trace: Of a classifier.

    Returns:
        float32 `[key]`, the mean over heads of the row that `focus` takes, special keys left out.

    >>> import attnviz
    >>> row = answering(attnviz.load("sentiment-en").trace("a good film"))
    >>> len(row), round(float(row.sum()), 3)
    (3, 1.0)
    """
    chosen = focus(trace)
    block = trace.block(chosen.block)
    own = ~np.array(block.key.special)
    row = block.weights[chosen.layer, :, chosen.query][:, own].mean(axis=0)
    scaled: NDArray[np.float32] = row / np.maximum(row.sum(axis=-1, keepdims=True), 1e-9)
    return scaled


def _telling(block: AttentionBlock) -> int:
    """The query that says most where none is asked for."""
    if block.kind == "causal":
        return len(block.query) - 1
    place = next((place for place, special in enumerate(block.query.special) if special), 0)
    return 0 if place == len(block.query) - 1 else place


def _within(wanted: int | None, size: int, default: int) -> int:
    return default if wanted is None or not 0 <= wanted < size else wanted
