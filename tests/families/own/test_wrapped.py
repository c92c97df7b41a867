"""Any Keras model behind the interface of all models."""

from __future__ import annotations

import threading
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import attnviz
from attnviz.errors import InputError, ModelError
from attnviz.trace import MASK_CAUSAL, MASK_NONE, MASK_OTHER, MASK_PADDING, Classification, Edit, Embedding, Tensor
from tests.capture.models import BUILDERS
from tests.capture.models_structure import Subclassed
from tests.capture.reference import array, causal, mha, softmax
from tests.capture.zoo import FEATURES, HEADS, SIZE, randomized

WORDS = ["we", "saw", "the", "red", "car", "stop"]
VOCABULARY = {word: index + 1 for index, word in enumerate(WORDS)}


def ids_of(words, length=None):
    ids = [VOCABULARY.get(word, 17) for word in words]
    return np.array([ids + [0] * ((length or len(ids)) - len(ids))], np.int32)


def encode(text):
    return ids_of(text.split()), text.split()


def encode_padded(text):
    return ids_of(text.split(), 11), text.split()


def classifier(**call):
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    embedding = layers.Embedding(19, FEATURES, mask_zero=True, name="embedding")
    layer = layers.MultiHeadAttention(HEADS, SIZE, name="mha")
    x = embedding(tokens)
    y = layers.GlobalAveragePooling1D()(layer(x, x, **call))
    model = randomized(keras.Model(tokens, layers.Dense(3, activation="softmax")(y), name="classifier"))
    return model, layer, lambda ids: array(embedding.embeddings)[ids]


def test_self_attention_with_tokens_and_spans():
    model, layer, vectors = classifier()
    wrapped = attnviz.wrap(model, encode=encode)
    trace = wrapped.trace("we saw  the car")
    (block,) = trace.blocks
    assert (block.name, block.kind, block.shape) == ("mha", "self", (1, HEADS, 4, 4))
    assert block.query.tokens == block.key.tokens == ("we", "saw", "the", "car")
    assert [trace.text[start:end] for start, end in block.key.spans] == list(block.key.tokens)
    x = vectors(ids_of(["we", "saw", "the", "car"]))
    np.testing.assert_allclose(block.weights, mha(layer, x, x)[0], atol=2e-6)
    assert block.mask is None and trace.notices == ()
    assert isinstance(trace.output, Classification) and trace.output.labels == ("0", "1", "2")
    np.testing.assert_allclose(trace.output.probabilities, model(ids_of(block.key.tokens)).numpy()[0], atol=1e-6)
    assert wrapped.card.name == "classifier" and wrapped.card.kinds == ("self",)


def test_padding_is_cut_and_changes_nothing():
    model, _, _ = classifier()
    short, padded = attnviz.wrap(model, encode=encode), attnviz.wrap(model, encode=encode_padded)
    full = attnviz.wrap(model, encode=lambda text: (ids_of(text.split(), 11), [*text.split(), *["[PAD]"] * 7]))
    a, b, c = (each.trace("we saw the car").block("mha") for each in (short, padded, full))
    assert a.key.tokens == b.key.tokens == c.key.tokens
    np.testing.assert_allclose(a.weights, b.weights, atol=1e-6)
    np.testing.assert_allclose(a.weights, c.weights, atol=1e-6)


def test_causal_cells_are_marked_and_one_token_stays_causal():
    model, layer, vectors = classifier(use_causal_mask=True)
    wrapped = attnviz.wrap(model, encode=encode_padded)
    block = wrapped.trace("we saw the red car").block("mha")
    x = vectors(ids_of(WORDS[:5]))
    assert block.kind == "causal" and block.shape == (1, HEADS, 5, 5)
    np.testing.assert_array_equal(block.mask[0, 0], np.where(causal(5), MASK_NONE, MASK_CAUSAL))
    np.testing.assert_allclose(block.weights, mha(layer, x, x, allowed=causal(5))[0], atol=2e-6)
    assert wrapped.trace("we").block("mha").kind == "causal"


def test_a_window_is_marked_as_what_it_is():
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    allowed = np.tril(np.ones((5, 5), bool)) & ~np.tril(np.ones((5, 5), bool), -2)
    mask = keras.Input((None, None), dtype="bool", name="mask")
    x = layers.Embedding(19, FEATURES)(tokens)
    model = randomized(keras.Model([tokens, mask], layers.MultiHeadAttention(HEADS, SIZE)(x, x, attention_mask=mask)))

    def windowed(text):
        return {"tokens": ids_of(text.split()), "mask": allowed[None]}, {"tokens": text.split()}

    trace = attnviz.wrap(model, encode=windowed).trace("we saw the red car")
    later = np.triu(np.ones((5, 5), bool), 1)
    expected = np.where(allowed, MASK_NONE, np.where(later, MASK_CAUSAL, MASK_OTHER))
    np.testing.assert_array_equal(trace.blocks[0].mask[0, 0], expected)
    assert [notice.code for notice in trace.notices] == ["other_mask"]


def encoder_decoder():
    source, target = (keras.Input((None,), dtype="int32", name=name) for name in ("source", "target"))
    embedding = layers.Embedding(19, FEATURES, mask_zero=True, name="embedding")
    x, y = embedding(source), embedding(target)
    memory = layers.MultiHeadAttention(HEADS, SIZE, name="encode")(x, x)
    hidden = layers.MultiHeadAttention(HEADS, SIZE, name="decode")(y, y, use_causal_mask=True)
    crossed = layers.MultiHeadAttention(HEADS, SIZE, name="cross")(hidden, memory)
    again = layers.MultiHeadAttention(HEADS, SIZE, name="again")(crossed, crossed, use_causal_mask=True)
    return randomized(keras.Model([source, target], layers.GlobalAveragePooling1D()(again)), 0.3)


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("count", [2, 3], ids=["other length", "same length"])
def test_two_sequences(count, padded):
    lengths = (5, 7) if padded else (3, count)

    def two(text):
        words = text.split()
        first, second = words[:3], words[3 : 3 + count]
        ids = [ids_of(part, length) for part, length in zip((first, second), lengths, strict=True)]
        return ids, {"source": first, "target": second}

    trace = attnviz.wrap(encoder_decoder(), encode=two).trace(" ".join(WORDS))
    source, target = tuple(WORDS[:3]), tuple(WORDS[3 : 3 + count])
    seen = {block.name: (block.kind, block.query.tokens, block.key.tokens) for block in trace.blocks}
    assert seen == {
        "encode": ("self", source, source),
        "decode": ("causal", target, target),
        "cross": ("cross", target, source),
        "again": ("causal", target, target),
    }
    assert trace.notices == () and isinstance(trace.output, Tensor)


def test_pooling_has_one_learned_query():
    model, given, _ = BUILDERS["our_pooling_and_a_classifier"]()
    del given
    trace = attnviz.wrap(model, encode=encode).trace("we saw the car")
    block = trace.block("pooling")
    assert block.kind == "pooling" and block.shape == (1, 1, 1, 4)
    assert block.query.special == (True,) and block.query.spans == (None,)


def test_an_axis_no_list_fits_is_labelled_by_position():
    model, _, _ = classifier()
    trace = attnviz.wrap(model, encode=lambda text: (ids_of(text.split()), text.split()[:2])).trace("we saw the car")
    assert trace.block("mha").key.tokens == ("0", "1", "2", "3")
    assert {notice.code for notice in trace.notices} == {"axis_by_position"}


def test_dict_inputs_and_two_outputs():
    model = Subclassed()
    model({"tokens": ids_of(WORDS)})
    randomized(model)
    wrapped = attnviz.wrap(model, encode=lambda text: ({"tokens": ids_of(text.split(), 11)}, {"tokens": text.split()}))
    trace = wrapped.trace("we saw the car")
    assert trace.block("attention").key.tokens == ("we", "saw", "the", "car")
    assert [notice.code for notice in trace.notices] == ["first_output_only"]


def test_edits_in_the_coordinates_of_the_block():
    model, layer, vectors = classifier()
    wrapped = attnviz.wrap(model, encode=encode_padded)
    encoded = wrapped.encode("we saw the car")
    own = wrapped.run(encoded)
    same = wrapped.run(encoded, [Edit("mha", own.block("mha").weights[0, head], head=head) for head in range(HEADS)])
    np.testing.assert_allclose(same.output.probabilities, own.output.probabilities, atol=1e-6)
    assert same.block("mha").edited and not own.block("mha").edited and len(same.edits) == HEADS

    edited = wrapped.run(encoded, [Edit("mha", np.full((4, 4), 0.25), head=1)])
    x = vectors(ids_of(["we", "saw", "the", "car"]))
    weights = mha(layer, x, x)[0]
    weights[:, 1] = 0.25
    dense = model.layers[-1]
    logits = mha(layer, x, x, weights=weights)[1].mean(1) @ array(dense.kernel) + array(dense.bias)
    np.testing.assert_allclose(edited.output.probabilities, softmax(logits)[0], atol=1e-6)
    np.testing.assert_allclose(edited.block("mha").weights, weights, atol=2e-6)

    for edit, code in [
        (Edit("mha", np.eye(11)), "edit_shape"),
        (Edit("mhaa", np.eye(4)), "no_such_block"),
        (Edit("mha", np.eye(4), head=HEADS), "no_such_index"),
        (Edit("mha", np.eye(4), layer=1), "no_such_index"),
    ]:
        with pytest.raises(InputError) as caught:
            wrapped.run(encoded, [edit])
        assert caught.value.code == code


@pytest.mark.parametrize("cut", [encode, encode_padded])
def test_dropping_and_shuffling_tokens_changes_the_encoded(cut):
    model, _, _ = classifier()
    wrapped = attnviz.wrap(model, encode=cut)
    kept = wrapped.run(wrapped.encode("we saw the car").keep([3, 0]))
    direct = wrapped.trace("car we")
    assert kept.block("mha").key.tokens == ("car", "we")
    np.testing.assert_allclose(kept.output.probabilities, direct.output.probabilities, atol=1e-6)


def test_decoded_output():
    model, _, _ = classifier()
    wrapped = attnviz.wrap(model, encode=encode, decode_output=lambda prediction: Embedding(prediction[0]))
    assert wrapped.trace("we").output.vector.shape == (3,)
    with pytest.raises(ModelError) as caught:
        attnviz.wrap(model, encode=encode, decode_output=lambda prediction: prediction).trace("we")
    assert caught.value.code == "bad_output"


def test_explain_gives_scores_and_weights_without_padding():
    model, _layer, _vectors = classifier()
    wrapped = attnviz.wrap(model, encode=encode_padded)
    encoded = wrapped.encode("we saw the car")
    steps = wrapped.explain(encoded, "mha", head=1, query=2)
    np.testing.assert_allclose(softmax(steps["scores"].astype(float)), steps["weights"], atol=1e-6)
    np.testing.assert_allclose(steps["weights"], wrapped.run(encoded).block("mha").weights[0, 1, 2], atol=1e-7)
    with pytest.raises(InputError):
        wrapped.explain(encoded, "mha", query=4)


@pytest.mark.parametrize("text", ["", " \n ", "\x00", "\ud800"])
def test_nothing_to_read(text):
    with pytest.raises(InputError) as caught:
        attnviz.wrap(classifier()[0], encode=encode).trace(text)
    assert caught.value.code == "empty_text"


@pytest.mark.parametrize(
    "bad",
    [
        lambda text: ids_of(text.split()),
        lambda text: (ids_of(text.split()), text),
        lambda text: (ids_of(text.split()), [1, 2]),
        lambda text: (ids_of(text.split()), {}),
        lambda text: (np.concatenate([ids_of(text.split())] * 2), text.split()),
    ],
)
def test_an_encode_that_gives_something_else(bad):
    with pytest.raises(InputError) as caught:
        attnviz.wrap(classifier()[0], encode=bad).trace("we saw")
    assert caught.value.code == "bad_encode"


def test_nothing_found():
    model = keras.Sequential([keras.Input((None,), dtype="int32"), layers.Embedding(19, 5), layers.LSTM(3)])
    with pytest.raises(ModelError) as caught:
        attnviz.wrap(model, encode=encode).trace("we saw")
    assert caught.value.code == "nothing_to_capture"


def test_heads_kept_in_the_batch():
    class Folded(layers.Layer):
        """Heads are put into the batch, as some implementations do."""

        def call(self, x):
            parts = keras.ops.concatenate(keras.ops.split(x, 3, axis=-1), axis=0)  # [head * batch, token, part]
            weights = keras.ops.softmax(keras.ops.matmul(parts, keras.ops.transpose(parts, (0, 2, 1))))
            return keras.ops.concatenate(keras.ops.split(keras.ops.matmul(weights, parts), 3, axis=0), axis=-1)

    tokens = keras.Input((None,), dtype="int32")
    embedding = layers.Embedding(19, 15)
    model = randomized(keras.Model(tokens, Folded(name="folded")(embedding(tokens))))
    wrapped = attnviz.wrap(model, encode=encode)
    encoded = wrapped.encode("we saw the car")
    trace = wrapped.run(encoded)
    x = array(embedding.embeddings)[ids_of([*WORDS[:3], "car"])[0]]
    expected = np.stack([softmax(part @ part.T) for part in np.split(x, 3, axis=-1)])[None]
    np.testing.assert_allclose(trace.block("folded").weights, expected, atol=2e-6)
    edited = wrapped.run(encoded, [Edit("folded", np.eye(4), head=1)]).block("folded").weights
    expected[:, 1] = np.eye(4)
    np.testing.assert_allclose(edited, expected, atol=2e-6)


def test_half_precision():
    model, given, _ = BUILDERS["precision_mixed_float16"]()
    trace = attnviz.wrap(model, encode=lambda text: (given[:1], list("abcdefg"))).trace("abcdefg")
    assert [block.precision for block in trace.blocks] == ["float32", "float16"]


def test_eight_threads_at_once():
    model, _, _ = classifier()
    wrapped, alone = attnviz.wrap(model, encode=encode), attnviz.wrap(model, encode=encode)
    texts = [" ".join(WORDS[: 1 + index % 6]) for index in range(8)]
    traces: dict[int, object] = {}
    threads = [
        threading.Thread(target=lambda i=index: traces.update({i: wrapped.trace(texts[i])})) for index in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, text in enumerate(texts):
        want = alone.trace(text)
        assert traces[index].text == text
        np.testing.assert_allclose(traces[index].block("mha").weights, want.block("mha").weights, atol=1e-7)


def test_a_list_of_texts_and_what_a_wrapped_model_has_not():
    wrapped = attnviz.wrap(classifier()[0], encode=encode)
    assert [trace.text for trace in wrapped.trace(["we", "we saw"])] == ["we", "we saw"]
    with pytest.raises(InputError):
        wrapped.trace("we", target="nous")


@pytest.mark.parametrize(
    "layer",
    [
        layers.MultiHeadAttention(HEADS, SIZE, value_dim=2, name="attention"),
        layers.GroupQueryAttention(SIZE, 6, 3, name="attention"),
    ],
    ids=["heads", "grouped queries"],
)
def test_explain_gives_query_key_and_value_where_it_can(layer):
    tokens = keras.Input((None,), dtype="int32")
    x = layers.Embedding(19, FEATURES, mask_zero=True)(tokens)
    model = randomized(keras.Model(tokens, layer(layer(x, x), x)), 0.4)
    wrapped = attnviz.wrap(model, encode=encode_padded)
    encoded = wrapped.encode("we saw the car")
    for block in wrapped.run(encoded).blocks:
        for head in range(block.shape[1]):
            steps = wrapped.explain(encoded, block.name, head=head, query=2)
            scores = steps["key"].astype(float) @ steps["query"] / np.sqrt(SIZE)
            np.testing.assert_allclose(scores, steps["scores"], atol=1e-5)
            np.testing.assert_allclose(softmax(scores), block.weights[0, head, 2], atol=1e-5)
            np.testing.assert_allclose(steps["context"], steps["weights"] @ steps["value"], atol=1e-6)


@pytest.mark.parametrize(
    "layer", [layers.MultiHeadAttention(HEADS, SIZE, value_dim=7), layers.GroupQueryAttention(SIZE, 6, 3)]
)
def test_the_parts_of_all_heads_and_one_bias_are_what_the_layer_gives_out(layer):
    tokens = keras.Input((None,), dtype="int32")
    x = layers.Embedding(19, FEATURES)(tokens)
    model = randomized(keras.Model(tokens, layer(x, x)), 0.4)
    wrapped = attnviz.wrap(model, encode=encode)
    encoded = wrapped.encode("we saw the car")
    trace = wrapped.run(encoded)
    (block,) = trace.blocks
    parts = [wrapped.explain(encoded, block.name, head=head, query=2)["output"] for head in range(block.shape[1])]

    np.testing.assert_allclose(np.sum(parts, 0) + layer._output_dense.bias, trace.output.values[2], atol=1e-5)


def test_a_gate_before_the_projection_leaves_the_output_out():
    tokens = keras.Input((None,), dtype="int32")
    x = layers.Embedding(19, FEATURES)(tokens)
    model = randomized(keras.Model(tokens, layers.MultiHeadAttention(HEADS, SIZE, use_gate=True, name="mha")(x, x)))
    wrapped = attnviz.wrap(model, encode=encode)
    steps = wrapped.explain(wrapped.encode("we saw"), "mha")

    assert "context" in steps and "output" not in steps


def test_gradients_agree_with_differences():
    model, _, _ = classifier()
    wrapped = attnviz.wrap(model, encode=encode)
    encoded = wrapped.encode("we saw the car")
    gradient = wrapped.gradients(encoded, 1)
    table = model.get_layer("embedding").embeddings
    before, step = table.numpy(), 1e-2
    for row, feature in [(0, 3), (2, 5), (3, 0)]:
        sides = []
        for sign in (1, -1):
            moved = before.copy()
            moved[encoded.inputs["tokens"][0, row], feature] += sign * step
            table.assign(moved)
            sides.append(wrapped.run(encoded).output.probabilities[1])
        table.assign(before)
        assert gradient[0, row, feature] == pytest.approx((sides[0] - sides[1]) / (2 * step), abs=2e-4)
    assert gradient.shape == (1, 4, FEATURES)
    with pytest.raises(ModelError) as caught:
        other = attnviz.wrap(encoder_decoder_without_embedding(), encode=lambda text: (np.ones((1, 3, 5)), list("abc")))
        other.gradients(other.encode("abc"), 0)
    assert caught.value.code == "no_gradients"


def encoder_decoder_without_embedding():
    x = keras.Input((None, 5))
    return keras.Model(x, layers.MultiHeadAttention(2, 3)(x, x))


@pytest.mark.parametrize(("family", "kinds"), [("Bert", ["self"] * 2), ("GPT2", ["causal"] * 2), ("T5", None)])
def test_kerashub_backbones(family, kinds):
    models = pytest.importorskip("keras_hub", reason="KerasHub is an extra: pip install keras-hub").models
    options = {"vocabulary_size": 19, "num_layers": 2, "num_heads": 3, "hidden_dim": 12, "intermediate_dim": 23}
    model = getattr(models, f"{family}Backbone")(**options)
    ids = ids_of(["we", "saw", "the", "car"], 7)
    if family == "T5":
        kinds = ["self"] * 2 + ["causal", "cross"] * 2
        given = {"token_ids": ids, "padding_mask": (ids > 0).astype("int32")}
        inputs = {f"{side}_{name}": each for side in ("encoder", "decoder") for name, each in given.items()}
    else:
        inputs = {"token_ids": ids, "padding_mask": (ids > 0).astype("int32"), "segment_ids": 0 * ids}
        inputs = {name: inputs[name] for name in (each.name for each in model.inputs)}
    trace = attnviz.wrap(model, encode=lambda text: (inputs, text.split())).trace("we saw the car")
    assert [block.kind for block in trace.blocks] == kinds
    assert {block.key.tokens for block in trace.blocks} == {("we", "saw", "the", "car")}


@pytest.mark.parametrize("dropout", [0.0, 0.1], ids=["fused", "not fused"])
def test_a_row_masked_in_one_head_only_is_marked(dropout):
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    mask = keras.Input((HEADS, None, None), dtype="bool", name="mask")
    x = layers.Embedding(19, FEATURES)(tokens)
    layer = layers.MultiHeadAttention(HEADS, SIZE, dropout=dropout, name="mha")
    model = randomized(keras.Model([tokens, mask], layer(x, x, attention_mask=mask)))
    allowed = np.ones((1, HEADS, 4, 4), bool)
    allowed[0, 1, 2] = False
    wrapped = attnviz.wrap(model, encode=lambda text: ([ids_of(text.split()), allowed], {"tokens": text.split()}))
    block = wrapped.trace("we saw the car").block("mha")
    assert block.shape == (1, HEADS, 4, 4)
    np.testing.assert_array_equal(block.mask[0] == MASK_PADDING, ~allowed[0])
    np.testing.assert_allclose(block.weights[0, 1, 2], 0.25, atol=1e-6)


class Mixed(layers.Layer):
    """Scores `[batch, query, head, key]` from a function that no graph can follow."""

    def call(self, x):
        scores = tf.numpy_function(_scored, [x], tf.float32)
        scores.set_shape([None, None, 3, None])
        return tf.einsum("bqhk,bkd->bqhd", tf.nn.softmax(scores), x)

    def compute_output_spec(self, x):
        return keras.KerasTensor((None, None, 3, x.shape[-1]))


def _scored(x):
    return np.stack([np.einsum("bqd,bkd->bqk", x, x) * scale for scale in (0.2, 0.5, 0.7)], 2).astype(np.float32)


def mixed():
    tokens = keras.Input((None,), dtype="int32")
    embedding = layers.Embedding(19, FEATURES)
    return randomized(keras.Model(tokens, Mixed(name="mixed")(embedding(tokens)))), embedding


def test_axes_that_the_graph_does_not_tell_are_said_to_be_guessed_and_can_be_given():
    model, embedding = mixed()
    guessed = attnviz.wrap(model, encode=encode).trace("we saw the car")
    assert "axes_by_place" in {notice.code for notice in guessed.notices}

    given = attnviz.wrap(model, encode=encode, axes={"mixed": "batch query head key"})
    block = given.trace("we saw the car").block("mixed")
    scores = _scored(array(embedding.embeddings)[ids_of(["we", "saw", "the", "car"])])
    np.testing.assert_allclose(block.weights[0], softmax(scores)[0].swapaxes(0, 1), atol=2e-6)
    assert block.kind == "self" and block.key.tokens == ("we", "saw", "the", "car")
    edited = given.run(given.encode("we saw the car"), [Edit("mixed", np.eye(4), head=2)]).block("mixed").weights[0]
    np.testing.assert_allclose(edited[2], np.eye(4), atol=1e-7)
    np.testing.assert_allclose(edited[:2], block.weights[0][:2], atol=1e-6)


@pytest.mark.parametrize(
    ("axes", "code"),
    [
        ({"mixed": "batch query key head"}, "axes_given"),
        ({"mixed": "batch query key"}, "axes_given"),
        ({"mixed": ["batch", "time", "head", "key"]}, "axes_given"),
        ({"other": "batch query head key"}, "no_such_block"),
    ],
)
def test_axes_that_do_not_fit(axes, code):
    with pytest.raises(InputError) as caught:
        attnviz.wrap(mixed()[0], encode=encode, axes=axes).trace("we saw")
    assert caught.value.code == code


def test_a_model_that_answers_otherwise_when_it_is_called_is_said_to():
    class Noisy(layers.Layer):
        """Answers more in a graph than outside of one: what is captured is not what is computed."""

        def call(self, x):
            return x if tf.executing_eagerly() else x + 0.25

    tokens = keras.Input((None,), dtype="int32")
    x = layers.Embedding(19, FEATURES)(tokens)
    model = randomized(keras.Model(tokens, Noisy()(layers.MultiHeadAttention(HEADS, SIZE)(x, x))))
    for _ in range(2):
        (notice,) = attnviz.wrap(model, encode=encode).trace("we saw").notices
        assert notice.code == "prediction_differs" and notice.parameters["difference"] == "0.25"


def test_a_function_compiled_beforehand_is_named_beside_what_was_found():
    signature = tf.TensorSpec([None, None, FEATURES])
    inner = tf.function(lambda x: tf.nn.softmax(x @ tf.transpose(x, (0, 2, 1))) @ x).get_concrete_function(signature)
    sharp = tf.function(lambda x: inner(x) + 1).get_concrete_function(signature)  # as a SavedModel has it

    class Closed(layers.Layer):
        def call(self, x):
            return sharp(x)

        def compute_output_spec(self, x):
            return keras.KerasTensor(x.shape)

    tokens = keras.Input((None,), dtype="int32")
    x = layers.Embedding(19, FEATURES)(tokens)
    model = keras.Model(tokens, Closed(name="closed")(layers.MultiHeadAttention(HEADS, SIZE, name="mha")(x, x)))
    trace = attnviz.wrap(model, encode=encode).trace("we saw")
    assert [block.name for block in trace.blocks] == ["mha"]
    assert [notice.parameters for notice in trace.notices] == [{"layers": "closed"}]
    with pytest.raises(ModelError) as caught:
        attnviz.wrap(keras.Model(tokens, Closed(name="closed")(x)), encode=encode).trace("we saw")
    assert caught.value.code == "nothing_in_reach" and "closed" in str(caught.value)


def test_a_layer_that_computes_in_python_is_named():
    class InPython(layers.Layer):
        def call(self, x):
            y = tf.numpy_function(lambda v: v, [x], tf.float32)
            y.set_shape(x.shape)
            return y

        def compute_output_spec(self, x):
            return keras.KerasTensor(x.shape)

    tokens = keras.Input((None,), dtype="int32")
    x = layers.Embedding(19, FEATURES)(tokens)
    model = keras.Model(tokens, InPython(name="mine")(layers.MultiHeadAttention(HEADS, SIZE, name="mha")(x, x)))
    trace = attnviz.wrap(model, encode=encode).trace("we saw")
    assert [block.name for block in trace.blocks] == ["mha"]
    assert [(each.code, each.parameters) for each in trace.notices] == [("python_out_of_reach", {"layers": "mine"})]
    with pytest.raises(ModelError) as caught:
        attnviz.wrap(keras.Model(tokens, InPython(name="mine")(x)), encode=encode).trace("we saw")
    assert caught.value.code == "nothing_but_python" and "mine" in str(caught.value)


def test_a_layer_that_cannot_be_built_is_told():
    class Unbuilt(keras.layers.Layer):
        def call(self, x):
            raise TypeError("needs another dtype")

    with pytest.raises(ModelError) as caught:
        attnviz.wrap(keras.Sequential([Unbuilt()]), gives(ids_of(["we"]))).trace("we")
    assert caught.value.code == "not_traceable" and "needs another dtype" in str(caught.value)


def gives(inputs, tokens=("we",)):
    return lambda text: (inputs, list(tokens))


@pytest.mark.parametrize(
    ("encoding", "code", "said"),
    [
        (gives(ids_of(["we"]), [1]), "bad_encode", "strings"),
        (gives(ids_of(["we"]) + 90), "id_outside", "0–18"),
        (gives(ids_of(["we"]) - 2), "id_outside", "-1"),
        (gives(np.array([[np.nan]])), "inputs_not_finite", "nan"),
        (gives(np.array([[np.inf]], np.float32)), "inputs_not_finite", "inf"),
        (gives(tf.ragged.constant([[2]])), "bad_encode", "RaggedTensor"),
        (gives([[[2, 3]], [[1.0]]]), "bad_encode", "arrays"),
        (gives(np.array([2, 3])), "bad_encode", "(1, 2)"),
        (gives(np.array([["we"]])), "run_failed", "string"),
        (gives(np.zeros((1, 0), np.int32), []), "bad_encode", "(1, 0)"),
        (gives({"words": ids_of(["we"])}), "run_failed", "['words']"),
        (gives(ids_of(["we"])[..., None, None]), "run_failed", "Expected shape"),
        (None, "wrap_encode", "wrap(model, encode)"),
    ],
    ids=[
        "ids as tokens",
        "an id outside",
        "a negative id",
        "an id that is no number",
        "an endless id",
        "ragged",
        "uneven lists",
        "no batch",
        "strings",
        "nothing",
        "another name",
        "two axes more",
        "no encode",
    ],
)
def test_usual_mistakes_are_told_what_was_expected(encoding, code, said):
    with pytest.raises(InputError) as caught:
        attnviz.wrap(classifier()[0], encoding).trace("we")
    assert caught.value.code == code and said in str(caught.value)


def test_another_length_and_what_is_no_function_are_told():
    tokens = keras.Input((5,), dtype="int32")
    x = layers.Embedding(19, FEATURES)(tokens)
    model = keras.Model(tokens, layers.Attention()([x, x]))
    with pytest.raises(InputError) as caught:
        attnviz.wrap(model, encode).trace("we saw")
    assert caught.value.code == "run_failed" and "(None, 5)" in str(caught.value)
    with pytest.raises(InputError) as caught:
        attnviz.wrap(model, encode, "logits")  # type: ignore[arg-type]
    assert caught.value.code == "wrap_decode" and "str" in str(caught.value)


def test_a_path_is_no_model_and_inputs_are_no_text():
    with pytest.raises(InputError) as caught:
        attnviz.wrap("model.keras", encode)
    assert caught.value.code == "wrap_model" and "load_model" in str(caught.value)
    with pytest.raises(ModelError) as weights:
        attnviz.wrap("model.weights.h5", encode)
    assert weights.value.code == "load_weights" and "weights alone" in str(weights.value)
    inputs: Any
    for inputs in (ids_of(["we", "saw"]), 3, None, b"we", [3, 4], np.float32(3)):
        with pytest.raises(InputError) as caught:
            attnviz.wrap(classifier()[0], encode).trace(inputs)
        assert caught.value.code == "not_a_source" and "encode" in str(caught.value)


def test_a_model_of_keras_2_is_told_from_others():
    kind = type("Functional", (), {"__module__": "tf_keras.src.engine.functional", "name": "old"})
    with pytest.raises(ModelError) as caught:
        attnviz.wrap(kind(), encode)
    assert caught.value.code == "keras_2_model" and "tf_keras" in str(caught.value)
