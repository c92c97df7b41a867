"""Which picture shows attention most clearly: rows of weights that stand out from even ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.entropy import Floats, entropy
from attnviz.analysis.focus import focus
from attnviz.analysis.heads.alignment import Head, alignment_heads, combined, written_block
from attnviz.trace import AttentionBlock, AttentionTrace, Written

#: Letters of a word that is not short.
_LONG = 3


def clearness(weights: Floats, own: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """How far each row is from even weights over the keys that are of the source: their weight, times how uneven it is.

    Args:
        weights: float `[..., key]`, each row not negative.
        own: bool `[key]`, the keys that count; special ones are none. None counts all.

    Returns:
        Nats, float64 `[...]`: 0 for even weights or a single key, ln(n) where one of n keys has all the weight.

    >>> clearness(np.array([[0.5, 0.5], [1.0, 0.0]])).round(3).tolist()
    [0.0, 0.693]
    """
    values = np.asarray(weights, dtype=np.float64)
    values = values if own is None else values[..., own]
    total = values.sum(axis=-1)
    shares = values / np.where(total > 0, total, 1.0)[..., None]
    uneven = np.log(max(values.shape[-1], 1)) - entropy(shares)
    found: NDArray[np.float64] = np.where(total > 0, total * np.maximum(uneven, 0.0), 0.0)
    return found


def clearest_word(block: AttentionBlock, values: NDArray[np.float64]) -> int:
    """Place of the written word that looks most at one: of a text's end, which looks at the end of the other, one sees
    nothing. Of words that are short, and mean little, the weight counts less.

    Args:
        block: The rows with which a text was written.
        values: Their weights, float64 `[query, key]`.

    Returns:
        The last place, where a text goes on.

    >>> from attnviz.trace import TokenAxis
    >>> read, wrote = (TokenAxis.of([*words, "[EOS]"], special=[False, False, True]) for words in ("ab", ["no", "cat"]))
    >>> weights = np.array([[0.9, 0.0, 0.1], [0.1, 0.8, 0.1], [0.0, 0.0, 1.0]], np.float32)
    >>> clearest_word(AttentionBlock("cross", "cross", wrote, read, weights[None, None]), weights)
    1
    """
    last = len(block.query) - 1
    words = [place for place, special in enumerate(block.query.special) if not special]
    read = ~np.asarray(block.key.special)
    if not block.query.special[last] or not words or not read.any():
        return last
    letters = [sum(map(str.isalpha, token)) for token in block.query.tokens]
    return max(words, key=lambda place: min(letters[place], _LONG) * float(values[place, read].max()))


def clearest(traces: Sequence[AttentionTrace], alignment: Mapping[str, Any] | None = None) -> tuple[int, Head | None]:
    """The clearest picture among several traces of one model, each with the row that `focus` takes.

    Args:
        traces: At least one.
        alignment: As for `focus`. What is written is seen through these heads, and by all its rows.

    Returns:
        The place among the traces; the layer and head, from 0, or None where heads serve as alignment.

    >>> import attnviz
    >>> model = attnviz.load("sentiment-en")
    >>> clearest([model.trace("the film"), model.trace("a wonderful film")])
    (1, (0, 0))
    """
    found: list[tuple[float, Head | None]] = [_clearest(trace, alignment) for trace in traces]
    place = max(range(len(found)), key=lambda index: found[index][0])
    return place, found[place][1]


def _clearest(trace: AttentionTrace, alignment: Mapping[str, Any] | None) -> tuple[float, Head | None]:
    if isinstance(trace.output, Written):
        block = written_block(trace)
        rows = combined(block, alignment_heads(block, alignment))[~np.array(block.query.special)]
        return float(clearness(rows, ~np.array(block.key.special)).mean()) if len(rows) else 0.0, None
    at = focus(trace, alignment=alignment)
    block = trace.block(at.block)
    values = clearness(block.weights[:, :, at.query], ~np.array(block.key.special))
    layer, head = np.unravel_index(int(np.argmax(values)), values.shape)
    return float(values[layer, head]), (int(layer), int(head))
