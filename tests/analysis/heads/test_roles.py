"""Focus, head figures, compact codes and one row taken apart, against NumPy written out."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.analysis.compact import coded, shrunk
from attnviz.analysis.explain.cell import row, saturation
from attnviz.analysis.focus import Focus, focus
from attnviz.analysis.heads.roles import heads, placement, similarity
from attnviz.trace import AttentionBlock, AttentionTrace, Step, Steps, Tensor, Text, TokenAxis

LAYERS, HEADS, TOKENS, FEATURES = 2, 3, 7, 5


@pytest.fixture
def trace() -> AttentionTrace:
    scores = np.random.default_rng(11).normal(size=(LAYERS, HEADS, TOKENS, TOKENS))
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    special = [False] * TOKENS
    special[2] = True
    axis = TokenAxis.of([f"t{index}" for index in range(TOKENS)], special=special)
    block = AttentionBlock("encoder", "self", axis, axis, weights.astype(np.float32))
    return AttentionTrace("made", Text("text"), (block,), Tensor(np.zeros(1)))


def test_focus_takes_the_last_layer_and_the_special_query_unless_told(trace: AttentionTrace):
    assert focus(trace) == Focus("encoder", LAYERS - 1, 0, 2)
    assert focus(trace, 0, 1, 5) == Focus("encoder", 0, 1, 5)
    assert focus(trace, 99, -1, 99) == focus(trace)


def test_focus_gives_its_row_and_its_keys(trace: AttentionTrace):
    chosen = Focus("encoder", 1, 2, 3)

    np.testing.assert_array_equal(chosen.row(trace), trace.blocks[0].weights[1, 2, 3])
    assert chosen.keys(trace) is trace.blocks[0].key


def test_head_figures_are_those_of_a_loop(trace: AttentionTrace):
    block = trace.blocks[0]
    table = heads(block)

    assert len(table) == LAYERS * HEADS
    for (layer, head), line in zip(np.ndindex(LAYERS, HEADS), table.itertuples(), strict=True):
        assert (line.layer, line.head) == (layer + 1, head + 1)
        w = block.weights[layer, head].astype(np.float64)
        entropy = np.mean([-sum(x * np.log(x) for x in w[q]) for q in range(TOKENS)])
        distance = np.mean([sum(w[q, k] * abs(q - k) for k in range(TOKENS)) for q in range(TOKENS)])
        assert line.entropy == pytest.approx(entropy)
        assert line.distance == pytest.approx(distance)
        assert line.previous == pytest.approx(np.mean([w[q, q - 1] for q in range(1, TOKENS)]))
        assert line.next == pytest.approx(np.mean([w[q, q + 1] for q in range(TOKENS - 1)]))
        assert line.same == pytest.approx(np.mean([w[q, q] for q in range(TOKENS)]))
        assert line.first == pytest.approx(w[:, 0].mean())
        assert line.special == pytest.approx(w[:, 2].mean())


def test_head_figures_of_known_heads():
    axis = TokenAxis.of(["a", "b", "c"])
    same, uniform = np.eye(3), np.full((3, 3), 1 / 3)
    table = heads(AttentionBlock("b", "self", axis, axis, np.array([[same, uniform]], np.float32)))

    assert table["entropy"].tolist() == pytest.approx([0, np.log(3)], abs=1e-6)
    assert table["same"].tolist() == pytest.approx([1, 1 / 3])
    assert table["distance"].tolist() == pytest.approx([0, 8 / 9], abs=1e-6)
    assert table["special"].tolist() == [0, 0]


def test_one_token_has_no_neighbours():
    axis = TokenAxis.of(["a"])
    table = heads(AttentionBlock("b", "self", axis, axis, np.ones((1, 1, 1, 1), np.float32)))

    assert np.isnan(table["previous"][0]) and np.isnan(table["next"][0])


def test_codes_are_within_half_a_step():
    places = np.linspace(0, 1, 1009)

    assert np.abs(coded(places) / 255 - places).max() <= 0.5 / 255 + 1e-12


@pytest.mark.parametrize("size", [3, 7, 13, 101])
def test_shrinking_keeps_the_largest(size: int):
    values = np.random.default_rng(size).random((2, size, size + 4))
    small = shrunk(values, 11)

    assert small.shape == (2, min(size, 11), min(size + 4, 11))
    np.testing.assert_allclose(small.max(axis=(1, 2)), values.max(axis=(1, 2)))
    assert set(small.ravel()) <= set(values.ravel())


def test_a_row_taken_apart_recomputes_the_weights():
    generator = np.random.default_rng(5)
    q, k = generator.normal(size=FEATURES).astype(np.float32), generator.normal(size=(TOKENS, FEATURES))
    scores = (k.astype(np.float32) @ q) / np.sqrt(np.float32(FEATURES))
    weights = np.exp(scores) / np.exp(scores).sum()
    steps = Steps(
        (
            Step("query", q, ("feature",), "query"),
            Step("key", k, ("key", "feature"), "key"),
            Step("scores", scores, ("key",), "scores"),
            Step("weights", weights, ("key",), "weights"),
        )
    )
    table = row(steps, [f"t{index}" for index in range(TOKENS)])

    np.testing.assert_allclose(table["scaled"], table["score"], atol=1e-5)
    np.testing.assert_allclose(table["weight"], table["model"], atol=1e-6)
    np.testing.assert_allclose(table["exponential"] / table["sum"], table["model"], atol=1e-6)
    sharp = saturation(steps, [0.1, 1.0, 10.0])
    assert sharp["largest"].is_monotonic_decreasing
    assert sharp["entropy"].is_monotonic_increasing
    assert sharp["entropy"][1] == pytest.approx(-sum(p * np.log(p) for p in softmax(k @ q)), rel=1e-5)


def softmax(values: np.ndarray) -> np.ndarray:
    return np.exp(values) / np.exp(values).sum()


def test_similarity_is_the_mean_divergence_of_a_loop(trace: AttentionTrace):
    found = similarity(trace.blocks[0])
    w = trace.blocks[0].weights.astype(np.float64)

    assert found.heads == tuple(np.ndindex(LAYERS, HEADS))
    assert (found.queries, found.total) == (TOKENS, TOKENS)
    for a, b in np.ndindex(LAYERS * HEADS, LAYERS * HEADS):
        p, q = w[found.heads[a]], w[found.heads[b]]
        m = (p + q) / 2
        expected = ((p * np.log(p / m)).sum(-1) / 2 + (q * np.log(q / m)).sum(-1) / 2).mean()
        assert found.distance[a, b] == pytest.approx(expected, abs=1e-6)
    assert (found.distance == found.distance.T).all() and (np.diag(found.distance) == 0).all()


def test_heads_with_no_key_in_common_are_ln_2_apart():
    axis = TokenAxis.of(["a", "b", "c"])
    same = np.eye(3)
    weights = np.array([[same, np.roll(same, 1, 1), same]], np.float32)
    found = similarity(AttentionBlock("b", "self", axis, axis, weights))

    np.testing.assert_allclose(found.distance, np.log(2) * np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]), atol=1e-6)
    nearest = found.table().iloc[0]
    assert (nearest["layer"], nearest["head"], nearest["other_layer"], nearest["other_head"]) == (1, 1, 1, 3)
    assert len(found.table()) == 3


def test_a_long_text_is_compared_at_some_of_its_queries_and_says_so(
    trace: AttentionTrace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("attnviz.analysis.heads.roles.TERMS", 3 * TOKENS * 15)
    monkeypatch.setattr("attnviz.analysis.heads.roles.FEWEST_QUERIES", 1)
    found = similarity(trace.blocks[0])
    taken = trace.blocks[0].weights[:, :, [0, 3, 6]]

    assert (found.queries, found.total) == (3, TOKENS)
    axis = trace.blocks[0].key
    three = TokenAxis.of(["a", "b", "c"])
    np.testing.assert_allclose(
        found.distance, similarity(AttentionBlock("b", "cross", three, axis, taken)).distance, atol=1e-7
    )


def test_placement_gives_back_points_of_a_plane():
    points = np.random.default_rng(19).normal(size=(11, 2)) * [3, 1]
    squared = ((points[:, None] - points[None]) ** 2).sum(-1)
    placed, kept = placement(squared)

    assert kept == pytest.approx(1)
    np.testing.assert_allclose(((placed[:, None] - placed[None]) ** 2).sum(-1), squared, atol=1e-9)
    assert all(line[np.argmax(np.abs(line))] > 0 for line in placed.T)
    np.testing.assert_allclose(placement(squared[::-1, ::-1])[0], placed[::-1], atol=1e-9)


def test_placement_says_what_two_dimensions_leave_out():
    squared = 1 - np.eye(5)  # a regular simplex: four equal dimensions
    assert placement(squared)[1] == pytest.approx(2 / 4)
    points, kept = placement(np.zeros((1, 1)))
    assert points.shape == (1, 2) and (points == 0).all() and kept == 1
    assert placement(np.zeros((3, 3)))[1] == 1


def test_divergences_are_squared_euclidean_distances(trace: AttentionTrace):
    distance = similarity(trace.blocks[0]).distance
    centre = np.eye(len(distance)) - 1 / len(distance)
    assert np.linalg.eigvalsh(-centre @ distance @ centre / 2).min() > -1e-6
