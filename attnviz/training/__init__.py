"""Training and evaluation of the shipped models, from the data alone.

Heavy imports wait until something is trained or measured.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def names() -> list[str]:
    """Models that can be trained here."""
    from attnviz.training import recipes
    from attnviz.training.translation.recipes import RECIPES

    return [*recipes.names(), *RECIPES]


def train(name: str, *, models_folder: Path | str, quiet: bool = False) -> Path:
    """Train a shipped model and write its folder.

    A run that was interrupted, even killed, goes on where it stopped when started again. The folder appears whole
    or not at all, in place of an older one.

    Args:
        name: One of `names()`.
        models_folder: Where the folder `name` is to be.
        quiet: No progress on standard error.

    Returns:
        The path of the folder.

    Raises:
        ModelError: There is no such recipe.
        DataError: The data cannot be had, or are not what they should be.
    """
    from attnviz.training import pipeline
    from attnviz.training.translation.recipes import RECIPES

    if name in RECIPES:
        from attnviz.training.translation import folder

        return folder.train(RECIPES[name], Path(models_folder), quiet=quiet)
    return pipeline.train(name, models_folder=models_folder, quiet=quiet)


def evaluate(name_or_folder: str | Path, *, write: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Compute a model card's figures again; see `attnviz.training.pipeline.evaluate`."""
    from attnviz.training import pipeline

    return pipeline.evaluate(name_or_folder, write=write, quiet=quiet)
