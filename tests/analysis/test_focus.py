"""Which row of weights is looked at where little or nothing is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.analysis.focus import Focus, focus
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
