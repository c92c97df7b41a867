"""From a recipe to a model folder, and from a folder to its figures: the same way for every kind of model."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from attnviz import zoo
from attnviz.families import learning
from attnviz.places import CACHE
from attnviz.training import card as cards
from attnviz.training import recording
from attnviz.training.kind import Kind


def train(kind: Kind, models_folder: Path) -> Path:
    """Train a model from the data alone and write its folder.

    A run that was interrupted, even killed, goes on after its last finished pass when started again. The folder appears
    whole or not at all, in place of an older one.

    Args:
        kind: With its recipe.
        models_folder: Where the folder is to be.

    Returns:
        The path of the folder.

    Raises:
        ModelError: A model that this one learns from is not there or damaged.
        DataError: The data cannot be had, or are not what they should be.
    """
    recipe = kind.recipe
    state = CACHE / "training" / recipe.name
    learned = kind.learn(models_folder, state)
    with whole(models_folder / recipe.name) as folder:
        for name, arrays in learned.arrays.items():
            np.savez_compressed(folder / name, allow_pickle=False, **arrays)
        for name, write in learned.files.items():
            write(folder / name)
        content: dict[str, Any] = {
            "format": zoo.FORMAT,
            "name": recipe.name,
            **recipe.described(),
            **learned.card,
            "training": {"command": f"python -m attnviz train {recipe.name}", **learned.training},
            "metrics": dict(learned.metrics),
            "files": cards.facts(folder, (*learned.arrays, *learned.files)),
        }
        cards.store(folder, content)  # from here on it can be loaded
        if recorder := kind.recorder(folder, content):
            shipped = zoo.read_weights(folder)
            recording.record(folder / learning.FILE, recorder, state / recording.SNAPSHOTS, shipped, quiet=kind.quiet)
            learning.read(folder, zoo.load(folder))  # what cannot be read is not shipped
            content["files"] |= cards.facts(folder, (learning.FILE,))
        content |= kind.measure(folder, content, models_folder)
        content["files"] = content.pop("files")  # stays last
        describe(kind, folder, content)
    shutil.rmtree(state, ignore_errors=True)
    return models_folder / recipe.name


def evaluate(kind: Kind, folder: Path, *, write: bool = False) -> dict[str, Any]:
    """The figures of a model card, computed again from the folder's weights and the data.

    Args:
        kind: With the recipe that knows the data.
        folder: The model's.
        write: Bring the folder's `card.json` and `README.md` up to date with them and with the words of the recipe;
            weights and the record of the training stay.

    Returns:
        The card's `metrics`; what needs a training of its own is copied, the others are computed.

    Raises:
        ModelError: The folder is damaged.
        DataError: The data cannot be had, or are not what they should be.
    """
    content = zoo.read_card(folder)
    zoo.check_files(folder, content)
    content |= kind.measure(folder, content, folder.parent)
    if write:
        describe(kind, folder, content | kind.recipe.described())
    return dict(content["metrics"])


def describe(kind: Kind, folder: Path, content: dict[str, Any]) -> None:
    """Write `card.json` and `README.md` of a model folder; figures are as given, sentences are read anew."""
    cards.store(folder, content, cards.markdown(content, kind.sections(folder, content)))


@contextmanager
def whole(folder: Path) -> Iterator[Path]:
    """A place to write a folder, which takes the place of an older one when all went well and is gone otherwise."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        (place / folder.name).mkdir()
        yield place / folder.name
        replace_folder(place / folder.name, folder)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def replace_folder(part: Path, folder: Path) -> None:
    """Move a finished folder into place; an older one steps aside first and comes back if that fails."""
    old = folder.with_name(f".{folder.name}-old-{os.getpid()}")
    if folder.exists():
        folder.rename(old)
    try:
        part.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
