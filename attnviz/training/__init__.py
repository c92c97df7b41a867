"""Training and evaluation of the shipped models, from the data alone.

Heavy imports wait until something is trained or measured.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def names() -> list[str]:
    """Models that can be trained here, without those that stand beside one of them only."""
    from attnviz.training.recipes import RECIPES

    return list(RECIPES)


def train(name: str, *, models_folder: Path | str, quiet: bool = False) -> Path:
    """Train a shipped model and write its folder; see `attnviz.training.pipeline.train`.

    Args:
        name: One of `names()`, or of the models that stand beside one of them.
        models_folder: Where the folder `name` is to be; of one that stands beside another, the folder `beside` in it.
        quiet: No progress on standard error.

    Returns:
        The path of the folder.

    Raises:
        ModelError: There is no such recipe, or a model that this one learns from is not there or damaged.
        DataError: The data cannot be had, or are not what they should be.
    """
    from attnviz import zoo
    from attnviz.training import pipeline, recipes

    folder = Path(models_folder) / (zoo.BESIDE if name in recipes.BESIDE else "")
    return pipeline.train(recipes.kind(name, quiet=quiet), folder)


def test_sentences(name_or_folder: str | Path, *, quiet: bool = False) -> tuple[str, ...]:
    """The test part that the figures of a shipped model are of: texts, or codes of scenes.

    Args:
        name_or_folder: A model's name, or the path of its folder.
        quiet: No progress on standard error.

    Raises:
        ModelError: There is no such model, or no recipe that knows its data.
        DataError: The data cannot be had, or are not what they should be.
    """
    from attnviz.training import recipes

    content = _card(name_or_folder)
    return tuple(recipes.kind(content["name"], quiet=quiet).test_sentences(content))


def evaluate(name_or_folder: str | Path, *, write: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Compute a model card's figures again; see `attnviz.training.pipeline.evaluate`.

    Args:
        name_or_folder: A model's name, or the path of its folder.
        write: Bring the folder's `card.json` and `README.md` up to date with them.
        quiet: No progress on standard error.

    Raises:
        ModelError: There is no such model, it is damaged, or there is no recipe that knows its data.
        DataError: The data cannot be had, or are not what they should be.
    """
    from attnviz import zoo
    from attnviz.training import pipeline, recipes

    folder = _folder(name_or_folder)
    return pipeline.evaluate(recipes.kind(zoo.read_card(folder)["name"], quiet=quiet), folder, write=write)


def _folder(name_or_folder: str | Path) -> Path:
    from attnviz import zoo
    from attnviz.errors import ModelError

    known = zoo.beside_folders() | zoo.model_folders()
    folder = known[str(name_or_folder)] if str(name_or_folder) in known else Path(name_or_folder)
    if not folder.is_dir():
        raise ModelError("no_such_model", received=str(name_or_folder), expected=", ".join(known))
    return folder


def _card(name_or_folder: str | Path) -> dict[str, Any]:
    from attnviz import zoo

    return zoo.read_card(_folder(name_or_folder))
