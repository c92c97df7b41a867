"""A tiny translation model that knows five sentences by heart, as a folder like any other.

`python -m tests.families.translation_folder` teaches it again, after a change of the network or its pieces.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import keras
import numpy as np

from attnviz.families.common.arrays import names
from attnviz.families.writing import transformer
from attnviz.families.writing.subwords import Subwords, learn
from attnviz.tokenizers import KINDS

ENGLISH = (
    "I drink green tea every morning.",
    "The train to the old town is late again.",
    "She reads a long book about the sea.",
    "Where did you buy those red shoes?",
    "My brother plays the piano very well.",
)
JAPANESE = (
    "私は毎朝緑茶を飲みます。",
    "古い町へ行く電車はまた遅れています。",
    "彼女は海についての長い本を読みます。",
    "その赤い靴をどこで買いましたか。",
    "兄はピアノをとても上手に弾きます。",
)

#: Of the card; sizes that cannot be mistaken for each other.
OPTIONS: dict[str, dict[str, Any]] = {
    "en": {"kind": "words", "spaced": True, "lower": True},
    "ja": {"kind": "sudachi", "mode": "A", "spaced": False, "lower": False},
}
TEXTS = {"en": ENGLISH, "ja": JAPANESE}
#: Nats per token below which a sentence is known by heart.
LEARNED = 0.05

#: What it learned: teaching takes longer than most tests.
TAUGHT = Path(__file__).resolve().parents[2] / "data" / "tiny-en-ja.npz"

SIZES = {"features": 22, "encoder_layers": 2, "decoder_layers": 3, "heads": 2, "hidden": 19, "longest": 23}


def _cutter(language: str, learned: Any) -> Subwords:
    options = dict(OPTIONS[language])
    kind, spaced, lower = options.pop("kind"), options.pop("spaced"), options.pop("lower")
    return Subwords(KINDS[kind](**options), learned, spaced=spaced, lower=lower)


def pairs(language: str, size: int) -> Any:
    """Byte pairs learned from the sentences above."""
    cutter = _cutter(language, learn([], 7))
    return learn([key for text in TEXTS[language] * 2 for key in cutter.keys(text)], size)


def _teach(full: keras.Model, languages: tuple[str, str], learned: dict[str, Any], epochs: int) -> None:
    def ids(language: str, start: list[int], end: list[int]) -> np.ndarray:
        cut = [[piece.id for piece in _cutter(language, learned[language]).cut(text)] for text in TEXTS[language]]
        rows = [[*start, *row, *end] for row in cut]
        return np.array([row + [0] * (max(map(len, rows)) - len(row)) for row in rows], np.int32)

    source, target = ids(languages[0], [], [3]), ids(languages[1], [2], [3])
    inputs, expected = {"source": source, "target": target[:, :-1]}, target[:, 1:]
    keras.utils.set_random_seed(5)
    for variable in full.trainable_variables:
        if "kernel" in variable.path:
            variable.assign(np.random.normal(0, variable.shape[0] ** -0.5, variable.shape))
    model = keras.Model(full.input, full.output["logits"])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    model.compile(keras.optimizers.Adam(0.01), loss, jit_compile=False)
    loss_after = np.inf
    while epochs and loss_after > LEARNED:  # machines round differently, and some ways are longer
        loss_after = model.fit(inputs, expected, epochs=epochs, verbose=0, shuffle=False).history["loss"][-1]


def make(folder: Path, languages: tuple[str, str] = ("en", "ja"), epochs: int | None = None, **sizes) -> Path:
    """Write a model's folder, whose name is the model's.

    Args:
        folder: Is made.
        languages: Of source and target.
        epochs: Rounds of learning the five pairs above by heart, so many more until they are known; 0 is none. Without
            it, the weights are `TAUGHT`.
        sizes: Other than `SIZES`, for `transformer.build`.
    """
    folder.mkdir(parents=True)
    sides = dict(zip(("source", "target"), (pairs(languages[0], 71), pairs(languages[1], 83)), strict=True))
    for side, each in sides.items():
        each.save(str(folder / f"{side}.json"))
    config = {
        "source_size": sides["source"].get_vocab_size(),
        "target_size": sides["target"].get_vocab_size(),
        **SIZES,
        **sizes,
    }
    if epochs is None:
        shutil.copy(TAUGHT, folder / "weights.npz")
    else:
        networks = transformer.build(**config)
        _teach(networks.full, languages, dict(zip(languages, sides.values(), strict=True)), epochs)
        arrays = {name: keras.ops.convert_to_numpy(variable) for name, variable in names(networks.full).items()}
        np.savez(folder / "weights.npz", **{name: array.astype(np.float16) for name, array in arrays.items()})
    files = ("weights.npz", "source.json", "target.json")
    card = {
        "format": 1,
        "name": folder.name,
        "family": "translation",
        "task": "translation",
        "languages": list(languages),
        "kinds": ["self", "causal", "cross"],
        "labels": [],
        "title": {"en": f"Tiny translation {languages[0]} → {languages[1]}", "ja": "小さな翻訳"},
        "config": config,
        "tokenizers": dict(zip(("source", "target"), (OPTIONS[each] for each in languages), strict=True)),
        "alignment": {"layer": 1, "heads": [0, 1]},
        "max_length": 29,
        "examples": list(TEXTS[languages[0]][:3]),
        "files": {name: _facts(folder / name) for name in files},
    }
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    return folder


def sibling(folder: Path, made: Path, languages: tuple[str, str] = ("en", "ja"), noise: float = 0.0) -> Path:
    """A model like another that need not be taught: the same weights a little off, under another name.

    Args:
        folder: Of the other model.
        made: The new folder, whose name is the model's.
        languages: What its card says it translates.
        noise: Standard deviation of what is added to the weights.
    """
    shutil.copytree(folder, made)
    drawn = np.random.default_rng(7)
    with np.load(folder / "weights.npz") as arrays:
        off = {name: (array + drawn.normal(0, noise, array.shape)).astype(np.float16) for name, array in arrays.items()}
    np.savez(made / "weights.npz", **off)
    card = json.loads((folder / "card.json").read_text("utf-8"))
    card |= {"name": made.name, "languages": list(languages), "title": {"en": f"Sibling {made.name}"}}
    card["files"]["weights.npz"] = _facts(made / "weights.npz")
    (made / "card.json").write_text(json.dumps(card), encoding="utf-8")
    return made


@cache
def taught() -> Path:
    """The folder `tiny-en-ja`, written once for all tests of a process, which leave it as it is."""
    place = Path(mkdtemp(prefix="attnviz-tests-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return make(place / "tiny-en-ja")


def _facts(path: Path) -> dict[str, object]:
    content = path.read_bytes()
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


if __name__ == "__main__":
    with TemporaryDirectory() as place:
        shutil.copy(make(Path(place) / "tiny-en-ja", epochs=40) / "weights.npz", TAUGHT)
