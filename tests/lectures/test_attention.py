"""The shipped lecture: every slide shows what it asks for, and what it says of the models is so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnviz import lectures, zoo
from attnviz.analysis.focus import focus
from attnviz.analysis.softmax import at_temperature
from attnviz.analysis.surgery.operations import traced
from attnviz.families.model import Expects
from attnviz.families.writing.decoding import Sampling
from attnviz.i18n import languages
from attnviz.lectures import Slide
from attnviz.scenes import Scene
from attnviz.scenes.scene import on
from attnviz.trace import MASK_CAUSAL, AttentionTrace, Classification, RegionAxis, Written
from attnviz.ui import lecture_state, views
from attnviz.ui.fields import code
from attnviz.ui.shown import show
from tests.app.facts import facts

ATTENTION = lectures.find("attention")

#: Most that stands on a slide, in characters: three hundred words a minute are read by nobody.
MOST = {"en": 400, "ja": 200}

each_language = pytest.mark.parametrize("language", languages())


def slide(title: str) -> Slide:
    """The one slide whose English title begins so."""
    (found,) = (each for each in ATTENTION.slides if each.title["en"].startswith(title))
    return found


def run(of: Slide, language: str, text: str = "", *edits: str) -> tuple[AttentionTrace, Classification]:
    """The slide's sentence, or another, in its model, with operations on the weights."""
    state = of.state_in(language)
    trace = traced(zoo.load(str(state["model"])), text or str(state["text"]), list(edits), "")
    assert isinstance(trace.output, Classification)
    return trace, trace.output


def row(of: Slide, language: str, text: str = "") -> dict[str, float]:
    """Weights of the row that a slide's page lights, by token; for another sentence, the same row of it."""
    known, state = facts(language), of.state_in(language)
    asked, _ = lecture_state.opened(ATTENTION, of.number, language, known)
    trace = zoo.load(str(state["model"])).trace(text or str(state["text"]))
    at = show(asked, known, views.VIEWS, "light").context.focus_of(trace)
    return dict(zip(at.keys(trace).tokens, at.row(trace).tolist(), strict=True))


def heaviest(weights: dict[str, float]) -> str:
    return max(weights, key=lambda token: weights[token])


def test_it_is_an_hour_in_both_languages_with_a_tour_of_eight_stops():
    assert len(ATTENTION.slides) == 21 and ATTENTION.minutes == 60 and len(ATTENTION.tour) == 8
    for each in ATTENTION.slides:
        for words in (each.title, each.words, each.notes, each.attempt, each.ask or each.title):
            assert set(words) == set(languages()), each.number
        assert all(len(each.words[language]) <= most for language, most in MOST.items()), each.number


@each_language
@pytest.mark.parametrize("number", range(1, len(ATTENTION.slides) + 1))
def test_a_slide_shows_what_it_asks_for(number: int, language: str):
    known = facts(language)
    asked, wrong = lecture_state.opened(ATTENTION, number, language, known)
    shown = show(asked, known, views.VIEWS, "light")

    assert not wrong and shown.path_led_nowhere is None and shown.context.selected is not None
    assert shown.address == asked and shown.view.key == asked.view
    assert lecture_state.address(shown.address, known) == {
        "lang": language,
        "lecture": "attention",
        "slide": str(number),
    }
    given = ATTENTION.slides[number - 1].state_in(language)
    assert {name: code(shown.drawn.state.values[name]) for name in given if name not in ("edits",)} == {
        name: code(value) for name, value in given.items() if name not in ("edits",)
    }
    assert " ".join(shown.drawn.state.edits) == given.get("edits", "")
    assert not [notice.code for notice in shown.context.trace.notices]
    if ATTENTION.slides[number - 1].ask:
        assert 1 < len(shown.context.focus.keys(shown.context.trace)) < 20, "there are words to point at"


@pytest.mark.parametrize("code", [None, "snow;dog@10,11;car@4,9*1.4"])
def test_eyes_that_are_asked_where_look_hardly_at_the_things(code: str | None):
    code = code or str(slide("Where").state["text"])
    scene = Scene(code)
    trace = zoo.load("scene-topics").trace(scene)
    axis = trace.blocks[0].key
    assert isinstance(axis, RegionAxis) and axis.grid is not None
    things = on(scene.covered(*axis.grid), range(len(scene.objects))).ravel()

    assert 0.1 < things.mean() < 0.6
    assert trace.blocks[0].weights[0, 0, 0, things].sum() < things.mean() / 4
    assert isinstance(trace.output, Classification) and trace.output.labels[trace.output.predicted] == "snow"


@each_language
def test_a_temperature_below_one_leaves_the_order_and_gives_nearly_all_to_one_word(language: str):
    state = slide("Temperature").state_in(language)
    model: Any = zoo.load(str(state["model"]))
    scores = model.explain(model.encode(str(state["text"])))["scores"].astype(np.float64)
    own, sharp = at_temperature(scores, 1), at_temperature(scores, float(state["temperature"]))

    assert (np.argsort(own) == np.argsort(sharp)).all()
    assert own.max() < 0.6 and sharp.max() > 0.85


def test_a_decoder_is_forbidden_to_look_ahead():
    for language in languages():
        state = slide("What must not").state_in(language)
        block = zoo.load(str(state["model"])).trace(str(state["text"])).block(str(state["block"]))
        ahead = np.triu(np.ones(block.shape[2:], bool), 1)
        assert block.mask is not None and (block.mask == MASK_CAUSAL).reshape(-1, *ahead.shape)[..., ahead].all()
        assert (block.weights[..., ahead] == 0).all()


def test_words_that_a_row_is_said_to_look_at():
    assert heaviest(row(slide("Self-attention"), "en")) == "not"
    assert heaviest(row(slide("Self-attention"), "ja")) == "いらっしゃい"
    assert heaviest(row(slide("A head"), "en")) == "not"
    weights = row(slide("A head"), "ja")
    assert heaviest(weights) == "いらっしゃい" and weights["いらっしゃい"] > 0.8, "nearly all of it"


def test_some_heads_look_at_one_token_and_others_spread():
    for language in languages():
        state = slide("Many").state_in(language)
        weights = zoo.load(str(state["model"])).trace(str(state["text"])).blocks[0].weights
        assert weights.max() > 0.85
        assert weights.max(-1).mean(-1).min() < 0.5


@pytest.mark.parametrize(("language", "other"), [("en", "off-L0H0"), ("ja", "off-L0H2")])
def test_the_head_that_looks_telling_counts_for_little_and_another_for_more(language: str, other: str):
    of = slide("A head")
    (code,) = str(of.state_in(language)["edits"]).split()
    (_, own), (_, off), (_, more) = (run(of, language, "", *codes) for codes in ((), (code,), (other,)))
    moved, farther = (np.abs(each.probabilities - own.probabilities).max() for each in (off, more))

    assert off.predicted == own.predicted and moved < 0.04
    assert farther > 0.15
    assert f"{int(other[-1]) + 1}" in of.attempt[language], "the head is called by the number the page gives it"


def test_the_taught_head_looks_at_the_word_that_is_translated():
    for language, written, read in (("en", "話す", "speak"), ("ja", "train", "電車")):
        state = slide("Source").state_in(language)
        model = zoo.load(str(state["model"]))
        trace = model.trace(str(state["text"]))
        assert isinstance(trace.output, Written)
        at = focus(trace, alignment=model.card.details["alignment"])
        block = trace.block(at.block)
        tokens = [token.strip("▁") for token in trace.output.tokens]
        weights = block.weights[at.layer, at.head, int(str(state["at"]))]
        assert tokens[int(str(state["at"]))] == written, "the slide stands where its words are"
        assert block.kind == "cross" and block.key.tokens[int(weights.argmax())] == read and weights.max() > 0.9
        assert written in slide("Source").words[language]


@each_language
def test_the_picture_is_described_with_its_things(language: str):
    model: Any = zoo.load("caption-scenes")
    output = model.trace(Scene(str(slide("A picture").state["text"])), language=language).output
    assert isinstance(output, Written)
    words = {"en": ("dog", "car", "snow"), "ja": ("犬", "車", "雪")}[language]
    assert all(word in output.text for word in words)


@each_language
def test_the_next_word_is_rather_sure_and_less_so_at_a_higher_temperature(language: str):
    state = slide("The next word").state_in(language)
    model = zoo.load(str(state["model"]))
    assert isinstance(model, Expects)
    expected = model.expected(model.encode(str(state["text"])))
    likely = [Sampling(heat).shares(expected.following, list(expected.never)).max() for heat in (1.0, 2.0)]
    assert likely[0] > 0.25 and likely[1] < likely[0] / 1.5


def test_not_good_in_a_bag_of_words_and_in_an_encoder():
    bag, encoder = slide("“Not good” in a bag"), slide("“Not good” in an encoder")
    for language in languages():
        assert heaviest(row(bag, language)) == "not"
        _, simple = run(bag, language)
        _, deep = run(encoder, language)
        assert simple.labels[simple.predicted] == "positive" and deep.labels[deep.predicted] == "negative"
        assert encoder.state_in(language)["model2"] == bag.state_in(language)["model"]

    _, good = run(bag, "en", "", "set-K2-1")
    trace, bad = run(bag, "en", "This is not a bad film", "set-K2-1")
    assert trace.blocks[0].key.tokens[2] == "not"
    np.testing.assert_allclose(good.probabilities, bad.probabilities, atol=1e-6)
    assert good.labels[good.predicted] == "negative"


@pytest.mark.parametrize(("language", "tall", "telling"), [("en", "phone", "love"), ("ja", "ます", "れ")])
def test_the_word_of_most_weight_does_not_matter_and_another_does(language: str, tall: str, telling: str):
    of = slide("Does it")
    weights = {token: weight for token, weight in row(of, language).items() if token != "[CLS]"}
    assert heaviest(weights) == tall and weights[telling] < weights[tall]

    trace, own = run(of, language)
    tokens = trace.blocks[0].key.tokens
    (_, without), (_, fallen) = (run(of, language, "", f"drop-K{tokens.index(token)}") for token in (tall, telling))
    best = own.predicted
    assert abs(own.probabilities[best] - without.probabilities[best]) < 0.03
    assert own.probabilities[best] - fallen.probabilities[best] > 0.2


@pytest.mark.parametrize(("language", "before", "after"), [("en", "positive", "negative"), ("ja", "polite", "plain")])
def test_one_weight_turns_the_answer(language: str, before: str, after: str):
    of = slide("Surgery")
    _, own = run(of, language)
    trace, turned = run(of, language, "", *str(of.state_in(language)["edits"]).split())

    assert (own.labels[own.predicted], turned.labels[turned.predicted]) == (before, after)
    weights = dict(zip(trace.blocks[0].key.tokens, trace.blocks[0].weights[0, 0, 0].tolist(), strict=True))
    assert weights["disaster"] > 0.5 if language == "en" else weights["ます"] == 0


@each_language
def test_on_the_last_slide_the_stage_has_the_sentence_that_is_worked_below_it(language: str):
    state = ATTENTION.slides[-1].state_in(language)
    known = zoo.load(str(state["model"])).card.details["cases"][str(state["case"])]
    assert state["text"] == known[int(str(state.get("instance", 1))) - 1]["text"]
