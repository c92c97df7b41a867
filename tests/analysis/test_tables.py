"""The numbers behind the pictures: from the tables everything can be computed again."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from attnviz import zoo
from attnviz.analysis import tables
from attnviz.errors import InputError
from attnviz.trace import Embedding
from tests.shipped import POOLING, card, pooled


@pytest.fixture(scope="module", params=POOLING)
def explained(request):
    model = zoo.load(request.param)
    encoded = model.encode(card(request.param)["examples"][0])
    return model.explain(encoded), encoded.axes["tokens"].tokens


def test_weights_of_several_sentences():
    table = tables.weights([pooled(["a", "b", "a"], [0.2, 0.5, 0.3]), pooled(["c"])])
    assert list(table.columns) == ["sentence", "position", "token", "weight", "unknown"]
    assert table.sentence.tolist() == [1, 1, 1, 2]
    assert table.position.tolist() == [1, 2, 3, 1]
    assert table.token.tolist() == ["a", "b", "a", "c"]
    assert table.weight.dtype == np.float32
    np.testing.assert_array_equal(table.weight, np.array([0.2, 0.5, 0.3, 1], np.float32))


def test_weights_sorted_within_each_sentence_ties_in_order():
    table = tables.weights([pooled(list("abcd"), [0.2, 0.4, 0.2, 0.2]), pooled(list("ef"), [0.1, 0.9])], "weight")
    assert table.token.tolist() == list("bacd") + list("fe")
    assert table.position.tolist() == [2, 1, 3, 4, 2, 1]


def test_probabilities():
    table = tables.probabilities([pooled(["a"]), pooled(["b"], probabilities=[1, 0])], ["no", "yes"])
    assert list(table.columns) == ["sentence", "class", "probability"]
    assert table["class"].tolist() == ["no", "yes"] * 2
    assert table.probability.tolist() == [0.25, 0.75, 1, 0]


def test_tables_of_nothing_say_so():
    for ask, code in [
        (lambda: tables.weights([]), "no_traces"),
        (lambda: tables.probabilities([], []), "no_traces"),
        (
            lambda: tables.probabilities([dataclasses.replace(pooled(["a"]), output=Embedding(np.ones(2)))], []),
            "no_classification",
        ),
    ]:
        with pytest.raises(InputError) as caught:
            ask()
        assert caught.value.code == code


def test_the_score_is_the_sum_of_its_parts(explained):
    steps, tokens = explained
    table = tables.scores(steps, tokens)
    assert table.token.tolist() == list(tokens)
    np.testing.assert_allclose(table.content + table.bias, table.score, atol=1e-5)


def test_the_softmax_can_be_followed_with_pencil_and_paper(explained):
    steps, tokens = explained
    table = tables.softmax(steps["scores"], tokens)
    for _, row in table.iterrows():
        assert row.shifted == pytest.approx(row.score - table.score.max(), abs=1e-6)
        assert row.exponential == pytest.approx(math.exp(row.shifted))
        assert row["sum"] == pytest.approx(sum(table.exponential))
        assert row.weight == pytest.approx(row.exponential / row["sum"])
    np.testing.assert_allclose(table.weight, steps["weights"], atol=1e-6)


def test_what_is_written_with_nine_digits_gives_the_cell_again(explained):
    steps, tokens = explained
    written = tables.softmax(steps["scores"], tokens).map(lambda v: f"{v:.9g}" if isinstance(v, float) else v)
    exponentials = [math.exp(float(score) - max(map(float, written.score))) for score in written.score]
    weights = [value / sum(exponentials) for value in exponentials]
    np.testing.assert_allclose(weights, steps["weights"], atol=1e-5)


def test_temperature_divides_first():
    table = tables.softmax(np.array([1.0, 3.0]), ["a", "b"], 2)
    assert table.shifted.tolist() == [-1, 0]
    with pytest.raises(ValueError, match="above 0"):
        tables.softmax(np.ones(2), ["a", "b"], 0)


def test_matrices_and_vectors_have_names():
    table = tables.matrix(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), ["a", "b", "a"], "x")
    assert list(table.columns) == ["position", "token", "x1", "x2"]
    assert table.token.tolist() == ["a", "b", "a"] and table.x2.tolist() == [2, 4, 6]
    assert tables.vector(np.array([1.0, 2.0]), ["p", "q"], "v").to_dict("list") == {"name": ["p", "q"], "v": [1, 2]}
