"""What a reader should know of what was found: of the masks of a block, and of attention that is not shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from attnviz.capture import CapturedModel
from attnviz.families.own.block import Block, missing
from attnviz.families.own.naming import NOTHING, named_padding
from attnviz.trace import Axis, Notice, TokenAxis

#: Of a row so much may lie on padding without being seen.
WEIGHTLESS = 1e-6


def left_out(captured: CapturedModel, no_weights: Sequence[str]) -> Iterator[Notice]:
    """The attention of a model that is not shown.

    Args:
        captured: The model.
        no_weights: Names of what was found and turned out to be no shares.
    """
    names = {
        "attention_out_of_reach": captured.unreachable,
        "python_out_of_reach": captured.in_python,
        "no_shares": tuple(dict.fromkeys((*captured.no_shares, *no_weights))),
        "linear_attention": captured.linear,
        "sampled_attention": captured.sampled,
    }
    for code, layers in names.items():
        if layers:
            yield Notice(code, {"layers": ", ".join(layers)})


def used_otherwise(captured: CapturedModel, blocks: Sequence[Block]) -> Iterator[Notice]:
    """The blocks whose weights are not all that weighs."""
    for code, names in (("weights_changed", captured.changed), ("parts_joined", captured.parts)):
        for each in blocks:
            if each.name in names:
                yield Notice(code, {"block": each.name})


def told(
    block: Block, shown: NDArray[np.bool_], later: NDArray[np.bool_], padded: NDArray[np.bool_]
) -> Iterator[Notice]:
    """What a reader should know of the masks of a block."""
    name = {"block": block.name}
    weights = block.cut_heads(block.weights)
    if (shown & ~later).any():
        yield Notice("other_mask", name)
    seen_by_none = np.asarray(shown.all((0, 1)))
    if seen_by_none.any() and not seen_by_none.all():
        yield Notice("keys_hidden", {**name, "tokens": names_of(block.key, seen_by_none)})
    blind = np.asarray(shown.all(-1).all(0))
    if blind.any():
        yield Notice("rows_blind", {**name, "tokens": names_of(block.query, blind)})
    names = block.key.tokens if isinstance(block.key, TokenAxis) else ()
    called = [named_padding(each) or each == NOTHING for each in names]
    pads = padded[block.columns] | np.array(called or [False], bool)
    if pads.any() and not pads.all():
        taken = np.broadcast_to(weights[:, :, pads].sum(-1, dtype=np.float64), weights.shape[:2])
        seeing = np.broadcast_to(~shown.all(-1), taken.shape)
        share = float(taken[seeing].mean()) if seeing.any() else 0.0
        if block.site.lowers and share < WEIGHTLESS and not seen_by_none[pads].all():
            yield Notice("keys_hidden", {**name, "tokens": names_of(block.key, pads)})
        elif share >= WEIGHTLESS or (share > 0 and not block.site.lowers):
            yield Notice(
                "padding_lowered" if block.site.lowers else "padding_weighs",
                {**name, "percent": f"{share:.0%}".rstrip("%") if share >= 0.1 else f"{100 * share:.2g}"},
            )
    gap = np.where(shown.all(-1), 0, missing(weights, block.site.precision))
    if gap.any():
        yield Notice("rows_short", {**name, "percent": f"{100 * float(gap.mean()):.2g}"})


def names_of(axis: Axis, chosen: NDArray[np.bool_]) -> str:
    """A few names of an axis."""
    names = [axis.tokens[place] for place in np.flatnonzero(chosen)]
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
