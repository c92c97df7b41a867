"""A tiny pooling classifier of scenes with random weights, as a folder like any other."""

from __future__ import annotations

import atexit
import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from attnviz.families.classifier import scene_pooling
from attnviz.families.common import vision
from tests.families.writing.caption_folder import EXAMPLES, save
from tests.many import facts

__all__ = ["EXAMPLES", "LABELS", "SIZES", "made", "make"]

LABELS = ("meadow", "beach", "snow")

#: Of the card; sizes that cannot be mistaken for each other.
SIZES = {"classes": 3, "features": 17, "hidden": 13}


def make(folder: Path, seed: int = 5) -> Path:
    """Write a model's folder, whose name is the model's.

    Args:
        folder: Is made.
        seed: Of the weights.
    """
    folder.mkdir(parents=True)
    drawn = np.random.default_rng(seed)
    save(folder / "weights.npz", scene_pooling.build(**SIZES), drawn)
    save(folder / "vision.npz", vision.build(), drawn)
    card: dict[str, Any] = {
        "format": 1,
        "name": folder.name,
        "family": "scene-pooling",
        "task": "background",
        "languages": ["en", "ja"],
        "kinds": ["pooling"],
        "labels": list(LABELS),
        "label_names": {"en": ["a meadow", "a beach", "snow"], "ja": ["草原", "砂浜", "雪"]},
        "title": {"en": "Tiny scenes", "ja": "小さな絵"},
        "config": SIZES,
        "max_length": 196,
        "trained_length": 196,
        "examples": list(EXAMPLES),
        "files": {name: facts(folder / name) for name in ("weights.npz", "vision.npz")},
    }
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    return folder


@cache
def made() -> Path:
    """The folder `tiny-scenes`, written once for all tests of a process, which leave it as it is."""
    place = Path(mkdtemp(prefix="attnviz-tests-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return make(place / "tiny-scenes")
