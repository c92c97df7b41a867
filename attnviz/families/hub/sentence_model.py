"""What a folder of the package `sentence-transformers` says beyond the Transformer in it.

How many tokens of a text it reads, letter case, and how the vectors of tokens become that of a sentence; what is not
honoured is refused by name.

Source: Reimers and Gurevych 2019, "Sentence-BERT"; `sentence_transformers.models`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import ModelError
from attnviz.families.hub.json_file import read_json

#: Ways to make one vector of many, in the order in which several are laid one after the other.
POOLINGS = ("cls", "max", "mean", "mean_sqrt_len", "weightedmean", "lasttoken")

_SWITCHES = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}

#: Settings of the file beside the Transformer that say nothing of a text, or what is done anyway.
_PLAIN = {"transformer_task": ("feature-extraction",)}


def described(folder: Path) -> dict[str, Any]:
    """Of a folder that has them: `pooling`, `normalize`, `max_seq_length`, `lowercase`, as they go into a card.

    Raises:
        ModelError: `sentence_setting`: something is said that is not honoured; `hub_unreadable`.
    """
    found = _read(folder)
    modules = dict(_modules(folder))
    file = f"{modules.get('Pooling', '1_Pooling')}/config.json"
    if (folder / file).is_file() and (not modules or "Pooling" in modules):
        found |= {"pooling": "+".join(_pooling(folder, file)), "normalize": "Normalize" in modules}
    elif "Pooling" in modules:
        raise ModelError("hub_file_missing", source=folder.name, file=file)
    _check_prompt(folder)
    return found


def _read(folder: Path) -> dict[str, Any]:
    """`sentence_bert_config.json`, or what it is called for another architecture."""
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("sentence_*_config.json")):
        for name, value in read_json(folder, path.name).items():
            if name == "max_seq_length" and (value is None or (type(value) is int and value > 2)):
                found |= {} if value is None else {"max_seq_length": value}
            elif name == "do_lower_case" and isinstance(value, bool):
                found |= {"lowercase": True} if value else {}
            elif value not in (None, {}, [], "") and value not in _PLAIN.get(name, ()):
                raise _refused(folder, path.name, name, value, "max_seq_length, do_lower_case")
    return found


def _modules(folder: Path) -> list[tuple[str, str]]:
    """What stands behind each other, each by its class and folder; a Transformer here, pooling, normalisation."""
    if not (folder / "modules.json").is_file():
        return []
    listed = read_json(folder, "modules.json", list)
    modules = [each for each in listed if isinstance(each, Mapping)]
    names = [(str(each.get("type", "")).rpartition(".")[2], str(each.get("path", ""))) for each in modules]
    expected = ["Transformer", "Pooling", "Normalize"]
    kinds = [kind for kind, _ in names]
    if len(modules) != len(listed) or kinds not in (expected[:1], expected[:2], expected):
        raise _refused(folder, "modules.json", "type", kinds, ", ".join(expected))
    if names[0][1] not in ("", "."):
        raise _refused(folder, "modules.json", "path", names[0][1], "''")
    if any(Path(path).is_absolute() or ".." in Path(path).parts for _, path in names):
        raise _refused(folder, "modules.json", "path", [path for _, path in names], "1_Pooling")
    return names


def _pooling(folder: Path, file: str) -> list[str]:
    said = read_json(folder, file)
    chosen = [each for name, each in _SWITCHES.items() if said.get(name) is True]
    named = said.get("pooling_mode")
    chosen += [named] if isinstance(named, str) and named not in chosen else []
    odd = [name for name in said if name.startswith("pooling_mode_") and name not in _SWITCHES and said[name]]
    if not chosen or odd or not set(chosen) <= set(POOLINGS):
        received = [*odd, *(each for each in chosen if each not in POOLINGS)]
        raise _refused(folder, file, "pooling_mode", received, ", ".join(POOLINGS))
    return [each for each in POOLINGS if each in chosen]


def _check_prompt(folder: Path) -> None:
    """A prompt that stands before every text unasked would be part of it."""
    file = "config_sentence_transformers.json"
    said = read_json(folder, file) if (folder / file).is_file() else {}
    name, prompts = said.get("default_prompt_name"), said.get("prompts")
    prompt = prompts.get(name) if isinstance(prompts, Mapping) and isinstance(name, str) else None
    if prompt:
        raise _refused(folder, file, "default_prompt_name", f"{name}: {prompt}", "null")


def _refused(folder: Path, file: str, field: str, value: Any, expected: str) -> ModelError:
    told = {"file": file, "field": field, "received": repr(value)[:80], "expected": expected}
    return ModelError("sentence_setting", source=folder.name, **told)


def pooled(vectors: NDArray[np.float32], modes: str, normalize: bool) -> NDArray[np.float32]:
    """The vector of a sentence.

    Args:
        vectors: float32 `[token, feature]`, special tokens included, no padding.
        modes: Of `POOLINGS`, several with `+` between them.
        normalize: Whether it is brought to length 1.

    Returns:
        float32 `[feature]`, or as many times that as there are modes.

    >>> pooled(np.array([[1, 2], [3, 6]], np.float32), "cls+mean", False).tolist()
    [1.0, 2.0, 2.0, 4.0]
    """
    parts = [_one(vectors, mode) for mode in modes.split("+")]
    vector = np.concatenate(parts).astype(np.float32)
    return vector / max(float(np.linalg.norm(vector)), 1e-12) if normalize else vector


def _one(vectors: NDArray[np.float32], mode: str) -> NDArray[np.floating[Any]]:
    count = len(vectors)
    places: Sequence[int] = range(1, count + 1)
    ways: dict[str, Any] = {
        "cls": lambda: vectors[0],
        "lasttoken": lambda: vectors[-1],
        "max": lambda: vectors.max(0),
        "mean": lambda: vectors.mean(0),
        "mean_sqrt_len": lambda: vectors.sum(0) / np.sqrt(count),
        "weightedmean": lambda: np.average(vectors, 0, list(places)),
    }
    found: NDArray[np.floating[Any]] = ways[mode]()
    return found
