"""The views for many heads, on a made model whose weights are known: drawn in every language, opened by a choice."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from attnviz.analysis.focus import Focus
from attnviz.i18n import languages
from attnviz.trace import AttentionBlock, AttentionTrace, Classification, Step, Steps, TokenAxis
from attnviz.ui import cache
from tests.app.page import MODELS, Page

LAYERS, HEADS, FEATURES = 3, 5, 7
TEXT = "the <b>cat</b> sat"
VIEWS = ("bars", "heatmap", "overview", "head", "lines", "cell", "heads", "prediction")


def made(name: str, text: str, shuffle: int = 0) -> AttentionTrace:
    words = text.split()
    scores = np.random.default_rng(13).normal(size=(LAYERS, HEADS, len(words) + 1, len(words) + 1))
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    spans = [None, *((text.index(word), text.index(word) + len(word)) for word in words)]
    axis = TokenAxis.of(["[CLS]", *words], spans, [True, *(False for _ in words)])
    labels = cache.card(name).labels
    output = Classification(labels, np.full(len(labels), 1 / len(labels), np.float32))
    block = AttentionBlock("encoder", "self", axis, axis, weights.astype(np.float32))
    return AttentionTrace(name, text, (block,), output)


def taken_apart(name: str, text: str, focus: Focus) -> Steps:
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


@pytest.fixture(autouse=True)
def many_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model answers with three layers of five heads."""
    monkeypatch.setattr(cache, "trace", made)
    monkeypatch.setattr(cache, "explain", taken_apart)


def page(**address: str) -> Page:
    return Page(model=MODELS[0], text=TEXT, **address)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_with_its_words(view: str, language: str):
    shown = page(view=view, lang=language, layer="1", head="2", query="3")

    assert shown.state("view") == view
    assert all(shown.alternatives())
    assert shown.component("address")["parameters"].items() >= {"layer": "1", "head": "2", "query": "3"}.items()


def test_the_stage_shows_the_row_that_is_named_beside_its_scale():
    shown = page(lang="en", layer="1", head="2", query="3")
    stage = shown.component("stage")

    expected = made(MODELS[0], TEXT).blocks[0].weights[1, 2, 3]
    assert [float(token["weight"]) for token in stage["rows"][0]["tokens"]] == pytest.approx(expected.tolist())
    assert [token["query"] for token in stage["rows"][0]["tokens"]] == [False, False, False, True]
    assert "layer 2, head 3, query “sat”" in stage["legend"]["title"]
    assert stage["tokens_choosable"]


def test_unasked_it_looks_from_the_special_token_of_the_last_layer():
    shown = page()

    assert [shown.state(key) for key in ("layer", "head", "query")] == [LAYERS - 1, 0, 0]


def test_the_overview_sends_every_head_in_eight_bits():
    shown = page(view="overview", scale="unit")
    data = shown.component("maps")
    codes = np.frombuffer(base64.b64decode(data["codes"]), np.uint8)

    weights = made(MODELS[0], TEXT).blocks[0].weights
    assert (data["layers"], data["heads"], data["rows"], data["columns"]) == weights.shape
    np.testing.assert_allclose(codes.reshape(weights.shape) / 255, weights, atol=0.5 / 255 + 1e-6)


def test_tokens_travel_to_the_lines_as_they_are():
    data = page(view="lines").component("lines")

    assert data["queries"] == data["keys"] == ["[CLS]", "the", "<b>cat</b>", "sat"]
    assert len(base64.b64decode(data["codes"])) == HEADS * 4 * 4
