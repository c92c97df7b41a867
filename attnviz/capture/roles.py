"""Which axis of a softmax counts what: told from where it comes from in the graph, not from its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import tensorflow as tf

from attnviz.capture.along import Along, along, along_all
from attnviz.capture.flow import Axis, Flow
from attnviz.capture.flow.writing import is_filled
from attnviz.capture.layout import Layout, Part
from attnviz.capture.sides import Parting, asking, chosen, computed_key, in_parts, parting, picked_from, stacked

#: Who asks: the tokens along an axis, a learned vector, one token, or something computed of the inputs.
Asker = Literal["tokens", "learned", "token", "computed", "unknown"]


@dataclass(frozen=True)
class Roles:
    """What one softmax is.

    Attributes:
        layout: How its tensor is read.
        query, key: What these axes run along; None where there is no such axis, or more than one.
        asker: Who asks.
        place: Of a lone token that asks: the sequence and its place there, from the end where negative.
        sure: Whether the graph told; otherwise the axes are read by their places.
        tokens: Whether the keys are tokens, regions or examples, not features or experts.
        mixed: Whether tokens ask what was computed of tokens and is none: projected keys, places of a window.
        windows: The axes of its tensor that count parts of a sequence where heads or the batch stand.
        apart: Whether the keys are vectors that were computed one by one, of no one sequence: modalities, layers.
        chosen: Whether every query chooses the tokens that it looks at, as the best of its scores.
        filled: Whether the keys were written one by one into places that held nothing before.
        shared_out: Whether what is read is shared out again by a softmax of the same scores over who asks: a router.
    """

    layout: Layout
    query: Along | None
    key: Along | None
    asker: Asker
    place: tuple[Along, int] | None
    sure: bool
    tokens: bool
    mixed: bool = False
    windows: tuple[int, ...] = ()
    apart: bool = False
    chosen: bool = False
    filled: bool = False
    shared_out: bool = False


def roles(
    flow: Flow,
    scores: tf.Tensor,
    shape: Sequence[int | None],
    over: Sequence[int],
    steps: Sequence[Axis] = (),
    border: frozenset[int] = frozenset(),
    given: Layout | None = None,
) -> Roles:
    """Read the axes of a softmax.

    Args:
        flow: What is known of the graph.
        scores: What goes into it, where it is computed (perhaps inside a loop).
        shape: Static shape of what is given out: the loops' steps, then the axes of `scores`.
        over: The axes it goes over, in `scores`.
        steps: What the loops around it go along, outermost first.
        border: Ids of the tensors its layer was called with.
        given: Said by the engineer: the layout of what is given out.
    """
    rank, first = len(shape), len(steps)
    if flow.of(scores) is None:
        layout = given or _by_place(flow, shape, over, steps)
        return Roles(layout, None, None, "unknown" if layout.queries else "learned", None, True, True)
    own: list[Axis] = [*steps, *(flow.of(scores) or [()] * (rank - first))]
    keys = sorted(axis % (rank - first) + first for axis in over)
    rest = [axis for axis in range(rank) if axis not in keys]
    partings = {axis: parting(flow, scores, axis - first, keys[0] - first) for axis in rest if axis >= first}
    batch = [axis for axis in rest if _is_batch(flow, own[axis])]
    if batch and _is_batch(flow, own[keys[0]]):  # the nodes of one graph, say, look at each other
        batch = []
    free = [axis for axis in rest if axis not in batch]
    apart = [axis for axis in free if axis < first or partings[axis] or _steps(flow, scores, own[axis], axis - first)]
    queries = _queries(flow, own, free, keys, partings, apart, first, id(scores) in flow.dependent)
    unsure = [axis for axis in free if axis not in queries and flow.role(own[axis]) == "opaque"]
    unsure = [axis for axis in unsure if not _one_by_one(own[axis])]
    sure = not unsure or len(free) < 2
    if len(free) == len(unsure) == 1 and not queries:
        queries = free if shape[free[0]] is None or shape[keys[0]] is not None else []
    if given is not None:
        layout, sure = given, True
    elif not sure:
        layout = Layout.of(shape, keys)
    else:
        heads = [axis for axis in free if axis not in queries]
        layout = Layout((*batch, *heads, *queries, *keys), len(heads), len(queries), len(keys))
    folded = () if queries or given is not None else _folded(flow, own, batch)
    if folded:
        layout = replace(layout, folded=tuple((part, size) for part, size, _ in folded))
        rows = next(axis for part, _, axis in folded if part == "query")
        keyed = along(flow, own[keys[0]]) if len(keys) == 1 else None
        return Roles(layout, along(flow, rows), keyed, "tokens", None, True, _counts_tokens(flow, own, keys, ()))
    asked = layout.order[layout.batches + layout.heads : layout.batches + layout.heads + layout.queries]
    query = along(flow, own[asked[0]]) if len(asked) == 1 else along_all(flow, [own[axis] for axis in asked])
    key = along(flow, own[keys[0]]) if len(keys) == 1 else along_all(flow, [own[axis] for axis in keys])
    asker, place = _asker(flow, scores, own, asked, keys[0] - first, border)
    tokens = _counts_tokens(flow, own, keys, asked)
    asks = asker == "tokens" and query is not None and query.role == "sequence"
    mixed = not tokens and asks and len(keys) == 1 and computed_key(flow, scores, keys[0] - first)
    beside = layout.order[layout.batches : layout.batches + layout.heads]
    windows = [axis for axis in beside if axis >= first and in_parts(flow, scores, axis - first)]
    laid = ((axis, atom) for axis in batch for atom in flow.root(own[axis]) if atom.role != "batch")
    windows += [axis for axis, atom in laid if token_like(flow, (atom,))]
    several = len(keys) == 1 and bool(own[keys[0]]) and _one_by_one(own[keys[0]])
    best = len(keys) == 1 and chosen(flow, scores, keys[0] - first, (own[axis] for axis in asked))
    filled = len(keys) == 1 and is_filled(own[keys[0]])
    return Roles(layout, query, key, asker, place, sure, tokens, mixed, tuple(windows), several, best, filled)


def _folded(flow: Flow, own: Sequence[Axis], batch: Sequence[int]) -> tuple[tuple[Part, int | None, Axis], ...]:
    """What an axis holds in which the batch lies together with tokens that ask, as scores are laid out as a matrix."""
    found: list[tuple[Part, int | None, Axis]] = []
    for atom in flow.root(own[batch[0]]) if len(batch) == 1 else ():
        part: Part = (
            "batch" if atom.role == "batch" or atom.size == 1 else "query" if token_like(flow, (atom,)) else "head"
        )
        found.append((part, atom.size, (atom,)))
    return tuple(found) if [part for part, _, _ in found].count("query") == 1 else ()


def _by_place(flow: Flow, shape: Sequence[int | None], over: Sequence[int], steps: Sequence[Axis]) -> Layout:
    """The layout of what was computed out of sight: steps over no batch are heads, or queries where there are none."""
    first = len(steps)
    inner = Layout.of(shape[first:], over)
    batch, *rest = (axis + first for axis in inner.order)
    outer = [axis for axis in range(first) if not _is_batch(flow, steps[axis])]
    fronts = [axis for axis in range(first) if axis not in outer]
    heads, queries = rest[: inner.heads], rest[inner.heads : inner.heads + inner.queries]
    keys = rest[inner.heads + inner.queries :]
    if outer and not queries:
        queries, outer = outer[-1:], outer[:-1]
    order = (*fronts, batch, *outer, *heads, *queries, *keys)
    return Layout(order, len(outer) + len(heads), len(queries), len(keys))


def _is_batch(flow: Flow, axis: Axis) -> bool:
    return any(atom.role == "batch" for atom in flow.root(axis))


def token_like(flow: Flow, axis: Axis) -> bool:
    """Tokens, regions, or the columns of a table: whatever is counted along an axis of an input."""
    return flow.role(axis) == "sequence" or any(
        isinstance(a.key, tuple) and a.key[0] == "input" for a in flow.root(axis)
    )


def _one_by_one(axis: Axis) -> bool:
    """Whether things were computed one by one and stacked: of a sequence's tokens that would be known, so heads."""
    kinds = [atom.key[0] if isinstance(atom.key, tuple) else None for atom in axis]
    return all(isinstance(each, tuple) and each[0] == "stack" for each in kinds)


def _may_ask(flow: Flow, axis: Axis) -> bool:
    """Tokens, regions or columns, but not the features of tokens that are given as vectors."""
    vectors = all(isinstance(a.key, tuple) and a.key[0] == "input" and a.key[2] > 1 for a in flow.root(axis))
    return token_like(flow, axis) and (flow.role(axis) == "sequence" or not vectors)


def _steps(flow: Flow, scores: tf.Tensor, axis: Axis, place: int) -> bool:
    """Whether an axis counts tokens that were gone through one by one, and stacked."""
    return flow.role(axis) == "sequence" and stacked(flow, scores, place)


def _queries(
    flow: Flow,
    own: Sequence[Axis],
    free: Sequence[int],
    keys: Sequence[int],
    partings: Mapping[int, Parting | None],
    parted: Sequence[int],
    first: int,
    dependent: bool,
) -> list[int]:
    """The axes that count queries: those that the keys' side of the scores does not have; of a table of scores those
    along which tokens lie, all of them or those that the keys are of."""
    tokens = [axis for axis in parted if axis >= first and (_may_ask(flow, own[axis]) or own[axis] == own[keys[0]])]
    if tokens:
        return tokens[-max(len(keys), 1) :] if len(tokens) > len(keys) else tokens
    alone = [axis for axis in free if axis >= first and own[axis] == own[keys[0]] and own[axis]]
    if alone:
        return alone[-1:]
    beside = [axis for axis in free if axis >= first and not dependent and flow.beside(own[axis])]
    beside = beside or [axis for axis in free if axis >= first and own[keys[0]] in flow.beside(own[axis])]
    stacks = [axis for axis in parted if axis >= first and len(free) > 1 and own[axis] and _one_by_one(own[axis])]
    if beside or stacks:
        return (beside or stacks)[-1:]
    units = [axis for axis in free if axis >= first and not own[axis]]
    loops = [axis for axis in free if axis < first and not _is_batch(flow, own[axis])]
    if units and not loops:
        return units[-1:]
    if loops:
        return loops[-1:]
    sequences = [axis for axis in free if flow.role(own[axis]) == "sequence"]
    if len(sequences) == 1 and not any(token_like(flow, own[axis]) for axis in keys):
        return sequences
    weights = [axis for axis in parted if flow.role(own[axis]) in ("weight", "feature")]
    if len(weights) > 1:
        return [min(weights, key=lambda axis: _distance(partings.get(axis)))]
    return []


def _distance(found: Parting | None) -> int:
    return 1 << 30 if found is None else found.distance


def _asker(
    flow: Flow, scores: tf.Tensor, own: Sequence[Axis], asked: Sequence[int], key: int, border: frozenset[int]
) -> tuple[Asker, tuple[Along, int] | None]:
    if any(own[axis] and not _one(own[axis]) for axis in asked):
        axis = own[asked[0]]
        learned = flow.role(axis) == "weight" and not flow.beside(axis)
        return ("learned" if learned else "tokens"), None
    single = next((axis for axis in (own[each] for each in asked) if axis), None)
    if single is not None:
        found = along(flow, single)
        if found.inside is not None:
            return "token", (found.inside[0], found.inside[1] or 0)
    source = asking(flow, scores, key, border)
    if source is None:
        return ("learned" if id(scores) in flow.axes else "unknown"), None
    taken = picked_from(flow, source)
    if taken is None or taken.index is None:
        return "computed", None
    return "token", (along(flow, taken.axis), taken.index)


def _one(axis: Axis) -> bool:
    return all(atom.size == 1 for atom in axis)


def _counts_tokens(flow: Flow, own: Sequence[Axis], keys: Sequence[int], asked: Sequence[int]) -> bool:
    for axis in (own[each] for each in keys):
        known = flow.role(axis)
        if known in (None, "sequence", "batch", "opaque") or token_like(flow, axis) or flow.beside(axis):
            return True
    return any(own[axis] == own[keys[0]] for axis in asked)
