"""The state of the page as one value: parsed, changed, settled and written by functions that need no page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.i18n import catalogue, languages
from attnviz.ui import models
from attnviz.ui.controls.temperature import TEMPERATURES
from attnviz.ui.fields import Facts, Field, Form, gathered
from attnviz.ui.openings import opening
from attnviz.ui.settings import MAX_SENTENCES, MAX_TEXT, PAGE
from attnviz.ui.state import State
from attnviz.ui.views import KEYS, VIEWS
from tests.app.facts import facts, parsed
from tests.app.hard import HARD

MODELS = tuple(models.cards())

#: Every parameter an address has ever had, with values that mean something.
GOOD: dict[str, tuple[str, ...]] = {
    "lang": tuple(languages()),
    "model": MODELS,
    "view": KEYS,
    "text": ("good film", "good film\nbad film\n良い映画"),
    "aside": ("good film", "meadow;dog@3,2"),
    "said": ("en", "ja"),
    "both": ("0", "1"),
    "sentence": ("1", "2", "20"),
    "scale": ("unit", "row", "log"),
    "special": ("show", "hide", "renormalise"),
    "pieces": ("pieces", "words"),
    "order": ("", "sentence", "weight"),
    "numbers": ("0", "1"),
    "stage": ("0", "1"),
    "contrast": ("0", "1"),
    "follow": ("0", "1"),
    "shuffle": ("0", "7", "999"),
    "temperature": tuple(f"{each:g}" for each in TEMPERATURES),
    "layer": ("-1", "0"),
    "head": ("-1", "0", "11"),
    "query": ("-1", "0", "4095"),
    "width": ("-1", "1", "512"),
    "root": ("0", "1"),
    "cost": ("0", "1"),
    "target": ("-1", "0", "1"),
    "instead": tuple(str(rank) for rank in range(11)),
    "map": ("weights", "mean", "all", "rollout", "norms"),
    "x": ("distance", "entropy", "special"),
    "y": ("entropy", "previous"),
    "likeness": ("map", "matrix"),
    "block": ("", "encoder", "source-target", "multi_head_attention_1"),
    "cross": ("", "1.1", "3.2 1.4"),
    "path": ("", "3:tea", "0:a:b 12:▁c"),
    "own": ("", "a translation"),
    "beam": ("1", "4"),
    "speed": ("0", "2", "4"),
    "at": ("-1", "0", "9"),
    "edits": ("", "uniform", "set-K0-0.5 off-L0H0 hide-K1"),
    "edited": ("0", "1"),
    "against": ("", "sentence", "model", "head", "step"),
    "sentence2": ("-1", "1", "20"),
    "model2": ("", *MODELS, *models.names_beside()),
    "layer2": ("-1", "0"),
    "head2": ("-1", "0", "3"),
    "query2": ("-1", "0", "5"),
    "look1": ("-1", "0", "9"),
    "look2": ("-1", "5", "99"),
    "case": ("right", "misleads", "uniform"),
    "instance": ("1", "2", "3"),
    "learned": ("-1", "0"),
    "look": ("-1", "0"),
    "mean": ("0", "1"),
    "aligned": ("1", "0"),
    "part": ("lecture", "published", "glossary"),
    "lecture": ("", "attention"),
    "slide": ("1", "7", "200"),
    "tour": ("0", "1"),
    "notes": ("0", "1"),
    "guess": ("-1", "0", "5"),
    "revealed": ("0", "1"),
    "length": ("8", "1", "32"),
    "sampled": ("0", "1"),
    "heat": ("1", "0.1", "5"),
    "top_k": ("0", "40"),
    "top_p": ("1", "0.5"),
    "draw": ("0", "999"),
    "role": ("previous", "induction"),
    "does": ("entropy", "effect"),
    "hide": ("", "box rail"),
    "only": ("", "stage"),
}

#: Fields that take any text.
FREE = ("text", "own", "aside")

#: Fields that may be empty.
EMPTY = ("block", "cross", "path", "edits", "against", "model2", "lecture", "hide", "only", "order")

#: Fields of which a part that can be read is taken, or which may be written in several ways.
PARTLY = ("cross", "edits", "hide")

_any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_addresses = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) | _any_text for name, values in GOOD.items()} | {"other": _any_text}
)


def test_every_field_is_tried():
    assert set(GOOD) == {field.name for field in facts().fields}


@pytest.mark.parametrize("name", GOOD)
def test_what_was_ever_written_is_read_and_means_itself(name: str):
    for value in GOOD[name]:
        state = parsed(**{name: value})
        assert facts().field(name).write(state.values[name]) == value
        assert parsed(**state.address(facts())) == state


@settings(max_examples=300)
@given(address=_addresses)
def test_any_address_gives_a_state_and_says_what_is_wrong(address: dict[str, str]):
    state, notices = State.parse(address, facts())

    wrong = {str(notice.parameters["name"]) for notice in notices}
    known = facts()
    for name in set(address) & set(GOOD):
        field = known.field(name)
        if name not in (*FREE, *PARTLY):
            assert (field.write(state.values[name]) == address[name]) == (name not in wrong), name
        if name in wrong and name not in PARTLY:
            assert state.values[name] == field.default_of(state.values, known)
    assert parsed(**state.address(known)).replace(text=state.text) == state


@pytest.mark.parametrize("kind", HARD)
def test_hard_values_give_the_defaults_and_say_so(kind: str):
    wrong = [name for name in GOOD if name not in FREE and (HARD[kind] or name not in EMPTY)]
    state, notices = State.parse(dict.fromkeys(wrong, HARD[kind]), facts())

    assert sorted(str(notice.parameters["name"]) for notice in notices) == sorted(wrong)
    assert state == parsed()


@pytest.mark.parametrize("kind", HARD)
def test_any_text_is_kept_and_its_address_can_be_sent(kind: str):
    for text in (HARD[kind], HARD[kind] * (MAX_TEXT // max(len(HARD[kind]), 1) + 1)):
        state, notices = State.parse({"text": text}, facts())
        assert state.text == text[:MAX_TEXT]
        assert [notice.code for notice in notices] == ["text_too_long"] * (len(text) > MAX_TEXT)
    urlencode(state.address(facts())).encode("ascii")


@pytest.mark.parametrize("language", languages())
def test_the_first_address_is_short(language: str):
    written = State.parse({}, facts(language))[0].address(facts(language))
    assert list(written) == ["lang", "model", "view", "text"]
    english = State.parse({}, facts("en"))[0].address(facts("en"))
    assert len("?" + urlencode(english)) < 120


@pytest.mark.parametrize("model", MODELS)
def test_only_what_differs_from_the_default_is_written(model: str):
    plain = parsed(model=model).address(facts())
    spelled = {**{name: values[0] for name, values in GOOD.items()}, **plain}
    spelled |= {name: facts().field(name).write(value) for name, value in parsed(model=model).values.items()}
    assert len(spelled) == len(GOOD)
    assert parsed(**spelled).address(facts()) == plain
    assert parsed(model=model, scale="log").address(facts()) == {**plain, "scale": "log"}


def test_a_slide_is_written_as_toml_has_it():
    slide = {"model": "sentiment-en", "view": "steps", "numbers": True, "temperature": 0.5, "layer": 1}
    state = parsed(**slide)
    assert (state.numbers, state.temperature, state.layer) == (True, 0.5, 1)


@pytest.mark.parametrize("given", ["", "true", "01", "1.0", "１", "-0"])
def test_a_number_is_written_in_one_way_only(given: str):
    _, notices = State.parse({"layer": given, "numbers": given}, facts())
    assert len(notices) == 2


# ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────────


ENGLISH, JAPANESE, TRANSLATES = "sentiment-en", "politeness-ja", "translate-en-ja"


def changed(before: State, **changes: Any) -> State:
    return before.change(facts(), **changes)


@pytest.mark.parametrize(
    ("change", "reset"),
    [
        (
            {"model": "topics-en"},
            {"layer", "head", "query", "target", "layer2", "look", "shuffle", "block", "path", "edits"},
        ),
        ({"sentence": 2}, {"path", "own", "at"}),
        ({"text": "other words\nand more"}, {"path", "own", "at", "shuffle", "edits"}),
        ({"own": "typed"}, {"path", "at"}),
        ({"path": ((0, "a"),)}, {"at"}),
        ({"against": "head"}, {"layer2", "head2", "query2"}),
        ({"sentence2": 2}, {"layer2", "head2", "query2"}),
        ({"model2": "topics-en"}, {"layer2", "head2", "query2"}),
        ({"view": "steps"}, set()),
        ({"lang": "ja"}, set()),
        ({"scale": "log"}, set()),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) else "",
)
def test_a_change_puts_back_what_hung_on_it_and_nothing_else(change: dict[str, Any], reset: set[str]):
    set_by_hand = {
        **{"layer": "1", "head": "2", "query": "3", "target": "0", "layer2": "1", "head2": "1", "query2": "1"},
        **{"look": "2", "shuffle": "5", "block": "decoder", "path": "1:x", "own": "y", "at": "2", "scale": "unit"},
        **{"temperature": "2", "numbers": "1", "special": "hide", "edits": "uniform"},
    }
    before = parsed(model=ENGLISH, text="one line\ntwo lines", **set_by_hand)
    after = changed(before, **change)

    for name in set_by_hand:
        if name in change:
            continue
        expected = facts().field(name).default if name in reset else before.values[name]
        if name in reset or "model" not in change:
            assert after.values[name] == expected, name


def test_choosing_what_is_chosen_changes_nothing():
    before = parsed(model=ENGLISH, layer="1", shuffle="3")
    assert changed(before, model=ENGLISH, layer=1) == before


@pytest.mark.parametrize(
    ("before", "after", "text", "stays"),
    [
        (ENGLISH, "sentiment-en-encoder", "example", True),
        (ENGLISH, "topics-en", "example", True),
        (ENGLISH, TRANSLATES, "example", True),
        (ENGLISH, JAPANESE, "example", False),
        (JAPANESE, ENGLISH, "example", False),
        (JAPANESE, TRANSLATES, "example", False),
        (ENGLISH, JAPANESE, "my own words", True),
        (ENGLISH, "topics-en", "my own words", True),
    ],
)
def test_the_sentence_stays_wherever_the_other_model_can_take_it(before: str, after: str, text: str, stays: bool):
    cards = facts().cards
    text = cards[before].examples[1] if text == "example" else text
    state = changed(parsed(model=before, text=text, view="surgery"), model=after)

    assert state.text == (text if stays else opening(cards[after]).text)
    assert (state.view, state.sentence) == ("surgery", 1)


def test_an_example_that_came_along_gives_way_where_it_cannot_be_read():
    cards = facts().cards
    first = changed(parsed(model=ENGLISH, text=cards[ENGLISH].examples[0]), model="topics-en")
    assert first.text == cards[ENGLISH].examples[0]
    assert changed(first, model=JAPANESE).text == opening(cards[JAPANESE]).text


def test_a_reading_of_ones_own_stays_and_the_models_own_follows():
    english = parsed(model=ENGLISH)
    assert (english.pieces, changed(english, model=TRANSLATES).pieces) == ("pieces", "words")
    chosen = changed(changed(english, model=TRANSLATES), pieces="pieces")
    assert changed(chosen, model="translate-ja-en").pieces == "pieces"
    assert changed(parsed(model=ENGLISH, pieces="words"), model="topics-en").pieces == "words"


def test_fewer_lines_select_one_that_is_there():
    state = parsed(text="a\nb\nc", sentence="3")
    assert changed(state, text="a\nb").sentence == 2
    assert changed(state, text="").sentence == 1
    assert parsed(sentence=str(MAX_SENTENCES)).sentence == MAX_SENTENCES


# ── what has no meaning ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("given", [{"beam": "4"}, {"own": "x"}, {"path": "1:a"}, {"cross": "1.1"}, {"at": "3"}])
def test_a_setting_of_translations_has_no_meaning_for_a_classifier(given: dict[str, str]):
    state = parsed(model=ENGLISH, text="a b", **given)
    assert state.settle(facts(), {"reordered"}) == parsed(model=ENGLISH, text="a b")
    assert state.settle(facts(), {"writes"}) == state


def test_a_field_goes_with_its_views_and_comes_back_with_them():
    state = parsed(model=ENGLISH, temperature="2", x="entropy")
    assert state.settle(facts(), {"reordered"}, {"cell", "bars"}) == parsed(model=ENGLISH, temperature="2")
    assert state.settle(facts(), {"reordered"}, {"heads"}) == parsed(model=ENGLISH, x="entropy")
    assert state.settle(facts(), {"reordered"}) == state


@pytest.mark.parametrize("language", languages())
def test_no_label_is_taken_for_a_code(language: str):
    known = facts()
    words = set(catalogue(language).values()) | {card.in_language("title", language) for card in known.cards.values()}
    codes = {code for name in GOOD for code in GOOD[name]}
    for field in known.fields:
        if isinstance(field.values, Form):
            continue
        assert [each for each in (*(words - codes), None, (), 7.25) if accepted(field, each, known)] == [], field.name


def accepted(field: Field, value: object, known: Facts) -> bool:
    """Whether a field takes a value; for so many, `pytest.raises` takes longer than all else."""
    try:
        field.accept(value, known)
    except ValueError:
        return False
    return True


def test_a_field_has_one_name_and_one_declaration():
    view = replace(VIEWS[0], key="another", fields=(Field("scale", (1, 2), 1),))
    with pytest.raises(ValueError, match="Received two: scale"):
        gathered(PAGE, (*VIEWS, view), {}, "en")
    assert len({field.name for field in facts().fields}) == len(facts().fields)


def test_without_models_there_is_still_a_state():
    state, notices = State.parse({"model": "x"}, gathered(PAGE, VIEWS, {}, "en"))
    assert (state.model, state.text, len(notices)) == ("", "", 1)
