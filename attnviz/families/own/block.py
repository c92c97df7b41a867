"""One attention computation of a model nothing is known about, as it will be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.capture import Site
from attnviz.errors import InputError
from attnviz.families.common.masking import mask_after
from attnviz.trace import (
    LIFTED,
    MASK_CAUSAL,
    MASK_NONE,
    MASK_OTHER,
    MASK_PADDING,
    ROW_TOLERANCE,
    AttentionBlock,
    Axis,
    Edit,
    Kind,
    Notice,
)


@dataclass(frozen=True)
class Block:
    """One attention computation as it will be shown.

    Attributes:
        site: Where in the model.
        weights: float32 `[head, query, key]`, uncut.
        masked: bool `[head or 1, query, key]`, uncut.
        rows: Queries that are shown: int `[query]`.
        columns: Keys that are shown: int `[key]`.
        kind: What kind of attention.
        query, key: Tokens along the axes, cut.
        folded: Whether the model keeps its heads in the batch.
        notices: What the reader should know.
        edits: What was put in, in the coordinates shown.
    """

    site: Site
    weights: NDArray[np.float32]
    masked: NDArray[np.bool_]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    kind: Kind
    query: Axis
    key: Axis
    folded: bool
    notices: tuple[Notice, ...] = ()
    edits: tuple[Edit, ...] = ()

    @property
    def edited(self) -> bool:
        """Whether weights were put in."""
        return bool(self.edits)

    @property
    def name(self) -> str:
        """The name of the site."""
        return self.site.name

    @property
    def heads(self) -> int:
        """How many heads."""
        return len(self.weights)

    def cut(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values of the site `[batch, head, query, key]` as `[head, query, key]` without padding."""
        return self.cut_heads(heads_of(values))

    def cut_heads(self, values: NDArray[Any]) -> NDArray[Any]:
        """`[head, query, key]` without padding; no copy where there is none."""
        if len(self.rows) < values.shape[1]:
            values = values[:, self.rows]
        return values[:, :, self.columns] if len(self.columns) < values.shape[2] else values

    def with_weights(self, values: NDArray[np.float32], edits: Sequence[Edit]) -> Block:
        """The same block with the weights of a run under edits, some of them perhaps of other blocks."""
        mine = tuple(edit for edit in edits if edit.block == self.name)
        return replace(self, weights=heads_of(values), edits=mine)

    def placed(self, edit: Edit) -> Edit:
        """An edit of the shown weights, in the coordinates of the model; NaN keeps the model's own."""
        expected = (len(self.rows), len(self.columns))
        if edit.weights.shape != expected:
            raise InputError("edit_shape", block=self.name, expected=str(expected), received=str(edit.weights.shape))
        whole = np.full(self.weights.shape[1:], np.nan, np.float32)
        if edit.padding:
            whole[self.rows] = LIFTED
        whole[np.ix_(self.rows, self.columns)] = edit.weights
        if not self.folded or edit.head is None:
            return replace(edit, weights=whole)
        if not 0 <= edit.head < self.heads:
            raise InputError("no_such_index", what="head", received=edit.head, last=self.heads - 1)
        each = np.full(self.weights.shape, np.nan, np.float32)
        each[edit.head] = whole
        return replace(edit, weights=each, head=None)

    def block(self) -> AttentionBlock:
        """The block of the trace.

        A row that is masked as a whole in one head and not in others cannot be cut: it is shown as it leaves a softmax
        of equal scores, uniform, and all of it marked as padding.
        """
        weights, shown, mask = self.cut_heads(self.weights), self.cut_heads(self.masked), None
        if shown.any():
            shown = np.broadcast_to(shown, weights.shape)
            blind = shown.all(-1, keepdims=True)
            if blind.any() and not self.edited:
                weights = np.where(blind, np.float32(1 / len(self.columns)), weights)
            later = (self.columns[None] > self.rows[:, None]) & (self.kind == "causal")
            reason = np.where(shown, np.where(later, MASK_CAUSAL, MASK_OTHER), MASK_NONE)
            mask = np.where(blind, MASK_PADDING, reason).astype(np.int8)[None]
        hidden = None
        if any(edit.padding for edit in self.edits):  # what went to padding, which is not shown
            shown_mass = weights.sum(-1, dtype=np.float64)
            hidden = (self.weights[:, self.rows].sum(-1, dtype=np.float64) - shown_mass)[None]
        elif not self.edited and missing(weights, self.site.precision).any():  # an ε below the line, a mask behind it
            hidden = np.maximum(1 - weights.sum(-1, dtype=np.float64), 0)[None]
        heads, query, key = weights.shape
        mask = mask_after(
            mask if mask is not None and mask.any() else None, self.edits, self.name, (1, heads, query, key)
        )
        return AttentionBlock(
            self.name,
            self.kind,
            self.query,
            self.key,
            weights[None],
            mask,
            self.site.precision,
            self.edited,
            None if hidden is None else hidden.astype(np.float32),
            normalisation=self.site.how,
        )

    @property
    def are_weights(self) -> bool:
        """Whether these are shares: not negative, and of each row no more than one together."""
        if self.site.how == "softmax":
            return True
        sums = self.weights.sum(-1, dtype=np.float64)
        return bool((self.weights >= 0).all() and (sums <= 1 + ROW_TOLERANCE.get(self.site.precision, 1e-2)).all())


def missing(weights: NDArray[np.float32], precision: str) -> NDArray[np.float64]:
    """How much rows lack to one, float64 `[head, query]`; 0 where that is rounding."""
    gap = 1 - weights.sum(-1, dtype=np.float64)
    return np.where(gap > ROW_TOLERANCE.get(precision, 1e-2) / 2, gap, 0)


def heads_of(values: NDArray[Any]) -> NDArray[Any]:
    """`[batch, head, query, key]` of a batch of one as `[head, query, key]`; some models keep heads in the batch."""
    return values.reshape(-1, *values.shape[2:])
