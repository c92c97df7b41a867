"""Special tokens shown, hidden or scaled away, pieces merged to words: on a made model whose weights are known."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from attnviz.analysis.focus import Focus
from attnviz.analysis.reading import SPECIAL, read
from attnviz.figures import describe
from attnviz.figures.numbers import percent
from attnviz.i18n import languages, translate
from attnviz.trace import (
    MASK_CAUSAL,
    MASK_NONE,
    AttentionBlock,
    AttentionTrace,
    Classification,
    Kind,
    Steps,
    Text,
    TokenAxis,
)
from attnviz.ui import cache, models
from tests.app.page import TEXTS, Page

LAYERS, HEADS = 3, 5
TEXT = "the embeddings sat"
TOKENS = ("[CLS]", "the", "em", "##bed", "##dings", "sat", "[SEP]")
SPANS = (None, (0, 3), (4, 6), (6, 9), (9, 14), (15, 18), None)
WORDS = ["the", "embeddings", "sat"]
MODEL = TEXTS[0]


class Made:
    """What the page believes a model to answer."""

    kind: Kind = "self"
    tokens: tuple[str, ...] = TOKENS
    spans: tuple[tuple[int, int] | None, ...] = SPANS

    def __init__(self) -> None:
        self.traces: dict[str, AttentionTrace] = {}
        self.explained: list[Focus] = []

    def trace(self, name: str, text: str, shuffle: int = 0, *_: object) -> AttentionTrace:
        if text not in self.traces:
            length = len(self.tokens)
            scores = np.random.default_rng(13).normal(size=(LAYERS, HEADS, length, length))
            mask = np.zeros((length, length), np.int8)
            if self.kind == "causal":
                mask = np.where(np.triu(np.ones((length, length)), 1), MASK_CAUSAL, MASK_NONE)
            weights = np.exp(scores) * (mask == MASK_NONE)
            weights /= weights.sum(-1, keepdims=True)
            axis = TokenAxis.of(self.tokens, self.spans, [span is None for span in self.spans])
            block = AttentionBlock("encoder", self.kind, axis, axis, weights, mask if mask.any() else None)
            labels = models.card(name).labels
            output = Classification(labels, np.full(len(labels), 1 / len(labels), np.float32))
            self.traces[text] = AttentionTrace(name, Text(text), (block,), output)
        return self.traces[text]

    def explain(self, name: str, text: str, focus: Focus, *_: object) -> Steps:
        self.explained.append(focus)
        return Steps(())


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    model = Made()
    monkeypatch.setattr(cache, "trace", model.trace)
    monkeypatch.setattr(cache, "explain", model.explain)
    return model


def page(**address: str) -> Page:
    return Page(**{"model": MODEL, "text": TEXT, "lang": "en", "layer": "1", "head": "2", "query": "5"} | address)


def shown_weights(shown: Page) -> list[float]:
    return [float(token["weight"]) for token in shown.component("stage")["rows"][0]["tokens"]]


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("special", SPECIAL)
def test_the_control_takes_special_tokens_off_the_stage_and_the_mass_is_stated(made: Made, language: str, special: str):
    shown = page(lang=language).choose("special", special)

    row = made.trace(MODEL, TEXT).blocks[0].weights[1, 2, 5].astype(np.float64)
    hidden = row[[0, 6]].sum()
    mean = made.trace(MODEL, TEXT).blocks[0].weights[1, 2, 1:6][:, [0, 6]].sum(-1).mean()
    assert shown.tokens() == list(TOKENS if special == "show" else TOKENS[1:6])
    scale = 1 / (1 - hidden) if special == "renormalise" else 1
    expected = row if special == "show" else row[1:6] * scale
    assert shown_weights(shown) == pytest.approx(expected.tolist(), rel=1e-5)

    code = {"hide": "alt.hidden", "renormalise": "alt.renormalised"}.get(special)
    if code is None:
        assert not any("%" in message for message in shown.messages())
    else:
        told = translate(language, code, share=percent(float(hidden)), mean=percent(float(mean)))
        assert any(told in message.replace("\\", "") for message in shown.messages())
        assert all(told in alt for alt in shown.alternatives())
    assert shown.settings()["special"] == special


@pytest.mark.parametrize("language", languages())
def test_pieces_become_words_and_it_says_so(made: Made, language: str):
    shown = page(lang=language).choose("pieces", "words")

    assert shown.tokens() == ["[CLS]", *WORDS, "[SEP]"]
    row = made.trace(MODEL, TEXT).blocks[0].weights[1, 2, 5].astype(np.float64)
    assert shown_weights(shown) == pytest.approx([row[0], row[1], row[2:5].sum(), row[5], row[6]], rel=1e-5)
    told = translate(language, "notices.words_merged", pieces=3, words=1)
    assert any(told in message.replace("\\", "") for message in shown.messages())


def test_all_that_a_reading_did_is_said_in_one_place(made: Made):
    before = len(page().messages())
    shown = page(special="renormalise", pieces="words")
    assert len(shown.messages()) == before + 1
    words = ("scaled", "pieces", "mean over the rows")
    assert any(all(each in message for each in words) for message in shown.messages())


@pytest.mark.parametrize("view", ["bars", "heatmap", "overview", "head", "lines", "heads", "prediction"])
def test_every_view_reads_what_the_stage_shows(made: Made, view: str):
    shown = page(view=view, special="hide", pieces="words")

    assert shown.state("view") == view and shown.tokens() == WORDS
    if view == "lines":
        data = shown.component("lines")
        assert data["queries"] == data["keys"] == WORDS
        assert len(base64.b64decode(data["codes"])) == HEADS * 3 * 3
    if view == "overview":
        assert [shown.component("maps")[name] for name in ("rows", "columns")] == [3, 3]
    if view == "head":
        told = describe.hidden(read(made.trace(MODEL, TEXT), "hide", "words"), Focus("encoder", 1, 2, 2))
        assert told in shown.figures()[0]["layout"]["title"]["text"]
        assert list(shown.figures()[0]["layout"]["xaxis"]["ticktext"]) == WORDS


def test_the_chosen_query_stays_the_same_token(made: Made):
    shown = page(query="3")  # a piece of “embeddings”
    assert [token["query"] for token in shown.component("stage")["rows"][0]["tokens"]].index(True) == 3
    shown.choose("special", "hide")
    assert [token["query"] for token in shown.component("stage")["rows"][0]["tokens"]].index(True) == 2
    assert shown.state("query") == 3
    shown.choose("pieces", "words")
    stage = shown.component("stage")
    assert [token["query"] for token in stage["rows"][0]["tokens"]] == [False, True, False]
    assert [token["place"] for token in stage["rows"][0]["tokens"]] == [1, 2, 5]
    assert "query “embeddings”" in stage["legend"]["title"]
    assert shown.state("query") == 2


def test_a_query_is_chosen_by_the_models_position(made: Made):
    shown = page(special="hide", pieces="words", view="head")
    for token in shown.component("stage")["rows"][0]["tokens"]:
        shown.choose("query", token["place"])
        assert f"query “{token['text']}”" in shown.component("stage")["legend"]["title"]
        assert shown.state("query") == token["place"]


def test_a_hidden_query_gives_way_to_one_that_is_shown(made: Made):
    shown = page(query="0", special="hide")
    assert shown.state("query") == 1


@pytest.mark.parametrize("language", languages())
def test_a_row_is_taken_apart_by_the_models_own_tokens(made: Made, language: str):
    shown = page(view="cell", special="hide", pieces="words", query="4", lang=language)
    assert set(made.explained) == {Focus("encoder", 1, 2, 2)}
    said = [message.replace("\\", "") for message in shown.messages()]
    assert translate(language, "cell.own_tokens") in said
    assert translate(language, "cell.first_piece", token="em", pieces="em ##bed ##dings") in said
    shown.choose("query", 5)
    assert not any("##bed" in message for message in shown.messages())


def test_what_there_is_nothing_to_choose_of_is_not_offered(made: Made):
    assert {"special", "pieces"} <= keys_of(page())
    made.tokens, made.spans, made.traces = TOKENS[1:2], SPANS[1:2], {}
    assert not {"special", "pieces"} & keys_of(page(text="the", special="hide", pieces="words"))


def keys_of(shown: Page) -> set[str]:
    """Keys of the controls drawn."""
    return {str(each.key) for kind in (shown.app.selectbox, shown.app.get("button_group")) for each in kind}


def test_downloads_and_the_page_agree(made: Made):
    shown = page(special="renormalise", pieces="words")
    again = Page(**shown.address())
    assert again.component("stage") == shown.component("stage")


def test_masked_tokens_are_told_from_a_weight_of_zero(made: Made):
    made.kind = "causal"
    shown = page(query="2", numbers="1", view="overview")
    tokens = shown.component("stage")["rows"][0]["tokens"]
    assert [token["number"] == "/" for token in tokens] == [False] * 3 + [True] * 4
    assert translate("en", f"masks.{MASK_CAUSAL}") in tokens[3]["tip"]
    data = shown.component("maps")
    masks = np.frombuffer(base64.b64decode(data["masks"]), np.uint8).reshape(7, 7)
    np.testing.assert_array_equal(masks, made.trace(MODEL, TEXT).blocks[0].mask)
    assert data["reasons"] == [{"code": MASK_CAUSAL, "name": translate("en", f"masks.{MASK_CAUSAL}")}]


def test_a_trace_is_read_once(made: Made):
    own = made.trace(MODEL, TEXT)
    assert cache.read(own, "hide", "words") is cache.read(own, "hide", "words")
    assert cache.read(own, "show", "pieces") is own
