"""Small made models, one of each kind that no shipped model has yet: what a family must do, as short as it can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from attnviz import families
from tests.families.made import caption, causal, patches

#: Family to the module that makes one; each has `NAME`, `SOURCE` (something it reads) and `write(place)`.
MADE = {module.FAMILY: module for module in (patches, caption, causal)}


def register(monkeypatch: pytest.MonkeyPatch, place: Path) -> list[str]:
    """Make the families known, put a model of each into a folder and let it be found; the models' names."""
    monkeypatch.setenv("ATTNVIZ_MODELS", str(place))
    for name, module in MADE.items():
        monkeypatch.setitem(families.FAMILIES, name, module.__name__)
        module.write(place)
    return [module.NAME for module in MADE.values()]
