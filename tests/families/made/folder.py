"""A model folder with random weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from attnviz.families.common.arrays import names
from tests.many import facts


def write(place: Path, name: str, network: keras.Model, card: Mapping[str, Any], seed: int) -> Path:
    """Write a folder.

    Args:
        place: Where model folders lie.
        name: Of the model.
        network: Whose variables get random values.
        card: What the card says besides.
        seed: Of the values; one with which what is written comes to an end.
    """
    folder = place / name
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    arrays = {key: rng.normal(0, 0.3, each.shape).astype(np.float32) for key, each in names(network).items()}
    np.savez(folder / "weights.npz", **arrays)  # type: ignore[arg-type]
    content = {"format": 1, "name": name, "labels": [], "config": {}, "tokenizer": {}, **card}
    content["files"] = {"weights.npz": facts(folder / "weights.npz")}
    (folder / "card.json").write_text(json.dumps(content), encoding="utf-8")
    return folder
