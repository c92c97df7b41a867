"""Heads put together, steps as a table, entries for the eye."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.analysis.heads.alignment import alignment_heads, combined, groups, readable, steps, table
from attnviz.trace import AttentionBlock, AttentionTrace, TokenAxis, Written


def block():
    weights = np.random.default_rng(2).dirichlet(np.ones(5), (2, 3, 2))
    return AttentionBlock("source-target", "cross", TokenAxis.of("xy"), TokenAxis.of("abcde"), weights)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (None, ((1, 0), (1, 1), (1, 2))),
        ({"layer": 0, "heads": [2, 0]}, ((0, 2), (0, 0))),
        ({"layer": 0}, ((0, 0), (0, 1), (0, 2))),
        ({"layer": 1, "heads": [7]}, ((1, 0), (1, 1), (1, 2))),
    ],
)
def test_the_card_states_the_heads(stated, expected):
    assert alignment_heads(block(), stated) == expected


def test_combined_is_the_mean():
    own = block()
    found = combined(own, [(0, 2), (1, 0)])
    expected = (own.weights[0, 2].astype(float) + own.weights[1, 0]) / 2

    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert found.dtype == np.float64 and found.shape == (2, 5)
    cells = table(own, found)
    assert cells.loc[7].tolist()[:4] == [2, 3, "y", "c"] and cells["weight"][7] == found[1, 2]
    assert groups(own) == ((0,), (1,))


def test_steps_are_one_alternative_a_row():
    logs = np.log([0.5, 0.25])
    best = ((("x", logs[0]), ("z", np.log(0.3))), (("w", np.log(0.6)), ("y", logs[1])))
    trace = AttentionTrace("m", "abcde", (block(),), Written("translation", "xy", ("x", "y"), logs, best))
    frame = steps(trace)

    assert frame["position"].tolist() == [1, 1, 2, 2] and frame["rank"].tolist() == [1, 2, 1, 2]
    assert frame["alternative"].tolist() == ["x", "z", "w", "y"]
    np.testing.assert_allclose(frame["probability"], [0.5, 0.5, 0.25, 0.25], rtol=1e-6)
    np.testing.assert_allclose(frame["alternative_probability"], [0.5, 0.3, 0.6, 0.25], rtol=1e-6)


@pytest.mark.parametrize(
    ("entry", "spaced", "expected"),
    [
        ("▁tea", True, "tea"),
        ("ing", True, "…ing"),
        (".", True, "."),
        ("▁", True, "␣"),
        ("茶", False, "茶"),
        ("犬", True, "犬"),
    ],
)
def test_readable(entry, spaced, expected):
    assert readable(entry, spaced) == expected
