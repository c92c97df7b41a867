"""What a model opens with: of its examples and heads the ones with the clearest weights.

They are found once and kept beside this file, so that no visitor waits for them and all see the same:

    python -m attnviz.ui.examples          # writes openings.json
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache as once
from pathlib import Path

from attnviz.families.card import ModelCard

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
