"""The page of what a model is: the figures of its card, none other."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest

import attnviz
from attnviz.figures.numbers import percent
from attnviz.i18n import languages, translate
from attnviz.ui import models
from attnviz.ui.views import caption_scores, card_scores
from attnviz.ui.words import literal
from tests.app.hard import HARD, MARKUP
from tests.app.page import Page
from tests.families.own.own_folder import encoder, make

TRANSLATIONS = [card for card in attnviz.models() if card.task == "translation"]
CAPTIONS = [card for card in attnviz.models() if card.task == "caption"]


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("card", TRANSLATIONS, ids=lambda card: card.name)
def test_a_translation_model_shows_its_scores(card, language):
    scores, lengths, alignment = (
        table.value for table in Page(model=card.name, view="card", lang=language).app.dataframe
    )

    metrics = card.metrics
    expected = [metrics[f"{part}_{way}_bleu"] for part in ("dev", "test") for way in ("greedy", "beam8")]
    without = metrics.get("mean_states")
    earlier = without and without.get("earlier")
    assert scores["bleu"].to_list() == expected + [
        each[f"{part}_greedy_bleu"] for each in (earlier, without) if each for part in ("dev", "test")
    ]
    assert lengths["bleu"].to_list() == [row["bleu"] for row in metrics["test_by_length"]]
    if without:
        column = lengths["earlier_mean_states" if earlier else "mean_states"]
        assert column.to_list() == [row["bleu"] for row in without["test_by_length"]]
    if earlier:
        assert lengths["earlier"].to_list() == [row["bleu"] for row in earlier["test_by_length"]]
    assert alignment["aer"].to_list() == [metrics["alignment"][of]["aer"] for of in ("chosen", "mean", "diagonal")]


@pytest.mark.parametrize(("card", "language"), list(zip(CAPTIONS, itertools.cycle(languages()), strict=False)))
def test_a_captioner_shows_how_it_writes_and_where_its_heads_look(card, language):
    shown = Page(model=card.name, view="card", lang=language)
    (looks,) = (table.value for table in shown.app.dataframe)
    drawn = next(each.value for each in shown.app.markdown if each.value.startswith("||"))

    parts = [part for part in ("test", "test_beam4", "pairs", "style") if f"{part}_en" in card.metrics]
    assert parts[:2] == ["test", "test_beam4"] and {*caption_scores.PARTS} >= {*parts} - {"test_beam4"}
    lines = [line.strip("|").split("|")[1:] for line in drawn.split("\n")[2:]]
    for place, name in enumerate(card.metrics["test_en"]):
        assert [line[place] for line in lines] == [
            literal(percent(card.metrics[f"{part}_{code}"][name])) for part in parts for code in ("en", "ja")
        ]
    found = {(each["layer"] + 1, each["head"] + 1): each for each in card.metrics[f"pointing_{language}"]["heads"]}
    rows = [found.pop((row.layer, row.head)) for row in looks.itertuples()]
    assert (
        not found
        and looks["hits"].to_list() == [each["hits"] for each in rows]
        and looks["hits"].is_monotonic_decreasing
    )
    assert looks["on_it"].to_list() == [each["weight"] for each in rows]


def test_a_model_without_attention_stands_beside_it():
    own, other = ([{"from": low, "to": low + 4, "n": 7, "bleu": bleu} for low in (1, 5)] for bleu in (31.5, 13.25))
    metrics = {"n_test": 14, "test_greedy_bleu": 37.5, "test_greedy_chrf": 29.0, "test_by_length": own}
    metrics["mean_states"] = {"test_greedy_bleu": 17.5, "test_greedy_chrf": 19.0, "test_by_length": other}
    context = SimpleNamespace(t=lambda key, **words: translate("en", key, **words))

    assert card_scores.scores(context, metrics)["bleu"].to_list() == [37.5, 17.5]
    assert card_scores.lengths(metrics)["mean_states"].to_list() == [13.25, 13.25]
    metrics["mean_states"]["earlier"] = {**metrics["mean_states"], "test_greedy_bleu": 29.0}
    assert card_scores.scores(context, metrics)["bleu"].to_list() == [37.5, 29.0, 17.5], "those alike side by side"
    assert list(card_scores.lengths(metrics))[-2:] == ["earlier", "earlier_mean_states"]
    del metrics["mean_states"]
    assert "mean_states" not in card_scores.lengths(metrics)


HOSTILE = "![x](https://evil.example/x.png) " + " ".join(HARD[each] for each in ("image", "markdown", "latex"))


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    """The name of a stranger's model that says nothing but markup."""
    words = {"en": HOSTILE, "ja": HOSTILE}
    said = {each: words for each in ("title", "summary", "notes")}
    data = [{each: HOSTILE for each in ("name", "attribution", "licence", "url")}]
    labels = [f"{HOSTILE}{number}" for number in range(2)]
    made = {"languages": ["en"], "examples": ["we saw the car"], "data": data, "licence": HOSTILE, "labels": labels}
    make(tmp_path, encoder(), "stranger", **made, **said, metrics={"confusion": [[5, 1], [2, 6]]})
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path))
    models.forget()
    yield "stranger"
    models.forget()


@pytest.mark.parametrize("view", ["card", "prediction", "compare"])
def test_every_word_of_a_strangers_card_is_a_word(hostile, view):
    page = Page(model=hostile, view=view, lang="en", against="model", model2="sentiment-en", target="1")
    assert page.state("view") == view and "evil" in " ".join(map(str, [*page.markdown(), *page.figures()]))
    assert not [each for each in (*MARKUP, "![") if each in page.markup()]
