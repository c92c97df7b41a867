"""Queries and keys joined by lines of weight."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.compact import coded, largest, packed
from attnviz.drawings.look import Look
from attnviz.figures import style
from attnviz.figures.sentences import inks
from attnviz.trace import MASK_NONE, AttentionBlock, RegionAxis

#: Weights below this stay undrawn; the page says so.
LEAST = 0.01

#: Height of a line of text and longest token, in the drawing's own units.
_ROW, _LONG_ROW, _UNITS = 34, 24, 17

#: Regions of a picture that have lines, at most: those with the largest weights of the layer.
MOST_REGIONS = 24


def lines(look: Look, block: AttentionBlock, layer: int, head: int, alt: str) -> dict[str, Any]:
    """What the component shows of one layer.

    Args:
        look: Language and appearance.
        block: Whose weights.
        layer: Which layer; all its heads travel, 8 bits a weight.
        head: The head shown first.
        alt: The figure in words.
    """
    weights, paint = _unmasked(block, layer), style.theme(look.theme)
    keys = largest([weights.max((0, 1))], _most(block))
    named, least = [block.key.tokens[key] for key in keys], look.t("lines.least", least=f"{LEAST:g}")
    if len(keys) < len(block.key):
        least = f"{look.t('figures.partly', shown=len(keys), count=len(block.key))} · {least}"
    inked = inks(block.key, paint)
    longest = max(len(token) for token in (*block.query.tokens, *named))
    size = _ROW if len(block.query) <= 40 else _LONG_ROW
    return {
        "queries": list(block.query.tokens),
        "keys": named,
        "inks": {"query": inks(block.query, paint), "key": [inked[key] for key in keys] if inked else []},
        "heads": block.shape[1],
        "head": head,
        "codes": packed(coded(weights[..., keys])),
        "colours": [paint.series[index % len(paint.series)] for index in range(block.shape[1])],
        "least": LEAST,
        "size": size,
        "gutter": min(max(longest * _UNITS, 90), 300),
        "alt": alt,
        "words": {
            "head": look.t("figures.head"),
            "heads": look.t("controls.heads"),
            "least": f"{look.t('surgery.mark')} · " * look.edited + least,
        },
    }


def _most(block: AttentionBlock) -> int:
    """Keys that are drawn: of words that look at a picture, the regions that are looked at."""
    words_at_regions = isinstance(block.key, RegionAxis) and not isinstance(block.query, RegionAxis)
    return MOST_REGIONS if words_at_regions else len(block.key)


def _unmasked(block: AttentionBlock, layer: int) -> NDArray[np.float32]:
    """The weights of a layer, `[head, query, key]`; 0 where a mask is, whatever stands there."""
    own: NDArray[np.float32] = block.weights[layer]
    if block.mask is None:
        return own
    mask = block.mask if block.mask.ndim == 2 else block.mask[layer]
    weights: NDArray[np.float32] = np.where(mask == MASK_NONE, own, np.float32(0))
    return weights
