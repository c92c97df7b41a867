"""All heads as small maps and one head as lines: every weight stands where it belongs, and nothing that is masked."""

from __future__ import annotations

import numpy as np
import pytest

import attnviz
from attnviz.errors import InputError
from attnviz.figures.lines import LEAST

# Every length another prime, so that no transposed axis passes.
LAYERS, HEADS, QUERIES, KEYS = 2, 3, 5, 7
RAW = np.random.default_rng(0).random((LAYERS, HEADS, QUERIES, KEYS)) ** 4
WEIGHTS = (RAW / RAW.sum(-1, keepdims=True)).astype(np.float32)
TRACE = attnviz.from_arrays(WEIGHTS, [f"k{k}" for k in range(KEYS)], [f"q{q}" for q in range(QUERIES)])
SQUARE = np.tril(np.ones((1, 1, 3, 3))) / np.array([1, 2, 3])[:, None]
CAUSAL = attnviz.from_arrays(SQUARE, ["a", "b", "c"])


def joined(figure) -> dict[tuple[int, int], float]:
    """Opacity of the line between each query and key."""
    sides = [[each.y for each in figure.layout.annotations if each.x == x] for x in (0, 1)]
    found = {}
    for scatter in figure.data:
        for (x0, x1, _), (y0, y1, end) in zip(
            np.reshape(scatter.x, (-1, 3)), np.reshape(scatter.y, (-1, 3)), strict=True
        ):
            assert (x0, x1) == (0, 1) and np.isnan(end)
            found[sides[0].index(y0), sides[1].index(y1)] = scatter.opacity
    return found


def test_every_weight_is_a_line_and_a_larger_one_is_stronger():
    weights, drawn = WEIGHTS[1, 2], joined(attnviz.figures.lines(TRACE, layer=1, head=2))
    assert set(drawn) == {(int(q), int(k)) for q, k in zip(*np.nonzero(weights >= LEAST), strict=True)}
    assert 0 < len(drawn) < weights.size
    order = sorted(drawn, key=lambda place: weights[place])
    assert [drawn[place] for place in order] == sorted(drawn.values())
    assert set(joined(attnviz.figures.lines(CAUSAL))) == {(q, k) for q in range(3) for k in range(q + 1)}


def test_every_head_is_a_map_in_its_place_and_masked_cells_stay_empty():
    tiles = np.array(attnviz.figures.overview(TRACE).data[0].z)
    for layer in range(LAYERS):
        for head in range(HEADS):
            down, across = layer * (QUERIES + 1), head * (KEYS + 1)
            part = tiles[down : down + QUERIES, across : across + KEYS]
            np.testing.assert_array_equal(part, np.round(WEIGHTS[layer, head] * 255))
    assert np.isnan(tiles[QUERIES]).all() and np.isnan(tiles[:, KEYS]).all()
    masked = np.isnan(np.array(attnviz.figures.overview(CAUSAL).data[0].z))
    np.testing.assert_array_equal(masked, np.triu(np.ones((3, 3), bool), 1))


@pytest.mark.parametrize("figure", [attnviz.figures.lines, attnviz.figures.head])
def test_a_head_that_is_not_there_is_refused(figure):
    with pytest.raises(InputError) as raised:
        figure(TRACE, layer=LAYERS)
    assert raised.value.code == "no_such_index"
