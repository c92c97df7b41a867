"""The layers against an independent float64 reference, every axis a different prime."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from attnviz.errors import ModelError
from attnviz.layers import AttentionPooling, MeanPooling

BATCH, TOKENS, FEATURES, MAX_LENGTH, VOCABULARY = 3, 7, 5, 11, 17
RNG = np.random.default_rng(13)


class PublishedAttention(keras.layers.Layer):
    """The layer as it is copied from page to page, mistakes included."""

    def build(self, input_shape):
        self.W = self.add_weight(name="att_weight", shape=(input_shape[-1], 1), initializer="random_normal")
        self.b = self.add_weight(name="att_bias", shape=(input_shape[1],), initializer="zeros")
        super().build(input_shape)

    def call(self, x):
        e = ops.matmul(x, self.W) + self.b
        a = ops.softmax(e, axis=1)
        return ops.sum(x * a, axis=1)


def reference(x, kernel, bias, mask=None):
    """What the layer should compute, in float64 and plain loops."""
    x, kernel, bias = (np.asarray(value, dtype=np.float64) for value in (x, kernel, bias))
    context, weights = np.zeros((len(x), x.shape[2])), np.zeros(x.shape[:2])
    for row, sentence in enumerate(x):
        places = [t for t in range(len(sentence)) if mask is None or mask[row][t]]
        scores = {t: float(sentence[t] @ kernel[:, 0]) + float(bias[t, 0]) for t in places}
        total = sum(np.exp(score) for score in scores.values())
        for t in places:
            weights[row, t] = np.exp(scores[t]) / total
            context[row] += weights[row, t] * sentence[t]
    return context, weights


def features(tokens=TOKENS, dtype="float32"):
    return RNG.normal(size=(BATCH, tokens, FEATURES)).astype(dtype)


def trained(x, **options):
    """A layer whose b is not zero, as after training."""
    layer = AttentionPooling(MAX_LENGTH, **options)
    layer.build(x.shape)
    layer.kernel.assign(RNG.normal(size=(FEATURES, 1)))
    layer.bias.assign(RNG.normal(size=(MAX_LENGTH, 1)))
    return layer


def numpy(value):
    return ops.convert_to_numpy(ops.cast(value, "float32"))


MASK = np.arange(TOKENS)[None, :] < np.array([[7], [2], [5]])


@pytest.mark.parametrize("mask", [None, MASK])
def test_agrees_with_float64_reference(mask):
    x = features()
    layer = trained(x)
    context, weights = layer(x, mask=mask)
    expected_context, expected_weights = reference(x, layer.kernel, layer.bias, mask)
    assert weights.shape == (BATCH, TOKENS)
    assert context.shape == (BATCH, FEATURES)
    np.testing.assert_allclose(numpy(weights), expected_weights, atol=1e-6)
    np.testing.assert_allclose(numpy(context), expected_context, atol=1e-5)


def test_initial_weights_are_as_published():
    layer = AttentionPooling(MAX_LENGTH)
    layer.build((None, None, FEATURES))
    assert [tuple(v.shape) for v in layer.trainable_variables] == [(FEATURES, 1), (MAX_LENGTH, 1)]
    assert np.all(numpy(layer.bias) == 0)
    assert np.any(numpy(layer.kernel) != 0)


@pytest.mark.parametrize("tokens", [2, 3, 7, 11])
def test_published_form_does_not_run_unless_tokens_are_one_or_the_features(tokens):
    layer = PublishedAttention()
    layer.build((BATCH, tokens, FEATURES))
    with pytest.raises(Exception, match=r"(?i)shape|incompatible|broadcast"):
        layer(features(tokens))


def test_published_form_is_wrong_where_it_runs():
    x = features(FEATURES)
    published, ours = PublishedAttention(), trained(x)
    published.build(x.shape)
    published.W.assign(numpy(ours.kernel))
    published.b.assign(numpy(ours.bias)[:FEATURES, 0])
    expected, _ = reference(x, ours.kernel, ours.bias)
    np.testing.assert_allclose(numpy(ours(x)[0]), expected, atol=1e-5)
    assert np.abs(numpy(published(x)) - expected).max() > 0.1
    scores = ops.matmul(x, published.W) + published.b
    assert scores.shape == (BATCH, FEATURES, FEATURES)  # T × T, not T × 1


def test_masked_weight_is_exactly_zero_however_large_its_score():
    x = features()
    x[~MASK] = 1e4
    _, weights = trained(x)(x, mask=MASK)
    assert np.all(numpy(weights)[~MASK] == 0.0)
    np.testing.assert_allclose(numpy(weights).sum(axis=1), 1, atol=1e-6)


def test_row_masked_throughout_is_zero_and_not_nan():
    x, mask = features(), MASK.copy()
    mask[1] = False
    for layer in (trained(x), MeanPooling()):
        context, weights = layer(x, mask=mask)
        assert np.all(numpy(weights)[1] == 0) and np.all(numpy(context)[1] == 0)
        assert np.isfinite(numpy(context)).all()


@pytest.mark.parametrize("make", [trained, lambda x: MeanPooling()])
def test_padding_and_batching_change_nothing(make):
    x = features()
    layer = make(x)
    together = [numpy(value) for value in layer(x, mask=MASK)]
    for row, length in enumerate(MASK.sum(axis=1)):
        context, weights = layer(x[row : row + 1, :length])
        np.testing.assert_allclose(together[0][row], numpy(context)[0], atol=1e-6)
        np.testing.assert_allclose(together[1][row, :length], numpy(weights)[0], atol=1e-6)


def test_position_counts_only_through_the_bias():
    x = features()
    layer = trained(x)
    order = RNG.permutation(TOKENS)
    assert np.abs(numpy(layer(x[:, order])[0]) - numpy(layer(x)[0])).max() > 1e-3
    layer.bias.assign(np.zeros((MAX_LENGTH, 1)))
    np.testing.assert_allclose(numpy(layer(x[:, order])[0]), numpy(layer(x)[0]), atol=1e-6)


def test_longer_than_max_length_is_our_own_error():
    layer = trained(features())
    layer(features(MAX_LENGTH))
    with pytest.raises(ModelError) as raised:
        layer(features(MAX_LENGTH + 1))
    assert raised.value.code == "layer_too_long"
    assert raised.value.parameters["expected"] == MAX_LENGTH
    assert raised.value.parameters["received"] == MAX_LENGTH + 1


@pytest.mark.parametrize("shape", [(BATCH, FEATURES), (BATCH, TOKENS, None)])
def test_other_shapes_are_our_own_error(shape):
    with pytest.raises(ModelError) as raised:
        AttentionPooling(MAX_LENGTH).build(shape)
    assert raised.value.code == "layer_shape"


def test_max_length_must_be_positive():
    with pytest.raises(ModelError) as raised:
        AttentionPooling(0)
    assert raised.value.code == "layer_max_length"


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16", "float64"])
def test_half_precision_keeps_the_weights_sharp(policy):
    x = features(dtype="float64") * 8
    layer = trained(x, dtype=policy)
    context, weights = layer(ops.cast(x, layer.compute_dtype), mask=MASK)
    rounded = ops.convert_to_numpy(ops.cast(ops.cast(x, layer.compute_dtype), "float64"))
    _, expected = reference(rounded, layer.kernel, layer.bias, MASK)
    assert keras.backend.standardize_dtype(weights.dtype) == ("float64" if policy == "float64" else "float32")
    assert keras.backend.standardize_dtype(context.dtype) == layer.compute_dtype
    np.testing.assert_allclose(numpy(weights), expected, atol=2e-5)
    assert np.all(numpy(weights)[~MASK] == 0)


def test_scores_too_large_for_half_precision_do_not_overflow():
    x = np.full((1, 3, FEATURES), 300.0, dtype="float16")
    layer = AttentionPooling(MAX_LENGTH, dtype="mixed_float16", kernel_initializer=keras.initializers.Constant(300))
    context, weights = layer(x)
    np.testing.assert_allclose(numpy(weights), 1 / 3, atol=1e-6)
    assert np.isfinite(numpy(context)).all()


def classifier(layer):
    tokens = keras.Input((None,), dtype="int32")
    context, weights = layer(keras.layers.Embedding(VOCABULARY, FEATURES, mask_zero=True)(tokens))
    return keras.Model(tokens, [keras.layers.Dense(2, activation="softmax")(context), weights])


def sentences(count=40):
    lengths = RNG.integers(1, TOKENS + 1, count)
    ids = RNG.integers(2, VOCABULARY, (count, TOKENS)) * (np.arange(TOKENS) < lengths[:, None])
    return ids.astype("int32")


@pytest.mark.parametrize("make", [lambda: AttentionPooling(MAX_LENGTH, bias_regularizer="l2"), MeanPooling])
def test_saved_and_loaded_in_a_functional_model(make, tmp_path):
    model, ids = classifier(make()), sentences()
    for variable in model.weights:
        variable.assign(RNG.normal(size=variable.shape))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    for one, other in zip(model(ids), again(ids), strict=True):
        np.testing.assert_array_equal(numpy(one), numpy(other))
    weights = numpy(model(ids)[1])
    assert np.all(weights[ids == 0] == 0)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)


def test_config_round_trip():
    layer = AttentionPooling(MAX_LENGTH, bias_regularizer=keras.regularizers.L2(0.25), kernel_initializer="zeros")
    again = AttentionPooling.from_config(layer.get_config())
    assert again.max_length == MAX_LENGTH
    assert float(again.bias_regularizer.l2) == 0.25
    assert isinstance(again.kernel_initializer, keras.initializers.Zeros)


def test_symbolic_shapes_and_dtypes_agree_with_the_real_ones():
    layer = AttentionPooling(MAX_LENGTH, dtype="mixed_float16")
    context, weights = layer(keras.Input((None, FEATURES), dtype="float16"))
    assert (context.shape, context.dtype) == ((None, FEATURES), "float16")
    assert (weights.shape, weights.dtype) == ((None, None), "float32")
    assert layer.compute_output_shape((BATCH, TOKENS, FEATURES)) == ((BATCH, FEATURES), (BATCH, TOKENS))


def test_training_with_a_mask_finds_the_word_that_decides():
    ids = sentences(300)
    labels = (ids == 2).any(axis=1).astype("int32")
    keras.utils.set_random_seed(3)
    model = classifier(AttentionPooling(MAX_LENGTH))
    trainer = keras.Model(model.input, model.output[0])
    trainer.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = trainer.fit(ids, labels, epochs=12, batch_size=50, verbose=0).history
    assert history["accuracy"][-1] > 0.98
    weights = numpy(model(ids)[1])
    several = (ids == 2).any(axis=1) & ((ids > 0).sum(axis=1) >= 3)
    assert (ids[np.arange(300), weights.argmax(axis=1)] == 2)[several].mean() > 0.9


def test_one_softmax_over_the_tokens_per_call(monkeypatch):
    seen = []
    softmax = ops.softmax
    monkeypatch.setattr(ops, "softmax", lambda x, axis=-1: seen.append((x.shape, axis)) or softmax(x, axis=axis))
    x = features()
    trained(x)(x, mask=MASK)
    assert seen == [((BATCH, TOKENS), -1)]
