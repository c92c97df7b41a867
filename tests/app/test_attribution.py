"""The view that sets attention beside what the prediction depends on."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.i18n import languages, translate
from attnviz.ui import questions
from attnviz.ui.questions import OfClass
from attnviz.ui.words import literal
from tests.app.page import Page

MODEL, TEXT = "sentiment-en", "not good at all"


def page(**address: str) -> Page:
    return Page(**{"model": MODEL, "text": TEXT, "view": "attribution", **address})


def bars(shown: Page) -> list[list[float]]:
    figure = shown.figures()[0]
    return [_numbers(trace["x"]) for trace in figure["data"]]


def _numbers(values: object) -> list[float]:
    if isinstance(values, dict):  # how Plotly writes an array
        import base64

        return np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"]).tolist()
    assert isinstance(values, list)
    return values


def words(shown: Page) -> str:
    return " ".join(each.value for each in (*shown.app.markdown, *shown.app.caption))


def test_the_bars_are_the_measures_of_the_predicted_class():
    shown = page()
    found = questions.measures(OfClass(MODEL, TEXT, 1))

    for drawn, measure in zip(bars(shown), ("attention", "removed", "integrated"), strict=True):
        np.testing.assert_allclose(drawn, found.values[measure], rtol=1e-9)


def test_another_class_turns_the_signs_round_and_stands_in_the_address():
    shown = page(target="0")

    assert shown.settings()["target"] == "0"
    np.testing.assert_allclose(bars(shown)[1], questions.values(OfClass(MODEL, TEXT, 0)).values["removed"], rtol=1e-9)
    assert np.sign(bars(shown)[1]).tolist() == (-np.sign(bars(page())[1])).tolist()


def test_a_class_the_model_has_not_is_the_predicted_one():
    assert "target" not in page(target="77").address()


@pytest.mark.parametrize("language", languages())
def test_where_they_disagree_the_page_says_so(language: str):
    found = questions.measures(OfClass(MODEL, TEXT, 1))
    assert found.first("attention") != found.first("removed")
    name = translate(language, "measures.removed")
    said = translate(language, "attribution.first_differ", attention="not", token="good", measure=name)

    assert literal(said) in words(page(lang=language))


def test_every_measure_shown_is_explained_and_the_residue_stated():
    shown = page().choose("measures", ["removed", "replaced", "integrated", "gradient_input"])

    assert len(bars(shown)) == 5
    for source in ("Li et al. 2016", "Sundararajan et al. 2017", "Shrikumar et al. 2017", "Jain & Wallace 2019"):
        assert source in words(shown)
    assert "points they miss it by" in words(shown)


def test_a_sentence_of_one_word_has_bars_and_no_curves():
    shown = page(text="good")

    assert len(bars(shown)) == 3
    assert len(shown.figures()) == 1
    assert literal(translate("en", "attribution.none")) in words(shown)


def test_markup_in_a_token_stays_text():
    shown = page(text="<b>good</b> **film** $x$")

    assert "<b>" not in words(shown).replace("\\<b\\>", "")
