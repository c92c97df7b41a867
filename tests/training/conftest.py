"""What tests of training share."""

from __future__ import annotations

from pathlib import Path

import pytest

from attnviz.training import pipeline
from tests.training.tiny import tiny


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models' folder with the tiny model alone, trained once for all files; to be copied, not to be changed."""
    place = tmp_path_factory.mktemp("tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "CACHE", place / "cache")
        pipeline.train(tiny(folds=0), place / "models")
    return place / "models"
