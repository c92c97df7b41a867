"""What the lesson says of the published layer, and of ours, computed: each sentence that can be is."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from attnviz import zoo
from attnviz.i18n import catalogue, languages
from attnviz.layers import AttentionPooling
from attnviz.ui.views.lesson import PUBLISHED

BATCH, TOKENS, FEATURES = 3, 5, 7
rng = np.random.default_rng(2)


def published(features: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """The `call` of the published code, as it stands in the lesson, in NumPy float64."""
    body = PUBLISHED.partition("def call(self, x):\n")[2]
    lines = [line.strip() for line in body.splitlines() if line.strip() and not line.strip().startswith("#")]

    class K:
        dot = staticmethod(np.matmul)
        sum = staticmethod(np.sum)

        @staticmethod
        def softmax(values: np.ndarray, axis: int) -> np.ndarray:
            powers = np.exp(values - values.max(axis, keepdims=True))
            return powers / powers.sum(axis, keepdims=True)

    class Layer:
        W, b = weight, bias

    names: dict[str, Any] = {"K": K, "self": Layer, "x": features}
    exec("\n".join(lines[:-1]), names)
    names["result"] = eval(lines[-1].removeprefix("return "), names)
    published.last = names  # type: ignore[attr-defined]
    result: np.ndarray = names["result"]
    return result


def pooled(features: np.ndarray, weight: np.ndarray, bias: np.ndarray | float = 0.0) -> np.ndarray:
    """Attention pooling written out."""
    scores = (features @ weight)[..., 0] + bias
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return np.einsum("bt,btf->bf", powers / powers.sum(-1, keepdims=True), features)


def drawn(tokens: int, features: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return rng.normal(size=(BATCH, tokens, features)), rng.normal(size=(features, 1)), rng.normal(size=tokens) * 3


def test_the_scores_broadcast_to_a_column_for_each_position():
    x, weight, bias = drawn(FEATURES, FEATURES)
    published(x, weight, bias)
    score = published.last["score"]
    assert score.shape == (BATCH, FEATURES, FEATURES)
    np.testing.assert_allclose(score[:, :, 2], (x @ weight)[..., 0] + bias[2])


def test_b_cancels_in_the_softmax():
    x, weight, bias = drawn(FEATURES, FEATURES)
    result = published(x, weight, bias)
    weights = published.last["weights"]
    np.testing.assert_allclose(weights, np.broadcast_to(weights[:, :, :1], weights.shape), rtol=1e-12)
    np.testing.assert_allclose(result, published(x, weight, bias * 0 - 11), rtol=1e-12)


@pytest.mark.parametrize("tokens", [1, FEATURES])
def test_one_word_or_as_many_as_features_is_correct_pooling_without_b(tokens):
    x, weight, bias = drawn(tokens, FEATURES)
    np.testing.assert_allclose(published(x, weight, bias), pooled(x, weight), rtol=1e-12)
    if tokens > 1:
        assert np.abs(pooled(x, weight) - pooled(x, weight, bias)).max() > 0.1, "with b it would be something else"


def test_a_single_feature_gives_its_one_number_as_often_as_there_are_words():
    x, weight, bias = drawn(TOKENS, 1)
    np.testing.assert_allclose(published(x, weight, bias), np.repeat(pooled(x, weight), TOKENS, axis=1), rtol=1e-12)


def test_at_other_lengths_it_stops_with_an_error():
    for tokens in set(range(2, 12)) - {FEATURES}:
        with pytest.raises(ValueError, match="broadcast"):
            published(*drawn(tokens, FEATURES))


def test_padding_takes_weight_and_the_length_is_fixed():
    x, weight, bias = drawn(FEATURES, FEATURES)
    x[:, 4:] = 0
    published(x, weight, bias)
    assert (published.last["weights"][:, 4:] > 0).all()
    names: dict[str, Any] = {"Layer": keras.layers.Layer}
    exec(PUBLISHED, names)
    with pytest.raises((ValueError, TypeError)):
        names["Attention"]().build((None, None, FEATURES))


def test_ours_uses_b_reads_any_length_and_gives_padding_nothing():
    layer = AttentionPooling(11)
    layer.build((None, None, FEATURES))
    layer.bias.assign(rng.normal(size=(11, 1)))
    weight, bias = np.asarray(layer.kernel, np.float64), np.asarray(layer.bias, np.float64)[:, 0]
    for tokens in (1, TOKENS, FEATURES, 11):
        x = rng.normal(size=(BATCH, tokens, FEATURES))
        context, _ = layer(x.astype(np.float32))
        np.testing.assert_allclose(context, pooled(x, weight, bias[:tokens]), atol=1e-5)
    mask = np.array([[True, True, False, False, False]] * BATCH)
    _, weights = layer(rng.normal(size=(BATCH, TOKENS, FEATURES)).astype(np.float32), mask=mask)
    assert (np.asarray(weights)[:, 2:] == 0).all()


def test_the_four_steps_with_a_shipped_model_s_numbers():
    model: Any = zoo.load("topics-en")
    steps = model.explain(model.encode("book a table for two"))
    np.testing.assert_allclose(steps["scores"], steps["features"] @ steps["kernel"] + steps["bias"], atol=1e-5)
    powers = np.exp(steps["scores"].astype(np.float64))
    np.testing.assert_allclose(steps["weights"], powers / powers.sum(), atol=1e-6)
    assert (steps["weights"] > 0).all() and steps["weights"].sum() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(steps["context"], steps["weights"] @ steps["features"], atol=1e-5)


def test_words_out_of_order_keep_their_part_of_the_score_and_only_b_stays():
    model: Any = zoo.load("topics-en")
    encoded = model.encode("book a table for two")
    order = [3, 0, 4, 1, 2]
    before, after = model.explain(encoded), model.explain(encoded.keep(order))
    np.testing.assert_allclose(after["content"], before["content"][order], atol=1e-6)
    np.testing.assert_array_equal(after["bias"], before["bias"])


@pytest.mark.parametrize("language", languages())
def test_the_lesson_no_longer_calls_it_wrong(language):
    words = catalogue(language)["lesson.published_text"]
    assert "wrong even then" not in words and "結果は誤り" not in words
    assert "(B, T, T)" in words and "b" in words
