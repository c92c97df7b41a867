"""The pictures of one row taken apart draw their tables; the map of a head answers clicks."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz import figures
from attnviz.analysis.explain import cell
from attnviz.analysis.focus import Focus
from attnviz.figures import cell as drawn
from attnviz.figures.head import choosable
from attnviz.i18n import languages, translate
from attnviz.trace import MASK_CAUSAL, MASK_OTHER, MASK_PADDING, AttentionBlock, AttentionTrace, Tensor, Text, TokenAxis


@pytest.mark.parametrize("language", languages())
def test_every_kind_of_mask_is_hatched_in_its_own_way(language: str):
    mask = np.array([0, MASK_CAUSAL, MASK_PADDING, 0, MASK_OTHER, MASK_CAUSAL, 0], np.int8)
    weights = np.where(mask == 0, 1 / 3, 0)
    figure = drawn.weights([("<b>own</b>", weights)], [f"t{index}" for index in range(7)], mask, language=language)

    own, *hidden = figure.data
    assert own.x == tuple(weights) and own.name == "&lt;b&gt;own&lt;/b&gt;"
    assert {bars.name: tuple(bars.y) for bars in hidden} == {
        translate(language, f"masks.{MASK_PADDING}"): (2,),
        translate(language, f"masks.{MASK_CAUSAL}"): (1, 5),
        translate(language, f"masks.{MASK_OTHER}"): (4,),
    }
    assert len({bars.marker.pattern.shape for bars in hidden}) == 3


def test_two_sets_of_weights_stand_side_by_side():
    first, second = np.array([0.7, 0.3]), np.array([0.6, 0.4])
    figure = drawn.weights([("a", first), ("b", second)], ["x", "y"])

    assert [tuple(bars.x) for bars in figure.data] == [(0.7, 0.3), (0.6, 0.4)]
    assert figure.data[0].marker.color != figure.data[1].marker.color
    assert figure.layout.barmode == "group" and figure.layout.showlegend


def test_growth_and_cost_draw_their_tables_and_mark_what_is_at_hand():
    table = cell.growth((1, 7, 64), cell.random_products((1, 7, 64), 5))
    figure = drawn.growth(table, 7)
    assert [list(line.y) for line in figure.data] == [list(table["plain_largest"]), list(table["scaled_largest"])]
    assert figure.layout.shapes[0].x0 == 7
    assert figure.layout.annotations[0].x == pytest.approx(np.log10(7))

    table = cell.cost(37, 72)
    figure = drawn.cost(table, 37)
    assert list(figure.data[0].y) == list(table["bytes"])
    assert [x for x, symbol in zip(figure.data[0].x, figure.data[0].marker.symbol, strict=True) if symbol != "circle"]
    assert figure.layout.shapes[0].x0 == 37


def trace(tokens: int) -> AttentionTrace:
    axis = TokenAxis.of([f"t{index}" for index in range(tokens)])
    weights = np.full((1, 2, tokens, tokens), 1 / tokens, np.float32)
    block = AttentionBlock("b", "self", axis, axis, weights)
    return AttentionTrace("made", Text("text"), (block,), Tensor(np.zeros(1)))


def test_a_point_in_every_cell_carries_the_place_of_its_row():
    figure = figures.head(trace(5), Focus("b", 0, 1, 3))
    hover = [text for line in figure.data[0].hovertext for text in line]
    points = choosable(figure, [2, 3, 5, 7, 11]).data[-1]

    cells = [(x, y, place[0]) for x, y, place in zip(points.x, points.y, points.customdata, strict=True)]
    assert cells == [(x, y, [2, 3, 5, 7, 11][y]) for y in range(5) for x in range(5)]
    assert list(points.hovertext) == hover
    assert points.marker.opacity == 0 and figure.data[0].hoverinfo == "skip"
