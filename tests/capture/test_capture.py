"""What capture promises besides the right weights."""

from __future__ import annotations

import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from attnviz.capture import CapturedModel
from attnviz.errors import InputError, ModelError
from attnviz.trace import Edit
from tests.capture.models import BUILDERS
from tests.capture.reference import array, causal, mha
from tests.capture.zoo import FEATURES, HEADS, SIZE, TOKENS, X, features, randomized, x_in


def attention_model(**call):
    layer, x = layers.MultiHeadAttention(HEADS, SIZE, name="mha"), x_in()
    return layer, randomized(keras.Model(x, layer(x, x, **call)))


def test_uniform_weights_in_one_head_give_what_numpy_gives():
    layer, model = attention_model()
    captured = CapturedModel(model)
    uniform = np.full((TOKENS, TOKENS), 1 / TOKENS)
    run = captured(X, [Edit("mha", uniform, head=1)])
    weights = mha(layer, X, X)[0]
    weights[:, 1] = 1 / TOKENS
    np.testing.assert_allclose(run.sites["mha"].weights, weights, atol=2e-6)
    np.testing.assert_allclose(run.prediction, mha(layer, X, X, weights=weights)[1], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dropout", [0.0, 0.2], ids=["fused", "not fused"])
def test_an_edit_looks_through_the_causal_mask(dropout):
    layer, x = layers.MultiHeadAttention(HEADS, SIZE, dropout=dropout, name="mha"), x_in()
    model = randomized(keras.Model(x, layer(x, x, use_causal_mask=True)))
    uniform = np.full((TOKENS, TOKENS), 1 / TOKENS)
    run = CapturedModel(model)(X, [Edit("mha", uniform)])
    weights = np.full((2, HEADS, TOKENS, TOKENS), 1 / TOKENS)
    np.testing.assert_allclose(run.prediction, mha(layer, X, X, weights=weights)[1], rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(run.sites["mha"].masked[0, 0], ~causal(TOKENS))


def test_uniform_weights_in_a_pooling_layer_give_the_mean():
    model, given, _ = BUILDERS["custom_tf.math"]()
    run = CapturedModel(model)(given, [Edit("pool", np.full((1, TOKENS), 1 / TOKENS))])
    dense = model.layers[2]
    logits = X.mean(1, dtype=float) @ array(dense.kernel) + array(dense.bias)
    expected = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(run.prediction, expected, atol=1e-6)


def test_edits_with_a_batch_and_cells_left_alone():
    _, model = attention_model()
    captured = CapturedModel(model)
    own = captured(X).sites["mha"].weights
    new = np.full((2, TOKENS, TOKENS), np.nan)
    new[1, 3] = np.eye(TOKENS)[5]
    got = captured(X, [Edit("mha", new)]).sites["mha"].weights
    expected = own.copy()
    expected[1, :, 3] = np.eye(TOKENS)[5]
    np.testing.assert_allclose(got, expected, atol=1e-7)


def test_two_edits_of_two_heads_and_a_later_one_wins():
    _, model = attention_model()
    eye, uniform = np.eye(TOKENS), np.full((TOKENS, TOKENS), 1 / TOKENS)
    edits = [Edit("mha", uniform, head=0), Edit("mha", uniform, head=2), Edit("mha", eye, head=2)]
    got = CapturedModel(model)(X, edits).sites["mha"].weights
    np.testing.assert_allclose(got[:, 0], np.broadcast_to(uniform, (2, TOKENS, TOKENS)), atol=1e-7)
    np.testing.assert_allclose(got[:, 2], np.broadcast_to(eye, (2, TOKENS, TOKENS)), atol=1e-7)


@pytest.mark.parametrize(
    ("weights", "options", "code"),
    [
        (np.eye(TOKENS), {"block": "nowhere"}, "no_such_block"),
        (np.eye(TOKENS), {"head": 3}, "no_such_index"),
        (np.eye(TOKENS)[:1], {}, "edit_shape"),
        (np.ones((1, TOKENS + 1)), {}, "edit_shape"),
        (np.eye(TOKENS)[0], {}, "edit_shape"),
        (np.ones((3, TOKENS, TOKENS)), {}, "edit_shape"),
    ],
)
def test_edits_that_do_not_fit(weights, options, code):
    _, model = attention_model()
    with pytest.raises(InputError) as caught:
        CapturedModel(model)(X, [Edit(**{"block": "mha", "weights": weights, **options})])
    assert caught.value.code == code


def test_weights_inside_a_loop_are_read_only():
    model, given, _ = BUILDERS["bidirectional_cell"]()
    with pytest.raises(InputError) as caught:
        CapturedModel(model)(given, [Edit("both/forward_rnn/recall", np.ones((7, 11)))])
    assert caught.value.code == "edit_in_loop"


def test_one_graph_serves_every_length_batch_and_edit():
    calls = []

    class Counting(layers.Layer):
        def call(self, x):
            calls.append(1)
            return x

    layer, x = layers.MultiHeadAttention(HEADS, SIZE, name="mha"), x_in()
    model = keras.Model(x, layer(Counting()(x), x))
    captured = CapturedModel(model)
    captured(X)
    calls.clear()
    for length in (1, 2, 3, 11, 127):
        captured(features(3, length, FEATURES))
        captured(features(1, length, FEATURES), [Edit("mha", np.eye(length), head=0)])
    assert not calls


@pytest.mark.parametrize("warm", [False, True], ids=["first call", "later calls"])
def test_many_threads_at_once(warm):
    layer, model = attention_model()
    captured = CapturedModel(model, observe=("mha",))
    if warm:
        captured(X)
    lengths = [3, 5, 7, 11, 13, 17, 19, 23]
    texts = [features(1, length, FEATURES, seed=length) for length in lengths]
    results: dict[int, list] = {}
    gate = threading.Barrier(len(lengths))

    def work(index):
        gate.wait()
        edit = [Edit("mha", np.eye(lengths[index]), head=2)] if index % 2 else []
        results[index] = [captured(texts[index], edit) for _ in range(5)]

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(lengths))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, text in enumerate(texts):
        weights = mha(layer, text, text)[0]
        if index % 2:
            weights[:, 2] = np.eye(lengths[index])
        for run in results[index]:
            np.testing.assert_allclose(run.sites["mha"].weights, weights, atol=2e-6)
            np.testing.assert_array_equal(run.layers["mha"], run.prediction)


def test_other_threads_see_nothing_of_a_tracing():
    """While one thread traces, another computes softmaxes and traces functions of its own."""
    started, stop, wrong = threading.Event(), threading.Event(), []

    class Slow(layers.Layer):
        def call(self, x):
            started.set()
            stop.wait(0.3)
            return x

    layer, x = layers.MultiHeadAttention(HEADS, SIZE, name="mha"), x_in()
    captured = CapturedModel(keras.Model(x, layer(Slow()(x), x)))
    started.clear()

    def bystander():
        started.wait()
        function = tf.function(lambda t: tf.nn.softmax(t))
        for _ in range(20):
            if not np.allclose(function(tf.zeros((2, 4))), 0.25):
                wrong.append(1)
        stop.set()

    thread = threading.Thread(target=bystander)
    thread.start()
    run = captured(X)
    thread.join()
    assert not wrong and list(run.sites) == ["mha"]


def test_observed_layers():
    x = x_in()
    first, attention = layers.Dense(5, name="first"), layers.MultiHeadAttention(HEADS, SIZE, name="mha")
    hidden = first(x)
    model = randomized(keras.Model(x, attention(hidden, first(x))))
    run = CapturedModel(model, observe=("first",))(X)
    expected = X @ array(first.kernel) + array(first.bias)
    np.testing.assert_allclose(run.layers["first"], expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(run.layers["first#2"], expected, rtol=1e-5, atol=1e-5)
    with pytest.raises(ModelError) as caught:
        CapturedModel(model, observe=("second",))
    assert caught.value.code == "no_such_layer" and "first" in caught.value.parameters["expected"]


@pytest.mark.parametrize("edited", [False, True])
def test_scores_are_those_of_the_run_they_are_of(edited):
    first, second = (layers.MultiHeadAttention(HEADS, SIZE, name=name) for name in ("first", "second"))
    x = x_in()
    between = first(x, x)
    model = randomized(keras.Model(x, second(between, between)))
    uniform = np.full((TOKENS, TOKENS), 1 / TOKENS)
    run = CapturedModel(model)(X, [Edit("first", uniform)] if edited else [])
    given = mha(first, X, X, weights=np.broadcast_to(uniform, (2, HEADS, TOKENS, TOKENS)) if edited else None)[1]
    powers = np.exp(run.sites["second"].scores.astype(float))
    np.testing.assert_allclose(powers / powers.sum(-1, keepdims=True), mha(second, given, given)[0], atol=1e-5)


def test_one_head_is_copied_alone():
    _, model = attention_model()
    site = CapturedModel(model)(X).sites["mha"]
    np.testing.assert_array_equal(site.head(2), site.weights[:, 2])


@pytest.mark.parametrize(
    "model",
    [
        keras.Sequential([keras.Input((13,)), layers.Dense(5, activation="softmax")]),
        keras.Sequential([keras.Input((None, 13)), layers.Dense(5), layers.Softmax()]),
        keras.Sequential([keras.Input((13,)), layers.Dense(5), layers.Activation("softmax"), layers.Reshape((5, 1))]),
        keras.Sequential([keras.Input((None, 13)), layers.LSTM(5), layers.Dense(3)]),
    ],
    ids=["dense", "softmax layer", "activation", "recurrent"],
)
def test_a_classifier_is_no_attention(model):
    with pytest.raises(ModelError) as caught:
        _ = CapturedModel(model).sites
    assert caught.value.code == "nothing_to_capture"
    assert all(layer.name in caught.value.parameters["layers"] for layer in model.layers)
    assert "MultiHeadAttention" in caught.value.parameters["recognised"]


def test_attention_that_is_the_answer_is_attention():
    """A pointer network answers with its weights: their axis is open, no classifier's is."""
    x, y = x_in(), x_in("y")
    weights = layers.Softmax(name="pointer")(layers.Dot(axes=2)([x, y]))
    assert [site.name for site in CapturedModel(keras.Model([x, y], weights)).sites] == ["pointer"]


def test_out_of_reach_is_said():
    class Branching(layers.Layer):
        def call(self, x):
            attend = lambda: tf.nn.softmax(tf.matmul(x, x, transpose_b=True)) @ x  # noqa: E731
            return tf.cond(tf.reduce_sum(x) > 0, attend, lambda: x)

    layer, x = layers.MultiHeadAttention(HEADS, SIZE, name="mha"), x_in()
    captured = CapturedModel(keras.Model(x, Branching(name="branch")(layer(x, x))))
    assert list(captured(X).sites) == ["mha"] and captured.unreachable == ("branch",)


def test_a_model_that_was_never_called():
    class Lazy(keras.Model):
        def __init__(self):
            super().__init__()
            self.attention = layers.MultiHeadAttention(HEADS, SIZE, name="mha")

        def call(self, x):
            return self.attention(x, x)

    captured = CapturedModel(Lazy())
    with pytest.raises(ModelError) as caught:
        _ = captured.sites
    assert caught.value.code == "not_called"
    assert captured(X).sites["mha"].shape == (2, HEADS, TOKENS, TOKENS)
    assert captured(X[:, :3]).sites["mha"].shape == (2, HEADS, 3, 3)


def test_a_layer_that_keeps_what_it_computed_is_left_as_it_was():
    class Keeping(layers.Layer):
        def call(self, x):
            self.last = tf.nn.softmax(tf.matmul(x, x, transpose_b=True))
            return tf.matmul(self.last, x)

    x = x_in()
    layer = Keeping(name="keeping", activity_regularizer="l2")
    model = keras.Model(x, layer(x))
    layer.last = None
    assert list(CapturedModel(model)(X).sites) == ["keeping"]
    assert layer.last is None and all(tf.executing_eagerly() and hasattr(loss, "numpy") for loss in layer._losses)


def test_the_model_can_be_used_otherwise_meanwhile():
    _, model = attention_model()
    captured, wrong = CapturedModel(model), []

    def work(index):
        try:
            for _ in range(3):
                if index % 2:
                    model.predict(X, verbose=0)
                else:
                    captured(X, [])
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_new_weights_of_the_model_count_at_once():
    layer, model = attention_model()
    captured = CapturedModel(model)
    captured(X)
    randomized(model, 0.2)
    np.testing.assert_allclose(captured(X).sites["mha"].weights, mha(layer, X, X)[0], atol=2e-6)


def test_parts_that_were_never_built_are_built_for_good():
    class Half(keras.Model):
        def __init__(self):
            super().__init__()
            self.attention = layers.MultiHeadAttention(HEADS, SIZE, name="mha")
            self.unused = layers.Dense(3)
            self.built = True

        def call(self, x):
            return self.attention(x, x)

    model = Half()
    run = CapturedModel(model)(X)
    np.testing.assert_allclose(run.prediction, model(X).numpy(), atol=1e-6)
    np.testing.assert_allclose(run.sites["mha"].weights, mha(model.attention, X, X)[0], atol=2e-6)
