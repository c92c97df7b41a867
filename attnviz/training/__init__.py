"""Training and evaluation of the shipped models, from the data alone.

Heavy imports wait until something is trained or measured.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def names() -> list[str]:
    """Models that can be trained here."""
    from attnviz.training import recipes

    return recipes.names()


def train(name: str, *, models_folder: Path | str, quiet: bool = False) -> Path:
    """Train a shipped model and write its folder; see `attnviz.training.pipeline.train`."""
    from attnviz.training import pipeline

    return pipeline.train(name, models_folder=models_folder, quiet=quiet)


def evaluate(name_or_folder: str | Path, *, quiet: bool = False) -> dict[str, Any]:
    """Compute a model card's figures again; see `attnviz.training.pipeline.evaluate`."""
    from attnviz.training import pipeline

    return pipeline.evaluate(name_or_folder, quiet=quiet)
