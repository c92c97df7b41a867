"""The page of a masked language model: what it expects at each mask, beside the sentence and in every view."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz import export, zoo
from attnviz.analysis import filling, of_mask
from attnviz.errors import InputError
from attnviz.i18n import languages
from attnviz.trace import Filled
from attnviz.ui import models
from tests.app.page import Page
from tests.families.hub.test_filling import filling as folder

NAME, TEXT = "small-filling", "the [MASK] sat [MASK]"


@pytest.fixture(scope="module", autouse=True)
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATTNVIZ_MODELS", str(tmp_path_factory.mktemp("models")))
        zoo.add(folder("bert").write(tmp_path_factory.mktemp("plain")), NAME)
        models.forget()
        yield
    models.forget()


@pytest.mark.parametrize("language", languages())
def test_each_mask_has_its_alternatives(language: str):
    shown = Page(lang=language, model=NAME, view="filled", text=TEXT)
    output: Any = attnviz.load(NAME).trace(TEXT).output
    figures = shown.figures()
    assert len(figures) == 2
    for drawn, listed in zip(figures, output.alternatives, strict=True):
        np.testing.assert_allclose(drawn["data"][0]["x"], [np.exp(value) for _, value in listed], atol=1e-6)
    (row,) = shown.component("stage")["rows"]
    assert [each["name"] for each in row["classes"]] == [listed[0][0] for listed in output.alternatives]
    assert all(shown.alternatives())


def test_one_mask_has_its_best_beside_it():
    (row,) = Page(lang="en", model=NAME, view="bars", text="the [MASK]").component("stage")["rows"]
    output: Any = attnviz.load(NAME).trace("the [MASK]").output
    assert [each["name"] for each in row["classes"]] == [token for token, _ in output.alternatives[0][:2]]
    assert [each["top"] for each in row["classes"]] == [True, False]


def test_without_a_mask_the_page_says_how_one_is_typed():
    shown = Page(lang="en", model=NAME, view="filled", text="the cat sat")
    assert shown.settings()["view"] != "filled"
    assert any("[MASK]" in each.replace("\\", "") for each in shown.messages())


@pytest.mark.parametrize(
    "settings",
    [
        {"view": "surgery", "edits": "uniform-L0"},
        {"view": "surgery", "edits": "drop-K2"},
        {"view": "compare", "against": "sentence"},
        {"view": "cell"},
    ],
    ids=str,
)
def test_every_other_view_of_it_is_drawn(settings: dict[str, str]):
    shown = Page(lang="en", model=NAME, text=TEXT, **settings)
    assert shown.settings()["view"] == settings["view"]
    if "edits" in settings:
        assert any("ask 1" in each and "%" in each for each in shown.markdown())


@pytest.mark.parametrize("language", languages())
def test_what_a_filled_token_depends_on(language: str):
    shown = Page(lang=language, model=NAME, view="attribution", text=TEXT, target="1", instead="2")
    assert shown.settings()["view"] == "attribution" and all(shown.alternatives())
    model: Any = attnviz.load(NAME)
    encoded = model.encode(TEXT)
    token = model.run(encoded).output.alternatives[1][2][0]
    found = of_mask(model, encoded, 1, token)
    drawn = shown.figures()[0]["data"]
    np.testing.assert_allclose(drawn[1]["x"], found.values["removed"], atol=1e-6)
    assert any(token in each for each in shown.alternatives())


def test_files_and_tables_have_it():
    trace = attnviz.load(NAME).trace(TEXT)
    output = trace.output
    assert isinstance(output, Filled)
    assert export.html([trace]).decode().count("plotly-graph-div") == 4
    assert json.loads(trace.to_json())["output"]["kind"] == "filled"
    table = filling.changed(output, Filled(output.positions, output.alternatives[::-1]))
    assert set(table["mask"]) == {1, 2} and table["own"].notna().sum() == table["edited"].notna().sum() == 20
    with pytest.raises(InputError) as raised:
        attnviz.figures.filled(attnviz.load(NAME).trace("the cat"))
    assert raised.value.code == "no_masks"
    with pytest.raises(InputError):
        attnviz.figures.filled(trace, 2)


@pytest.mark.parametrize("language", languages())
def test_two_sentences_are_told_apart_on_the_stage(language: str):
    shown = Page(lang=language, model=NAME, view="bars", text="the cat [SEP] sat")
    stage = shown.component("stage")
    (row,) = stage["rows"]
    assert [each["segment"] for each in row["tokens"]] == [0, 0, 0, 0, 1, 1]
    assert len({each["colour"] for each in stage["segments"]}) == 2
    assert stage["segments"][1]["name"] in row["tokens"][4]["said"]
    assert any("SEP" in each for each in shown.messages())
    inks = Page(lang=language, model=NAME, view="lines", text="the cat [SEP] sat").component("lines")["inks"]
    assert inks["query"] == inks["key"] == [stage["segments"][number]["colour"] for number in (0, 0, 0, 0, 1, 1)]
    alone = Page(lang=language, model=NAME, view="bars", text="the cat sat").component("stage")
    assert not alone["segments"] and all(each["segment"] is None for each in alone["rows"][0]["tokens"])
