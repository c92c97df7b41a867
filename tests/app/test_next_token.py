"""The page of a model that continues a text: what may come next, at a temperature, and how surprising it was."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz.families.writing.decoding import Sampling
from attnviz.i18n import languages
from attnviz.ui import cache, models
from attnviz.ui.way import Way
from tests.app.page import Page
from tests.families.writing import continuation_folder

NAME, TEXT = "small-next", "the cat sat on a mat"


@pytest.fixture(scope="module", autouse=True)
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("models")
        continuation_folder.make(place / NAME)
        patch.setenv("ATTNVIZ_MODELS", str(place))
        models.forget()
        yield
    models.forget()


@pytest.mark.parametrize("language", languages())
def test_the_distribution_and_the_surprise_are_the_models_own(language: str):
    shown = Page(lang=language, model=NAME, view="next", text=TEXT, heat="2.5", top_k="3")
    model: Any = attnviz.load(NAME)
    encoded = model.encode(TEXT)
    expected = model.expected(encoded)
    following, surprise = shown.figures()
    own, drawn = (np.array(each["x"], np.float64) for each in following["data"])
    order = np.argsort(-np.where(np.isin(np.arange(len(expected.following)), [0, 1, 2]), -np.inf, expected.following))
    np.testing.assert_allclose(own, np.exp(expected.following[order[: len(own)]]), atol=1e-6)
    shares = Sampling(2.5, 3).shares(expected.following, [0, 1, 2])
    np.testing.assert_allclose(drawn, shares[order[: len(own)]], atol=1e-6)
    assert (drawn > 0).sum() == 3
    output = model.run(encoded, length=8).output
    logs = [*expected.log_probabilities, *output.log_probabilities]
    np.testing.assert_allclose(surprise["data"][0]["x"], [-log / math.log(2) for log in logs], atol=1e-3)
    assert all(shown.alternatives())


def test_what_is_chosen_on_the_page_is_how_it_is_written():
    shown = Page(lang="en", model=NAME, view="written", text=TEXT, length="4")
    written = shown.component("writing")
    assert len(written["steps"]) == 4
    greedy = cache.written(cache.trace(NAME, TEXT, 0, Way(length=4)))
    other = next(
        seed
        for seed in range(20)
        if cache.written(cache.trace(NAME, TEXT, 0, Way(sampling=Sampling(5.0, seed=seed), length=4))) != greedy
    )
    drawn = Page(lang="en", model=NAME, view="written", text=TEXT, length="4", sampled="1", heat="5", draw=str(other))
    texts = [each["target"]["tokens"] for each in (written, drawn.component("writing"))]
    assert texts[0] != texts[1]
    token = written["steps"][1]["alternatives"][1]["token"]
    chosen = Page(lang="en", model=NAME, view="written", text=TEXT, length="4", path=f"1:{token}")
    way = Way(((1, token),), length=4)
    found = cache.written(cache.trace(NAME, TEXT, 0, way))
    assert found is not None and found[1] == token and len(found) == 4
    assert len(chosen.component("writing")["steps"]) == 4


@pytest.mark.parametrize("view", ["surgery", "attribution", "overview", "heads", "cell", "head"])
def test_every_other_view_of_it_is_drawn(view: str):
    edits = {"edits": "uniform-L0"} if view == "surgery" else {}
    shown = Page(lang="en", model=NAME, view=view, text=TEXT, length="4", **edits)
    assert shown.settings()["view"] == view


def test_a_token_that_cannot_be_written_again_leaves_no_surgery():
    page = Page(model="next-word-en", view="surgery", own="ב")
    assert page.settings()["view"] == "bars" and page.settings()["own"] == "ב"
    assert Page(model="next-word-en", view="surgery", own="good").settings()["view"] == "surgery"


def test_bars_begin_with_what_the_last_token_looks_at_and_the_order_can_be_chosen():
    shown = Page(lang="en", model=NAME, view="bars", text=TEXT)
    values = [value for value in shown.figures()[0]["data"][0]["x"] if value is not None]
    assert values == sorted(values, reverse=True) and len(set(values)) > 1
    assert "order" not in shown.address()
    chosen = shown.choose("order", "sentence")
    assert chosen.figures()[0]["data"][0]["x"] != values
    assert chosen.address()["order"] == "sentence"
