"""Which row of weights is looked at where little or nothing is asked for."""

from __future__ import annotations

import numpy as np
import pytest

import attnviz
from attnviz.analysis.focus import Focus, answering, focus
from attnviz.trace import AttentionBlock, AttentionTrace, Embedding, Text, TokenAxis


def block(name, kind, layers, heads):
    axis = TokenAxis.of("abcde")
    return AttentionBlock(name, kind, axis, axis, np.full((layers, heads, 5, 5), 0.2, np.float32))


EMBEDDED = Embedding(np.ones(2, np.float32))
TRACE = AttentionTrace("one", Text("abcde"), (block("x", "self", 2, 7), block("y", "cross", 3, 5)), EMBEDDED)


@pytest.mark.parametrize(
    ("asked", "stated", "expected"),
    [
        ({}, None, Focus("y", 2, 0)),
        ({}, {"layer": 1, "heads": [3, 0]}, Focus("y", 1, 3)),
        ({"layer": 0}, {"layer": 1, "heads": [3]}, Focus("y", 0, 0)),
        ({"head": 4}, {"layer": 1, "heads": [3]}, Focus("y", 2, 4)),
        ({"block": "x"}, {"layer": 0, "heads": [3]}, Focus("x", 1, 0)),
        ({"block": "z", "query": 2}, {"layer": 9, "heads": [9]}, Focus("y", 2, 0, 2)),
    ],
)
def test_between_two_sources_the_alignment_comes_first(asked, stated, expected):
    assert focus(TRACE, **asked, alignment=stated) == expected


def causal(tokens: int, special: bool = False) -> AttentionTrace:
    axis = TokenAxis.of([f"t{n}" for n in range(tokens)], special=[special, *[False] * (tokens - 1)])
    weights = np.tril(np.ones((tokens, tokens)))
    weights /= weights.sum(-1, keepdims=True)
    block = AttentionBlock("c", "causal", axis, axis, np.broadcast_to(weights, (2, 3, tokens, tokens)))
    return AttentionTrace("m", Text("x"), (block,), EMBEDDED)


@pytest.mark.parametrize("special", [False, True])
def test_where_no_query_looks_ahead_the_last_one_is_looked_at(special):
    """The first row is [1, 0, …] whatever the model does."""
    trace = causal(5, special)
    assert focus(trace) == Focus("c", 1, 0, 4)
    assert focus(trace).row(trace).max() == pytest.approx(0.2)
    assert focus(trace, query=0) == Focus("c", 1, 0, 0), "who asks for the first gets it"


def test_the_row_a_classifier_s_answer_rests_on_leaves_out_what_is_not_of_the_source():
    rng = np.random.default_rng(3)
    axis = TokenAxis.of(["[CLS]", "a", "b", "c"], special=[True, False, False, False])
    weights = rng.dirichlet(np.ones(4), (2, 5, 4)).astype(np.float32)
    block = AttentionBlock("e", "self", axis, axis, weights)
    found = answering(AttentionTrace("m", Text("a b c"), (block,), EMBEDDED))
    row = weights[1, :, 0, 1:].astype(np.float64).mean(0)
    np.testing.assert_allclose(found, row / row.sum(), rtol=1e-5)


@pytest.mark.parametrize("figure", ["bars", "head", "heatmap", "lines", "overview"])
def test_a_figure_of_what_is_no_trace_is_told_how_to_get_one(figure):
    with pytest.raises(attnviz.InputError) as refused:
        getattr(attnviz.figures, figure)(attnviz.load)
    assert refused.value.code == "show_trace" and "function" in str(refused.value)
