"""One head of a long sentence travels in 8 bits a cell."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz import figures
from attnviz.analysis.compact import coded, placed, shrunk
from attnviz.analysis.focus import Focus
from attnviz.analysis.scales import SCALES, normalise
from attnviz.trace import MASK_CAUSAL, AttentionBlock, AttentionTrace, Kind, Tensor, Text, TokenAxis

TOKENS = 83


def trace(causal: bool) -> AttentionTrace:
    scores = np.random.default_rng(3).normal(size=(2, 3, TOKENS, TOKENS)) * 3
    later = np.triu(np.ones((TOKENS, TOKENS), bool), 1)
    scores[..., later] = -np.inf if causal else scores[..., later]
    weights = np.exp(scores)
    weights /= weights.sum(-1, keepdims=True)
    axis = TokenAxis.of([f"<b>{index}" for index in range(TOKENS)])
    mask = np.where(later, MASK_CAUSAL, 0).astype(np.int8) if causal else None
    kind: Kind = "causal" if causal else "self"
    block = AttentionBlock(kind, kind, axis, axis, weights.astype(np.float32), mask)
    return AttentionTrace("m", Text("t"), (block,), Tensor(np.zeros(1)))


@pytest.mark.parametrize("causal", [False, True])
def test_every_cell_is_sent_in_eight_bits_and_nothing_else(causal):
    made = trace(causal)
    figure = figures.head(made, Focus(made.blocks[0].name, 1, 2, 5))

    weights = made.blocks[0].weights[1, 2].astype(np.float64)
    assert figure.data[0].z.dtype == np.uint8
    assert np.abs(figure.data[0].z / 255 - weights).max() <= 0.5 / 255 + 1e-9
    assert len(figure.to_json()) < 2 * 1.4 * TOKENS**2 + 25_000
    assert len([each for each in figure.data if each.type == "heatmap"]) == 1 + causal
    assert "<b>" not in figure.layout.xaxis.labelalias["7"]
    if causal:
        assert ((figure.data[1].z > 0) == np.triu(np.ones((TOKENS, TOKENS), bool), 1)).all()


@pytest.mark.parametrize("scale", SCALES)
def test_small_maps_keep_the_largest_of_what_they_stand_for(scale):
    weights = trace(False).blocks[0].weights
    np.testing.assert_array_equal(placed(weights, scale, 17), coded(shrunk(normalise(weights, scale), 17)))
