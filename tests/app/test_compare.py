"""The view that sets two rows of weights side by side: two sentences, two models, two heads."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from attnviz.errors import InputError
from attnviz.i18n import languages, translate
from attnviz.ui import cache, models
from attnviz.ui.openings import opening
from attnviz.ui.words import literal
from tests.app.page import Page

POOLING, ENCODER, OTHER = "topics-en", "topics-en-encoder", "sentiment-en"
TEXT = "book a table"
TWO = "book a table\nbook the red table"


def page(**address: str) -> Page:
    return Page(**{"model": POOLING, "text": TEXT, "view": "compare", **address})


def panels(shown: Page, chart: int = 0, axis: str = "x") -> list[list[Any]]:
    found = []
    for trace in shown.figures()[chart]["data"]:
        values = trace[axis]
        if isinstance(values, dict):  # how Plotly writes an array
            values = np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"]).tolist()
        found.append(values)
    return found


def words(shown: Page) -> str:
    return " ".join(str(each.value) for each in (*shown.app.markdown, *shown.app.caption))


def address(shown: Page) -> dict[str, str]:
    found: dict[str, str] = shown.settings()
    return found


def weights(model: str, text: str, layer: int = 0, head: int = 0, query: int = 0) -> np.ndarray:
    row: np.ndarray = cache.trace(model, text).blocks[0].weights[layer, head, query].astype(float)
    return row


def opens() -> tuple[int, int]:
    """Layer and head that the encoder opens with."""
    stored = opening(models.card(ENCODER))
    return stored.layer, stored.head


def test_each_encoder_that_was_taught_has_one_beside_it_that_was_not():
    assert {models.card(name).details["original"] for name in models.names_beside()} == {
        name for name in models.names() if models.card(name).family == "encoder"
    }


@pytest.mark.parametrize("name", sorted(models.names_beside()))
def test_what_was_not_taught_stands_beside_what_was(name):
    untaught = models.card(name)
    original, text = untaught.details["original"], untaught.examples[0]
    assert name not in models.names() and untaught.kinds == models.card(original).kinds
    shown = page(model=original, text=text, against="model", model2=name)
    assert address(shown).items() >= {"model": original, "view": "compare", "model2": name}.items()
    titles = shown.app.selectbox(key="model2").options
    assert titles[-1] != titles[0] and models.title(name, "en") in titles
    stored = opening(models.card(original))
    one, other = (weights(each, text, stored.layer, stored.head) for each in (original, name))
    assert np.abs(one - other).max() > 0.05
    assert literal(models.title(name, "en")) in words(shown)
    assert literal(translate("en", "compare.untaught")) in words(shown)


def test_two_sentences_of_one_model():
    shown = page(text=TWO)
    first, second = (weights(POOLING, text) for text in TWO.split("\n"))

    assert address(shown).items() >= {"against": "sentence", "sentence2": "2"}.items()
    a, b, difference = panels(shown)
    assert a == [first[0], first[1], None, None, first[2]]
    assert b == [second[0], None, second[1], second[2], second[3]]
    assert [each is None for each in difference] == [False, True, True, True, False]
    assert [difference[0], difference[4]] == pytest.approx([second[0] - first[0], second[3] - first[2]], rel=1e-9)
    probabilities = [cache.trace(POOLING, text).output.probabilities for text in TWO.split("\n")]
    np.testing.assert_allclose(panels(shown, 1), probabilities, rtol=1e-6)


@pytest.mark.parametrize(("model", "other"), [(POOLING, ENCODER), (ENCODER, POOLING)])
def test_one_sentence_on_a_pooling_model_and_an_encoder(model: str, other: str):
    shown = page(model=model)  # the other model of the task is the first offered

    assert address(shown).items() >= {"against": "model", "model2": other}.items()
    rows = {POOLING: [None, *weights(POOLING, TEXT)], ENCODER: list(weights(ENCODER, TEXT, *opens()))}
    a, b, difference = panels(shown)
    assert (a, b) == (rows[model], rows[other])
    assert difference[0] is None
    assert difference[1:] == pytest.approx(np.subtract(rows[other][1:], rows[model][1:]).tolist(), rel=1e-9)


def test_layer_head_and_query_of_the_other_model_stand_in_the_address():
    shown = page(against="model", model2=ENCODER, layer2="0", head2="3", query2="2")

    assert panels(shown)[1] == list(weights(ENCODER, TEXT, 0, 3, 2))
    assert address(shown).items() >= {"layer2": "0", "head2": "3", "query2": "2"}.items()
    shown.choose("model2", OTHER)
    assert panels(shown)[1] == list(weights(OTHER, TEXT))


def test_models_of_other_classes_stand_beside_each_other_without_a_difference():
    shown = page(against="model", model2=OTHER)

    assert translate("en", "compare.other_classes") in words(shown)
    assert len(shown.figures()) == 3
    np.testing.assert_allclose(panels(shown, 2), [cache.trace(OTHER, TEXT).output.probabilities], rtol=1e-6)


def test_two_heads_of_one_run_and_their_maps():
    shown = page(model=ENCODER, against="head", layer="0", head="1", query="2", layer2="1", head2="3")

    a, b, difference = panels(shown)
    assert (a, b) == (list(weights(ENCODER, TEXT, 0, 1, 2)), list(weights(ENCODER, TEXT, 1, 3, 2)))
    np.testing.assert_allclose(difference, np.subtract(b, a), rtol=1e-9)
    assert len(shown.figures()) == 2
    assert translate("en", "compare.one_run") in words(shown)
    shown = page(model=ENCODER, against="head", layer="1", head="3")
    assert address(shown).items() >= {"layer2": "0", "head2": "0"}.items()  # after the last head comes the first


def test_a_query_follows_its_counterpart_and_falls_back_where_there_is_none():
    red, table = (page(model=ENCODER, text=TWO, sentence="2", query=query) for query in ("3", "4"))

    texts = TWO.split("\n")
    assert panels(table)[1][:3] == [*weights(ENCODER, texts[0], *opens(), 3)[:2], None]
    assert [each for each in panels(red)[1] if each is not None] == list(weights(ENCODER, texts[0], *opens(), 0))
    shown = next(each for each in red.app.selectbox if each.key == "query2")
    assert shown.options[0] == f"query {translate('en', 'compare.unmatched', token='[CLS]')}"


@pytest.mark.parametrize("language", languages())
def test_the_other_model_cannot_read_the_text(monkeypatch: pytest.MonkeyPatch, language: str):
    own = cache.trace

    def refusing(name: str, *rest: Any) -> Any:
        if name == ENCODER:
            raise InputError("empty_text")
        return own(name, *rest)

    monkeypatch.setattr(cache, "trace", refusing)
    shown = page(lang=language, against="model", model2=ENCODER)

    name = models.card(ENCODER).in_language("title", language)
    reason = translate(language, "errors.empty_text")
    said = literal(translate(language, "compare.failed", name=name, reason=reason))
    assert [each.value for each in shown.app.error] == [said]
    assert not shown.figures()


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("against", ["sentence", "model", "head"])
def test_every_comparison_says_what_it_shows_and_is_there_in_words(against: str, language: str):
    shown = page(model=ENCODER, text=TWO, against=against, lang=language)

    assert address(shown)["against"] == against
    assert all(shown.alternatives())
    for key in ("honest", f"honest_{against}"):
        assert translate(language, f"compare.{key}") in words(shown)
    keys = [each.key for each in shown.app.expander if each.key and each.key.startswith("numbers-compare")]
    for key in keys:
        shown.app.session_state[key] = True
    shown.run()
    assert len(shown.app.dataframe) == len(keys) == 2


def test_markup_in_a_token_stays_text():
    shown = page(text="<b>good</b> **film** $x$\n<b>bad</b>")

    assert "<b>" not in words(shown).replace("\\<b\\>", "")
    assert "<b>" not in str(shown.figures()[0]["layout"])


@pytest.mark.parametrize(("language", "things"), [("en", "dog, tree"), ("ja", "犬、木")])
def test_a_picture_is_named_in_words_not_by_its_code(language: str, things: str):
    shown = page(model="scene-topics", lang=language, text="meadow;dog@3,5;tree@9,6\nsnow;car@10,9", against="sentence")

    told = "\n".join((*shown.messages(), *shown.markdown()))
    assert f"{things}" in told and "dog@3" not in told.replace("\\", "")
