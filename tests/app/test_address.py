"""Addresses of every kind: what fits is shown, what does not is said, nothing breaks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.i18n import languages
from attnviz.ui.state import FIELDS, INDEXED
from tests.app.page import MODELS, VIEWS, Page
from tests.app.test_input import HARD, MARKUP

_GOOD: dict[str, tuple[str, ...]] = {
    "lang": tuple(languages()),
    "model": MODELS,
    "view": VIEWS,
    "text": ("good film", "good film\nbad film\n良い映画"),
    "sentence": ("1", "2", "20"),
    "scale": ("unit", "row", "log"),
    "special": ("show", "hide", "renormalise"),
    "pieces": ("pieces", "words"),
    "order": ("sentence", "weight"),
    "numbers": ("0", "1"),
    "follow": ("0", "1"),
    "shuffle": ("0", "7", "999"),
    "temperature": ("0.1", "1", "1.5", "10"),
    "layer": ("-1", "0"),
    "head": ("-1", "0", "11"),
    "query": ("-1", "0", "4095"),
    "width": ("-1", "1", "512"),
    "target": ("-1", "0", "1"),
    "instead": tuple(str(rank) for rank in range(11)),
    "map": ("weights", "mean", "all", "rollout", "norms"),
    "x": ("distance", "entropy", "special"),
    "y": ("entropy", "previous"),
    "likeness": ("map", "matrix"),
    "block": ("", "encoder", "source-target"),
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
    "model2": ("", *MODELS),
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
}

#: Fields that take any text.
FREE = ("text", "own")

#: Fields that may be empty.
EMPTY = ("block", "cross", "path", "edits", "against", "model2")

#: Fields that follow what the model and the text have parts for.
FOLLOWING = ("other", "sentence", "view", "layer", "head", "query", "target", "instead", "block")

#: Fields that follow what there is to compare with.
COMPARED = ("against", "sentence2", "model2", "layer2", "head2", "query2", "look1", "look2")

#: Fields that follow what worked cases the model has.
CASE = ("case", "instance")

# No address carries a lone surrogate: it arrives as U+FFFD.
_any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_addresses = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) | _any_text for name, values in _GOOD.items()} | {"other": _any_text}
)


def test_every_field_is_tried():
    assert set(_GOOD) == set(FIELDS)


@settings(max_examples=60)
@given(address=_addresses)
def test_any_address_is_shown_or_answered(address: dict[str, str]):
    page = Page(**address)

    written = page.component("address")["parameters"]
    assert set(written) == set(FIELDS)
    for name, value in address.items():
        if name in (*FREE, *FOLLOWING, *COMPARED, *CASE):
            continue  # What a model or a text has no such part for is shown as far as there is one.
        assert (written[name] == value) == (value in _valid(name)), name
    wrong = [name for name in address if name not in (*FREE, "other") and address[name] not in _valid(name)]
    assert len(page.state("problems")) == len(wrong)
    assert len(page.messages()) >= len(wrong)


def _valid(name: str) -> Any:
    if name in (*INDEXED, "at"):
        return [str(n) for n in range(-1, 4096)]
    if name == "shuffle":
        return [str(n) for n in range(1000)]
    if name == "sentence":
        return [str(n) for n in range(1, 21)]
    if name == "sentence2":
        return ["-1", *(str(n) for n in range(1, 21))]
    if name == "temperature":
        return ("0.1", "0.2", "0.3", "0.5", "0.7", "1", "1.5", "2", "3", "5", "10")
    return _GOOD[name]


@pytest.mark.parametrize("third", [0, 1, 2])  # Streamlit takes no query above half a megabyte.
@pytest.mark.parametrize("kind", [kind for kind in HARD if "surrogate" not in kind])
def test_hard_values_give_the_defaults_and_say_so(kind: str, third: int):
    wrong = [name for name in FIELDS if name not in FREE and (HARD[kind] or name not in EMPTY)][third::3]
    page = Page(**dict.fromkeys(wrong, HARD[kind]))

    assert len(page.state("problems")) == len(wrong)
    for name in wrong:
        assert any(name in message for message in page.messages()), name
    read = page.markup()
    assert not [markup for markup in MARKUP if markup in HARD[kind] and markup in read]


@pytest.mark.parametrize("kind", [kind for kind in HARD if "surrogate" not in kind])
def test_hard_texts_in_the_address(kind: str):
    page = Page(text=HARD[kind], view="steps")
    assert page.component("sentence_box")["text"] == HARD[kind]


def test_what_is_written_into_the_address_gives_the_same_page_again():
    first = Page(model=MODELS[-1], view="bars", lang="ja", scale="log", order="weight", numbers="1", shuffle="3")
    first.enter("good film\n良い映画です")
    again = Page(**first.component("address")["parameters"])

    assert again.component("stage") == first.component("stage")
    assert again.component("address")["parameters"] == first.component("address")["parameters"]
