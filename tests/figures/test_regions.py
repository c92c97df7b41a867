"""Weights over a picture: true regions, one labelled scale, and what is no region told apart."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from attnviz import figures
from attnviz.drawings.lines import MOST_REGIONS, lines
from attnviz.drawings.look import Plain
from attnviz.errors import InputError
from attnviz.i18n import translate
from attnviz.trace import AttentionBlock, AttentionTrace, Embedding, RegionAxis, Text, TokenAxis, picture_of

WEIGHTS = np.array([0.1, 0.2, 0.3, 0.05, 0.15, 0.2, 0.0], np.float32)


def made(axis, source=None):
    row = WEIGHTS[: len(axis)] / WEIGHTS[: len(axis)].sum()
    block = AttentionBlock("seen", "self", axis, axis, np.tile(row, (1, 1, len(axis), 1)))
    source = source or picture_of(np.zeros((20, 30, 3), np.uint8))
    return AttentionTrace("made", source, (block,), Embedding(np.ones(3)))


@pytest.mark.parametrize("scale", ["unit", "row"])
def test_each_region_is_dimmed_by_its_weight_where_it_is(scale):
    axis = RegionAxis.grid_of(2, 3, ["[CLS]"])
    trace = made(axis)
    figure = figures.regions(trace, scale=scale)
    shapes = figure.layout.shapes
    assert len(shapes) == 6, "the class token is no region"
    top = WEIGHTS.max() if scale == "row" else 1
    for shape, box, weight in zip(shapes, axis.boxes[1:], WEIGHTS[1:], strict=True):
        assert (shape.x0, shape.y0, shape.x1, shape.y1) == pytest.approx(tuple(box * (30, 20, 30, 20)), rel=1e-6)
        share = float(shape.fillcolor.rsplit(",", 1)[1].strip(" )"))
        assert share == pytest.approx(0.82 * (1 - weight / top), abs=1e-3)
    assert "[CLS] ≈ 0.100" in figure.layout.title.text or "[CLS] 0.1" in figure.layout.title.text
    bar = figure.data[0].marker.colorbar
    assert bar.title.text == translate("en", f"figures.colour_{scale}") and len(bar.tickvals) > 2
    assert f"{trace.blocks[0].weights[0, 0, 0, 2]:.9g}" in figure.data[0].hovertext[1]
    assert figure.layout.images[0].source.startswith("data:image/webp")


def test_boxes_need_no_grid():
    axis = RegionAxis(("a <b>", "c"), np.array([[0, 0, 0.5, 1], [0.25, 0.5, 1, 1]], np.float32))
    figure = figures.regions(made(axis), language="ja", theme="dark")
    assert [shape.x1 for shape in figure.layout.shapes] == [15, 30]
    assert "a &lt;b&gt;" in figure.data[0].hovertext[0]


def test_tokens_are_not_lit():
    with pytest.raises(InputError) as raised:
        figures.regions(made(TokenAxis.of(["a", "b"]), Text("a b")))
    assert raised.value.code == "no_picture"


def test_the_only_row_over_a_picture_lies_as_its_regions_do():
    axis = RegionAxis.grid_of(2, 3)
    trace = made(axis)
    cells = figures.heatmap(trace, scale="unit").data[0]
    assert cells.z == pytest.approx(trace.blocks[0].weights[0, 0, 0].reshape(2, 3))
    assert not any(np.ravel(cells.text)), "numbers of so many cells would lie on each other"
    words = figures.heatmap(made(RegionAxis.grid_of(2, 3, ["[CLS]"]))).data[0]
    assert words.z.shape == (1, 7) and all(np.ravel(words.text)), "a class token has no place in a picture"


def test_words_that_look_at_a_picture_have_lines_to_the_regions_looked_at():
    regions, words = RegionAxis.grid_of(5, 7), TokenAxis.of(["a", "dog", "."])
    weights = np.full((1, 2, 3, 35), 1e-4, np.float32)
    weights[0, 1, :, 30] = 1 - weights[0, 1, :, :30].sum(-1) - weights[0, 1, :, 31:].sum(-1)
    weights[0, 0, :, 2] = 1 - weights[0, 0, :, :2].sum(-1) - weights[0, 0, :, 3:].sum(-1)
    block = AttentionBlock("seen", "cross", words, regions, weights)
    drawn = lines(Plain(), block, 0, 1, "")
    assert len(drawn["keys"]) == MOST_REGIONS and {"5,3", "1,3"} <= set(drawn["keys"]), "of every head of the layer"
    codes = np.frombuffer(base64.b64decode(drawn["codes"]), np.uint8).reshape(2, 3, MOST_REGIONS)
    assert (codes[1].argmax(-1) == drawn["keys"].index("5,3")).all()
    assert f"{MOST_REGIONS} largest of 35" in drawn["words"]["least"]
