"""The view of worked cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from attnviz import zoo
from attnviz.analysis.explain import cases
from attnviz.analysis.explain.cases import Case
from attnviz.analysis.explain.measures import of_classifier
from attnviz.analysis.surgery import operations
from attnviz.i18n import languages, translate
from attnviz.trace import Classification
from attnviz.ui import cache, models, questions
from attnviz.ui.questions import OfCase
from attnviz.ui.words import literal
from tests import shipped
from tests.app.page import Page

MODELS = [
    next(name for name in shipped.NAMES if shipped.card(name)["family"] == family) for family in ("pooling", "encoder")
]


def case(name: str, text: str) -> Case:
    model = zoo.load(name)
    encoded = model.encode(text)
    own = model.run(encoded).output
    assert isinstance(own, Classification)
    even = operations.traced(model, text, "uniform").output
    change = float(np.abs(even.probabilities - own.probabilities).max())  # type: ignore[union-attr]
    return Case(text, cases.figures(of_classifier(model, encoded, own.predicted), change))


@pytest.fixture(params=MODELS)
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A model whose card has two cases of one kind, one of another, none of the third."""
    texts = models.card(request.param).examples
    listed = {"misleads": [case(request.param, text) for text in texts[:2]], "uniform": [case(request.param, texts[2])]}
    card = models.card(request.param)
    details = {**card.details, "cases": cases.plain(listed, 4)}  # type: ignore[arg-type]
    metrics = {**card.metrics, "attribution": {"n": 97, "seed": 5}}
    known = {**models.cards(), request.param: replace(card, details=details, metrics=metrics)}
    monkeypatch.setattr(models, "cards", lambda: known)
    yield request.param


def words(shown: Page) -> str:
    return " ".join(each.value for each in (*shown.app.markdown, *shown.app.caption))


@pytest.mark.parametrize("language", languages())
def test_a_case_is_shown_with_its_condition_its_figures_and_its_limits(name: str, language: str):
    shown = Page(model=name, view="cases", case="misleads", instance="2", lang=language)
    text = models.card(name).examples[1]
    found = questions.values(OfCase(name, text))

    assert shown.app.subheader[0].value == literal(text)
    assert translate(language, "cases.misleads_honest") in words(shown)
    assert literal(found.tokens[int(np.argmax(found.values["attention"]))]) in words(shown)
    assert "Serrano & Smith" in words(shown)
    assert "97" in words(shown)
    heights = [trace["y"] for trace in shown.figures()[0]["data"]]
    assert len(heights) == 3


def test_a_kind_without_cases_is_said_and_gives_way(name: str):
    shown = Page(model=name, view="cases", case="right", instance="3")

    assert (shown.state("case"), shown.state("instance")) == ("misleads", 2)
    assert translate("en", "cases.none", kind=translate("en", "cases.right")) in words(shown)


def test_even_weights_are_shown_with_both_answers(name: str):
    shown = Page(model=name, view="cases", case="uniform")

    table = shown.app.dataframe[0].value
    own, even = (np.asarray(table[column]) for column in ("own", "edited"))
    text = models.card(name).examples[2]
    for shown_now, trace in (
        (own, cache.trace(name, text)),
        (even, operations.traced(zoo.load(name), text, "uniform")),
    ):
        assert isinstance(trace.output, Classification)
        np.testing.assert_allclose(shown_now, trace.output.probabilities, rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "view", "edits"), [("misleads", "attribution", ""), ("uniform", "surgery", "uniform")]
)
def test_a_case_opens_in_another_view(name: str, kind: str, view: str, edits: str):
    shown = Page(model=name, view="cases", case=kind)
    shown.app.button(key=f"open-{view}").click()
    shown.run()

    parameters = shown.settings()
    text = models.card(name).examples[0 if kind == "misleads" else 2]
    assert (parameters["view"], parameters["text"], parameters["edits"]) == (view, text, edits)


@pytest.mark.parametrize("model", MODELS)
def test_without_cases_the_view_is_not_offered(model: str, monkeypatch: pytest.MonkeyPatch):
    card = models.card(model)
    bare = replace(card, details={key: value for key, value in card.details.items() if key != "cases"})
    known = {**models.cards(), model: bare}
    monkeypatch.setattr(models, "cards", lambda: known)

    assert Page(model=model, view="cases").state("view") != "cases"
