"""The view of a training: which sentence, which look, which row; what is said; where it is not offered."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from attnviz import zoo
from attnviz.analysis.focus import focus
from attnviz.figures.numbers import percent
from attnviz.i18n import languages, translate
from attnviz.trace import Classification
from attnviz.ui import cache, models
from attnviz.ui.openings import head_of
from attnviz.ui.words import literal
from tests.app.page import Page
from tests.learned import STEPS, Looks, learned, unreadable
from tests.shipped import NAMES, card

CLASSIFIERS = [name for name in NAMES if card(name)["labels"]]
POOLING, ENCODER = "topics-en", "topics-en-encoder"


class Recorded(dict[str, Looks]):
    """What is recorded; who has asked before, as the loading behind the page does, asks again."""

    def __setitem__(self, name: str, looks: Looks) -> None:
        super().__setitem__(name, looks)
        cache.learning.cache_clear()


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Looks]]:
    """The trainings there are, by the name of the model; none at first."""
    found = Recorded()
    monkeypatch.setattr(zoo, "learning", found.get, raising=False)
    cache.learning.cache_clear()
    yield found
    cache.learning.cache_clear()


def page(**address: str) -> Page:
    return Page(**{"view": "learning", **address})


def looks(shown: Page) -> list[dict]:
    return shown.component("learning")["looks"]


@pytest.mark.parametrize(("name", "language"), list(zip(CLASSIFIERS, itertools.cycle(languages()), strict=False)))
def test_the_selected_example_is_shown_as_it_was_learned(recorded: dict[str, Looks], name: str, language: str):
    text = card(name)["examples"][1]
    recorded[name] = own = learned(name, tuple(card(name)["examples"][:2]))
    shown = page(model=name, lang=language, text=text)

    row = focus(own.traces[1][0], *head_of(models.card(name), None, None))
    for drawn, trace in zip(looks(shown), own.traces[1], strict=True):
        np.testing.assert_allclose(drawn["weights"], row.row(trace), rtol=1e-6)
        assert isinstance(trace.output, Classification)
        assert percent(float(trace.output.probabilities.max())).removeprefix("≈ ") in drawn["told"]
    names = [look["name"] for look in looks(shown)]
    assert names[0] == translate(language, "learning.untrained", step="0")
    assert names[-1] == translate(language, "learning.shipped", step=str(STEPS[-1]))
    assert shown.component("learning")["at"] == len(STEPS) - 1
    assert text in shown.alternatives()[0]
    assert translate(language, "learning.honest") in shown.messages()


def test_the_last_look_is_the_answer_of_the_stage(recorded: dict[str, Looks]):
    recorded[POOLING] = learned(POOLING)
    shown = page(model=POOLING)

    sent, (row,) = shown.component("learning"), shown.rows()
    last = sent["looks"][-1]
    assert [f"{weight:.6f}" for weight in last["weights"]] == [f"{float(t['weight']):.6f}" for t in row["tokens"]]
    top = next(each["name"] for each in row["classes"] if each["top"])
    assert sent["answers"][last["top"]]["text"] == top


def test_a_look_is_in_the_address_and_framed_in_the_chart(recorded: dict[str, Looks]):
    recorded[POOLING] = learned(POOLING)
    shown = page(model=POOLING, look="2")
    assert shown.component("learning")["at"] == 2
    assert shown.figures()[0]["layout"]["shapes"][0]["x0"] == 1.5

    shown.choose("look", 4)
    assert shown.settings()["look"] == "4"
    assert shown.figures()[0]["layout"]["shapes"][0]["x0"] == 3.5


@pytest.mark.parametrize("language", languages())
def test_a_sentence_that_was_not_recorded_gives_way_and_that_is_said(recorded: dict[str, Looks], language: str):
    recorded[POOLING] = own = learned(POOLING)
    shown = page(model=POOLING, text="something else", lang=language, learned="77", look="77")

    assert [shown.state("learned"), shown.state("look")] == [-1, -1]
    chosen = next(box for box in shown.app.selectbox if box.key == "learned")
    assert chosen.options[0] == translate(language, "learning.other", text=own.sentences[0])
    assert len(looks(shown)[0]["weights"]) == len(own.traces[0][0].blocks[0].key)
    shown.choose("learned", 2)
    assert own.sentences[2] in shown.alternatives()[0]


def test_a_query_the_recorded_sentence_has_not_is_its_first(recorded: dict[str, Looks]):
    recorded[ENCODER] = own = learned(ENCODER)
    shown = page(model=ENCODER, text=" ".join(["good"] * 40), query="37")

    assert shown.state("query") == 0
    assert len(looks(shown)[0]["weights"]) == len(own.traces[0][0].blocks[0].key)


def test_a_mean_over_heads_is_only_shown_when_chosen_and_named(recorded: dict[str, Looks]):
    recorded[ENCODER] = own = learned(ENCODER)
    shown = page(model=ENCODER, layer="0", head="1", query="2", text=own.sentences[0])
    weights = own.traces[0][3].blocks[0].weights
    title = translate("en", "alt.row", layer=1, head=2, query=own.traces[0][0].blocks[0].query.tokens[2])

    np.testing.assert_allclose(looks(shown)[3]["weights"], weights[0, 1, 2], rtol=1e-6)
    assert literal(title) in shown.messages()
    shown.choose("mean", True)
    np.testing.assert_allclose(looks(shown)[3]["weights"], weights[0, :, 2].mean(axis=0), rtol=1e-5)
    assert f"mean over {weights.shape[1]} heads" in shown.alternatives()[0]


def test_special_tokens_are_hidden_here_as_everywhere(recorded: dict[str, Looks]):
    recorded[ENCODER] = learned(ENCODER)
    shown = page(model=ENCODER, special="hide")

    assert [each["text"] for each in shown.component("learning")["tokens"]] == shown.tokens()
    assert "[CLS]" not in shown.tokens()


@pytest.mark.parametrize("name", NAMES)
def test_a_model_without_a_recording_has_no_such_view(recorded: dict[str, Looks], name: str):
    assert not recorded
    shown = page(model=name)

    assert shown.state("view") != "learning"
    assert translate("en", "views.lesson") in shown.views()
    assert translate("en", "views.learning") not in shown.views()


def test_a_recording_that_cannot_be_read_is_said_to_be(monkeypatch: pytest.MonkeyPatch, recorded: dict[str, Looks]):
    error = unreadable(monkeypatch, POOLING)
    shown = page(model=POOLING)

    assert literal(error.message("en")) in [each.value for each in shown.app.error]
