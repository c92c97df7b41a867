"""The files of weights in a Hugging Face folder: where they are, and what is said where none can be read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from attnviz.errors import ModelError
from attnviz.families.hub.json_file import read_json

WEIGHTS = "model.safetensors"

#: Says which of several files has which array.
INDEX = f"{WEIGHTS}.index.json"

#: How a file begins that only says which one Git LFS would fetch.
_POINTER = b"version https://git-lfs"

#: Other forms that weights are kept in.
_OTHER_FORMS = ("*.safetensors", "*.msgpack", "*.onnx", "onnx/*.onnx", "*.gguf", "*.ckpt.index", "rust_model.ot")


def snapshot(folder: Path) -> Path:
    """The model's folder in the place that Hugging Face's cache keeps for it; a folder of its own as it is.

    Args:
        folder: Such as `models--org--name`, with `refs` and `snapshots`: what `main` stands for, or the newest.
    """
    try:
        kept = [each for each in (folder / "snapshots").iterdir() if each.is_dir()]
        main = folder / "refs" / "main"
        named = [each for each in kept if main.is_file() and each.name == main.read_text(encoding="utf-8").strip()]
        return (named or sorted(kept, key=lambda each: each.stat().st_mtime))[-1]
    except (OSError, ValueError, IndexError):
        return folder


def check_weights(folder: Path, names: Iterable[str] = ()) -> None:
    """See that there are weights, in a form that is read.

    Args:
        folder: Of a model.
        names: Other files of it that are read.

    Raises:
        ModelError: `hub_pointer`, `hub_pickle`, `hub_keras_weights`, `hub_other_weights`, `hub_file_missing`.
    """
    weights = shards(folder)
    for name in (*names, *weights):
        path = folder / name
        if path.is_file() and path.stat().st_size < 1024 and path.read_bytes().startswith(_POINTER):
            raise ModelError("hub_pointer", source=folder.name, file=name)
    missing = next((name for name in weights if not (folder / name).is_file()), None)
    if missing is None:
        return
    about = {"source": folder.name, "architecture": _architecture(folder)}
    pickled = sorted(each.name for each in folder.glob("pytorch_model*.bin"))
    if pickled:
        raise ModelError("hub_pickle", **about, file=pickled[0])
    if (folder / "tf_model.h5").is_file():
        raise ModelError("hub_keras_weights", **about, file="tf_model.h5")
    others = sorted({each.relative_to(folder).as_posix() for form in _OTHER_FORMS for each in folder.glob(form)})
    if others and missing == WEIGHTS:
        raise ModelError("hub_other_weights", **about, received=", ".join(others[:3]), expected=WEIGHTS)
    raise ModelError("hub_file_missing", source=folder.name, file=missing)


def _architecture(folder: Path) -> str:
    """The class of transformers that opens a folder with all of its heads."""
    named = read_json(folder, "config.json").get("architectures") if (folder / "config.json").is_file() else None
    first = named[0] if isinstance(named, list) and named else ""
    return first if isinstance(first, str) and first.isidentifier() else "AutoModel"


def shards(folder: Path) -> tuple[str, ...]:
    """Names of the files that the weights of a folder are in: one, or those its index names.

    Raises:
        ModelError: `hub_unreadable`.
    """
    if not (folder / INDEX).is_file() or (folder / WEIGHTS).is_file():
        return (WEIGHTS,)
    named = read_json(folder, INDEX).get("weight_map")
    names = sorted(set(map(str, named.values()))) if isinstance(named, dict) else []
    if not names or not all(re.fullmatch(r"model[\w-]*\.safetensors", name) for name in names):
        raise ModelError("hub_unreadable", source=folder.name, cause=f"{INDEX}: weight_map")
    return tuple(names)
