"""What a translation model has written or read, as a trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from attnviz.families.common.masking import mask_after
from attnviz.families.writing.decoding import Written, loops
from attnviz.families.writing.incremental import DECODER, ENCODER, SOURCE_TARGET, fitted
from attnviz.families.writing.sentence import Sentence, inputs_axis, with_end
from attnviz.families.writing.subwords import END_ID
from attnviz.trace import (
    MASK_CAUSAL,
    MASK_NONE,
    AttentionBlock,
    AttentionTrace,
    Edit,
    Encoded,
    Kind,
    Notice,
    TokenAxis,
    Translation,
)

#: Kinds of the blocks, in the order in which the model computes them.
BLOCKS: Mapping[str, Kind] = {ENCODER: "self", DECODER: "causal", SOURCE_TARGET: "cross"}


def trace(
    model: str,
    encoded: Encoded,
    output: Sentence,
    weights: Mapping[str, NDArray[np.float32]],
    written: Sequence[Written],
    vocabulary: Sequence[str],
    notices: Sequence[Notice],
    edits: Sequence[Edit],
) -> AttentionTrace:
    """The trace of a translation.

    Args:
        model: Its name.
        encoded: What was translated.
        output: What was written or read.
        weights: By block float32 `[layer, head, query, key]`.
        written: For each token of `output`, what it was chosen from.
        vocabulary: Of the target.
        notices: Of both sides.
        edits: Weights that were used in place of the model's own.
    """
    source = with_end(encoded.axes["tokens"])
    axes: Mapping[str, tuple[TokenAxis, TokenAxis]] = {
        ENCODER: (source, source),
        DECODER: (output.axis, inputs_axis(output.axis)),
        SOURCE_TARGET: (output.axis, source),
    }
    later = np.triu(np.ones((len(written), len(written)), bool), 1)
    causal = np.where(later, MASK_CAUSAL, MASK_NONE).astype(np.int8) if len(written) > 1 else None
    shown = [replace(edit, weights=fitted(edit, len(written))) for edit in edits]
    blocks = tuple(
        AttentionBlock(
            block,
            BLOCKS[block],
            *axes[block],
            weights[block],
            mask_after(causal if block == DECODER else None, shown, block, weights[block].shape),  # type: ignore[arg-type]
            edited=any(edit.block == block for edit in edits),
        )
        for block in BLOCKS
        if block in weights
    )
    answer = Translation(
        output.text,
        tuple(vocabulary[index] for index in output.ids),
        np.array([each.log_probability for each in written], np.float32),
        tuple(named(each, vocabulary) for each in written),
        output.ids[-1] == END_ID,
    )
    return AttentionTrace(model, encoded.text, blocks, answer, tuple(notices), tuple(edits))


def named(written: Written, vocabulary: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """The alternatives of one step with their tokens."""
    return tuple((vocabulary[index], value) for index, value in written.alternatives)


def stopped(ids: Sequence[int], longest: int) -> list[Notice]:
    """Why a translation of at most `longest` tokens ended without the end token, if it did."""
    if ids[-1] == END_ID:
        return []
    if loops(ids):
        return [Notice("repetition", {"count": len(ids)})]
    return [Notice("translation_cut", {"limit": longest})]
