"""What a masked language model expects in the place of each mask, as tables."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from attnviz.trace import Filled


def table(output: Filled, mask: int = 0) -> pd.DataFrame:
    """The alternatives of one mask: columns `token`, `log_probability` (nats) and `probability`, best first.

    >>> table(Filled((3,), ((("cat", math.log(0.75)), ("dog", math.log(0.25))),))).probability.tolist()
    [0.75, 0.25]
    """
    found = pd.DataFrame(output.alternatives[mask], columns=["token", "log_probability"])
    return found.assign(probability=np.exp(found["log_probability"]))


def best(output: Filled, most: int) -> list[tuple[str, float]]:
    """Tokens and their probabilities where there is little room: the best of one mask, of several the best of each.

    >>> best(Filled((3,), ((("cat", math.log(0.75)), ("dog", math.log(0.25))),)), 1)
    [('cat', 0.75)]
    """
    one = len(output.positions) == 1
    chosen = output.alternatives[0] if one else [each[0] for each in output.alternatives]
    return [(token, math.exp(value)) for token, value in chosen[:most]]


def changed(before: Filled, after: Filled) -> pd.DataFrame:
    """The alternatives of every mask before and after: columns `mask` (from 1), `token`, `own`, `edited`.

    What is among the alternatives on one side only has no number on the other.
    """
    rows: list[tuple[int, str, float, float]] = []
    for number, (one, other) in enumerate(zip(before.alternatives, after.alternatives, strict=True), 1):
        own, edited = dict(one), dict(other)
        for token in dict.fromkeys([*own, *edited]):
            first, second = (math.exp(side[token]) if token in side else math.nan for side in (own, edited))
            rows.append((number, token, first, second))
    return pd.DataFrame(rows, columns=["mask", "token", "own", "edited"])
