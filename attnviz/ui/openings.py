"""What a model opens with: of its examples and heads the ones with the clearest weights.

They are found once and kept beside this file, so that no visitor waits for them and all see the same:

    python -m attnviz.ui.examples          # writes openings.json
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache as once
from pathlib import Path
from typing import Any

import numpy as np

from attnviz.analysis.focus import Focus
from attnviz.analysis.heads.alignment import alignment_heads, combined, written_block
from attnviz.drawings.pictured import Caption, clearest
from attnviz.families.card import ModelCard
from attnviz.trace import AttentionBlock, AttentionTrace

FILE = Path(__file__).with_name("openings.json")


@dataclass(frozen=True)
class Opening:
    """The first picture of a model.

    Attributes:
        text: An example; empty where there is none.
        layer, head: From 0; −1 leaves them to `focus`.
    """

    text: str = ""
    layer: int = -1
    head: int = -1


@once
def stored() -> dict[str, Opening]:
    """All that have been found, by the model's name."""
    found = json.loads(FILE.read_text(encoding="utf-8"))
    return {name: Opening(**values) for name, values in found.items()}


def opening(card: ModelCard) -> Opening:
    """What a model opens with; its first example, where none was chosen or the chosen one is no example any more."""
    found = stored().get(card.name)
    return found if found is not None and found.text in card.examples else Opening((*card.examples, "")[0])


def head_of(card: ModelCard, layer: int | None, head: int | None) -> tuple[int | None, int | None]:
    """Layer and head to look at, from 0: where neither was asked for, those that the model opens with, if any."""
    first = opening(card)
    return (first.layer, first.head) if layer is None and head is None and first.head >= 0 else (layer, head)


def query_of(trace: AttentionTrace, at: Focus, alignment: Mapping[str, Any] | None) -> int:
    """The query to look at where nobody has chosen one, the same in all views and for all heads.

    What was written about a source is looked at by its clearest word, as the heads see it that serve as alignment: by
    the row that wrote it, or, in what was read, by what that word looks at most.

    Args:
        trace: With a `Written`.
        at: What is looked at, with the query of a trace without one.
        alignment: Which heads serve as alignment, as the model's card states it.
    """
    wrote, block = written_block(trace), trace.block(at.block)
    if wrote.kind != "cross":
        return at.query
    values = combined(wrote, alignment_heads(wrote, alignment))
    word = clearest(Caption(trace, wrote, values, ""))
    if block is wrote:
        return word
    if block.kind == "causal":
        return _shown(block, _own(wrote, 0, word), at.query)
    key = int(np.argmax(np.where(wrote.key.special, -1.0, values[word])))
    return _shown(block, _own(wrote, 1, key), at.query) if block.query.tokens == wrote.key.tokens else at.query


def _own(block: AttentionBlock, side: int, place: int) -> int:
    """The model's own position of what is shown as a query, side 0, or as a key."""
    return place if block.parts is None else block.parts[side][place][0]


def _shown(block: AttentionBlock, own: int, other: int) -> int:
    """Where the model's own position is shown among the queries; another place where it is not."""
    if block.parts is None:
        return own if own < len(block.query) else other
    return next((place for place, group in enumerate(block.parts[0]) if own in group), other)
