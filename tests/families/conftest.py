"""What tests of families share."""

from __future__ import annotations

import pytest

from attnviz.capture import Bucketed


@pytest.fixture
def compiled():
    """Pretrained models run compiled in the test that asks for this, as they do anywhere else."""


@pytest.fixture(autouse=True)
def _open_graphs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere they run through the graph that takes any length and edits: to compile a model of a few numbers, as
    nearly every test reads one of its own, takes twice as long as all else."""
    if "compiled" not in request.fixturenames:
        monkeypatch.setattr(Bucketed, "length", lambda *_: None)
