"""A figure for a projector: every length in pixels is larger, and nothing else is another."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

import attnviz
from attnviz import figures
from attnviz.trace import AttentionBlock, AttentionTrace, Embedding, Text, TokenAxis

TOKENS = ["the", "quick", "fox"]


@pytest.fixture
def trace() -> AttentionTrace:
    axis = TokenAxis.of(TOKENS)
    weights = np.random.default_rng(5).dirichlet(np.ones(3), (2, 2, 3)).astype(np.float32)
    return AttentionTrace(
        "made",
        Text(" ".join(TOKENS)),
        (AttentionBlock("a", "self", axis, axis, weights),),
        Embedding(np.ones(2, np.float32)),
    )


def sizes(figure: go.Figure) -> list[float]:
    """Sizes of all letters of a figure."""
    found: list[float] = []

    def visit(value: object, owner: str) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                if name == "size" and owner.endswith("font"):
                    found.append(inner)
                visit(inner, name)
        elif isinstance(value, (list, tuple)):
            for each in value:
                visit(each, owner)

    visit(figure.to_plotly_json(), "")
    return found


@pytest.mark.parametrize("draw", [figures.bars, figures.head, figures.heatmap])
def test_letters_and_room_grow_together(trace: AttentionTrace, draw):
    figure = draw([trace] if draw is figures.heatmap else trace)
    before = sizes(figure), figure.layout.height, figure.layout.margin.l
    large = figures.enlarged(figure, 1.5)

    assert before[0] and sizes(large) == pytest.approx([1.5 * size for size in before[0]])
    assert (large.layout.height, large.layout.margin.l) == pytest.approx((1.5 * before[1], 1.5 * before[2]))
    assert (sizes(figure), figure.layout.height, figure.layout.margin.l) == before


def test_what_is_drawn_stays(trace: AttentionTrace):
    figure = figures.bars(trace)
    large = figures.enlarged(figure, 1.85)

    assert list(large.data[0].x) == list(figure.data[0].x) and large.data[0].width == figure.data[0].width
    assert large.layout.xaxis.range == figure.layout.xaxis.range
    assert figures.enlarged(figure, 1).to_plotly_json() == figure.to_plotly_json()


def test_it_is_public():
    assert "enlarged" in attnviz.figures.__all__
