"""The clearest rows: against values known by hand, and an independent SciPy expression."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import entropy as scipy_entropy

from attnviz.analysis.clearness import clearest, clearness
from attnviz.trace import AttentionBlock, AttentionTrace, Classification, Text, TokenAxis, Written

AXIS = TokenAxis(
    ("[CLS]", "a", "b", "c", "d"), (None, (0, 1), (2, 3), (4, 5), (6, 7)), (True, *[False] * 4), (False,) * 5
)
OWN = np.array([False, True, True, True, True])


def test_even_weights_and_a_single_key_are_nothing_and_one_of_n_is_its_logarithm():
    assert clearness(np.full(7, 1 / 7)) == pytest.approx(0, abs=1e-12)
    assert clearness(np.ones(1)) == 0
    np.testing.assert_allclose(clearness(np.eye(5)), np.log(5))


def test_it_is_the_weight_on_its_own_keys_times_what_lacks_to_even():
    weights = np.random.default_rng(3).dirichlet(np.ones(5), size=(2, 3))
    own = weights[..., 1:]
    expected = own.sum(-1) * (np.log(4) - scipy_entropy(own, axis=-1))
    np.testing.assert_allclose(clearness(weights.astype(np.float32), OWN), expected, atol=1e-6)
    assert clearness(np.array([1.0, 0, 0, 0, 0]), OWN) == 0


def trace(weights, axis=AXIS, output=None):
    block = AttentionBlock("words", "self", axis, axis, np.asarray(weights, np.float32))
    return AttentionTrace("made", Text("a b c d"), (block,), output or Classification(("x", "y"), np.array([0.5, 0.5])))


def rows(place, share, layers=2, heads=3, elsewhere=0.0):
    """Even rows, but for [CLS] in one head: it gives “b” a share; elsewhere other queries do."""
    weights = np.full((layers, heads, 5, 5), 0.2)
    weights[..., 3, :] = [(1 - elsewhere) / 4] * 4 + [elsewhere] if elsewhere else 0.2
    weights[place][0] = [(1 - share) / 4] * 2 + [share] + [(1 - share) / 4] * 2
    return weights


def test_the_clearest_head_of_the_clearest_sentence_by_the_row_that_is_shown():
    traces = [trace(rows((0, 1), 0.4)), trace(rows((1, 2), 0.9)), trace(rows((0, 0), 0.6, elsewhere=0.99))]
    assert clearest(traces) == (1, (1, 2))
    assert clearest(traces[:1]) == (0, (0, 1))


def test_what_is_written_is_seen_through_the_heads_that_align_and_by_all_its_rows():
    source, written = TokenAxis.of(["p", "q", "r"]), TokenAxis.of(["s", "t"])

    def one(aligned):
        weights = np.stack([np.full((2, 3), 1 / 3), aligned])[None]
        block = AttentionBlock("cross", "cross", written, source, weights.astype(np.float32))
        output = Written("translation", "s t", ("s", "t"), np.zeros(2, np.float32))
        return AttentionTrace("made", Text("p q r"), (block,), output)

    sharp, half = np.eye(2, 3), np.array([[1, 0, 0], [1 / 3] * 3])
    traces = [one(half), one(sharp)]
    assert clearest(traces, {"layer": 0, "heads": [1]}) == (1, None)
    assert clearest(traces[::-1], {"layer": 0, "heads": [1]}) == (0, None)
