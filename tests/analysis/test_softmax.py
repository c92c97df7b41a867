"""The softmax at a temperature."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from attnviz.analysis.softmax import at_temperature

scores = arrays(np.float32, st.tuples(st.integers(1, 3), st.integers(1, 7)), elements=st.floats(-50, 50, width=32))


@given(scores=scores, temperature=st.floats(1e-3, 1e3))
def test_rows_sum_to_one_and_keep_the_order(scores, temperature):
    weights = at_temperature(scores, temperature)
    assert weights.dtype == np.float64
    np.testing.assert_allclose(weights.sum(-1), 1)
    order = np.argsort(scores, axis=-1)
    assert (np.diff(np.take_along_axis(weights, order, -1), axis=-1) >= -1e-15).all()


def test_one_is_the_plain_softmax():
    expected = [math.exp(value) / (math.exp(1) + math.exp(2) + math.exp(4)) for value in (1, 2, 4)]
    np.testing.assert_allclose(at_temperature(np.array([1.0, 2, 4]), 1), expected)


def test_temperature_divides_the_scores():
    values = np.array([0.5, -1.5, 3])
    np.testing.assert_allclose(at_temperature(values, 4), at_temperature(values / 4, 1))


def test_the_extremes_overflow_nothing():
    values = np.array([1000.0, 999.0, -1000.0])
    assert at_temperature(values, 1e-300).tolist() == [1, 0, 0]
    np.testing.assert_allclose(at_temperature(values, 1e300), 1 / 3)


@pytest.mark.parametrize("temperature", [0, -1, math.nan])
def test_a_temperature_is_above_zero(temperature):
    with pytest.raises(ValueError, match="above 0"):
        at_temperature(np.ones(2), temperature)
