"""A rounded number says so, and is right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.figures.numbers import approx, exact, percent

weights = st.floats(0, 1, width=32)


@given(weights)
def test_a_label_is_near_and_says_whether_it_is_rounded(value):
    text = approx(value)
    shown = float(text.removeprefix("≈ "))
    assert text.startswith("≈ ") == (shown != value)
    assert shown == pytest.approx(value, abs=5.0001e-4 if value >= 1e-3 else 0, rel=0 if value >= 1e-3 else 0.06)


@given(st.floats(0, 1, width=32))
def test_a_percentage_is_near_and_says_whether_it_is_rounded(value):
    text = percent(value)
    shown = float(text.strip("≈<> %"))
    assert shown == pytest.approx(100 * value, abs=0.1)
    assert text[0] in "≈<>" or shown == 100 * value
    if text == "0.0\u00a0%":
        assert value == 0
    if text == "100.0\u00a0%":
        assert value == 1


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_nine_digits_give_a_float32_back(value):
    assert np.float32(exact(value)) == np.float32(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.000"), (1, "1.000"), (0.25, "0.250"), (1 / 3, "≈ 0.333"), (0.9999, "≈ 1.000"), (2e-5, "2.0e-05")],
)
def test_labels(value, text):
    assert approx(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.0 %"), (1, "100.0 %"), (0.5, "50.0 %"), (1e-5, "< 0.1 %"), (0.99999, "> 99.9 %"), (1 / 3, "≈ 33.3 %")],
)
def test_percentages_and_no_line_ends_between_their_number_and_its_sign(value, text):
    assert percent(value) == text.replace(" ", "\u00a0").replace("≈\u00a0", "≈ ")
