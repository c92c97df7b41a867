"""The guide to adding a kind of model (attnviz/README.md), followed word by word: from an empty file to a picture."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import attnviz
from attnviz import families, zoo
from attnviz.analysis.focus import focus
from attnviz.families.model import Model
from attnviz.ui import models, offers, views

GUIDE = (Path(attnviz.__file__).parent / "README.md").read_text(encoding="utf-8").partition("## Add a kind of model")[2]
CODE = re.findall(r"```python\n(.*?)```", GUIDE, re.S)


@pytest.fixture
def followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    """Everything the guide says, done in an empty folder; what its last code leaves behind."""
    family, entry, use = CODE
    file = tmp_path / "letters.py"
    file.write_text(family, encoding="utf-8")
    name = entry.split('"')[-2]
    module = ModuleType(name)
    monkeypatch.setitem(sys.modules, name, module)
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), vars(module))
    monkeypatch.setattr(families, "FAMILIES", dict(families.FAMILIES))
    exec(entry, {"FAMILIES": families.FAMILIES})
    monkeypatch.chdir(tmp_path)
    left: dict = {}
    exec(use, left)
    return left


def test_the_guide_ends_in_a_picture(followed, tmp_path):
    assert "Plotly" in (tmp_path / "letters.html").read_text(encoding="utf-8")
    trace = followed["trace"]
    assert trace.block("letters").query.tokens == ("the", "other", "mother")
    weights = trace.block("letters").weights[0, 0].astype(np.float64)
    # "other" shares five letters with "mother", three with "the".
    scores = np.array([3, 5 + 0, 5.0]) / np.sqrt(26)
    np.testing.assert_allclose(weights[1], np.exp(scores) / np.exp(scores).sum(), atol=1e-6)


def test_what_it_is_to_the_page(followed, tmp_path, monkeypatch):
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path / "my-models"))
    models.forget()
    try:
        model = zoo.load("letters")
        assert isinstance(model, Model)
        trace = model.trace("the other mother")
        seen = {view.key for view in views.VIEWS if view.fits(offers.of_trace("letters", trace, trace, focus(trace)))}
        assert {"bars", "heatmap", "head", "lines", "card"} <= seen
        assert not seen & {"surgery", "attribution", "cell", "prediction"}, "what it does not offer is not shown"
    finally:
        models.forget()


def test_it_refuses_what_it_cannot_do(followed):
    model = attnviz.load("my-models/letters")
    with pytest.raises(attnviz.InputError):
        model.trace("   ")
    with pytest.raises(attnviz.InputError):
        model.run(model.encode("a b"), target="x")
