"""A folder with a many-headed model of random weights, for tests of the page."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

#: Classes of the model.
LABELS = ("no", "yes")

_WORDS = ("[PAD]", "[UNK]", "the", "cat", "sat", "on", "mat", "because", "it", "was", "tired", ".")


def many_headed(
    place: Path, name: str = "many-heads", *, layers: int = 2, heads: int = 3, size: int = 7, max_length: int = 128
) -> Path:
    """Write an encoder with large random weights, so that its attention is sharp.

    Args:
        place: Where model folders lie.
        name: Of the model and its folder.
        layers: Layers of attention.
        heads: Heads of each.
        size: Numbers in a query.
        max_length: Most tokens.

    Returns:
        The folder.
    """
    from attnviz.families.classifier import encoder_network
    from attnviz.families.common.arrays import names

    features = heads * size
    config = {
        "classes": len(LABELS),
        "vocabulary_size": len(_WORDS),
        "features": features,
        "max_length": max_length,
        "layers": layers,
        "heads": heads,
        "hidden": 11,
    }
    network = encoder_network.build(**config)
    generator = np.random.default_rng(7)
    arrays = {
        key: generator.normal(0, 1.3 / np.sqrt(features), variable.shape).astype(np.float32)
        for key, variable in names(network).items()
    }
    # The embedding and the norms large, as training leaves them.
    arrays |= {key: array + 1 for key, array in arrays.items() if key.endswith("gamma")}
    arrays["embedding/embeddings"] *= 5
    folder = place / name
    folder.mkdir(parents=True)
    np.savez(folder / "weights.npz", **arrays)  # type: ignore[arg-type]
    (folder / "vocabulary.txt").write_text("".join(f"{word}\n" for word in _WORDS), encoding="utf-8")
    card = {
        "format": 1,
        "name": name,
        "family": "encoder",
        "labels": list(LABELS),
        "languages": ["en"],
        "kinds": ["self"],
        "examples": ["the cat sat on the mat because it was tired ."],
        "config": config,
        "tokenizer": {"kind": "words"},
        "files": {file: facts(folder / file) for file in ("weights.npz", "vocabulary.txt")},
    }
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    return folder


def facts(path: Path) -> dict[str, object]:
    content = path.read_bytes()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
