"""Every view of every model in every language: drawn, in words too, with its numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import product

import plotly.graph_objects as go
import pytest

import attnviz
from attnviz.analysis.focus import focus
from attnviz.i18n import catalogue, languages, translate
from attnviz.trace import Classification
from attnviz.ui import models, offers, views
from attnviz.ui.controls.temperature import TEMPERATURES
from attnviz.ui.openings import head_of, opening
from tests.app.page import FITTING, MODELS, POOLING_MODELS, VIEWS, Page
from tests.shipped import SCENES


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> str:
    """Each shipped model."""
    return str(request.param)


@pytest.fixture(params=POOLING_MODELS)
def pooling(request: pytest.FixtureRequest) -> str:
    """Each shipped model that pools."""
    return str(request.param)


#: Views of what only that model has: its card, its cases, what was measured of it, its training.
OWN = ("card", "cases", "corpus", "learning")


@cache
def siblings(name: str) -> tuple[str, ...]:
    """The shipped models of one family that read the same kind of source: they differ in their data."""
    of = {card.name: (card.family, card.takes) for card in attnviz.models()}
    return tuple(each for each in MODELS if of[each] == of[name])


def pairs() -> Iterator[tuple[str, str, str]]:
    """A covering design: every view with every family that fits it, the models of a family by turns; every model with
    what it alone has and with the views of its family alone; every model and every view in all languages by turns."""
    used: Counter[tuple[str, str]] = Counter()
    for view in VIEWS:
        fitting = [model for model in MODELS if view in FITTING[model]]
        families = list(dict.fromkeys(map(siblings, fitting)))
        for family in families:
            whole = view in OWN or len(families) == 1
            for model in family if whole else (family[VIEWS.index(view) % len(family)],):
                code = min(languages(), key=lambda code: used[view, code] + used[model, code])
                used.update([(view, code), (model, code)])
                yield model, view, code


PAIRS = list(pairs())

#: Views drawn without Plotly.
PLAIN = ("lesson", "card", "overview", "lines", "written")


def test_every_value_of_every_factor_occurs():
    fitting = {(model, view) for model in MODELS for view in FITTING[model]}
    assert {(siblings(model), view) for model, view, _ in PAIRS} == {(siblings(model), view) for model, view in fitting}
    assert {pair for pair in fitting if pair[1] in OWN} <= {pair[:2] for pair in PAIRS}
    fitted, codes = {view for _, view in fitting}, tuple(languages())
    assert {(model, code) for model, _, code in PAIRS} == set(product(MODELS, codes))
    assert {(view, code) for _, view, code in PAIRS} == set(product(fitted, codes))


@cache
def examples(name: str) -> tuple[str, ...]:
    """Example sentences of a model."""
    return next(card.examples for card in attnviz.models() if card.name == name)


@pytest.mark.parametrize(("model", "view", "language"), PAIRS)
def test_every_view_opens_from_its_address_with_every_chart_in_words_and_every_table(
    model: str, view: str, language: str
):
    page = Page(model=model, view=view, lang=language, text="\n".join(examples(model)[:2]))

    assert page.settings().items() >= {"model": model, "view": view, "lang": language}.items()
    assert all(page.alternatives()), "a chart has no text alternative"
    for figure in page.figures():
        go.Figure(figure)  # with the checks of Plotly's that `figures.marks.made` leaves out
    # One head of a picture is too large for a chart of cells.
    assert page.drawn_by_plotly() == 0, "it is there five times as late"
    assert bool(page.figures()) == (view not in (*PLAIN, *(["head"] if model in SCENES else [])))
    assert all(row["alt"] for row in page.rows())

    closed = len(page.app.dataframe)
    keys = [each.key for each in page.app.expander if each.key and "numbers-" in each.key]
    assert keys or view in ("lesson", "card", "overview", "heads")
    for key in keys:
        page.app.session_state[key] = True
    page.run()
    assert len(page.app.dataframe) == closed + len(keys)
    assert all(len(table.value) > 0 for table in page.app.dataframe)


@pytest.mark.parametrize("model", MODELS)
def test_the_views_a_model_fits_are_known_without_a_page(model: str):
    trace = attnviz.load(model).trace(examples(model)[0])
    abilities = offers.of_trace(model, trace, trace, focus(trace))

    assert {view.key for view in views.VIEWS if view.fits(abilities)} == set(FITTING[model])


def test_a_view_the_model_does_not_fit_gives_way_to_one_it_does():
    page = Page(model=POOLING_MODELS[0], view="overview")

    assert (page.state("view"), page.address()["view"]) == (FITTING[POOLING_MODELS[0]][0], "overview")


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("model", [card.name for card in attnviz.models() if card.labels and card.takes == "text"])
def test_the_stage_shows_the_model_s_own_weights_and_classes(model: str, language: str):
    card = models.card(model)
    text = opening(card).text
    trace = attnviz.load(model).trace(text)
    page = Page(model=model, lang=language)

    (row,) = page.component("stage")["rows"]
    looked_at = focus(trace, *head_of(card, None, None))
    weights = looked_at.row(trace)
    assert [float(token["weight"]) for token in row["tokens"]] == pytest.approx(weights.tolist(), rel=1e-8)
    own = [token for token, special in zip(row["tokens"], looked_at.keys(trace).special, strict=True) if not special]
    assert "".join(token["gap"] + token["text"] for token in own).strip() in text
    names = card.names_of_labels(language)
    assert {entry["name"] for entry in row["classes"]} <= set(names)
    top = [entry["name"] for entry in row["classes"] if entry["top"]]
    assert isinstance(trace.output, Classification)
    assert top == [names[trace.output.predicted]]


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("temperature", (TEMPERATURES[0], 1.0))
def test_another_temperature_is_said_not_to_be_the_model_s_own(temperature: float, language: str):
    page = Page(model=POOLING_MODELS[0], view="steps", lang=language, temperature=f"{temperature:g}")

    said = [str(each.value) for each in page.app.warning]
    expected = translate(language, "steps.not_own", temperature=f"{temperature:g}")
    assert said == ([] if temperature == 1 else [expected])


def test_the_softmax_table_can_be_recomputed(pooling: str):
    for temperature in ("1", "0.3", "5"):
        page = Page(model=pooling, view="steps", temperature=temperature)
        table = next(each.value for each in page.app.dataframe if "exponential" in each.value)
        scores = table["score"].to_list()
        exponentials = [math.exp((score - max(scores)) / float(temperature)) for score in scores]

        assert table["exponential"].to_list() == pytest.approx(exponentials, abs=1e-5)
        assert table["weight"].to_list() == pytest.approx([e / sum(exponentials) for e in exponentials], abs=1e-5)
        assert table["model"].to_list() == pytest.approx(table["weight"].to_list(), abs=1e-5)


def test_the_heatmap_has_a_row_a_sentence_and_bars_follow_the_selected_one(model: str):
    sentences = examples(model)[:3]
    page = Page(model=model, view="heatmap", text="\n".join(sentences), sentence="3")
    loaded = attnviz.load(model)

    (figure,) = page.figures()
    heat = next(trace for trace in figure["data"] if trace["type"] == "heatmap")
    drawn = heat["text"] if "text" in heat else heat["customdata"]
    assert len(drawn) == len(sentences)

    page.choose("view", "bars")
    assert loaded.trace(sentences[2]).text in page.alternatives()[0]
    page.choose("sentence", 1)
    assert loaded.trace(sentences[0]).text in page.alternatives()[0]


@pytest.mark.parametrize("scale", ["unit", "row", "log"])
@pytest.mark.parametrize("language", languages())
def test_the_colour_scale_is_named_on_the_stage_and_on_the_heatmap(scale: str, language: str):
    page = Page(view="heatmap", scale=scale, lang=language)

    assert page.component("stage")["legend"]["title"].startswith(translate(language, f"scales.{scale}"))
    assert translate(language, f"figures.colour_{scale}") in str(page.figures()[0])


def test_shuffling_says_what_changed_and_can_be_undone(pooling: str):
    page = Page(model=pooling)
    page.app.button(key="shuffle-button").click()
    page.run()
    own, shuffled = page.component("stage")["rows"]

    assert sorted(token["text"] for token in own["tokens"]) == sorted(token["text"] for token in shuffled["tokens"])
    assert [token["text"] for token in own["tokens"]] != [token["text"] for token in shuffled["tokens"]]
    assert page.app.info
    page.app.button(key="unshuffle").click()
    page.run()
    assert len(page.component("stage")["rows"]) == 1
    assert not page.app.info


def test_the_glossary_has_every_term_in_both_languages():
    page = Page(view="lesson", part="glossary", lang="ja")
    (table,) = [each.value for each in page.app.dataframe]

    terms = [key for key in catalogue("en") if key.startswith("terms.")]
    assert table["English"].to_list() == [catalogue("en")[term] for term in terms]
    assert table["日本語"].to_list() == [catalogue("ja")[term] for term in terms]
    assert table.map(bool).all(axis=None)
