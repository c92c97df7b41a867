"""The charts of attention beside attribution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnviz import figures
from attnviz.analysis.explain import erasure
from attnviz.analysis.explain.attribution import Integrated
from attnviz.analysis.explain.measures import MEASURES, Measures
from attnviz.figures.marks.bars import MOST_REGIONS
from attnviz.i18n import languages, translate
from attnviz.trace import RegionAxis

TOKENS = ("<b>one</b>", "two", "%{x}", "four", "five")
GENERATOR = np.random.default_rng(3)


def curve() -> erasure.Curves:
    return erasure.Curves((1, 2, 3, 4), GENERATOR.random(5), GENERATOR.random(5))


@pytest.fixture
def found() -> Measures:
    values = {measure: GENERATOR.normal(size=5) for measure in MEASURES} | {
        "attention": GENERATOR.dirichlet(np.ones(5))
    }
    random = tuple(curve() for _ in range(7))
    return Measures(
        TOKENS, 1, values, Integrated(values["integrated"], 0.3, 0.001, 8), {m: curve() for m in MEASURES}, random
    )


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_one_panel_a_measure_on_the_same_tokens(found: Measures, language: str, theme: str):
    figure = figures.attribution(found, MEASURES, language=language, theme=theme)

    assert len(figure.data) == len(MEASURES)
    for bars, measure in zip(figure.data, MEASURES, strict=True):
        np.testing.assert_array_equal(bars.x, found.values[measure])
    assert figure.layout.xaxis.range == (0, 1)
    for axis, measure in ((figure.layout.xaxis2, "removed"), (figure.layout.xaxis5, "gradient_input")):
        assert axis.range[0] == -axis.range[1]
        assert axis.range[1] > np.abs(found.values[measure]).max()
        assert axis.range == figure.layout.xaxis3.range, "what is as long is as much"
    assert not any("<b>" in text for text in figure.layout.yaxis.ticktext)


def test_what_speaks_against_the_class_has_another_colour(found: Measures):
    (bars,) = figures.attribution(found, ["removed"]).data

    colours = np.array(bars.marker.color)
    against = found.values["removed"] < 0
    assert len(set(colours[against])) == len(set(colours[~against])) == 1
    assert set(colours[against]).isdisjoint(colours[~against])


def test_a_measure_without_any_value_is_drawn_empty(found: Measures):
    found.values["removed"][:] = np.nan

    assert figures.attribution(found, ["attention", "removed"]).layout.xaxis2.range == (-1.1, 1.1)


def test_the_curves_have_their_orders_and_the_band(found: Measures):
    table = erasure.table({measure: found.curves[measure] for measure in MEASURES}, found.random)
    figure = figures.erasure_curves(table, ("attention", "integrated"))
    named = [trace for trace in figure.data if trace.legendgroup in ("attention", "integrated")]

    assert len(named) == 4
    np.testing.assert_array_equal(named[0].y, found.curves["attention"].without)
    assert named[0].line.dash != named[1].line.dash
    assert named[0].marker.symbol != named[1].marker.symbol
    assert list(named[0].x) == [0, 1, 2, 3, 4]
    assert sum(trace.fill == "tonexty" for trace in figure.data) == 2


def test_of_a_picture_s_regions_those_with_attention_come_first_and_the_figure_says_what_it_leaves_out(found: Measures):
    names = [f"{row},{column}" for row in range(1, 8) for column in range(1, 8)]
    boxes = np.tile(np.array([0, 0, 1, 1], np.float32), (len(names), 1))
    values = {measure: GENERATOR.normal(size=len(names)) / 1e3 for measure in MEASURES}
    values["attention"] = GENERATOR.dirichlet(np.ones(len(names)))
    values["removed"][int(values["attention"].argmin())] = 0.9
    pictured = replace(found, tokens=tuple(names), values=values, axis=RegionAxis(tuple(names), boxes, (7, 7)))
    attention, removed = figures.attribution(pictured, ["attention", "removed"]).data

    assert list(attention.x) == sorted(attention.x, reverse=True) and len(attention.x) == MOST_REGIONS < len(names)
    assert attention.x[0] == values["attention"].max() and 0.9 in removed.x
    figure = figures.attribution(pictured, ["attention"])
    assert figure.layout.xaxis.title.text == translate("en", "figures.partly", shown=MOST_REGIONS, count=len(names))
    assert figures.attribution(found, ["attention"]).layout.xaxis.title.text is None
