"""What edits do to the mask a block shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from attnviz.trace import HIDDEN, LIFTED, MASK_HIDDEN, MASK_NONE, Edit


def mask_after(
    mask: NDArray[np.int8] | None, edits: Sequence[Edit], block: str, shape: tuple[int, int, int, int]
) -> NDArray[np.int8] | None:
    """Why weights are zero once edits went in.

    Args:
        mask: The model's own, int8 `[query, key]` or `[layer, head, query, key]`, or None.
        edits: As given to `run`.
        block: Name of the block; edits of others are passed over.
        shape: Of the block.

    Returns:
        int8 `[layer, head, query, key]`: without what was lifted or written over with a weight, and with what was
        hidden; the mask as it was where no edit speaks of it.
    """
    mine = [edit for edit in edits if edit.block == block]
    if not any(mask is not None or np.isinf(edit.weights).any() for edit in mine):
        return mask
    after = np.array(np.broadcast_to(np.int8(MASK_NONE) if mask is None else mask, shape))
    for edit in mine:
        part = after[edit.layer, slice(None) if edit.head is None else slice(edit.head, edit.head + 1)]
        seen = (edit.weights == LIFTED) | (np.isfinite(edit.weights) & (edit.weights != 0))
        part[:, seen] = MASK_NONE
        part[:, edit.weights == HIDDEN] = MASK_HIDDEN
    return after if after.any() else None
