"""From what was captured in a model nothing is known about to blocks with tokens: axes, padding, masks, kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.capture import Run, Site, SiteRun
from attnviz.errors import InputError
from attnviz.families.common.masking import mask_after
from attnviz.trace import (
    LIFTED,
    MASK_CAUSAL,
    MASK_NONE,
    MASK_OTHER,
    MASK_PADDING,
    AttentionBlock,
    Axis,
    Edit,
    Kind,
    Notice,
    TokenAxis,
)

#: How a query that stands for no token is shown.
LEARNED = "learned query"


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
        return self._shown(_heads(values))

    def _shown(self, values: NDArray[Any]) -> NDArray[Any]:
        """`[head, query, key]` without padding; no copy where there is none."""
        if len(self.rows) < values.shape[1]:
            values = values[:, self.rows]
        return values[:, :, self.columns] if len(self.columns) < values.shape[2] else values

    def with_weights(self, values: NDArray[np.float32], edits: Sequence[Edit]) -> Block:
        """The same block with the weights of a run under edits, some of them perhaps of other blocks."""
        mine = tuple(edit for edit in edits if edit.block == self.name)
        return replace(self, weights=_heads(values), edits=mine)

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
        weights, shown, mask = self._shown(self.weights), self._shown(self.masked), None
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
        )


def read(
    run: Run, axes: Mapping[str, Axis], inputs: Sequence[str], causal: frozenset[str] = frozenset()
) -> list[Block]:
    """Blocks from one run on a batch of one.

    Args:
        run: What was captured.
        axes: Tokens of each sequence.
        inputs: Names of the model's inputs in flattened order, to tell sequences of equal length apart.
        causal: Sites known to be causal; a single token cannot show it.
    """
    sites = list(run.sites.values())
    masks = {each.site.name: _heads(each.masked) for each in sites}
    padding = {name: _padded_keys(mask) for name, mask in masks.items()}
    owners = _owners([each.site for each in sites], {index: name for index, name in enumerate(inputs) if name in axes})

    def sequence(lengths: Mapping[str, set[int]], origins: frozenset[int]) -> str | None:
        fitting = [name for name, axis in axes.items() if len(axis) in lengths[name]]
        owner = owners.get(origins)
        return owner if owner in fitting else (fitting[0] if fitting else None)

    keys: dict[str, str | None] = {}
    queries: dict[str, str | None] = {}
    gone_of: dict[str, NDArray[np.bool_]] = {}
    for each in sites:  # what is padding for one block is padding for all that run over the same sequence
        known = padding[each.site.name]
        lengths = {len(known), len(known) - int(known.sum())}
        name = keys[each.site.name] = sequence(dict.fromkeys(axes, lengths), each.site.key_inputs)
        if name is not None and known.any() and len(gone_of.get(name, known)) == len(known):
            gone_of[name] = gone_of.get(name, np.zeros_like(known)) | known
    for each in sites:
        rows = np.asarray(masks[each.site.name].all((0, 2)))
        lengths_of = {name: {len(rows), len(rows) - int(rows.sum())} for name in axes}
        for name, known in gone_of.items():
            lengths_of[name] |= {len(rows) - int(known.sum())} if len(known) == len(rows) else set()
        same = each.site.same_source and each.shape[2] == each.shape[3]
        queries[each.site.name] = keys[each.site.name] if same else sequence(lengths_of, each.site.query_inputs)

    return [_block(each, masks, padding, axes, queries, keys, gone_of, causal) for each in sites]


def _owners(sites: Sequence[Site], names: Mapping[int, str]) -> dict[frozenset[int], str]:
    """Which sequence a tensor runs over, by the inputs it was computed from.

    One input with tokens: that one. Where two meet in cross-attention, what comes out runs over the queries' sequence.
    """
    owners: dict[frozenset[int], str] = {}
    for site in sites:
        for origins in (site.query_inputs, site.key_inputs):
            known = origins & names.keys()
            if len(known) == 1:
                owners.setdefault(origins, names[next(iter(known))])
        if site.query_inputs != site.key_inputs and site.query_inputs in owners:
            owners.setdefault(site.query_inputs | site.key_inputs, owners[site.query_inputs])
    return owners


def _block(
    each: SiteRun,
    masks: Mapping[str, NDArray[np.bool_]],
    padding: Mapping[str, NDArray[np.bool_]],
    axes: Mapping[str, Axis],
    queries: Mapping[str, str | None],
    keys: Mapping[str, str | None],
    gone_of: Mapping[str, NDArray[np.bool_]],
    causal: frozenset[str],
) -> Block:
    site, name, weights = each.site, each.site.name, _heads(each.weights)
    masked, columns_gone = masks[name], padding[name]
    _, query, key = weights.shape
    rows_gone = np.asarray(masked.all((0, 2)))
    kind: Kind
    if site.layout.queries == 0 or (query == 1 and site.layout.shape(site.shape)[2] == 1 and key != 1):
        kind = "pooling"
    elif site.same_source or (site.same_source is None and query == key and queries[name] == keys[name]):
        kind = "self"
        rows_gone = rows_gone | columns_gone if query == key else rows_gone
    else:
        kind = "cross"
    known = gone_of.get(queries[name] or "")
    if kind != "pooling" and known is not None and len(known) == query and (kind == "cross" or query == key):
        rows_gone = rows_gone | known
    if rows_gone.all():
        rows_gone, columns_gone = np.zeros_like(rows_gone), np.zeros_like(columns_gone)
    rows, columns = np.flatnonzero(~rows_gone), np.flatnonzero(~columns_gone)
    notices = []
    key_axis, fits = _axis(axes, keys[name], key, columns)
    if not fits:
        notices.append(Notice("axis_by_position", {"block": name, "axis": "key", "length": len(columns)}))
    if kind == "pooling":
        query_axis: Axis = TokenAxis.of([LEARNED] * len(rows), special=[True] * len(rows))
    elif kind == "self" and len(rows) == len(columns) and (rows == columns).all():
        query_axis = key_axis
    else:
        query_axis, fits = _axis(axes, queries[name], query, rows)
        if not fits:
            notices.append(Notice("axis_by_position", {"block": name, "axis": "query", "length": len(rows)}))
    shown = masked[:, rows][:, :, columns]
    later = columns[None] > rows[:, None]
    if (
        kind == "self"
        and query == key
        and ((later.any() and shown[:, later].all()) or (len(rows) == 1 and name in causal))
    ):
        kind = "causal"
    if (shown & ~(later & (kind == "causal"))).any():
        notices.append(Notice("other_mask", {"block": name}))
    folded = each.shape[0] > 1
    return Block(site, weights, masked, rows, columns, kind, query_axis, key_axis, folded, tuple(notices))


def _heads(values: NDArray[Any]) -> NDArray[Any]:
    """`[batch, head, query, key]` of a batch of one as `[head, query, key]`; some models keep heads in the batch."""
    return values.reshape(-1, *values.shape[2:])


def _padded_keys(masked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keys that no query may look at, bool `[key]`; none if that would be all."""
    gone = np.asarray(masked.all((0, 1)))
    return gone & ~gone.all()


def _axis(axes: Mapping[str, Axis], name: str | None, length: int, kept: NDArray[np.intp]) -> tuple[Axis, bool]:
    """The tokens of an axis after cutting; by position, and False, where no list fits."""
    if name is not None and len(axes[name]) == len(kept):
        return axes[name], True
    if name is not None and len(axes[name]) == length:
        return axes[name].take(kept.tolist()), True
    return TokenAxis.of([str(index) for index in kept]), False
