"""Figures of weights before and after surgery: the numbers drawn, the scales, both languages and themes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from attnviz import figures
from attnviz.figures import style
from attnviz.figures.marks.bars import MOST_REGIONS
from attnviz.figures.numbers import exact
from attnviz.figures.surgery import SMALL, WITHIN
from attnviz.i18n import languages, translate
from attnviz.trace import AttentionBlock, AttentionTrace, Embedding, RegionAxis, Text, TokenAxis

TOKENS = ["<b>a</b>", "b", "c", "d", "e"]
OWN = np.array([0.4, 0.3, 0.2, 0.1, 0.0])
EDITED = np.array([0.1, 0.3, np.nan, 0.6, 0.0])
THEMES = list(style.THEMES)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", languages())
def test_a_row_before_after_and_between(language, theme):
    figure = figures.changed_row(TOKENS, OWN, EDITED, language=language, theme=theme)
    own, edited, difference = (np.array(bar.x, float) for bar in figure.data)
    np.testing.assert_array_equal(own, OWN)
    np.testing.assert_array_equal(edited, EDITED)
    np.testing.assert_allclose(difference, EDITED - OWN)
    paint, colours = style.theme(theme), figure.data[2].marker.color
    assert (colours[0], colours[3]) == (paint.diverging[0], paint.diverging[-1])
    low, high = figure.layout.xaxis3.range
    assert low == -high and high > np.nanmax(np.abs(EDITED - OWN))
    assert figure.layout.xaxis3.ticktext[1] == "0" and figure.layout.xaxis.range == figure.layout.xaxis2.range == (0, 1)
    titles = [each.text for each in figure.layout.annotations]
    assert titles == [translate(language, f"surgery.{each}") for each in ("own", "edited", "difference")]
    told = json.dumps(figure.to_plotly_json(), default=str)
    assert "<b>a" not in told and exact(0.6) in figure.data[1].hovertext[3]


def test_two_rows_of_any_name_each_with_tokens_the_other_lacks():
    titles = ("A: <i>one</i>", "B: " + "two" * 20, "B − A")
    figure = figures.changed_row(TOKENS, np.where([1, 1, 1, 0, 1], OWN, np.nan), EDITED, titles=titles)
    difference = np.array(figure.data[2].x, float)
    np.testing.assert_array_equal(np.isnan(difference), [False, False, True, True, False])
    shown = [each.text for each in figure.layout.annotations]
    assert shown[0] == "A: &lt;i&gt;one&lt;/i&gt;" and shown[1].endswith("…") and shown[2] == "B − A"


def test_weights_above_one_widen_the_scale():
    figure = figures.changed_row(TOKENS, OWN, np.array([2.5, 0, 0, 0, 0]))
    assert figure.layout.xaxis.range == figure.layout.xaxis2.range == (0, 2.5)


@pytest.mark.parametrize("language", languages())
def test_of_many_places_the_largest_are_drawn_and_it_is_said(language):
    own, edited = np.linspace(0, 0.01, 59), np.zeros(59)
    edited[7], own[3] = 0.5, np.nan
    figure = figures.changed_row([f"r{place}" for place in range(59)], own, edited, most=5, language=language)
    names = list(figure.layout.yaxis.ticktext)
    assert names == ["r7", "r55", "r56", "r57", "r58"]
    assert [bar.x[0] for bar in figure.data] == pytest.approx([own[7], 0.5, 0.5 - own[7]])
    assert figure.layout.xaxis.title.text == translate(language, "figures.partly", shown=5, count=59)
    whole = figures.changed_row(TOKENS, OWN, EDITED, most=5, language=language)
    assert whole.layout.xaxis.title.text is None and len(whole.layout.yaxis.ticktext) == 5


def test_bars_of_regions_are_the_largest_in_their_order_and_it_is_said():
    count = MOST_REGIONS + 7
    axis, query = RegionAxis.grid_of(1, count), TokenAxis.of(["W"])
    weights = np.random.default_rng(7).dirichlet(np.ones(count)).astype(np.float32)
    block = AttentionBlock("pooling", "pooling", query, axis, weights[None, None, None])
    figure = figures.bars(AttentionTrace("made", Text("x"), (block,), Embedding(np.ones(3, np.float32))))
    kept = np.sort(np.argsort(-weights, kind="stable")[:MOST_REGIONS])
    assert [np.float32(value) for value in figure.data[0].x] == weights[kept].tolist()
    assert translate("en", "figures.partly", shown=MOST_REGIONS, count=count) in figure.layout.xaxis.title.text


def dirichlet(size, seed=11):
    return np.random.default_rng(seed).dirichlet(np.ones(size), (2, size))


def named(size):
    return [f"t{place}" for place in range(size)]


@pytest.mark.parametrize("theme", THEMES)
def test_a_head_before_after_and_between(theme):
    own, edited = dirichlet(5)
    first, second, between = figures.changed_map(named(5), named(5), own, edited, theme=theme).data
    for drawn, values in ((first, own), (second, edited), (between, edited - own)):
        np.testing.assert_allclose(np.array(drawn.z, float), values)
        assert exact(float(values[3, 1])) in drawn.hovertext[3][1]
    assert first.colorscale[0][1] == style.theme(theme).ramp[0]
    assert (first.zmin, first.zmax) == (second.zmin, second.zmax) == (0, max(own.max(), edited.max()))
    assert between.zmax == -between.zmin == np.abs(edited - own).max()
    assert between.colorscale[2][1] == style.theme(theme).diverging[2]
    ticks = list(between.colorbar.ticktext)
    assert ticks[1] == "0" and ticks[0].replace("-", "") == ticks[2] and "≥" not in ticks[2]


def test_two_heads_of_any_name():
    own, edited = dirichlet(5)
    figure = figures.changed_map(named(5), named(5), own, edited, titles=("A", "B", "B − A"))
    assert [each.text for each in figure.layout.annotations] == ["A", "B", "B − A"]
    assert [each.colorbar.title.text for each in figure.data[1:]] == [translate("en", "figures.weight"), "B − A"]


@pytest.mark.parametrize("size", [67, 211])
def test_a_head_of_many_tokens_can_be_seen_and_is_small(size):
    own, edited = dirichlet(size)
    edited[5, 7] = 0.9  # one cell must not make all others invisible
    figure = figures.changed_map(named(size), named(size), own, edited)
    first, second, between = figure.data
    cells = min(size, SMALL)
    starts = np.arange(cells) * size // cells
    large = np.maximum.reduceat(np.maximum.reduceat(edited, starts, 0), starts, 1)
    both = [np.maximum.reduceat(np.maximum.reduceat(each, starts, 0), starts, 1) for each in (own, edited)]
    end = np.quantile(np.stack(both), WITHIN)
    np.testing.assert_array_equal(second.z, np.round(np.clip(large / end, 0, 1) * 255))
    assert np.array(second.z).mean() > 30 and np.array(first.z).shape == (cells, cells)
    difference = edited - own
    blocks = [[difference[a:b, c:d] for c, d in _spans(starts, size)] for a, b in _spans(starts, size)]
    farthest = np.array([[each.flat[np.abs(each).argmax()] for each in line] for line in blocks])
    far = np.quantile(np.abs(farthest), WITHIN)
    np.testing.assert_allclose(between.z, np.clip((farthest + far) / (2 * far), 0, 1) * 255, atol=0.51)
    assert second.colorbar.ticktext[2].startswith("≥") and between.colorbar.ticktext[0].startswith("≤ -")
    assert between.colorbar.ticktext[1] == "0" and between.colorbar.tickvals[1] == 127.5
    assert second.x0 == (size / cells - 1) / 2 and second.dx == size / cells
    assert len(figure.to_json()) < 200_000


def _spans(starts, size):
    return list(zip(starts, [*starts[1:], size], strict=True))


def test_nothing_changed_has_a_scale_too():
    names = ["a", "b", "c"]
    own = np.full((3, 3), 1 / 3)
    figure = figures.changed_map(names, names, own, own)
    assert not np.array(figure.data[2].z).any() and figure.data[2].zmax == 1


@pytest.mark.parametrize("language", languages())
def test_how_much_heads_changed(language):
    values = np.random.default_rng(2).random((3, 5))
    figure = figures.head_changes(values, language=language)
    np.testing.assert_array_equal(figure.data[0].z, values)
    assert exact(values[2, 4]) in figure.data[0].hovertext[2][4] and "3" in figure.data[0].hovertext[2][4]
    assert figure.data[0].colorbar.title.text == translate(language, "surgery.changed")
