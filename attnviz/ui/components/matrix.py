"""One head of a longer sentence, drawn without Plotly: another head is there sooner."""

from __future__ import annotations

import base64
from collections.abc import Callable

import numpy as np

from attnviz.analysis.compact import coded
from attnviz.analysis.scales import ScaleKey, normalise, ticks
from attnviz.figures import describe, style
from attnviz.figures.head import SIGNED
from attnviz.ui.components import component
from attnviz.ui.context import Context

_mount = component("matrix", drawing=True)

#: Pixels all cells together take, about.
SIDE = 1000

#: Pixels a cell has, at least, whose token is named beside it, and at most.
NAMED, LARGEST = 18, 32

#: Pixels of a letter, and on the stage alone.
LETTER, PROJECTED = 16, 26

#: Words on the picture.
WORDS = {"query": "query_axis", "key": "key_axis", "weight": "weight"}


def matrix(context: Context, scale: ScaleKey, alt: str, on_chosen: Callable[[], None]) -> None:
    """Draw the weights of the head that is looked at, queries down, keys across, 8 bits a cell.

    Up to `SIGNED` tokens all of them are named and the weights themselves are sent, to be told on hover.

    Args:
        context: The page.
        scale: How weights become colours.
        alt: The figure in words.
        on_chosen: Called before the run that follows a click on a cell, whose row's query (by the model's own
            position) is then `query` of `chosen` of the component's state.
    """
    focus, look = context.focus, style.theme(context.theme)
    block = context.trace.block(focus.block)
    mask = np.zeros((0, 0), np.int8) if block.mask is None else block.mask_of(focus.layer, focus.head)
    weights, tokens = block.weights[focus.layer, focus.head], max(block.shape[2:])
    numbering = context.t("figures.layer_head", layer=focus.layer + 1, head=focus.head + 1)
    _mount(
        key="matrix",
        data={
            "queries": list(block.query.tokens),
            "keys": list(block.key.tokens),
            "query": focus.query,
            "own": list(range(len(block.query))) if block.parts is None else [group[0] for group in block.parts[0]],
            "letter": PROJECTED if context.state.stage else LETTER,
            "cell": min(LARGEST, max(NAMED if tokens <= SIGNED else 2, SIDE // tokens)),
            "codes": _base64(coded(normalise(weights, scale))),
            "weights": _base64(weights.astype("<f4")) if tokens <= SIGNED else "",
            "masks": _base64(mask.astype(np.uint8)),
            "reasons": [{"code": int(code), "name": context.t(f"masks.{code}")} for code in np.unique(mask) if code],
            "ramp": list(look.ramp),
            "sign": look.muted,
            "accent": look.accent,
            "ground": look.background,
            "title": f"{numbering}\n{describe.hidden(context.trace, focus, context.language)}".strip(),
            "mark": context.t("surgery.mark") if context.edited else "",
            "alt": alt,
            "legend": {
                "title": context.t(f"figures.colour_{'query' if scale == 'row' else scale}"),
                "ticks": [{"position": tick.position, "label": tick.label} for tick in ticks(scale)],
            },
            "words": {name: context.t(f"figures.{key}") for name, key in WORDS.items()},
        },
        on_chosen_change=on_chosen,
    )


def _base64(codes: np.ndarray) -> str:
    return base64.b64encode(codes.tobytes()).decode()
