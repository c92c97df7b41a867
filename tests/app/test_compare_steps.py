"""The view that sets two steps of a training side by side: what it draws is what was recorded, and no more."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from attnviz.figures.numbers import approx
from attnviz.i18n import languages, translate
from attnviz.ui import cache
from attnviz.ui.words import literal
from tests import shipped
from tests.app.page import Page
from tests.app.test_compare import address, panels
from tests.learned import unreadable
from tests.shipped import card

RECORDED = sorted(
    path.parent.name for path in shipped.MODELS.glob("*/learning.npz") if path.parent.name in shipped.NAMES
)
POOLING, ENCODER = "topics-en", "topics-en-encoder"


def page(**address: str) -> Page:
    return Page(**{"view": "compare", "against": "step", "pieces": "pieces", **address})


def said(shown: Page) -> str:
    """All words of the page, as they are read."""
    return re.sub(r"\\(.)", r"\1", " ".join(shown.markdown()))


@pytest.mark.parametrize(("name", "language"), list(zip(RECORDED, itertools.cycle(languages()), strict=False)))
def test_the_untrained_model_stands_beside_the_shipped_one_as_recorded(name: str, language: str):
    with np.load(shipped.MODELS / name / "learning.npz") as archive:
        own = {key: archive[key] for key in archive.files}
    text, last = str(own["sentences"][1]), len(own["steps"]) - 1
    shown = page(model=name, text=text, lang=language, query="2")

    written = address(shown)
    assert written.items() >= {"against": "step", "look1": "0", "look2": str(last)}.items()
    layer, head, query = (int(written[key]) for key in ("layer", "head", "query"))
    rows = own["weights_1"][[0, last], layer, head, query].astype(float)
    assert query == (2 if own["weights_1"].shape[3] > 1 else 0)
    np.testing.assert_array_equal(panels(shown), [*rows, rows[1] - rows[0]])
    if own["weights_1"].shape[3] > 1:
        maps = own["weights_1"][[0, last], layer, head].astype(float)
        np.testing.assert_array_equal(panels(shown, 1, "z"), [each.ravel() for each in (*maps, maps[1] - maps[0])])
    if "tokens_1" in own:
        logs = own["log_probabilities_1"][[0, last]].astype(float)
        np.testing.assert_allclose(panels(shown, -1), [*np.exp(logs), np.diff(np.exp(logs), axis=0)[0]], atol=1e-12)
        for letter, log, words in zip("AB", logs, own["written_1"][[0, last]], strict=True):
            likely = {"log": approx(log.sum(), 1), "mean": approx(log.mean(), 2)}
            text = str(words) or translate(language, "learning.writes_nothing")
            assert translate(language, "compare.read", letter=letter, text=text, **likely) in said(shown)
        assert translate(language, "compare.honest_read") in said(shown)
    else:
        np.testing.assert_array_equal(panels(shown, -1), own["probabilities_1"][[0, last]])
    assert translate(language, "compare.honest_step") in said(shown)
    assert all(shown.alternatives())


def test_two_steps_are_chosen_and_stay_in_the_address():
    with np.load(shipped.MODELS / POOLING / "learning.npz") as archive:
        rows = archive["weights_0"][:, 0, 0, 0].astype(float)
    shown = page(model=POOLING, look1="20", look2="7", learned="0")
    np.testing.assert_array_equal(panels(shown)[:2], rows[[20, 7]])

    shown.choose("look1", 7)
    assert address(shown).items() >= {"look1": "7", "look2": "7"}.items()
    np.testing.assert_array_equal(panels(shown), [rows[7], rows[7], np.zeros(rows.shape[1])])


def test_looks_there_are_none_of_give_way_to_the_first_and_the_last():
    shown = page(model=POOLING, look1="99", look2="99", learned="99")

    last = len(cache.learning(POOLING).steps) - 1
    assert [shown.state(key) for key in ("look1", "look2", "learned")] == [0, last, -1]


@pytest.mark.parametrize("language", languages())
def test_a_sentence_that_was_not_recorded_gives_way_and_that_is_said(language: str):
    shown = page(model=ENCODER, text="something else", lang=language)

    first = card(ENCODER)["examples"][0]
    options = shown.app.selectbox(key="learned").options
    assert options[0] == translate(language, "learning.other", text=first)
    assert options[1:] == list(card(ENCODER)["examples"])
    assert f"“{first}”" in said(shown) or f"「{first}」" in said(shown)


def test_a_row_of_a_longer_recorded_sentence_can_be_chosen():
    shown = page(model=ENCODER, text="hello", learned="0", layer="1", head="0").choose("query", 7)

    assert shown.state("query") == 7
    assert panels(shown)[0] == list(cache.learning(ENCODER).traces[0][0].blocks[0].weights[-1, 0, 7].astype(float))


@pytest.mark.parametrize("language", languages())
def test_a_model_that_was_not_recorded_offers_no_steps_and_says_so(monkeypatch: pytest.MonkeyPatch, language: str):
    monkeypatch.setattr(cache, "learning", lambda name: None)
    shown = page(model=ENCODER, lang=language)

    assert address(shown)["against"] == "model"
    assert translate(language, "compare.no_steps") in said(shown)


def test_a_recording_that_cannot_be_read_is_said_to_be(monkeypatch: pytest.MonkeyPatch):
    error = unreadable(monkeypatch, POOLING)
    shown = page(model=POOLING)
    cache.learning.cache_clear()

    assert literal(error.message("en")) in [each.value for each in shown.app.error]
    assert not shown.figures()
