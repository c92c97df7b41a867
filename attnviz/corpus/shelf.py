"""Results that are there: those a model brings, and those of `$ATTNVIZ_CORPUS`."""

from __future__ import annotations

import json
import os
from pathlib import Path

from attnviz import zoo
from attnviz.corpus.result import FILE, Measured, read
from attnviz.errors import ModelError
from attnviz.families.card import ModelCard

#: The folder of a result inside a model's own.
FOLDER = "corpus"


def places(name: str) -> list[Path]:
    """Where a model's result may lie, first come first served: a folder of its name in one of `$ATTNVIZ_CORPUS`
    (separated as in PATH), then the model's own folder."""
    given = [Path(place) / name for place in os.environ.get("ATTNVIZ_CORPUS", "").split(os.pathsep) if place]
    own = zoo.model_folders().get(name)
    return given if own is None else [*given, own / FOLDER]


def find(card: ModelCard) -> Measured | None:
    """What was measured of a model; None where nothing was, or of other weights than it has now.

    Raises:
        ModelError: It is damaged, or of another model.
        ExtraError: `corpus_extra`.

    >>> find(zoo.load("topics-en").card).summary["sentences"]
    4500
    """
    folder = next((each for each in places(card.name) if (each / FILE).is_file()), None)
    if folder is None:
        return None
    found = read(folder)
    if found.summary.get("model") != card.name:
        cause = f"Expected {card.name}. Received: {str(found.summary.get('model'))[:80]}"
        raise ModelError("file_unreadable", folder=folder.name, file=FILE, cause=cause)
    weights = card.details.get("files", {}).get("weights.npz", {}).get("sha256", "")
    return found if found.summary.get("weights") == weights else None


def command(folder: Path) -> str:
    """The command that made the result in a model's own folder of its test part; empty where there is none.

    >>> command(zoo.model_folders()["translate-en-ja"]).replace(str(zoo.model_folders()["translate-en-ja"]), "models/…")
    'python -m attnviz corpus translate-en-ja --test --first 500 --brief -o models/…/corpus'
    """
    try:
        said = json.loads((folder / FOLDER / FILE).read_bytes())
        number = int(said["sentences"]) + sum(map(int, said["refused"].values()))
        options = [f"--{name}" for name in ("effect", "faithfulness", "brief") if said["options"][name]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""
    words = ("python -m attnviz corpus", folder.name, "--test", f"--first {number}", *options, f"-o {folder / FOLDER}")
    return " ".join(words)
