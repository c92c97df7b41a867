"""Figures of weights before and after surgery: the numbers drawn, the scales, both languages and themes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from attnviz import figures
from attnviz.figures import style
from attnviz.figures.numbers import exact
from attnviz.i18n import languages, translate

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
    look, colours = style.theme(theme), figure.data[2].marker.color
    assert (colours[0], colours[3]) == (look.diverging[0], look.diverging[-1])
    low, high = figure.layout.xaxis3.range
    assert low == -high and high > np.nanmax(np.abs(EDITED - OWN))
    assert figure.layout.xaxis3.ticktext[1] == "0" and figure.layout.xaxis.range == figure.layout.xaxis2.range == (0, 1)
    titles = [each.text for each in figure.layout.annotations]
    assert titles == [translate(language, f"surgery.{each}") for each in ("own", "edited", "difference")]
    told = json.dumps(figure.to_plotly_json(), default=str)
    assert "<b>a" not in told and exact(0.6) in figure.data[1].hovertext[3]


def test_weights_above_one_widen_the_scale():
    figure = figures.changed_row(TOKENS, OWN, np.array([2.5, 0, 0, 0, 0]))
    assert figure.layout.xaxis.range == figure.layout.xaxis2.range == (0, 2.5)


@pytest.mark.parametrize("size", [5, 67])
@pytest.mark.parametrize("theme", THEMES)
def test_a_head_before_after_and_between(size, theme):
    generator = np.random.default_rng(11)
    own, edited = generator.dirichlet(np.ones(size), (2, size))
    names = [f"t{place}" for place in range(size)]
    figure = figures.changed_map(names, names, own, edited, theme=theme)
    first, second, between = figure.data
    most, bound = max(own.max(), edited.max()), np.abs(edited - own).max()
    for drawn, values in ((first, own), (second, edited)):
        scale = most / 255 if size > 32 else 1
        np.testing.assert_allclose(np.array(drawn.z, float) * scale, values, atol=most / 255 if size > 32 else 1e-12)
        assert drawn.colorscale[0][1] == style.theme(theme).ramp[0]
    assert first.zmax == second.zmax and first.zmin == second.zmin
    middle = 127.5 if size > 32 else 0
    assert (between.zmin + between.zmax) / 2 == middle
    scale = bound / 127.5 if size > 32 else 1
    np.testing.assert_allclose((np.array(between.z, float) - middle) * scale, edited - own, atol=bound / 127)
    assert between.colorscale[2][1] == style.theme(theme).diverging[2]
    ticks = list(between.colorbar.ticktext)
    assert ticks[1] == "0" and ticks[0].replace("-", "") == ticks[2]
    assert len(figure.to_json()) < 200_000


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
