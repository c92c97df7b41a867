"""Averages, rollout and weights times norms, against NumPy written out."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.analysis.heads import maps
from attnviz.analysis.heads.norms import weighted
from attnviz.analysis.heads.rollout import rollout
from attnviz.analysis.reading import read
from attnviz.trace import AttentionBlock, AttentionTrace, Tensor, Text, TokenAxis

LAYERS, HEADS, TOKENS = 3, 5, 7


@pytest.fixture
def weights() -> np.ndarray:
    scores = np.random.default_rng(23).normal(size=(LAYERS, HEADS, TOKENS, TOKENS)) * 2
    return (np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)).astype(np.float32)


@pytest.fixture
def block(weights: np.ndarray) -> AttentionBlock:
    axis = TokenAxis.of([f"t{index}" for index in range(TOKENS)])
    return AttentionBlock("encoder", "self", axis, axis, weights)


@pytest.mark.parametrize("residual", [0.0, 0.3, 0.5, 1.0])
def test_rollout_sums_over_all_paths(weights: np.ndarray, residual: float):
    found = rollout(weights, residual)
    step = [(1 - residual) * layer.astype(float).mean(0) + residual * np.eye(TOKENS) for layer in weights]

    assert found.shape == (LAYERS, TOKENS, TOKENS)
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-6)
    for i, j in np.ndindex(TOKENS, TOKENS):
        assert found[0, i, j] == pytest.approx(step[0][i, j], abs=1e-12)
        two = sum(step[1][i, a] * step[0][a, j] for a in range(TOKENS))
        assert found[1, i, j] == pytest.approx(two, abs=1e-12)
        three = sum(step[2][i, b] * step[1][b, a] * step[0][a, j] for a in range(TOKENS) for b in range(TOKENS))
        assert found[2, i, j] == pytest.approx(three, abs=1e-12)


def test_rollout_up_to_a_layer_knows_nothing_of_later_ones(weights: np.ndarray):
    np.testing.assert_array_equal(rollout(weights, layers=2), rollout(weights)[:2])
    with pytest.raises(ValueError, match="as many queries as keys"):
        rollout(weights[..., :-1])


def test_weights_times_norms(weights: np.ndarray):
    norms = np.random.default_rng(29).random((LAYERS, HEADS, TOKENS)) * 4
    found = weighted(weights, norms)

    for index in np.ndindex(*weights.shape):
        layer, head, _, key = index
        assert found[index] == pytest.approx(float(weights[index]) * norms[layer, head, key])
    with pytest.raises(ValueError, match=r"norms of shape \(3, 5, 7\)"):
        weighted(weights, norms[:, :, :-1])


def test_the_norm_of_a_weighted_vector_is_the_weighted_norm():
    rng = np.random.default_rng(31)
    a, v, w = rng.random((3, 5)), rng.normal(size=(5, 2)), rng.normal(size=(2, 11))
    long = np.linalg.norm((a[:, :, None] * v[None]) @ w, axis=-1)

    np.testing.assert_allclose(weighted(a, np.linalg.norm(v @ w, axis=-1)), long)


def test_each_map_is_what_it_is_called(block: AttentionBlock):
    w = block.weights.astype(float)
    norms = np.random.default_rng(37).random((LAYERS, HEADS, TOKENS))
    made = {kind: maps.values(block, kind, 1, 4, norms) for kind in maps.MAPS}

    np.testing.assert_array_equal(made["weights"], w[1, 4])
    np.testing.assert_allclose(made["mean"], sum(w[1]) / HEADS)
    np.testing.assert_allclose(made["all"], sum(w.reshape(-1, TOKENS, TOKENS)) / (LAYERS * HEADS))
    np.testing.assert_allclose(made["rollout"], rollout(w)[1], atol=1e-12)
    np.testing.assert_allclose(made["norms"], w[1, 4] * norms[1, 4])
    with pytest.raises(ValueError, match="Expected norms"):
        maps.values(block, "norms", 0, 0)


def test_what_is_offered_depends_on_what_there_is(block: AttentionBlock):
    one = block.select(layer=0, head=0)
    cross = AttentionBlock("c", "cross", block.query, block.key, block.weights)

    assert maps.offered(block, True) == maps.MAPS
    assert maps.offered(block, False) == ("weights", "mean", "all", "rollout")
    assert maps.offered(one, True) == ("weights", "norms")
    assert maps.offered(block.select(layer=2), False) == ("weights", "mean")
    assert "rollout" not in maps.offered(cross, False)


def test_the_table_has_a_cell_a_row(block: AttentionBlock):
    drawn = maps.values(block, "mean", 0, 0)
    table = maps.table(block, drawn, "mean")

    assert list(table.columns) == ["query", "key", "query_token", "key_token", "mean"]
    row = table.iloc[3 * TOKENS + 5]
    assert (row["query"], row["key"], row["query_token"], row["key_token"]) == (3, 5, "t3", "t5")
    assert row["mean"] == drawn[3, 5]


def test_a_map_over_all_tokens_is_shown_as_the_reading_shows_weights(weights: np.ndarray):
    text = "un common words here"
    spans = [None, (0, 2), (3, 6), (6, 9), (10, 15), (16, 20), None]
    tokens = ["[CLS]", "un", "com", "##mon", "words", "here", "[SEP]"]
    axis = TokenAxis.of(tokens, spans, [True, *[False] * 5, True])
    block = AttentionBlock("encoder", "self", axis, axis, weights)
    trace = AttentionTrace("made", Text(text), (block,), Tensor(np.zeros(1)))
    shown = read(trace, "hide", "words").blocks[0]

    assert len(shown.key) == 4
    for layer, head in np.ndindex(LAYERS, HEADS):
        found = maps.shown(maps.values(block, "weights", layer, head), shown)
        np.testing.assert_allclose(found, shown.weights[layer, head], atol=1e-6)
    np.testing.assert_array_equal(maps.shown(np.eye(TOKENS), block), np.eye(TOKENS))
