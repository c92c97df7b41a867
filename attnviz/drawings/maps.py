"""The grid of all layers × heads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.compact import packed, placed, shrunk
from attnviz.analysis.scales import ScaleKey, ticks
from attnviz.drawings.look import Look
from attnviz.figures import style
from attnviz.figures.sentences import border, told
from attnviz.trace import AttentionBlock, Axis

#: Most rows and columns a small map is drawn with: of many heads each has little room.
LIMIT, MANY, LIMIT_OF_MANY = 64, 144, 32


def maps(look: Look, block: AttentionBlock, layer: int, head: int, scale: ScaleKey) -> dict[str, Any]:
    """What the component shows.

    Args:
        look: Language and appearance.
        block: Whose heads.
        layer, head: The one that is open.
        scale: How weights become colours.
    """
    limit = LIMIT if block.shape[0] * block.shape[1] <= MANY else LIMIT_OF_MANY
    small = placed(block.weights, scale, limit)
    layers, heads, rows, columns = small.shape
    masks = _masks(block, limit)
    return {
        "layers": layers,
        "heads": heads,
        "rows": rows,
        "columns": columns,
        "codes": packed(small),
        "masks": packed(masks),
        "sign": style.theme(look.theme).muted,
        "layer": layer,
        "head": head,
        "ramp": list(style.theme(look.theme).ramp),
        "segments": {
            "colours": list(style.segments(style.theme(look.theme))),
            "down": _share(block.query),
            "across": _share(block.key),
        },
        "reasons": [{"code": int(code), "name": look.t(f"masks.{code}")} for code in np.unique(masks) if code],
        "legend": {
            "title": f"{look.t('surgery.mark')} · " * look.edited
            + look.t(f"scales.{'query' if scale == 'row' else scale}"),
            "ticks": [{"position": tick.position, "label": tick.label} for tick in ticks(scale)],
        },
        "words": {
            "label": f"{look.t('views.overview')}. {told(block.key, look.language)}".removesuffix(". "),
            "layer": look.t("figures.layer"),
            "head": look.t("figures.head"),
        },
    }


def _share(axis: Axis) -> float | None:
    """How much of an axis is the first of two sentences; None where there is one."""
    first = border(axis)
    return None if first is None else first / len(axis)


def _masks(block: AttentionBlock, limit: int) -> NDArray[np.uint8]:
    """Why cells are zero, `[layer, head, row, column]` or, if all heads have the same, `[row, column]`; may be empty.

    A cell of a small map is masked if all it stands for is.
    """
    if block.mask is None:
        return np.zeros(0, np.uint8)
    return (-shrunk(-block.mask.astype(np.float64), limit)).astype(np.uint8)
