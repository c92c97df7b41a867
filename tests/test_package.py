"""The public names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import attnviz
from attnviz.errors import ExtraError
from attnviz.families.card import ModelCard
from attnviz.tokenizers import SudachiTokenizer
from tests.shipped import EVERY, card

ROOT = Path(__file__).resolve().parent.parent


def python(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def test_dir_lists_the_public_names():
    assert dir(attnviz) == sorted(attnviz.__all__)
    assert {"models", "load", "wrap", "figures", "AttentionTrace"} <= set(dir(attnviz))


def test_an_unknown_name():
    with pytest.raises(AttributeError, match="module 'attnviz' has no attribute 'paint'"):
        attnviz.paint  # noqa: B018
    assert not hasattr(attnviz, "paint")


def test_the_models_say_what_the_contract_lists():
    models = attnviz.models()
    assert sorted(model.name for model in models) == EVERY
    for model in models:
        assert isinstance(model, ModelCard)
        content = card(model.name)
        for field in ("name", "task", "licence", "metrics"):
            assert getattr(model, field) == content[field]
        assert (list(model.languages), list(model.kinds)) == (content["languages"], content["kinds"])
        assert all(model.in_language(what, "ja") for what in ("title", "summary", "notes"))
        assert len(model.names_of_labels("ja")) == len(model.labels)
        assert model.names_of_labels("xx") == model.names_of_labels("en")


@pytest.mark.parametrize("name", EVERY)
def test_the_lines_of_the_contract(name):
    model = attnviz.load(name)
    assert model is attnviz.load(name)
    trace = model.trace(card(name)["examples"][0])
    for block in trace.blocks:
        assert trace.block(block.name).weights.sum(-1) == pytest.approx(1, abs=1e-5)
    assert model.run(model.encode(trace.text)).to_dict() == trace.to_dict()
    assert attnviz.figures.heatmap(trace).to_dict()["data"]
    assert attnviz.figures.bars(trace).to_dict()["data"]


def test_the_bare_import_is_quick_and_brings_nothing_heavy():
    code = """
import sys, time
begin = time.perf_counter()
import attnviz
heavy = {"tensorflow", "keras", "plotly", "streamlit", "pandas", "numpy"} & set(sys.modules)
print(time.perf_counter() - begin, *sorted(heavy))
"""
    # The least of a few: the machine does other things as well.
    seconds, heavy = min((float(took), more) for took, *more in (python(code).stdout.split() for _ in range(3)))

    assert heavy == []
    assert seconds < 0.3


@pytest.mark.parametrize("package", ["sudachipy", "sudachidict_small"])
def test_without_the_extra_for_japanese_it_says_what_to_install(package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ExtraError) as raised:
        SudachiTokenizer()

    assert raised.value.code == "ja_missing"
    assert package in raised.value.message("en")
    assert "attnviz[ja]" in raised.value.message("en")
    assert "attnviz[ja]" in raised.value.message("ja")


def test_a_japanese_model_without_its_extra_and_an_english_one_beside_it():
    code = """
import sys
sys.modules["sudachipy"] = sys.modules["streamlit"] = sys.modules["starlette"] = None
import attnviz
print(attnviz.load("topics-en").trace("book a table").text)
try:
    attnviz.load("politeness-ja")
except attnviz.ExtraError as error:
    print(error.code)
"""
    assert python(code).stdout.splitlines() == ["book a table", "ja_missing"]


@pytest.mark.parametrize("package", ["streamlit", "starlette"])
@pytest.mark.parametrize("start", ["import app", "import attnviz.ui.main"])
def test_the_app_without_its_extra_says_what_to_install(start, package):
    last = python(f"import sys; sys.modules[{package!r}] = None; {start}").stderr.splitlines()[-1]

    assert last.startswith("attnviz.errors.ExtraError: The page needs the extra for it")
    assert "attnviz[app]" in last
    assert package in last


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "attnviz" / "py.typed").is_file()
