"""Queries and keys joined by lines of weight."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.compact import coded
from attnviz.drawings.look import Look
from attnviz.figures import style
from attnviz.figures.sentences import inks
from attnviz.trace import MASK_NONE, AttentionBlock

#: Weights below this stay undrawn; the page says so.
LEAST = 0.01

#: Height of a line of text and longest token, in the drawing's own units.
_ROW, _LONG_ROW, _UNITS = 34, 24, 17


def lines(look: Look, block: AttentionBlock, layer: int, head: int, alt: str) -> dict[str, Any]:
    """What the component shows of one layer.

    Args:
        look: Language and appearance.
        block: Whose weights.
        layer: Which layer; all its heads travel, 8 bits a weight.
        head: The head shown first.
        alt: The figure in words.
    """
    longest = max(len(token) for token in (*block.query.tokens, *block.key.tokens))
    size = _ROW if len(block.query) <= 40 else _LONG_ROW
    paint = style.theme(look.theme)
    return {
        "queries": list(block.query.tokens),
        "keys": list(block.key.tokens),
        "inks": {"query": inks(block.query, paint), "key": inks(block.key, paint)},
        "heads": block.shape[1],
        "head": head,
        "codes": base64.b64encode(coded(_unmasked(block, layer)).tobytes()).decode(),
        "colours": [paint.series[index % len(paint.series)] for index in range(block.shape[1])],
        "least": LEAST,
        "size": size,
        "gutter": min(max(longest * _UNITS, 90), 300),
        "alt": alt,
        "words": {
            "head": look.t("figures.head"),
            "heads": look.t("controls.heads"),
            "least": f"{look.t('surgery.mark')} · " * look.edited + look.t("lines.least", least=f"{LEAST:g}"),
        },
    }


def _unmasked(block: AttentionBlock, layer: int) -> NDArray[np.float32]:
    """The weights of a layer, `[head, query, key]`; 0 where a mask is, whatever stands there."""
    own: NDArray[np.float32] = block.weights[layer]
    if block.mask is None:
        return own
    mask = block.mask if block.mask.ndim == 2 else block.mask[layer]
    weights: NDArray[np.float32] = np.where(mask == MASK_NONE, own, np.float32(0))
    return weights
