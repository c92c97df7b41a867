"""From what was captured in a model nothing is known about to blocks with tokens: axes, padding, masks, kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from attnviz.capture import Run, SiteRun
from attnviz.families.own.block import Block, heads_of
from attnviz.families.own.naming import (
    CHOSEN,
    COMPUTED,
    COMPUTED_KEY,
    LEARNED,
    MEMORY,
    SINK,
    SLOT,
    VECTOR,
    Sequences,
    asking,
    numbered,
)
from attnviz.families.own.telling import WEIGHTLESS, told
from attnviz.trace import (
    Axis,
    Kind,
    Notice,
    TokenAxis,
)

#: So much is left of a weight whose score was lowered by 28.
_NOTHING = 1e-12


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
    masks = {each.site.name: _masked(each) for each in sites}
    for each in sites:  # what is padding for one block is padding for all that run over the same sequence
        hidden = _hidden_keys(masks[each.site.name])
        if each.site.heeds and hidden.any():
            sequences.mark(each.site.roles.key, hidden)
    return [_block(each, masks[each.site.name], sequences, causal) for each in sites]


def _block(each: SiteRun, masked: NDArray[np.bool_], sequences: Sequences, causal: frozenset[str]) -> Block:
    site, weights = each.site, heads_of(each.weights)
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
    if any(each.sizes[axis] > 1 for axis in roles.windows):  # an open length may be one part alone
        notices.append(Notice("windows_as_heads", {"block": name}))
    if site.how != "softmax":
        notices.append(Notice("no_softmax", {"block": name, "normalisation": site.how}))
    if roles.shared_out:
        notices.append(Notice("shared_out", {"block": name, "count": len(weights) * query}))
    key_axis, fits = sequences.named(roles.key, key, columns)
    if roles.chosen:
        key_axis = numbered(CHOSEN, len(columns))
        notices.append(Notice("keys_chosen", {"block": name, "count": len(columns)}))
    elif roles.mixed:
        key_axis = numbered(COMPUTED_KEY, len(columns))
        notices.append(Notice("keys_computed", {"block": name, "count": len(columns)}))
    elif not fits and roles.apart:
        key_axis = numbered(VECTOR, len(columns))
        notices.append(Notice("keys_apart", {"block": name, "count": len(columns)}))
    elif not fits:
        notices.append(Notice("axis_by_position", {"block": name, "axis": "key", "length": len(columns)}))
    alike = len(rows) == len(columns) == len(key_axis) and not exchanged
    query_axis, fits = _query_axis(each, kind, sequences, rows, key_axis, alike)
    if not fits:
        notices.append(Notice("axis_by_position", {"block": name, "axis": "query", "length": len(rows)}))
    if kind == "self" or (isinstance(query_axis, TokenAxis) and {SINK, MEMORY}.intersection(query_axis.tokens)):
        key_axis, query_axis = asking(key_axis), asking(query_axis)
    shown = masked[:, rows][:, :, columns]
    later = columns[None] > rows[:, None]
    alone = len(rows) == 1 and name in causal
    if kind == "self" and query == key and ((later.any() and shown[:, later].all()) or alone):
        kind = "causal"
    if roles.filled and (later & ~shown).any():
        notices.append(Notice("keys_unwritten", {"block": name}))
    block = Block(site, weights, masked, rows, columns, kind, query_axis, key_axis, each.shape[0] > 1)
    return replace(
        block, notices=(*notices, *told(block, shown, later & (kind == "causal"), sequences.marked(roles.key, key)))
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
        asks = SLOT if roles.shared_out else COMPUTED if roles.asker in ("computed", "token") else LEARNED
        return lone or numbered(asks, len(rows)), True
    if kind == "self" and alike:
        return key_axis, True
    return sequences.named(roles.query, each.shape[2], rows)


def _weightless(each: SiteRun, weights: NDArray[np.float32], padded: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Padding that a mask left so little of that rows sum to one without it, bool `[key]`: as good as hidden."""
    asking = weights[:, ~padded] if each.site.roles.query == each.site.roles.key else weights
    little = each.site.lowers and asking.size and asking[..., padded].sum(-1, dtype=np.float64).max() < WEIGHTLESS
    return padded if little else np.zeros_like(padded)


def _masked(each: SiteRun) -> NDArray[np.bool_]:
    """Where a mask forbids to look, bool `[head or 1, query, key]`; for every head where the batch holds some, too."""
    masked = each.masked
    if each.shape[0] > 1:
        masked = np.broadcast_to(masked, each.shape)
    return heads_of(masked)


def _hidden_keys(masked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keys that no query may look at, bool `[key]`; none if that would be all.

    Queries that may look at nothing have no say.
    """
    asking = ~np.asarray(masked.all(-1))
    gone = np.asarray((masked | ~asking[..., None]).all((0, 1)))
    return gone & ~gone.all()
