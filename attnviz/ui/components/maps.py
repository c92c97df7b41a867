"""The grid of all layers × heads."""

from __future__ import annotations

import base64
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.compact import placed, shrunk
from attnviz.analysis.focus import Focus
from attnviz.analysis.scales import ScaleKey, ticks
from attnviz.figures import style
from attnviz.trace import AttentionBlock
from attnviz.ui.components import component
from attnviz.ui.context import Context

_mount = component("maps", drawing=True)

#: Most rows and columns a small map is drawn with: of many heads each has little room.
LIMIT, MANY, LIMIT_OF_MANY = 64, 144, 32


def maps(context: Context, block: AttentionBlock, focus: Focus, scale: ScaleKey, on_chosen: Callable[[], None]) -> None:
    """Draw the grid.

    Args:
        context: The page.
        block: Whose heads.
        focus: Which one is open.
        scale: How weights become colours.
        on_chosen: Called before the run that follows the choice of a head.
    """
    limit = LIMIT if block.shape[0] * block.shape[1] <= MANY else LIMIT_OF_MANY
    small = placed(block.weights, scale, limit)
    layers, heads, rows, columns = small.shape
    masks = _masks(block, limit)
    _mount(
        key="maps",
        data={
            "layers": layers,
            "heads": heads,
            "rows": rows,
            "columns": columns,
            "codes": base64.b64encode(small.tobytes()).decode(),
            "masks": base64.b64encode(masks.tobytes()).decode(),
            "sign": style.theme(context.theme).muted,
            "layer": focus.layer,
            "head": focus.head,
            "ramp": list(style.theme(context.theme).ramp),
            "reasons": [{"code": int(code), "name": context.t(f"masks.{code}")} for code in np.unique(masks) if code],
            "legend": {
                "title": f"{context.t('surgery.mark')} · " * context.edited
                + context.t(f"scales.{'query' if scale == 'row' else scale}"),
                "ticks": [{"position": tick.position, "label": tick.label} for tick in ticks(scale)],
            },
            "words": {
                "label": context.t("views.overview"),
                "layer": context.t("figures.layer"),
                "head": context.t("figures.head"),
            },
        },
        on_chosen_change=on_chosen,
    )


def _masks(block: AttentionBlock, limit: int) -> NDArray[np.uint8]:
    """Why cells are zero, `[layer, head, row, column]` or, if all heads have the same, `[row, column]`; may be empty.

    A cell of a small map is masked if all it stands for is.
    """
    if block.mask is None:
        return np.zeros(0, np.uint8)
    return (-shrunk(-block.mask.astype(np.float64), limit)).astype(np.uint8)
