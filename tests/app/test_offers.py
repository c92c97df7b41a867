"""What models offer, asked in one place."""

from __future__ import annotations

import pytest

import attnviz
from attnviz.ui import models, offers
from tests import shipped

WRITES_WITH_BLANKS = {"translate-en-ja": False, "translate-ja-en": True}


@pytest.mark.parametrize("name", shipped.NAMES)
def test_a_model_offers_what_its_kind_does(name: str):
    kinds, writes, found = models.card(name).kinds, models.card(name).writes, offers.of_model(name)

    assert ("writes" in found) == ("reordered" not in found) == bool(writes)
    assert ("steps" in found) == ("pooling" in kinds)
    assert ("gradients" in found) == (not writes)
    assert ("continues" in found) == (writes == "continuation") == (kinds == ("causal",))


@pytest.mark.parametrize("name", WRITES_WITH_BLANKS)
def test_written_words_stand_apart_where_the_language_has_blanks(name: str):
    assert offers.spaced(models.card(name)) == WRITES_WITH_BLANKS[name]


def test_a_mask_is_lifted_where_there_is_one():
    trace = attnviz.load("translate-en-ja").trace("I like tea.")
    card = models.card("translate-en-ja")

    assert [offers.lifts(card, block) for block in trace.blocks] == [offers.causal(block) for block in trace.blocks]
    assert [block.name for block in trace.blocks if offers.causal(block)] == ["decoder"]
