"""A translation made by hand: 'no tea' in three pieces and an end, 'いや茶は' in four and an end."""

from __future__ import annotations

import numpy as np

from attnviz.trace import AttentionBlock, AttentionTrace, Text, TokenAxis, Written

#: What is read.
SOURCE = TokenAxis(
    ("no", "te", "a", "[E]"), ((0, 2), (3, 5), (5, 6), None), (False,) * 3 + (True,), (False,) * 4,
    words=(0, 1, 1, 2),
)  # fmt: skip


def read(target: str) -> AttentionTrace:
    """The trace of 'いや茶は' as it is read, two layers of two heads.

    The second head of the second layer looks at the end token most from 茶 and は, and disagrees in い and や; the
    second of the first at no, no, te, a; the others at all alike.
    """
    written = TokenAxis(
        ("い", "や", "茶", "は", "[E]"), ((0, 1), (1, 2), (2, 3), (3, 4), None),
        (False,) * 4 + (True,), (False,) * 5,
        words=(0, 0, 1, 2, 3), text=target,
    )  # fmt: skip
    weights = np.full((2, 2, 5, 4), 0.25)
    weights[1, 1] = [
        [0.5, 0.2, 0.1, 0.2], [0.1, 0.4, 0.1, 0.4], [0.1, 0.2, 0.1, 0.6], [0.25, 0.2, 0.15, 0.4], [0, 0, 0, 1],
    ]  # fmt: skip
    weights[0, 1] = [[1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    block = AttentionBlock("source-target", "cross", written, SOURCE, weights.astype(np.float32))
    output = Written("translation", target, written.tokens, np.zeros(5, np.float32), ((),) * 5)
    return AttentionTrace("m", Text("no tea"), (block,), output)
