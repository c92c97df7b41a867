"""One row taken apart, against NumPy and plain loops; and every number again from the numbers that are saved."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.analysis.explain import cell
from attnviz.trace import MASK_CAUSAL, MASK_NONE, MASK_OTHER, MASK_PADDING, Step, Steps

KEYS, FEATURES, VALUES, MODEL = 7, 5, 3, 11
TOKENS = [f"t{index}" for index in range(KEYS)]


def softmax(values: np.ndarray) -> np.ndarray:
    powers = [0.0 if value == -np.inf else float(np.exp(value - max(values))) for value in values]
    return np.array(powers) / sum(powers)


def steps(hidden: list[int], far: float = -1e9, bias: float = 0.0) -> Steps:
    """A row with its masked keys `hidden`."""
    generator = np.random.default_rng(5)
    q = generator.normal(size=FEATURES).astype(np.float32)
    k = generator.normal(size=(KEYS, FEATURES)).astype(np.float32)
    v = generator.normal(size=(KEYS, VALUES)).astype(np.float32)
    kernel = generator.normal(size=(VALUES, MODEL)).astype(np.float32)
    scores: np.ndarray = (k @ q / np.sqrt(np.float32(FEATURES)) + np.float32(bias)).astype(np.float32)
    scores[hidden] = far
    weights = softmax(scores.astype(np.float64)).astype(np.float32)
    context: np.ndarray = weights @ v
    return Steps(
        (
            Step("query", q, ("feature",), "query"),
            Step("key", k, ("key", "feature"), "key"),
            Step("value", v, ("key", "feature"), "value"),
            Step("scores", scores, ("key",), "scaled_scores"),
            Step("weights", weights, ("key",), "weights"),
            Step("context", context, ("feature",), "head_context"),
            Step("output_kernel", kernel, ("feature", "model"), "output_kernel"),
            Step("output", context @ kernel, ("model",), "head_output"),
        )
    )


def test_a_row_without_a_mask_recomputes_the_weights():
    own = steps([])
    table = cell.row(own, TOKENS)

    np.testing.assert_allclose(table["product"], [np.dot(own["query"], key) for key in own["key"]], atol=1e-6)
    np.testing.assert_allclose(table["scaled"], table["score"], atol=1e-6)
    np.testing.assert_allclose(table["exponential"] / table["sum"], table["model"], atol=1e-6)
    assert set(table["mask"]) == {MASK_NONE}
    assert cell.beyond(table) < 1e-6


@pytest.mark.parametrize("far", [-1e9, -np.inf, -65504.0])
def test_masked_keys_have_an_exponential_of_exactly_zero(far):
    mask = np.array([0, 0, 1, 0, 0, 2, 2], np.int8)
    table = cell.row(steps([2, 5, 6], far), TOKENS, mask)

    assert table["mask"].tolist() == mask.tolist()
    assert np.flatnonzero(np.isneginf(table["score"])).tolist() == [2, 5, 6]
    assert table["exponential"][[2, 5, 6]].tolist() == [0, 0, 0]
    assert table["weight"][[2, 5, 6]].tolist() == [0, 0, 0]
    np.testing.assert_allclose(table["weight"], table["model"], atol=1e-6)
    assert {MASK_PADDING, MASK_CAUSAL} <= set(table["mask"])


def test_a_score_out_of_reach_without_a_known_mask_is_another_mask():
    table = cell.row(steps([3]), TOKENS)

    assert table["mask"].tolist() == [0, 0, 0, MASK_OTHER, 0, 0, 0]


def test_a_row_masked_as_a_whole_stays_as_the_softmax_leaves_it():
    table = cell.row(steps(list(range(KEYS))), TOKENS, np.full(KEYS, MASK_PADDING, np.int8))

    np.testing.assert_allclose(table["weight"], 1 / KEYS)


def test_what_a_layer_adds_of_its_own_is_told():
    assert cell.beyond(cell.row(steps([2], bias=0.75), TOKENS)) == pytest.approx(0.75, abs=1e-6)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 5.0])
def test_another_temperature_changes_the_weights_and_what_follows(temperature):
    own = steps([1, 4])
    weights = cell.changed(own, temperature)
    expected = softmax(np.where(own["scores"] < -5000, -np.inf, own["scores"].astype(np.float64)) / temperature)
    after = cell.reweighted(own, weights)
    context = sum(weight * value for weight, value in zip(expected, own["value"].astype(np.float64), strict=True))

    np.testing.assert_allclose(weights, expected, atol=1e-9)
    np.testing.assert_allclose(cell.row(own, TOKENS, None, temperature)["weight"], expected, atol=1e-9)
    np.testing.assert_allclose(after["context"], context, atol=1e-6)
    np.testing.assert_allclose(after["output"], context @ own["output_kernel"].astype(np.float64), atol=1e-5)
    np.testing.assert_array_equal(after["scores"], own["scores"])


def test_a_smaller_divisor_saturates_and_leaves_the_mask():
    own = steps([1, 4])
    table = cell.saturation(own, [0.1, 1.0, np.sqrt(FEATURES), 10.0])
    products = own["key"].astype(np.float64) @ own["query"]
    plain = softmax(np.where(np.isin(np.arange(KEYS), [1, 4]), -np.inf, products))

    assert table["largest"].is_monotonic_decreasing and table["entropy"].is_monotonic_increasing
    assert table["largest"][1] == pytest.approx(plain.max(), rel=1e-9)
    assert table["entropy"][1] == pytest.approx(-sum(p * np.log(p) for p in plain if p), rel=1e-9)
    assert table["largest"][2] == pytest.approx(own["weights"].max(), rel=1e-5)
    assert cell.divided(own, 1.0)[[1, 4]].tolist() == [0, 0]


def test_the_spread_of_random_products_grows_as_the_root_of_d():
    widths = (1, 4, 7, 64, 512)
    products = cell.random_products(widths, 13)
    table = cell.growth(widths, products)

    assert products.shape == (5, cell.DRAWS, 13)
    np.testing.assert_array_equal(products, cell.random_products(widths, 13))
    np.testing.assert_allclose(table["spread"] / table["root"], 1, atol=0.2)
    assert table["plain_largest"].is_monotonic_increasing and table["plain_largest"].iloc[-1] > 0.9
    assert table["scaled_largest"].max() - table["scaled_largest"].min() < 0.15
    rows = [softmax(products[3, draw] / 8) for draw in range(cell.DRAWS)]
    assert table["scaled_largest"][3] == pytest.approx(np.mean([row.max() for row in rows]))
    assert table["scaled_entropy"][3] == pytest.approx(np.mean([-(row * np.log(row)).sum() for row in rows]))


def test_shorter_random_vectors_are_the_beginnings_of_longer_ones():
    np.testing.assert_array_equal(cell.random_products((3, 8), 5)[1], cell.random_products((8,), 5)[0])


def test_cost_is_the_square_of_the_tokens():
    table = cell.cost(37, 6 * 12)
    here = table[table["tokens"] == 37].iloc[0]

    assert (here["cells"], here["weights"], here["bytes"]) == (1369, 98568, 394272)
    assert table["tokens"].is_monotonic_increasing and table["tokens"].is_unique
    assert len(cell.cost(64, 3)) == len(cell.LENGTHS)
    assert table["bytes"].iloc[-1] == 4 * 72 * 4096**2
