"""The blocks of a written text: what stands along their sides, what of them is masked, and what was read at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from attnviz.families.model import Floats
from attnviz.trace import MASK_CAUSAL, MASK_NONE, Axis, Kind


class Sides(NamedTuple):
    """What a block of a written text is: its kind, and what stands along its sides."""

    kind: Kind
    query: Axis
    key: Axis


@dataclass(frozen=True, eq=False)
class Read:
    """A text that was read at once.

    Attributes:
        logits: float32 `[token, vocabulary]`, of each of its tokens given those before it.
        weights: By block float32 `[layer, head, query, key]`.
    """

    logits: Floats
    weights: Mapping[str, Floats]


def causal_mask(side: Sides) -> NDArray[np.int8] | None:
    """What a causal block masks: all that comes after a query; None where nothing is."""
    if side.kind != "causal" or len(side.query) < 2:
        return None
    later = np.triu(np.ones((len(side.query), len(side.key)), bool), 1)
    return np.where(later, MASK_CAUSAL, MASK_NONE).astype(np.int8)


def fitted(weights: Floats, side: Sides) -> Floats:
    """The weights of an edit on a block of another length; rows beyond its own are the model's (NaN)."""
    queries, keys = len(side.query), len(side.key)
    whole = np.full((queries, keys), np.nan, np.float32)
    rows, columns = min(queries, weights.shape[0]), min(keys, weights.shape[1])
    whole[:rows, :columns] = weights[:rows, :columns]
    if side.kind == "causal":
        whole[:rows, columns:] = 0
    return whole
