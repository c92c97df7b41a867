"""One head of a longer sentence, drawn without Plotly: another head is there sooner."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnviz.analysis.compact import coded, packed
from attnviz.analysis.focus import Focus
from attnviz.analysis.scales import ScaleKey, normalise, ticks
from attnviz.drawings.look import Look
from attnviz.figures import describe, style
from attnviz.figures.head import SIGNED
from attnviz.figures.sentences import border, inks
from attnviz.trace import AttentionTrace

#: Pixels all cells together take, about.
SIDE = 1000

#: Pixels a cell has, at least, whose token is named beside it, and at most.
NAMED, LARGEST = 18, 32

#: Pixels of a letter.
LETTER = 16

#: Words on the picture.
WORDS = {"query": "query_axis", "key": "key_axis", "weight": "weight"}


def matrix(
    look: Look, trace: AttentionTrace, focus: Focus, scale: ScaleKey, alt: str, letter: int = LETTER
) -> dict[str, Any]:
    """What the component shows: the weights of the head that is looked at, queries down, keys across, 8 bits a cell.

    Up to `SIGNED` tokens all of them are named and the weights themselves are sent, to be told on hover.

    Args:
        look: Language and appearance.
        trace, focus: Of what; its query is marked.
        scale: How weights become colours.
        alt: The figure in words.
        letter: Pixels.
    """
    paint = style.theme(look.theme)
    block = trace.block(focus.block)
    mask = np.zeros((0, 0), np.int8) if block.mask is None else block.mask_of(focus.layer, focus.head)
    weights, tokens = block.weights[focus.layer, focus.head], max(block.shape[2:])
    numbering = look.t("figures.layer_head", layer=focus.layer + 1, head=focus.head + 1)
    return {
        "queries": list(block.query.tokens),
        "keys": list(block.key.tokens),
        "inks": {"query": inks(block.query, paint), "key": inks(block.key, paint)},
        "borders": {"query": border(block.query), "key": border(block.key)},
        "query": focus.query,
        "own": list(range(len(block.query))) if block.parts is None else [group[0] for group in block.parts[0]],
        "letter": letter,
        "cell": min(LARGEST, max(NAMED if tokens <= SIGNED else 2, SIDE // tokens)),
        "codes": _base64(coded(normalise(weights, scale))),
        "weights": _base64(weights.astype("<f4")) if tokens <= SIGNED else "",
        "masks": _base64(mask.astype(np.uint8)),
        "reasons": [{"code": int(code), "name": look.t(f"masks.{code}")} for code in np.unique(mask) if code],
        "ramp": list(paint.ramp),
        "sign": paint.muted,
        "accent": paint.accent,
        "ground": paint.background,
        "title": f"{numbering}\n{describe.hidden(trace, focus, look.language)}".strip(),
        "mark": look.t("surgery.mark") if look.edited else "",
        "alt": alt,
        "legend": {
            "title": look.t(f"figures.colour_{'query' if scale == 'row' else scale}"),
            "ticks": [{"position": tick.position, "label": tick.label} for tick in ticks(scale)],
        },
        "words": {name: look.t(f"figures.{key}") for name, key in WORDS.items()},
    }


def _base64(codes: np.ndarray) -> str:
    return packed(codes)
