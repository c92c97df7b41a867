"""What the heads of a model of the next word do, on random pieces that stand twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.families.writing.subwords import SPECIAL, START_ID

#: Sequences, and pieces of each before they stand a second time.
SEQUENCES, PIECES = 32, 20


def heads(
    weights: Callable[[NDArray[np.int32]], NDArray[np.floating]], size: int, pieces: int = PIECES, seed: int = 0
) -> dict[str, Any]:
    """Mean weights of each head on random sequences that are repeated, beside what even weights would give.

    Args:
        weights: From ids int32 `[sequence, token]` to weights `[layer, sequence, head, query, key]`.
        size: Entries of the vocabulary.
        pieces: Of a sequence.
        seed: Of the sequences.

    Returns:
        `heads`: one a head, with `layer`, `head` (from 1) and its share of weight on `previous`, `same` (an earlier
        copy), `first` and `induction` (the token after an earlier copy), over the queries of the second half;
        `chance`: the same of even weights; `sequences` and `pieces`.

    Source: Olsson et al. 2022, "In-context Learning and Induction Heads".
    """
    rng = np.random.default_rng(seed)
    drawn = np.stack([rng.choice(np.arange(len(SPECIAL), size), pieces, replace=False) for _ in range(SEQUENCES)])
    ids = np.concatenate([np.full((SEQUENCES, 1), START_ID), drawn, drawn], axis=1).astype(np.int32)
    found = weights(ids)
    queries = np.arange(pieces + 1, 2 * pieces + 1)
    places = {
        "previous": queries - 1,
        "same": queries - pieces,
        "first": np.zeros_like(queries),
        "induction": queries - pieces + 1,
    }
    layers, _, number = found.shape[:3]
    rows = [
        {
            "layer": layer + 1,
            "head": head + 1,
            **{name: round(float(found[layer, :, head][:, queries, keys].mean()), 4) for name, keys in places.items()},
        }
        for layer, head in np.ndindex(layers, number)
    ]
    chance = round(float((1 / (queries + 1)).mean()), 4)
    return {"heads": rows, "chance": chance, "sequences": SEQUENCES, "pieces": pieces}
