"""A small model of the next word with random weights, as a folder like any other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from attnviz.families.common.arrays import names
from attnviz.families.writing import decoder
from attnviz.families.writing.continuation import shape_of
from attnviz.families.writing.subwords import Subwords, learn
from attnviz.tokenizers import KINDS
from tests.many import facts

EXAMPLES = ("the cat sat on the mat", "a dog ran away")
TEXTS = (*EXAMPLES, "the dog sat on a mat and ran", "the cats ran and the dogs sat", "on the mat the cat ran away")
OPTIONS: dict[str, Any] = {"kind": "words", "spaced": True, "lower": True}

#: Sizes that cannot be mistaken for each other; two heads of queries share one of keys.
SIZES = {"features": 60, "layers": 3, "heads": 6, "groups": 2, "hidden": 19}


def make(folder: Path, seed: int = 105, **config: Any) -> Path:
    """Write a model's folder, whose name is the model's.

    Args:
        folder: Is made.
        seed: Of the weights.
        config: Other than `SIZES`.
    """
    folder.mkdir(parents=True)
    cutter = Subwords(KINDS["words"](), learn([], 7), spaced=True, lower=True)
    pairs = learn([key for text in TEXTS * 2 for key in cutter.keys(text)], 47)
    pairs.save(str(folder / "pieces.json"))
    config = {"size": pairs.get_vocab_size(), **SIZES, "room": 61, **config}
    rng = np.random.default_rng(seed)
    network = decoder.build(shape_of(config), trained=True).full
    # Wide enough that what follows depends on what stands before.
    arrays = {
        name: (
            1 + 0.3 * rng.normal(size=each.shape)
            if "norm" in name
            else rng.normal(0, 1.0 if "embedding" in name else 0.2, each.shape)
        )
        for name, each in names(network).items()
    }
    halves: dict[str, Any] = {name: array.astype(np.float16) for name, array in arrays.items()}
    np.savez(folder / "weights.npz", **halves)
    card = {
        "format": 1,
        "name": folder.name,
        "family": "continuation",
        "task": "continuation",
        "languages": ["en"],
        "kinds": ["causal"],
        "labels": [],
        "title": {"en": "Small model of the next word", "ja": "次の語の小さなモデル"},
        "config": config,
        "tokenizer": OPTIONS,
        "max_length": 29,
        "examples": list(EXAMPLES),
        "files": {name: facts(folder / name) for name in ("weights.npz", "pieces.json")},
    }
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    return folder
