"""What another order of the words changes, and two rows of weights side by side."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from attnviz import zoo
from attnviz.analysis.compare.comparisons import matching_query, reordered, rows, written
from attnviz.analysis.focus import Focus
from attnviz.trace import AttentionBlock, AttentionTrace, Embedding, TokenAxis, Written
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


def row(model, text, tokens, spans, weights):
    axis = TokenAxis.of(tokens, spans)
    block = AttentionBlock(
        "a", "pooling", TokenAxis.of(["q"], special=[True]), axis, np.array([[[weights]]], np.float32)
    )
    return AttentionTrace(model, text, (block,), Embedding(np.ones(2)))


def test_two_models_that_cut_one_text_differently():
    first = row("one", "not bad", ["not", "bad"], [(0, 3), (4, 7)], [0.25, 0.75])
    second = row("two", "not bad", ["no", "t", "bad"], [(0, 2), (2, 3), (4, 7)], [0.25, 0.125, 0.625])
    found = rows(first, Focus("a"), second, Focus("a"))
    assert found.table().to_dict("list") == {
        "a_position": ["1", "2"],
        "a_token": ["not", "bad"],
        "a_weight": [0.25, 0.75],
        "b_position": ["1+2", "3"],
        "b_token": ["no t", "bad"],
        "b_weight": [0.375, 0.625],
        "b_minus_a": [0.125, -0.125],
    }
    assert found.divergence == pytest.approx(jensenshannon([0.25, 0.75], [0.375, 0.625]) ** 2)


def test_two_sentences_and_what_only_one_of_them_has():
    first = row("one", "a b", ["a", "b"], [(0, 1), (2, 3)], [0.25, 0.75])
    second = row("one", "c b", ["c", "b"], [(0, 1), (2, 3)], [0.5, 0.5])
    found = rows(first, Focus("a"), second, Focus("a"))
    np.testing.assert_array_equal(found.difference, [np.nan, np.nan, -0.25])
    assert found.tokens(0) == ["a", "", "b"] and found.tokens(1) == ["", "c", "b"]
    assert found.divergence == pytest.approx(jensenshannon([0.25, 0, 0.75], [0, 0.5, 0.5]) ** 2)


@pytest.mark.parametrize(("text", "divergence"), [("a b", 0), ("c d", np.log(2))])
def test_the_range_of_the_divergence(text, divergence):
    first = row("one", "a b", ["a", "b"], [(0, 1), (2, 3)], [0.25, 0.75])
    second = row("one", text, text.split(), [(0, 1), (2, 3)], [0.25, 0.75])
    assert rows(first, Focus("a"), second, Focus("a")).divergence == pytest.approx(divergence)


def test_the_query_that_matches():
    names = ["[CLS]", "a", "b"]
    axis = TokenAxis.of(names, special=[True, False, False])
    block = AttentionBlock("self", "self", axis, axis, np.full((1, 1, 3, 3), 1 / 3, np.float32))
    first = AttentionTrace("one", "a b", (block,), Embedding(np.ones(2)))
    second = row("one", "b", ["b"], [(0, 1)], [1])
    other = AttentionTrace("one", "c b a", first.blocks, first.output)
    assert [matching_query(first, Focus("self", 0, 0, query), other, "self") for query in range(3)] == [0, 1, 2]
    assert matching_query(first, Focus("self", 0, 0, 2), second, "a") is None


def translation(text, tokens, spans, shares):
    axis = TokenAxis((*tokens, "[EOS]"), (*spans, None), (*[False] * len(tokens), True), (False,) * (len(tokens) + 1))
    axis = dataclasses.replace(axis, text=text)
    keys = TokenAxis.of(["tea", "[EOS]"], [(0, 3), None], [False, True])
    block = AttentionBlock("source-target", "cross", axis, keys, np.full((1, 1, len(axis), 2), 0.5, np.float32))
    return AttentionTrace("one", "tea", (block,), Written("translation", text, axis.tokens, np.log(np.float32(shares))))


def test_two_translations_have_the_probability_of_each_token():
    first = translation("茶を飲む", ["茶", "を", "飲む"], [(0, 1), (1, 2), (2, 4)], [0.5, 0.25, 0.125, 0.75])
    second = translation("水を飲む", ["水", "を", "飲む"], [(0, 1), (1, 2), (2, 4)], [0.875, 0.5, 0.0625, 1])
    found = written(first, second)
    table = found.table()
    assert list(table) == [
        *("a_position", "a_token", "a_probability", "b_position", "b_token", "b_probability", "b_minus_a")
    ]
    assert found.tokens(0) == ["茶", "", "を", "飲む", "[EOS]"] and found.tokens(1) == ["", "水", "を", "飲む", "[EOS]"]
    np.testing.assert_allclose(found.difference, [np.nan, np.nan, 0.25, -0.0625, 0.25], rtol=1e-6)
    assert found.counts() == {"both": 3, "a": 1, "b": 1}


def test_pieces_of_the_same_translation_count_as_written_together():
    first = translation("茶を飲む", ["茶を", "飲む"], [(0, 2), (2, 4)], [0.5, 0.25, 1])
    second = translation("茶を飲む", ["茶", "を", "飲む"], [(0, 1), (1, 2), (2, 4)], [0.75, 0.5, 0.125, 1])
    found = written(first, second)
    np.testing.assert_allclose(found.second, [0.375, 0.125, 1], rtol=1e-6)
    assert found.table()["b_position"].tolist() == ["1+2", "3", "4"]
    assert found.second.prod() == pytest.approx(np.exp(second.output.log_probabilities.sum()), rel=1e-6)
