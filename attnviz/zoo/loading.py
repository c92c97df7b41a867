"""Models by name or path: found, loaded once, refused where they are damaged."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from attnviz import families
from attnviz.errors import ModelError
from attnviz.families import learning as looks
from attnviz.families.cards import ModelCards
from attnviz.families.common.keras_file import keras_version
from attnviz.families.hub.weight_files import snapshot
from attnviz.families.learning import Learning
from attnviz.families.model import Model
from attnviz.zoo import cards
from attnviz.zoo.files import check_files, read_weights
from attnviz.zoo.folders import beside_folders, model_folders

#: Names of KerasHub's presets that are understood.
_PRESET = re.compile(r"(bert|distil_bert|electra|roberta|gpt2)_[a-z0-9_]+")

#: What names of models on Hugging Face look like.
_ON_THE_HUB = re.compile(
    r"(hf://|https?://huggingface\.co/)?[A-Za-z0-9][\w.-]*/[\w.-]+/?|(https?://huggingface\.co/)?(bert|distilbert|roberta|electra|albert|deberta|xlm|camembert|t5|gpt2)([-_][\w.-]*)?",
    re.I,
)

#: How files end that Keras opens as a model, and what they are called that lie in the folder of one.
_KERAS = (".keras", ".h5", ".hdf5")
_OF_A_FOLDER = ("config.json", "card.json", "tokenizer.json", "model.safetensors", "pytorch_model.bin", "tf_model.h5")

#: How files end that hold numbers and no model.
_WEIGHTS = (".weights.h5", ".weights.json", ".safetensors", ".bin", ".npz", ".ckpt", ".pt", ".pth", ".index")

_lock = threading.Lock()
_loaded: dict[Path, Any] = {}
_loading: dict[Path, threading.Lock] = {}


def models() -> ModelCards:
    """Cards of all models that can be read, as a list that shows itself; `problems` has the others.

    >>> next(card.labels for card in models() if card.name == "sentiment-en")
    ('negative', 'positive')
    """
    return _survey()[0]


def beside(name: str) -> ModelCards:
    """Cards of the models that stand beside one: the same but for one thing. `load` takes their names.

    >>> [card.name for card in beside("topics-en-encoder")]
    ['topics-en-encoder-untaught']
    """
    return ModelCards(card for card in _survey()[2] if card.details.get("original") == name)


def problems() -> dict[str, ModelError]:
    """Folders that were refused when looked at, and why."""
    return _survey()[1]


def _survey() -> tuple[ModelCards, dict[str, ModelError], ModelCards]:
    """Cards of the models that are offered, folders that were refused, and cards of those that stand beside others."""
    offered, others, refused = ModelCards(), ModelCards(), dict[str, ModelError]()
    for found, named in ((offered, model_folders()), (others, beside_folders())):
        for name, folder in named.items():
            try:
                found.append(cards.read(folder))
            except ModelError as error:
                refused[name] = error
    return offered, refused, others


def load(name: str | os.PathLike[str]) -> Model:
    """A model by name or by the path of its folder, loaded once per process.

    Args:
        name: A name from `models()`, a path to a model folder, a path to a Hugging Face folder, or a KerasHub preset.

    Returns:
        A model; `attnviz.families.model` says what every one offers, and what some do.

    Raises:
        ModelError: There is no such model, or its folder is damaged; the message names file and cause.

    >>> load("sentiment-en").trace("a good film").output.predicted
    1
    """
    folder = _find(name)
    if folder is None:
        families.import_backend()
        from attnviz.families.hub import pretrained

        return pretrained.from_preset(str(name))
    model: Model = _once(folder, lambda: open_folder(folder))
    return model


def learning(name: str | os.PathLike[str]) -> Learning | None:
    """How a model learned, read once per process.

    Args:
        name: As for `load`.

    Returns:
        None where training wrote nothing of it into the folder.

    Raises:
        ModelError: There is no such model, or its folder is damaged; the message names file and cause.
    """
    folder = _find(name)
    if folder is None or not (folder / looks.FILE).exists():
        return None
    model = load(folder)
    if looks.FILE not in model.card.details.get("files", {}):
        raise ModelError("card_field", folder=folder.name, field=f"files.{looks.FILE}", expected="sha256, bytes")
    found: Learning = _once(folder / looks.FILE, lambda: looks.read(folder, model))
    return found


def _once(path: Path, make: Callable[[], Any]) -> Any:
    """What was made of a path, made when it is first asked for."""
    with _lock:
        guard = _loading.setdefault(path, threading.Lock())
    with guard:
        if path not in _loaded:
            _loaded[path] = make()
        return _loaded[path]


def _find(name: str | os.PathLike[str]) -> Path | None:
    """The folder of a model; None for the name of a KerasHub preset."""
    known = model_folders()
    if isinstance(name, str):
        folder = known.get(name) or beside_folders().get(name)
        if folder is not None:
            return folder.resolve()
    try:
        folder = Path(name).expanduser()
        if os.fspath(name) and folder.is_dir():
            return snapshot(folder).resolve()
    except (OSError, TypeError, ValueError, RuntimeError):
        pass
    if isinstance(name, str) and _PRESET.fullmatch(name):
        return None
    raise unknown(name, known)


def unknown(name: Any, known: Iterable[str]) -> ModelError:
    """What to say of a name or path that is none of a model folder."""
    shown, offered = str(name)[:200], ", ".join(known)
    if not isinstance(name, str | os.PathLike):  # a model, a layer, a function, a number
        return ModelError("load_takes", received=type(name).__name__, expected=offered)
    if not shown.strip():
        return ModelError("load_takes", received=repr(shown), expected=offered)
    try:
        path = Path(name).expanduser()
        if path.is_file():
            return of_a_file(path, shown)
        deep = path.is_absolute() or (len(path.parts) > 2 and "://" not in shown)
        if not isinstance(name, str) or deep or path.suffix in _KERAS:
            return ModelError("no_such_path", received=shown)
    except (OSError, TypeError, ValueError, RuntimeError):
        pass
    if _ON_THE_HUB.fullmatch(shown):
        model = re.sub(r"^(hf://|https?://huggingface\.co/)|/$", "", shown)
        return ModelError("hub_name", received=model, expected=offered)
    return ModelError("no_such_model", received=shown, expected=offered)


def of_a_file(path: Path, shown: str) -> ModelError:
    """What to say of a file where a folder is wanted."""
    if path.name in _OF_A_FOLDER and any((path.parent / each).is_file() for each in ("config.json", "card.json")):
        return ModelError("load_folder", received=shown, expected=os.path.dirname(shown) or ".")
    if path.name.endswith(_WEIGHTS):
        return ModelError("load_weights", received=shown)
    version = keras_version(path)
    if version.startswith(("1.", "2.")):
        return ModelError("keras_2_file", file=path.name, received=version)
    if path.suffix.lower() in (".gguf", ".json"):
        return ModelError("load_added", received=shown)
    return ModelError("load_file" if path.suffix.lower() in _KERAS else "load_other", received=shown)


#: Any of these makes a folder without a card one of Hugging Face's.
_FOREIGN = ("config.json", "model.safetensors", "adapter_config.json")


def open_folder(folder: Path) -> Model:
    """The model of a folder, opened anew.

    Raises:
        ModelError: Its card, its files or what they hold are not sound; the message names file and cause.
    """
    if not (folder / "card.json").exists() and (folder / "saved_model.pb").is_file():
        raise ModelError("saved_model", received=folder.name)
    if not (folder / "card.json").exists() and any((folder / name).is_file() for name in _FOREIGN):
        families.import_backend()
        from attnviz.families.hub import pretrained

        return pretrained.from_folder(folder)
    card = cards.read(folder)
    check_files(folder, card.details)
    if card.family not in families.FAMILIES:
        offered = ", ".join(families.FAMILIES)
        raise ModelError("no_such_family", folder=folder.name, received=card.family[:80], expected=offered)
    try:
        return families.load(folder, card, read_weights)
    except ModelError as error:
        about_others = error.code.startswith("hub_") or error.code in ("other_backend", "keras_2_file")
        if {"folder", "model"} & error.parameters.keys() or about_others:
            raise
        raise ModelError("parts_disagree", folder=folder.name, cause=str(error)) from error
    except (KeyError, IndexError, ValueError, TypeError, AttributeError, OSError) as error:
        raise ModelError("parts_disagree", folder=folder.name, cause=f"{type(error).__name__}: {error}") from error
