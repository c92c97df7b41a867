"""From operations (`codes`) to edits, and the model's run with them, one operation after the other.

Each operation starts from the weights as they stand after those before it, so that what is changed is what is seen.
Those on the input come first, whatever their order. The model is run after every operation; nothing of it is computed
here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.heads.alignment import source_place
from attnviz.analysis.surgery import changes
from attnviz.analysis.surgery.adversarial import Adversarial, adversarial
from attnviz.analysis.surgery.codes import INPUT, Operation, joined, parse_all
from attnviz.errors import InputError
from attnviz.families.model import Model, Searches
from attnviz.trace import (
    HIDDEN,
    MASK_CAUSAL,
    OWN,
    AttentionBlock,
    AttentionTrace,
    Edit,
    Encoded,
    Notice,
    Source,
)

#: What only weights are needed for; the rest is in `_weights`.
_PLAIN = {"own": changes.own, "uniform": changes.uniform, "off": changes.off}


@dataclass(frozen=True, eq=False)
class Operated:
    """A model's run after operations.

    Attributes:
        encoded: What it read.
        trace: The run; says of itself what was changed (`edits`, and the notice `edited`).
        kept: Of each position of what is read, the one it had before anything was dropped.
        source: The block whose keys are what is read.
        operations: Carried out so far.
        found: What the last search for adversarial weights reports; None if there was none.
    """

    encoded: Encoded
    trace: AttentionTrace
    kept: tuple[int, ...]
    source: str
    operations: tuple[Operation, ...] = ()
    found: Adversarial | None = None


def perform(model: Model, encoded: Encoded, operations: Sequence[Operation], **options: Any) -> Operated:
    """Carry out operations one after the other.

    Args:
        model: As `attnviz.load` gives it; one that `Searches` for adversarial weights.
        encoded: From `model.encode`.
        operations: From `codes.parse`; see there for what they do.
        **options: For `run`, such as `target`.

    Raises:
        InputError: `edit_place`, `edit_not_input`, `edit_nothing_masked`, `edit_no_padding`, `edit_not_offered`,
            `edit_nothing_left`, and what the model's `run` raises for edits.

    >>> import attnviz
    >>> from attnviz.analysis import parse_operations
    >>> model = attnviz.load("sentiment-en")
    >>> operations, errors = parse_operations("uniform")
    >>> even = perform(model, model.encode("a good film"), operations).trace
    >>> [round(float(weight), 3) for weight in even.blocks[0].weights.ravel()]
    [0.333, 0.333, 0.333]
    """
    given = [each for each in operations if each.name in INPUT]
    done = begin(model, encoded, given, **options)
    for operation in operations:
        if operation.name not in INPUT:
            done = then(model, done, operation, **options)
    return done


def traced(
    model: Model, text: Source | str, given: str | Sequence[str], language: str = "", **options: Any
) -> AttentionTrace:
    """The trace of a source with operations carried out, from their codes.

    Args:
        model: As for `perform`.
        text: What `model.encode` takes.
        given: Codes, in one string with blanks between them or one by one; none is the model's own trace.
        language: In which a model writes that has a choice, see `Model.encode_in`.
        **options: For `run`.

    Raises:
        InputError: What `codes.parse`, `Model.encode_in` and `perform` raise.

    >>> import attnviz
    >>> traced(attnviz.load("sentiment-en"), "a good film", "hot-K1").blocks[0].weights.ravel().tolist()
    [0.0, 1.0, 0.0]
    """
    operations, errors = parse_all(given)
    if errors:
        raise errors[0]
    return perform(model, model.encode_in(text, language), operations, **options).trace


def begin(model: Model, encoded: Encoded, operations: Sequence[Operation] = (), **options: Any) -> Operated:
    """Change what the model reads, and run it.

    Args:
        model: As for `perform`.
        encoded: The text before any change.
        operations: `drop` and `blank` only.
        **options: For `run`.
    """
    own = model.run(encoded, **options)
    place, block = _source(own, encoded)
    length = len(block.key)
    if not operations:
        return Operated(encoded, own, tuple(range(length)), block.name)
    if place is None:
        raise InputError("edit_not_offered", code=operations[0].code)
    first = place
    text = range(first, first + len(encoded.axis))
    dropped: set[int] = set()
    changed = encoded
    for operation in operations:
        for key in operation.keys:
            _check("key", (key,), length, operation)
            if key not in text:
                raise InputError("edit_not_input", code=operation.code, token=block.key.tokens[key])
        if operation.name == "drop":
            dropped |= set(operation.keys)
        else:
            unknown = model.blank(encoded)
            if unknown is None:
                raise InputError("edit_not_offered", code=operation.code)
            changed = changed.replace([key - first for key in operation.keys], unknown)
    kept = tuple(place for place in range(length) if place not in dropped)
    if dropped.issuperset(text):
        raise InputError("edit_nothing_left", code=joined(operations))
    if dropped:
        changed = changed.keep([place - first for place in kept if place in text])
    trace = model.run(changed, **options)
    return Operated(changed, _told(trace, operations), kept, block.name, tuple(operations))


def then(model: Model, before: Operated, operation: Operation, **options: Any) -> Operated:
    """Carry out one operation more on the attention.

    Args:
        model: As for `perform`.
        before: What was done before it.
        operation: Not one on the input.
        **options: For `run`.
    """
    made, found = edits(model, before, operation)
    everything = (*before.trace.edits, *made)
    trace = model.run(before.encoded, edits=everything, **options)
    if operation.word == "padding" and not _any(trace.blocks[operation.block].hidden):
        raise InputError("edit_no_padding", code=operation.code)
    operations = (*before.operations, operation)
    return replace(before, trace=_told(trace, operations), operations=operations, found=found or before.found)


def edits(model: Model, before: Operated, operation: Operation) -> tuple[tuple[Edit, ...], Adversarial | None]:
    """The edits one operation comes to, from the weights as they are before it.

    Returns:
        For each layer one edit for all heads if they are changed alike, else one a head; and what a search reports.
    """
    blocks = before.trace.blocks
    _check("block", (operation.block,), len(blocks), operation)
    block = blocks[operation.block]
    layers = _chosen("layer", operation.layers, block.shape[0], operation)
    heads = _chosen("head", operation.heads, block.shape[1], operation)
    source = before.trace.block(before.source).key
    now = {
        what: _placed(places, before.kept) if axis == source else places
        for what, places, axis in (
            ("query", operation.queries, block.query),
            ("key", operation.keys, block.key),
            ("to", operation.to, block.key),
        )
    }
    rows = _chosen("query", now["query"], block.shape[2], operation)
    keys = _chosen("key", now["key"], block.shape[3], operation) if operation.keys else []
    to = _chosen("key", now["to"], block.shape[3], operation) if operation.to else []
    found = None
    if operation.name == "adversarial":
        changed, found = _searched(model, before, block, operation)
    else:
        changed = _weights(before.trace, block, operation, keys, to)  # [layer, head, query, key]
    others = np.setdiff1d(np.arange(block.shape[2]), rows)
    made: list[Edit] = []
    for layer in layers:
        new = np.array(changed[layer])
        new[:, others] = OWN
        together = len(heads) == block.shape[1] and all(np.array_equal(new[0], each, equal_nan=True) for each in new)
        for head in [None] if together else heads:
            padding = operation.word == "padding"
            made.append(Edit(block.name, new[head or 0], layer, head, operation.code, padding))
    return tuple(made), found


def placed(trace: AttentionTrace, name: str) -> NDArray[np.float32]:
    """What edits put in the place of a block's weights, `[layer, head, query, key]`; NaN is the model's own."""
    whole = np.full(trace.block(name).shape, OWN, np.float32)
    for edit in trace.edits:
        if edit.block == name:
            part = whole[edit.layer, slice(None) if edit.head is None else slice(edit.head, edit.head + 1)]
            part[...] = np.where(np.isnan(edit.weights), part, edit.weights)
    return whole


def on_own_axes(own: AttentionTrace, done: Operated, name: str) -> NDArray[np.float64]:
    """The changed weights of a block on the axes of the model's own run, NaN where a token is gone.

    Args:
        own: The model's own run.
        done: The changed one.
        name: Of the block.

    Returns:
        float64 `[layer, head, query, key]`.
    """
    source, before = own.block(done.source).key, own.block(name)
    values = done.trace.block(name).weights.astype(np.float64)
    for axis, sequence in ((-1, before.key), (-2, before.query)):
        if sequence == source:
            values = on_axis(values, done.kept, len(source), axis)
    return values


def on_axis(values: NDArray[Any], kept: Sequence[int], length: int, axis: int = -1) -> NDArray[np.float64]:
    """Values along an axis that lost tokens, back at their old places; NaN where a token is gone."""
    moved = np.moveaxis(np.asarray(values, np.float64), axis, -1)
    whole = np.full((*moved.shape[:-1], length), np.nan)
    whole[..., list(kept)] = moved
    return np.moveaxis(whole, -1, axis)


def _weights(
    trace: AttentionTrace, block: AttentionBlock, operation: Operation, keys: Sequence[int], to: Sequence[int]
) -> NDArray[np.float64]:
    weights, mask, name = block.weights, block.mask, operation.name
    if name in _PLAIN:
        return _PLAIN[name](weights, mask)
    if name == "permute":
        return changes.permuted(weights, operation.seed or 0, mask)
    if name == "random":
        return changes.random(weights, operation.seed or 0, mask)
    if name == "temperature":
        if block.normalisation != "softmax":
            raise InputError("edit_not_offered", code=operation.code)
        return changes.temperature(weights, operation.value or 1.0, mask)
    if name == "hot":
        return changes.one_hot(weights, keys[0], mask)
    if name == "set":
        alone = operation.word == "alone"
        return changes.with_weight(weights, keys[0], operation.value or 0.0, renormalise=not alone, mask=mask)
    if name == "move":
        return changes.moved(weights, keys, to, mask)
    if name == "hide":
        return changes.hidden(weights, keys, placed(trace, block.name), mask)
    if operation.word == "padding":
        return np.full(weights.shape, OWN)
    if mask is None or not (mask == MASK_CAUSAL).any():
        raise InputError("edit_nothing_masked", code=operation.code, block=block.name)
    return changes.lifted(weights, mask, MASK_CAUSAL)


def _searched(
    model: Model, before: Operated, block: AttentionBlock, operation: Operation
) -> tuple[NDArray[np.float64], Adversarial]:
    """Adversarial weights over the keys that are not hidden."""
    if block.kind != "pooling" or not isinstance(model, Searches) or block.shape[:3] != (1, 1, 1):
        raise InputError("edit_not_offered", code=operation.code)
    row = block.weights[0, 0, 0]
    hidden = placed(before.trace, block.name)[0, 0, 0] == HIDDEN
    free = np.flatnonzero(~hidden)

    def probabilities(candidates: NDArray[np.float32]) -> Any:
        whole = np.zeros((len(candidates), len(row)), np.float32)
        whole[:, free] = candidates
        return model.reweighted(before.encoded, whole)

    if not len(free) or not row[free].sum() > 0:
        raise InputError("edit_nothing_left", code=operation.code)
    found = adversarial(probabilities, row[free], operation.value or 0.0, seed=operation.seed or 0)
    changed = np.full(block.shape, OWN)
    changed[..., free] = found.weights
    return changed, found


def _source(trace: AttentionTrace, encoded: Encoded) -> tuple[int | None, AttentionBlock]:
    """Where what is read begins among the keys of a block, and that block; None and the first where it is nowhere."""
    for block in trace.blocks:
        try:
            return source_place(encoded.axis, block.key), block
        except InputError:
            continue
    return None, trace.blocks[0]


def _placed(places: Sequence[int], kept: Sequence[int]) -> tuple[int, ...]:
    """Positions before tokens were dropped as positions now; -1, which is none, for one that is gone."""
    now = {place: index for index, place in enumerate(kept)}
    return tuple(now.get(place, -1) for place in places)


def _chosen(what: str, places: Sequence[int], size: int, operation: Operation) -> list[int]:
    _check(what, places, size, operation)
    return list(places) or list(range(size))


def _check(what: str, places: Sequence[int], size: int, operation: Operation) -> None:
    if any(not 0 <= place < size for place in places):
        raise InputError("edit_place", code=operation.code, what=what, last=size - 1)


def _any(values: NDArray[np.float32] | None) -> bool:
    return values is not None and bool(values.any())


def _told(trace: AttentionTrace, operations: Sequence[Operation]) -> AttentionTrace:
    """The trace with a notice of what was changed, so that it is said wherever the trace goes."""
    notice = Notice("edited", {"codes": joined(operations)})
    return replace(trace, notices=(*trace.notices, notice))
