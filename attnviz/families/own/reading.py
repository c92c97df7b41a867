"""From what was captured in a model nothing is known about to blocks with tokens: axes, padding, masks, kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.capture import Run, Site, SiteRun
from attnviz.errors import InputError
from attnviz.families.common.masking import mask_after
from attnviz.families.own.naming import (
    COMPUTED,
    COMPUTED_KEY,
    LEARNED,
    SINK,
    Sequences,
    asking,
    named_padding,
    numbered,
)
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
    TokenAxis,
)

#: Of a row so much may lie on padding without being seen; so much is left of a weight whose score was lowered by 28.
_WEIGHTLESS, _NOTHING = 1e-6, 1e-12


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


def read(
    run: Run,
    axes: Mapping[str, Axis],
    inputs: Sequence[str],
    lengths: Mapping[str, int],
    causal: frozenset[str] = frozenset(),
) -> list[Block]:
    """Blocks from one run on a batch of one.

    Args:
        run: What was captured.
        axes: Tokens of each sequence.
        inputs: Names of the model's inputs in flattened order, to tell sequences of equal length apart.
        lengths: By name of an input, how long it is behind the batch.
        causal: Sites known to be causal; a single token cannot show it.
    """
    sequences = Sequences(axes, inputs, lengths)
    for along, gone in run.padding:
        sequences.mark(along, gone[0])
    sites = list(run.sites.values())
    masks = {each.site.name: _heads(each.masked) for each in sites}
    for each in sites:  # what is padding for one block is padding for all that run over the same sequence
        hidden = _hidden_keys(masks[each.site.name])
        if each.site.heeds and hidden.any():
            sequences.mark(each.site.roles.key, hidden)
    return [_block(each, masks[each.site.name], sequences, causal) for each in sites]


def _block(each: SiteRun, masked: NDArray[np.bool_], sequences: Sequences, causal: frozenset[str]) -> Block:
    site, weights = each.site, _heads(each.weights)
    name, roles = site.name, site.roles
    _, query, key = weights.shape
    kind = _kind(each, sequences)
    if site.lowers_cells and kind == "self" and query == key:
        ahead = np.triu(np.ones((query, key), bool), 1)
        if ahead.any() and weights[:, ahead].max() < _NOTHING:  # a causal mask that only lowers scores
            masked = masked | ahead
    padded = sequences.padding(roles.key, key)
    hidden = _hidden_keys(masked)
    exchanged = query == key and sequences.exchanged(roles.query, roles.key, key)
    columns_gone = (hidden | _weightless(each, weights, padded)) & padded
    if not padded.any() and site.heeds and sequences.is_padding(roles.key, hidden):
        columns_gone = hidden
    rows_gone = np.zeros(query, bool)
    if kind != "pooling":
        alike = kind == "self" and not exchanged
        rows_gone = columns_gone if alike else sequences.padding(roles.query, query)
        blind = np.asarray(masked.all((0, 2)))
        if site.heeds and sequences.is_padding(roles.query, blind):
            rows_gone = rows_gone | blind
        rows_gone = rows_gone | (sequences.padding(roles.query, query) if kind == "self" else False)
    if rows_gone.all():
        rows_gone, columns_gone = np.zeros_like(rows_gone), np.zeros_like(columns_gone)
    rows, columns = np.flatnonzero(~rows_gone), np.flatnonzero(~columns_gone)
    notices = [] if roles.sure else [Notice("axes_by_place", {"block": name})]
    if roles.windows:
        notices.append(Notice("windows_as_heads", {"block": name}))
    if site.how != "softmax":
        notices.append(Notice("no_softmax", {"block": name, "normalisation": site.how}))
    key_axis, fits = sequences.named(roles.key, key, columns)
    if roles.mixed:
        key_axis = numbered(COMPUTED_KEY, len(columns))
        notices.append(Notice("keys_computed", {"block": name, "count": len(columns)}))
    elif not fits:
        notices.append(Notice("axis_by_position", {"block": name, "axis": "key", "length": len(columns)}))
    alike = len(rows) == len(columns) == len(key_axis) and not exchanged
    query_axis, fits = _query_axis(each, kind, sequences, rows, key_axis, alike)
    if not fits:
        notices.append(Notice("axis_by_position", {"block": name, "axis": "query", "length": len(rows)}))
    if kind == "self" or (isinstance(query_axis, TokenAxis) and SINK in query_axis.tokens):
        key_axis, query_axis = asking(key_axis), asking(query_axis)
    shown = masked[:, rows][:, :, columns]
    later = columns[None] > rows[:, None]
    alone = len(rows) == 1 and name in causal
    if kind == "self" and query == key and ((later.any() and shown[:, later].all()) or alone):
        kind = "causal"
    block = Block(site, weights, masked, rows, columns, kind, query_axis, key_axis, each.shape[0] > 1)
    return replace(
        block, notices=(*notices, *_told(block, shown, later & (kind == "causal"), sequences.marked(roles.key, key)))
    )


def _kind(each: SiteRun, sequences: Sequences) -> Kind:
    """By who asks and who is asked, as the graph has it; by lengths where it does not tell."""
    roles, (_, _, query, key) = each.site.roles, each.shape
    single = query == 1 and roles.layout.shape(each.site.shape)[2] == 1 and key != 1 and not roles.layout.folded
    latent = roles.asker == "learned" and query == key > 1
    if latent and roles.query is not None and roles.key is not None and roles.query.key == roles.key.key:
        return "self"  # vectors that learned queries have read look at each other
    if (roles.layout.queries == 0 and not roles.layout.folded) or single or roles.asker in ("learned", "token"):
        return "pooling"
    if query != key:
        return "cross"
    told = roles.query is not None and roles.key is not None and "opaque" not in (roles.query.role, roles.key.role)
    if told and roles.query is not None and roles.key is not None:
        return "self" if sequences.same(roles.query, roles.key, key) else "cross"
    one, two = (sequences.owner(along, [query]) for along in (roles.query, roles.key))
    return "self" if one == two else "cross"


def _query_axis(
    each: SiteRun, kind: Kind, sequences: Sequences, rows: NDArray[np.intp], key_axis: Axis, alike: bool
) -> tuple[Axis, bool]:
    roles = each.site.roles
    if kind == "pooling":
        lone = sequences.lone(roles.place) if len(rows) == 1 else None
        return lone or numbered(COMPUTED if roles.asker in ("computed", "token") else LEARNED, len(rows)), True
    if kind == "self" and alike:
        return key_axis, True
    return sequences.named(roles.query, each.shape[2], rows)


def _told(
    block: Block, shown: NDArray[np.bool_], later: NDArray[np.bool_], padded: NDArray[np.bool_]
) -> Iterator[Notice]:
    """What a reader should know of the masks of a block."""
    name = {"block": block.name}
    weights = block._shown(block.weights)
    if (shown & ~later).any():
        yield Notice("other_mask", name)
    seen_by_none = np.asarray(shown.all((0, 1)))
    if seen_by_none.any() and not seen_by_none.all():
        yield Notice("keys_hidden", {**name, "tokens": _list(block.key, seen_by_none)})
    blind = np.asarray(shown.all(-1).all(0))
    if blind.any():
        yield Notice("rows_blind", {**name, "tokens": _list(block.query, blind)})
    called = [named_padding(token) for token in block.key.tokens] if isinstance(block.key, TokenAxis) else []
    pads = padded[block.columns] | np.array(called or [False], bool)
    if pads.any() and not pads.all():
        taken = np.broadcast_to(weights[:, :, pads].sum(-1, dtype=np.float64), weights.shape[:2])
        seeing = np.broadcast_to(~shown.all(-1), taken.shape)
        share = float(taken[seeing].mean()) if seeing.any() else 0.0
        if block.site.lowers and share < _WEIGHTLESS and not seen_by_none[pads].all():
            yield Notice("keys_hidden", {**name, "tokens": _list(block.key, pads)})
        elif share >= _WEIGHTLESS or (share > 0 and not block.site.lowers):
            yield Notice(
                "padding_lowered" if block.site.lowers else "padding_weighs",
                {**name, "percent": f"{share:.0%}".rstrip("%") if share >= 0.1 else f"{100 * share:.2g}"},
            )
    gap = np.where(shown.all(-1), 0, missing(weights, block.site.precision))
    if gap.any():
        yield Notice("rows_short", {**name, "percent": f"{100 * float(gap.mean()):.2g}"})


def missing(weights: NDArray[np.float32], precision: str) -> NDArray[np.float64]:
    """How much rows lack to one, float64 `[head, query]`; 0 where that is rounding."""
    gap = 1 - weights.sum(-1, dtype=np.float64)
    return np.where(gap > ROW_TOLERANCE.get(precision, 1e-2) / 2, gap, 0)


def _weightless(each: SiteRun, weights: NDArray[np.float32], padded: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Padding that a mask left so little of that rows sum to one without it, bool `[key]`: as good as hidden."""
    asking = weights[:, ~padded] if each.site.roles.query == each.site.roles.key else weights
    little = each.site.lowers and asking.size and asking[..., padded].sum(-1, dtype=np.float64).max() < _WEIGHTLESS
    return padded if little else np.zeros_like(padded)


def _list(axis: Axis, chosen: NDArray[np.bool_]) -> str:
    """A few names of an axis."""
    names = [axis.tokens[place] for place in np.flatnonzero(chosen)]
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")


def _heads(values: NDArray[Any]) -> NDArray[Any]:
    """`[batch, head, query, key]` of a batch of one as `[head, query, key]`; some models keep heads in the batch."""
    return values.reshape(-1, *values.shape[2:])


def _hidden_keys(masked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keys that no query may look at, bool `[key]`; none if that would be all.

    Queries that may look at nothing have no say.
    """
    asking = ~np.asarray(masked.all(-1))
    gone = np.asarray((masked | ~asking[..., None]).all((0, 1)))
    return gone & ~gone.all()
