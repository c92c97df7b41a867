"""A tiny captioner of scenes, or of photographs, with random weights, as a folder like any other."""

from __future__ import annotations

import atexit
import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import keras
import numpy as np

from attnviz.families.common import vision
from attnviz.families.common.arrays import names
from attnviz.families.writing import transformer
from attnviz.families.writing.caption_words import CaptionWords
from tests.many import facts

#: What it writes with, by language.
WORDS = {
    "en": ("a", "dog", "tree", "blue", "car", "and", "on", "the", "beach", "in", "meadow", "."),
    "ja": ("犬", "木", "青い", "車", "と", "が", "砂浜", "草原", "に", "いる", "ある", "。"),
}

EXAMPLES = ("meadow;dog@3,5;tree@9,6*1.5", "beach;blue-car@4,9")

#: The same of one of photographs.
PHOTO_WORDS = {
    "en": (
        "red",
        "peppers",
        "a",
        "carton",
        "of",
        "milk",
        "bananas",
        "on",
        "the",
        "left",
        "right",
        "below",
        "them",
        ",",
    ),
    "ja": ("赤いピーマン", "牛乳パック", "バナナ", "左", "右", "下", "に", "、"),
}

PHOTO_EXAMPLES = ("white;red-pepper.1@0,0,14,28;milk.2@14,0,14,28", "grey;banana.1@0,0,28,28")

_TITLES = {
    "scene": {"en": "Tiny captions", "ja": "小さな説明文"},
    "photo": {"en": "Tiny photographs", "ja": "小さな写真"},
}

#: Of the card; sizes that cannot be mistaken for each other.
SIZES: dict[str, Any] = {
    "features": 22,
    "encoder_layers": 0,
    "decoder_layers": 3,
    "heads": 2,
    "hidden": 19,
    "longest": 13,
}


def make(folder: Path, seed: int = 5, *, takes: str = "scene") -> Path:
    """Write a model's folder, whose name is the model's.

    Args:
        folder: Is made.
        seed: Of the weights.
        takes: `scene` or `photo`.
    """
    folder.mkdir(parents=True)
    regions = vision.GRID**2
    known, examples = (WORDS, EXAMPLES) if takes == "scene" else (PHOTO_WORDS, PHOTO_EXAMPLES)
    words = CaptionWords(known)
    config: dict[str, Any] = {
        "source_size": regions + 1,
        "target_size": len(words.vocabulary),
        "region_features": vision.FINE[1] + vision.COARSE[1],
        **SIZES,
    }
    drawn = np.random.default_rng(seed)
    save(folder / "weights.npz", transformer.build(**config).full, drawn)
    save(folder / "vision.npz", vision.build(), drawn)
    (folder / "words.json").write_text(json.dumps(known), encoding="utf-8")
    card: dict[str, Any] = {
        "format": 1,
        "name": folder.name,
        "family": "caption",
        "task": "caption",
        "takes": takes,
        "languages": list(known),
        "kinds": ["causal", "cross"],
        "labels": [],
        "title": _TITLES[takes],
        "config": config,
        "alignment": {"layer": 1, "heads": [0]},
        "examples": list(examples),
        "files": {name: facts(folder / name) for name in ("weights.npz", "vision.npz", "words.json")},
    }
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    return folder


@cache
def made() -> Path:
    """The folder `tiny-captions`, written once for all tests of a process, which leave it as it is."""
    place = Path(mkdtemp(prefix="attnviz-tests-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return make(place / "tiny-captions")


def save(file: Path, network: keras.Model, drawn: np.random.Generator) -> None:
    """Kernels so large that numbers neither die out nor grow from layer to layer."""
    arrays = {}
    for name, each in names(network).items():
        inputs = max(int(np.prod(each.shape[:-1])), 1)
        scale = (2 / inputs) ** 0.5 if len(each.shape) > 1 else 0.1
        scale *= 5 if "_query" in name or "_key" in name else 1  # so that attention is sharp
        arrays[name] = drawn.normal(0, scale, each.shape).astype(np.float16)
    np.savez(file, **arrays)
