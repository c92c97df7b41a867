"""Kinds of model: one module each, named by a card's `family`. Nothing here imports TensorFlow until it is asked to."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attnviz.errors import ModelError

#: By the name that a card gives in `family` the module below this one; each has `FILES`, what it reads of a folder, and
#: `load(folder, card, read_weights)`.
FAMILIES: Mapping[str, str] = {
    "pooling": "classifier.pooling",
    "encoder": "classifier.encoder",
    "translation": "writing.translation",
    "hub": "hub.pretrained",
    "own": "own.folder",
}


def load(folder: Path, card: dict[str, Any], read_weights: Callable[..., dict[str, Any]]) -> Any:
    """The model of a folder whose card and checksums have been found sound.

    Args:
        folder: The model folder.
        card: Its card.
        read_weights: Gives the arrays of a weights file of the folder.

    Raises:
        ModelError: The card lists no checksum of a file the family reads.
    """
    module = importlib.import_module(f"{__name__}.{FAMILIES[card['family']]}")
    for name in module.FILES:
        if name not in card["files"]:
            raise ModelError("card_field", folder=folder.name, field=f"files.{name}", expected="sha256, bytes")
    return module.load(folder, card, read_weights)
