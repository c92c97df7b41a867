"""Other readings of a trace: special tokens taken out, pieces merged to words. A reading is a trace like any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Literal

import numpy as np
import regex
from numpy.typing import NDArray

from attnviz.trace import (
    MASK_NONE,
    MASK_OTHER,
    AttentionBlock,
    AttentionTrace,
    Axis,
    Groups,
    Notice,
    RegionAxis,
    TokenAxis,
)

SpecialKey = Literal["show", "hide", "renormalise"]
SPECIAL: tuple[SpecialKey, ...] = ("show", "hide", "renormalise")

PiecesKey = Literal["pieces", "words"]
PIECES: tuple[PiecesKey, ...] = ("pieces", "words")

#: Letters and digits that stand together belong to one word; every other character stands alone. So do those of scripts
#: written without blanks, and as in BERT (Devlin et al. 2019) those of Chinese and Japanese.
_WORD = regex.compile(
    r"(?V1)(?:[[\p{L}\p{N}]--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー]][\p{M}\p{Cf}]*)+|\X"
)

#: A row of which less than this share is left cannot be scaled to what it was.
_LEAST = 1e-6


def read(trace: AttentionTrace, special: SpecialKey = "show", pieces: PiecesKey = "pieces") -> AttentionTrace:
    """A trace without its special tokens, with pieces merged to words, or both.

    Weights of merged keys are summed, those of merged queries averaged: each row stays what one query gives away. The
    learned query of a pooling block stays; so do special queries if there are no others, and all tokens of a block
    whose keys are all special (a notice says so).

    Args:
        trace: As a model gave it.
        special: `show`; `hide` leaves special tokens out and says in `AttentionBlock.hidden` what weight falls on them;
            `renormalise` also scales each row to what it summed to before.
        pieces: `pieces` as the model reads them, or `words`, see `words`.

    Returns:
        The same object where nothing is asked for or changed; else a trace with blocks that know the model's own
        positions (`AttentionBlock.parts`) and notices that say what was done.

    >>> from attnviz.trace import AttentionBlock, Embedding, Text
    >>> axis = TokenAxis(("[CLS]", "cat"), (None, (0, 3)), special=(True, False), unknown=(False, False))
    >>> block = AttentionBlock("words", "self", axis, axis, np.full((1, 1, 2, 2), 0.5, np.float32))
    >>> trace = AttentionTrace("made", Text("cat"), (block,), Embedding(np.ones(3)))
    >>> read(trace, "hide").blocks[0].key.tokens
    ('cat',)
    """
    if special not in SPECIAL or pieces not in PIECES:
        expected = f"{', '.join(SPECIAL)}; {', '.join(PIECES)}"
        raise ValueError(f"Expected one of {expected}. Received: {special}; {pieces}")
    if (special, pieces) == (SPECIAL[0], PIECES[0]):
        return trace
    blocks = tuple(_read(block, trace.text, special, pieces) for block in trace.blocks)
    notices = [*_merged(blocks), *_hidden(trace.blocks, blocks)]
    if special != "show":
        bare = [block.name for block in trace.blocks if block.kind != "pooling" and len(block.key) and _bare(block)]
        notices += [Notice("all_special", {"block": name}) for name in bare]
    if not notices:
        return trace
    return replace(trace, blocks=blocks, notices=(*trace.notices, *notices))


def words(axis: Axis, text: str) -> Groups:
    """Which positions of an axis make up one word.

    Neighbours do whose spans touch, if there is neither blank nor punctuation between them; so do the parts of one
    character, and what WordPiece marks as going on (`##`).

    An axis that knows its words is not asked for spans.

    Args:
        axis: Tokens with spans; those without a span, and special ones, are words of their own.
        text: What the spans point into, unless the axis has a text of its own.

    Returns:
        Every position once, in order.

    >>> axis = TokenAxis(("play", "##ing"), ((0, 4), (4, 7)), special=(False, False), unknown=(False, False))
    >>> words(axis, "playing")
    ((0, 1),)
    """
    if axis.words is not None:
        return tuple(
            tuple(place for place, _ in group) for _, group in groupby(enumerate(axis.words), key=lambda each: each[1])
        )
    text = text if axis.text is None else axis.text
    starts = {match.start() for match in _WORD.finditer(text)}
    groups: list[tuple[int, ...]] = []
    for place in range(len(axis)):
        if place and _goes_on(axis, text, starts, place):
            groups[-1] = (*groups[-1], place)
        else:
            groups.append((place,))
    return tuple(groups)


def has_special(trace: AttentionTrace) -> bool:
    """Whether there are special tokens that can be hidden."""
    return any(any(_gone(axis)) for block in trace.blocks if not _bare(block) for axis in _hideable(block))


def has_pieces(trace: AttentionTrace) -> bool:
    """Whether there are pieces that can be merged."""
    axes = {axis for block in trace.blocks for axis in (block.query, block.key)}
    return any(len(words(axis, trace.text)) < len(axis) for axis in axes)


def _goes_on(axis: Axis, text: str, starts: set[int], place: int) -> bool:
    before, own = axis.spans[place - 1], axis.spans[place]
    if before is None or own is None or axis.special[place - 1] or axis.special[place]:
        return False
    if own[0] != before[1]:
        return before[0] <= own[0] < before[1]
    marked = axis.tokens[place].startswith("##") and not text.startswith("##", own[0])
    return marked or own[0] not in starts


def _bare(block: AttentionBlock) -> bool:
    """Whether nothing would be left without special tokens."""
    return all(block.key.special)


def _hideable(block: AttentionBlock) -> tuple[Axis, ...]:
    return (block.key,) if block.kind == "pooling" else (block.query, block.key)


def _gone(axis: Axis) -> tuple[bool, ...]:
    """Which tokens are hidden: the special ones, unless there are no others."""
    return (False,) * len(axis) if all(axis.special) else axis.special


def _read(block: AttentionBlock, text: str, special: SpecialKey, pieces: PiecesKey) -> AttentionBlock:
    hide = special != "show" and not _bare(block)
    axes = _hideable(block) if hide else ()
    shown: list[Groups] = []
    for axis in (block.query, block.key):
        gone = _gone(axis) if axis in axes else (False,) * len(axis)
        groups = words(axis, text) if pieces == "words" else _each(axis)
        shown.append(tuple(group for group in groups if not gone[group[0]]))
    queries, keys = shown
    if (queries, keys) == (_each(block.query), _each(block.key)):
        return block
    weights, hidden = _weights(block.weights, queries, keys, special == "renormalise")
    taken = sum(map(len, keys)) < len(block.key) or sum(map(len, queries)) < len(block.query)
    return replace(
        block,
        query=_axis(block.query, queries, text),
        key=_axis(block.key, keys, text),
        weights=weights,
        mask=None if block.mask is None else _mask(block.mask, queries, keys),
        hidden=hidden if taken else None,
        renormalised=taken and special == "renormalise",
        parts=(queries, keys),
    )


def _each(axis: Axis) -> Groups:
    return tuple((place,) for place in range(len(axis)))


def _axis(axis: Axis, groups: Groups, text: str) -> Axis:
    if isinstance(axis, RegionAxis):
        return axis.take([group[0] for group in groups])  # regions make up no words
    text = text if axis.text is None else axis.text
    tokens: list[str] = []
    spans: list[tuple[int, int] | None] = []
    for group in groups:
        known = [span for span in (axis.spans[place] for place in group) if span is not None]
        span = (min(start for start, _ in known), max(end for _, end in known)) if known else None
        tokens.append(text[slice(*span)] if span is not None and len(group) > 1 else axis.tokens[group[0]])
        spans.append(span)
    special = [axis.special[group[0]] for group in groups]
    unknown = [any(axis.unknown[place] for place in group) for group in groups]
    numbers, segments = (
        None if each is None else tuple(each[group[0]] for group in groups) for each in (axis.words, axis.segments)
    )
    read = TokenAxis.of(tokens, spans, special, unknown)
    return replace(read, words=numbers, text=axis.text, segments=segments)


def _weights(
    weights: NDArray[np.float32], queries: Groups, keys: Groups, renormalise: bool
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Shown weights `[layer, head, query, key]`, hidden ones `[layer, head, query]`; a layer at a time in float64."""
    layers, heads = weights.shape[:2]
    shown = np.empty((layers, heads, len(queries), len(keys)), np.float32)
    hidden = np.empty(shown.shape[:3], np.float32)
    rows, columns = _flat(queries), _flat(keys)
    gone = np.setdiff1d(np.arange(weights.shape[3]), columns)
    counts = np.array([len(group) for group in queries])
    for layer in range(layers):
        own = weights[layer][:, rows]  # [H, Q, K]
        mean = _over(np.add, own[..., columns], keys, -1)
        if len(counts) < len(rows):
            mean = _over(np.add, mean, queries, -2) / counts[:, None]
        away = _over(np.add, own[..., gone].sum(-1, dtype=np.float64), queries, -1) / counts
        hidden[layer] = away
        shown[layer] = mean * _factors(mean, away) if renormalise else mean
    return shown, hidden


def _factors(mean: NDArray[np.floating], away: NDArray[np.float64]) -> NDArray[np.float64]:
    """What rows `[…, query, key]` are multiplied by to sum to what they did with what is away."""
    left = mean.sum(-1, dtype=np.float64)
    sound = left > _LEAST * np.abs(mean).sum(-1, dtype=np.float64)
    return np.where(sound, (left + away) / np.where(sound, left, 1), 1)[..., None]


def _mask(mask: NDArray[np.int8], queries: Groups, keys: Groups) -> NDArray[np.int8] | None:
    """A merged cell is masked if all it is made of is; for another reason, if theirs differ."""
    cells = mask[..., _flat(queries), :][..., _flat(keys)]
    low, high = (_over(least, _over(least, cells, keys, -1), queries, -2) for least in (np.minimum, np.maximum))
    merged: NDArray[np.int8] = np.where((low == high) | (low == MASK_NONE), low, MASK_OTHER).astype(np.int8)
    return merged if merged.any() else None


def _over(how: np.ufunc, values: NDArray, groups: Groups, axis: int) -> NDArray:  # type: ignore[type-arg]
    """Values along an axis, taken together by groups of neighbours; sums in float64."""
    if len(groups) == values.shape[axis]:
        return values
    starts = np.cumsum([0, *map(len, groups[:-1])])
    return how.reduceat(values, starts, axis=axis, dtype=np.float64 if how is np.add else None)  # type: ignore[no-any-return]


def _flat(groups: Groups) -> NDArray[np.intp]:
    return np.array([place for group in groups for place in group], dtype=np.intp)


def _merged(blocks: Sequence[AttentionBlock]) -> list[Notice]:
    merged: dict[Axis, list[int]] = {}
    for block in blocks:
        for axis, groups in zip((block.query, block.key), block.parts or (), strict=False):
            merged[axis] = [len(group) for group in groups if len(group) > 1]
    sizes = [size for each in merged.values() for size in each]
    return [Notice("words_merged", {"pieces": sum(sizes), "words": len(sizes)})] if sizes else []


def _hidden(own: Sequence[AttentionBlock], blocks: Sequence[AttentionBlock]) -> list[Notice]:
    taken = [(before, after) for before, after in zip(own, blocks, strict=True) if after.hidden is not None]
    if not taken:
        return []
    names = {
        token: None
        for block, _ in taken
        for axis in _hideable(block)
        for token, gone in zip(axis.tokens, _gone(axis), strict=True)
        if gone
    }
    masses = np.concatenate([np.ravel(block.hidden) for _, block in taken if block.hidden is not None])
    code = "special_renormalised" if taken[0][1].renormalised else "special_hidden"
    mean = float(masses.mean(dtype=np.float64)) if masses.size else 0.0
    return [Notice(code, {"tokens": ", ".join(names), "mean": f"{100 * mean:.1f}"})]
