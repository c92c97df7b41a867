"""The views for many heads, on a made model whose weights are known: drawn in every language, opened by a choice."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from attnviz.analysis.focus import Focus
from attnviz.analysis.heads import maps
from attnviz.analysis.heads.roles import heads, similarity
from attnviz.figures import describe
from attnviz.i18n import languages, translate
from attnviz.trace import AttentionBlock, AttentionTrace, Classification, Step, Steps, Text, TokenAxis
from attnviz.ui import cache, models, offers, openings
from attnviz.ui.views import head
from attnviz.ui.views.flow import FORMULAS, PARTS
from tests.app.page import TEXTS, Page

LAYERS, HEADS, FEATURES = 3, 5, 7
TEXT = "the <b>cat</b> sat"
VIEWS = ("bars", "heatmap", "overview", "head", "lines", "cell", "heads", "flow", "prediction")


def made(name: str, text: str, shuffle: int = 0, *_: object) -> AttentionTrace:
    words = text.split()
    scores = np.random.default_rng(13).normal(size=(LAYERS, HEADS, len(words) + 1, len(words) + 1))
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    spans = [None, *((text.index(word), text.index(word) + len(word)) for word in words)]
    axis = TokenAxis.of(["[CLS]", *words], spans, [True, *(False for _ in words)])
    labels = models.card(name).labels
    # The warm-up behind the page also asks for the models that have no labels.
    output = Classification(labels, np.full(len(labels), 1 / max(len(labels), 1), np.float32))
    block = AttentionBlock("encoder", "self", axis, axis, weights.astype(np.float32))
    return AttentionTrace(name, Text(text), (block,), output)


def taken_apart(name: str, text: str, focus: Focus, *_: object) -> Steps:
    trace = made(name, text)
    keys = len(focus.keys(trace))
    generator = np.random.default_rng(17)
    query = generator.normal(size=FEATURES).astype(np.float32)
    key, value = generator.normal(size=(2, keys, FEATURES)).astype(np.float32)
    weights = focus.row(trace)
    return Steps(
        (
            Step("query", query, ("feature",), "query"),
            Step("key", key, ("key", "feature"), "key"),
            Step("value", value, ("key", "feature"), "value"),
            Step("scores", np.log(weights), ("key",), "scores"),
            Step("weights", weights, ("key",), "weights"),
            Step("context", weights @ value, ("feature",), "context"),
        )
    )


def norms_of(name: str, text: str, *_: object) -> np.ndarray:
    keys = len(text.split()) + 1
    return np.random.default_rng(19).random((LAYERS, HEADS, keys)).astype(np.float32) * 3


@pytest.fixture(autouse=True)
def many_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model answers with three layers of five heads."""
    monkeypatch.setattr(cache, "trace", made)
    monkeypatch.setattr(cache, "explain", taken_apart)


def page(**address: str) -> Page:
    return Page(model=TEXTS[0], text=TEXT, **address)


@pytest.mark.parametrize(("view", "language"), list(zip(VIEWS, itertools.cycle(languages()), strict=False)))
def test_every_view_opens_with_its_words(view: str, language: str):
    shown = page(view=view, lang=language, layer="1", head="2", query="3")

    assert shown.state("view") == view
    assert all(shown.alternatives())
    assert shown.settings().items() >= {"layer": "1", "head": "2", "query": "3"}.items()


def test_the_stage_shows_the_row_that_is_named_beside_its_scale():
    shown = page(lang="en", layer="1", head="2", query="3")
    stage = shown.component("stage")

    expected = made(TEXTS[0], TEXT).blocks[0].weights[1, 2, 3]
    assert [float(token["weight"]) for token in stage["rows"][0]["tokens"]] == pytest.approx(expected.tolist())
    assert [token["query"] for token in stage["rows"][0]["tokens"]] == [False, False, False, True]
    assert "layer 2, head 3, query “sat”" in stage["legend"]["title"]
    assert stage["tokens_choosable"]


def test_unasked_it_looks_from_the_special_token_of_the_last_layer_if_the_model_opens_with_no_head(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(openings, "stored", dict)
    shown = page()

    assert [shown.state(key) for key in ("layer", "head", "query")] == [LAYERS - 1, 0, 0]


def test_the_overview_sends_every_head_in_eight_bits():
    shown = page(view="overview", scale="unit")
    data = shown.component("maps")
    codes = np.frombuffer(base64.b64decode(data["codes"]), np.uint8)

    weights = made(TEXTS[0], TEXT).blocks[0].weights
    assert (data["layers"], data["heads"], data["rows"], data["columns"]) == weights.shape
    np.testing.assert_allclose(codes.reshape(weights.shape) / 255, weights, atol=0.5 / 255 + 1e-6)


def test_tokens_travel_to_the_lines_as_they_are():
    data = page(view="lines").component("lines")

    assert data["queries"] == data["keys"] == ["[CLS]", "the", "<b>cat</b>", "sat"]
    assert len(base64.b64decode(data["codes"])) == HEADS * 4 * 4


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(("words", "all_told"), [(13, True), (62, True), (66, False)])
def test_a_head_of_many_tokens_is_sent_in_bytes_and_not_as_a_chart(language: str, words: int, all_told: bool):
    text = " ".join(["<b>cat</b>", *("sat" for _ in range(words))])
    shown = Page(model=TEXTS[0], text=text, view="head", lang=language, scale="unit", layer="1", head="2", query="3")
    data = shown.component("matrix")
    weights = made(TEXTS[0], text).blocks[0].weights[1, 2]

    codes = np.frombuffer(base64.b64decode(data["codes"]), np.uint8)
    np.testing.assert_allclose(codes.reshape(weights.shape) / 255, weights, atol=0.5 / 255 + 1e-6)
    told = np.frombuffer(base64.b64decode(data["weights"]), "<f4")
    np.testing.assert_array_equal(told, weights.ravel() if all_told else [])
    assert (translate(language, "head.large") in [each.value for each in shown.app.caption]) != all_told
    assert not shown.figures()
    assert (data["query"], data["masks"], data["reasons"], data["mark"]) == (3, "", [], "")
    assert data["queries"] == data["keys"] == ["[CLS]", *text.split()]
    assert data["title"] == translate(language, "figures.layer_head", layer=2, head=3)
    assert data["alt"] == describe.row(made(TEXTS[0], text), Focus("encoder", 1, 2, 3), language)
    assert data["words"]["key"] == translate(language, "figures.key_axis")
    assert data["legend"]["title"] == translate(language, "figures.colour_unit")


def drawn(shown: Page) -> dict[str, Any]:
    """The heatmap of the only chart."""
    (figure,) = shown.figures()
    return next(trace for trace in figure["data"] if trace["type"] == "heatmap")


def numbers(values: Any) -> np.ndarray:
    """An array as Plotly sends it."""
    if isinstance(values, dict):
        flat = np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"])
        return flat.reshape([int(size) for size in values.get("shape", str(flat.size)).split(",")])
    return np.array(values, float)


@pytest.fixture
def with_norms(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model gives the norms of its values."""
    monkeypatch.setattr(offers, "of_model", lambda name: frozenset({"norms", "reordered"}))
    monkeypatch.setattr(cache, "value_norms", norms_of)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("kind", maps.MAPS)
def test_every_map_says_what_it_is_and_what_it_is_not(with_norms, kind: maps.MapKey, language: str):
    shown = page(view="flow", map=kind, lang=language, layer="1", head="2")
    block = made(TEXTS[0], TEXT).blocks[0]

    assert shown.settings().items() >= {"view": "flow", "map": kind}.items()
    expected = maps.values(block, kind, 1, 2, norms_of(TEXTS[0], TEXT))
    np.testing.assert_allclose(numbers(drawn(shown)["customdata"]), expected, rtol=1e-9)
    heads = LAYERS * HEADS if kind == "all" else HEADS
    words = translate(language, f"maps.{kind}_text", layer=2, layers=LAYERS, heads=heads)
    assert words in shown.markdown()
    assert [each.value for each in shown.app.latex] == [f"$$\n{FORMULAS[kind]}\n$$"]
    (alternative,) = shown.alternatives()
    assert alternative.startswith(describe.map_title(block, kind, 1, 2, language))
    offered = {each.key for each in shown.app.get("button_group")}
    assert {"layer", "head"} & offered == set(PARTS[kind])


def test_the_table_of_a_map_has_its_numbers(with_norms):
    shown = page(view="flow", map="norms", layer="0", head="4")
    shown.choose("numbers-map-norms", True)
    (table,) = [each.value for each in shown.app.dataframe]

    expected = made(TEXTS[0], TEXT).blocks[0].weights[0, 4] * norms_of(TEXTS[0], TEXT)[0, 4]
    np.testing.assert_allclose(table["norms"].to_numpy().reshape(4, 4), expected, rtol=1e-6)


def test_norms_are_offered_only_by_a_model_that_gives_them():
    shown = page(view="flow", map="norms")

    assert shown.state("map") == "weights"
    assert shown.settings()["map"] == "weights"


def test_rollout_is_over_all_tokens_even_if_some_are_hidden():
    shown = page(view="flow", map="rollout", special="hide", layer="2", lang="en")
    whole = maps.values(made(TEXTS[0], TEXT).blocks[0], "rollout", 2, 0)

    np.testing.assert_allclose(numbers(drawn(shown)["customdata"]), whole[1:, 1:], rtol=1e-9)
    assert translate("en", "maps.own_tokens") in shown.messages()


@pytest.mark.parametrize("likeness", ["map", "matrix"])
@pytest.mark.parametrize("language", languages())
def test_heads_are_plotted_by_the_figures_chosen(likeness: str, language: str):
    shown = page(view="heads", x="same", y="first", likeness=likeness, lang=language)
    plot, alike = shown.figures()
    table = heads(made(TEXTS[0], TEXT).blocks[0])

    np.testing.assert_allclose(numbers(plot["data"][0]["x"]), table["same"])
    np.testing.assert_allclose(numbers(plot["data"][0]["y"]), table["first"])
    assert {trace["type"] for trace in alike["data"]} == ({"scatter"} if likeness == "map" else {"heatmap", "scatter"})
    assert len(set(shown.alternatives())) == 2 and all(shown.alternatives()) and not shown.drawn_by_plotly()
    assert shown.settings().items() >= {"x": "same", "y": "first", "likeness": likeness}.items()
    distances = similarity(made(TEXTS[0], TEXT).blocks[0])
    assert translate(language, "heads.alike_text") in shown.markdown()
    for key, frame in (("heads-plot", table[["layer", "head", "same", "first"]]), ("heads-alike", distances.table())):
        shown.choose(f"numbers-{key}", True)
        assert any(each.value.equals(frame) for each in shown.app.dataframe), key


def test_hidden_tokens_change_no_figure_of_a_head():
    own, hidden = page(view="heads"), page(view="heads", special="hide", lang="en")

    for one, other in zip(own.figures(), hidden.figures(), strict=True):
        np.testing.assert_array_equal(numbers(one["data"][0]["x"]), numbers(other["data"][0]["x"]))
    assert translate("en", "heads.own_tokens") in hidden.messages()


def test_points_can_be_clicked_and_know_their_head():
    shown = page(view="heads")

    assert shown.component("chart")["choosable"] and not shown.drawn_by_plotly()
    for figure in shown.figures():
        places = [tuple(place) for place in numbers(figure["data"][-1]["customdata"]).tolist()]
        assert places == list(np.ndindex(LAYERS, HEADS))


def test_the_map_of_a_head_is_sent_before_what_stands_above_it(monkeypatch: pytest.MonkeyPatch):
    sent = []

    def noting(name: str, own: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*given: Any, **options: Any) -> Any:
            sent.append(name)
            return own(*given, **options)

        return noted

    for name in ("chart", "choose_head"):
        monkeypatch.setattr(head, name, noting(name, getattr(head, name)))
    page(view="head")
    assert sent == ["chart", "choose_head"]
