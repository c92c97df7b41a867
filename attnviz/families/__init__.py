"""Kinds of model: one module each, named by a card's `family`. Nothing here imports TensorFlow until it is asked to."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.errors import ModelError
from attnviz.families.common.starting import quiet_start

if TYPE_CHECKING:
    from attnviz.families.card import ModelCard
    from attnviz.families.model import Model

#: By the name that a card gives in `family` the module of that kind; each has `FILES`, what it reads of a folder, and
#: `load(folder, card, read_weights)`.
FAMILIES: dict[str, str] = {
    "pooling": "attnviz.families.classifier.pooling",
    "encoder": "attnviz.families.classifier.encoder",
    "scene-pooling": "attnviz.families.classifier.scene_pooling",
    "translation": "attnviz.families.writing.translation",
    "caption": "attnviz.families.writing.caption",
    "continuation": "attnviz.families.writing.continuation",
    "hub": "attnviz.families.hub.pretrained",
    "gguf": "attnviz.families.hub.gguf_file",
    "own": "attnviz.families.own.folder",
    "recorded": "attnviz.families.recorded",
}


_importing = threading.Lock()


def import_backend() -> None:
    """Import TensorFlow and Keras, one thread at a time: two that begin together leave both half imported.

    Raises:
        ModelError: `other_backend`: Keras is told to run on something else than TensorFlow.
    """
    with _importing:
        if "keras" not in sys.modules:
            wanted = os.environ.get("KERAS_BACKEND", "tensorflow")
            if wanted != "tensorflow":
                raise ModelError("other_backend", received=wanted[:40])
        if "tensorflow" not in sys.modules:
            with quiet_start():
                importlib.import_module("tensorflow").config.list_logical_devices()
        try:
            running = importlib.import_module("keras").config.backend()
        except ImportError as error:  # named in Keras' own file of settings, and not installed
            if error.name not in ("jax", "torch", "openvino"):
                raise
            running = error.name
        if running != "tensorflow":
            raise ModelError("other_backend", received=running)


def load(folder: Path, card: ModelCard, read_weights: Callable[..., dict[str, Any]]) -> Model:
    """The model of a folder whose card and checksums have been found sound.

    Args:
        folder: The model folder.
        card: Its card.
        read_weights: Gives the arrays of a weights file of the folder.

    Raises:
        ModelError: The card lists no checksum of a file the family reads.
    """
    import_backend()
    module = importlib.import_module(FAMILIES[card.family])
    for name in module.FILES:
        if name not in card.details["files"]:
            raise ModelError("card_field", folder=folder.name, field=f"files.{name}", expected="sha256, bytes")
    model: Model = module.load(folder, card, read_weights)
    return model
