"""What another order of the words changes."""

from __future__ import annotations

import pytest

from attnviz import zoo
from attnviz.analysis.comparisons import reordered
from tests.shipped import POOLING, card, pooled


def test_tokens_are_compared_with_themselves():
    before = pooled(list("abc"), [0.5, 0.3, 0.2], [0.6, 0.4])
    after = pooled(list("cab"), [0.25, 0.35, 0.4], [0.7, 0.3])
    change = reordered(before, after, [2, 0, 1])
    assert change.largest_weight_change == pytest.approx(0.15)
    assert change.token == "a"
    assert change.largest_probability_change == pytest.approx(0.1)


def test_the_same_order_changes_nothing():
    trace = pooled(list("abc"))
    change = reordered(trace, trace, [0, 1, 2])
    assert (change.largest_weight_change, change.largest_probability_change) == (0, 0)


@pytest.mark.parametrize("name", POOLING)
def test_words_that_keep_their_place_keep_their_weight(name):
    model = zoo.load(name)
    encoded = model.encode(card(name)["examples"][0])
    order = list(range(len(encoded.axes["tokens"])))
    order[0], order[-1] = order[-1], order[0]
    trace, shuffled = model.run(encoded), model.run(encoded.keep(order))
    change = reordered(trace, shuffled, order)
    assert change.token in encoded.axes["tokens"].tokens
    assert 0 <= change.largest_weight_change < 1
    assert change.largest_probability_change < 0.5  # b is regularised: order hardly counts
