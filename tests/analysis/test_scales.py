"""Where on the colour scale a weight is drawn, and what stands beside the scale."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from attnviz.analysis.scales import LOG_FLOOR, SCALES, Tick, normalise, round_ticks, ticks

rows = arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 7)), elements=st.floats(0, 1))


@pytest.mark.parametrize("scale", SCALES)
@given(weights=rows)
def test_places_lie_on_the_scale_and_keep_the_order(scale, weights):
    places = normalise(weights, scale)
    assert places.shape == weights.shape and places.dtype == np.float64
    assert ((places >= 0) & (places <= 1)).all()
    order = np.argsort(weights, axis=-1, kind="stable")
    assert (np.diff(np.take_along_axis(places, order, -1), axis=-1) >= 0).all()


@pytest.mark.parametrize("scale", SCALES)
def test_the_ends_of_every_scale(scale):
    places = normalise(np.array([[0.0, 1.0]]), scale)
    assert places.tolist() == [[0, 1]]


def test_unit_is_the_weight_itself():
    np.testing.assert_array_equal(normalise(np.array([0.1, 0.7]), "unit"), [0.1, 0.7])


def test_row_is_the_share_of_the_largest_of_each_row():
    weights = np.array([[0.1, 0.4], [0.9, 0.3], [0.0, 0.0]])
    np.testing.assert_allclose(normalise(weights, "row"), [[0.25, 1], [1, 1 / 3], [0, 0]])


def test_log_has_a_decade_a_quarter():
    weights = np.array([1, 0.1, 0.01, 0.001, LOG_FLOOR, 1e-9, 0])
    np.testing.assert_allclose(normalise(weights, "log"), [1, 0.75, 0.5, 0.25, 0, 0, 0], atol=1e-12)


@pytest.mark.parametrize("scale", SCALES)
def test_where_there_is_no_cell_there_is_no_place(scale):
    places = normalise(np.array([[0.5, math.nan], [math.nan, math.nan]]), scale)
    assert np.isnan(places).tolist() == [[False, True], [True, True]]


@pytest.mark.parametrize("scale", SCALES)
def test_the_marks_stand_where_their_weights_are_drawn(scale):
    marks = ticks(scale)
    assert [mark.position for mark in marks] == [0, 0.25, 0.5, 0.75, 1]
    for mark in marks:
        words = mark.label.removeprefix("≤ ")
        value = float(words.rstrip("%")) / (100 if words.endswith("%") else 1)
        assert normalise(np.array([value, 1.0]), scale)[0] == pytest.approx(mark.position)


def test_only_the_end_that_hides_something_says_so():
    assert [mark.label for mark in ticks("log")] == ["≤ 0.0001", "0.001", "0.01", "0.1", "1"]
    assert [mark.label for mark in ticks("unit")] == ["0", "0.25", "0.5", "0.75", "1"]
    assert [mark.label for mark in ticks("row")] == ["0 %", "25 %", "50 %", "75 %", "100 %"]


def test_an_unknown_scale():
    with pytest.raises(ValueError, match="unit, row, log"):
        normalise(np.ones(1), "other")  # type: ignore[arg-type]


@pytest.mark.parametrize("top", [0.0031, 0.625, 0.69, 1.0, 2.111, 4.0, 7.3, 99.7, 1234.5])
def test_round_marks_say_where_they_are(top: float):
    marks = round_ticks(top)

    assert marks[0] == Tick(0, "0") and marks[-1].position == 1
    assert 3 <= len(marks) <= 5
    for mark in marks[:-1]:
        assert float(mark.label) == pytest.approx(mark.position * top, rel=1e-12)
    end = marks[-1].label
    assert float(end.removeprefix("≈ ")) == pytest.approx(top, rel=5e-3)
    assert end.startswith("≈") == (float(end.removeprefix("≈ ")) != top)
    assert np.diff([mark.position for mark in marks]).min() >= 0.07
