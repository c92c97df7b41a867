"""Architectures that look at pictures, as strangers build them: each on its picture, with the model's own weights."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image

import attnviz
from attnviz.errors import InputError
from attnviz.trace import Edit, Picture, RegionAxis
from tests.capture.reference import array, mha, softmax
from tests.capture.zoo import randomized

#: Of the picture, and of a patch.
HEIGHT, WIDTH, PATCH = 12, 20, 4
ROWS, COLUMNS, FEATURES, HEADS, SIZE = 3, 5, 11, 3, 7

PIXELS = np.random.default_rng(5).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)


def given(pixels):
    return pixels[None].astype(np.float32) / 255


def patches(image):
    """Squares of the picture as vectors `[batch, patch, feature]`, row by row."""
    x = layers.Conv2D(FEATURES, PATCH, strides=PATCH, name="patches")(image)
    return layers.Reshape((ROWS * COLUMNS, FEATURES), name="rows")(x)


def cut(model):
    """The same in NumPy."""
    kernel, bias = (array(each) for each in model.get_layer("patches").weights)
    image = given(PIXELS)[0].reshape(ROWS, PATCH, COLUMNS, PATCH, 3).transpose(0, 2, 1, 3, 4).reshape(15, -1)
    return (image @ kernel.reshape(-1, FEATURES) + bias)[None]


class ClassToken(layers.Layer):
    def build(self, shape):
        self.token = self.add_weight(shape=(1, 1, shape[-1]), initializer="random_normal", name="token")

    def call(self, x):
        return ops.concatenate([ops.repeat(self.token, ops.shape(x)[0], axis=0), x], axis=1)


def test_a_vision_transformer_with_a_class_token():
    image = keras.Input((HEIGHT, WIDTH, 3))
    x = ClassToken(name="class_token")(patches(image))
    attention = layers.MultiHeadAttention(HEADS, SIZE, name="mha")
    y = layers.Dense(3, activation="softmax")(attention(x, x)[:, 0])
    model = randomized(keras.Model(image, y))
    wrapped = attnviz.wrap(model, lambda pixels: (given(pixels), RegionAxis.grid_of(ROWS, COLUMNS, ["[CLS]"])))
    trace = wrapped.trace(PIXELS)
    (block,) = trace.blocks
    assert block.kind == "self" and block.key.grid == (ROWS, COLUMNS) and block.key.special[0]
    vectors = np.concatenate([array(model.get_layer("class_token").token), cut(model)], axis=1)
    np.testing.assert_allclose(block.weights, mha(attention, vectors, vectors)[0], atol=2e-6)
    assert isinstance(trace.source, Picture) and trace.notices == ()
    np.testing.assert_allclose(trace.output.probabilities, model(given(PIXELS)).numpy()[0], atol=1e-6)
    assert len(attnviz.figures.regions(trace).layout.shapes) == ROWS * COLUMNS


def test_a_pooled_grid_of_a_convolutional_network():
    image = keras.Input((HEIGHT, WIDTH, 3))
    x = patches(image)
    scores = layers.Dense(1, name="scores")(x)
    weights = layers.Softmax(axis=1, name="weights")(scores)
    context = layers.Dot(axes=1)([weights, x])
    y = layers.Dense(3, activation="softmax")(layers.Flatten()(context))
    model = randomized(keras.Model(image, y))
    wrapped = attnviz.wrap(model, lambda pixels: (given(pixels), RegionAxis.grid_of(ROWS, COLUMNS)))
    trace = wrapped.trace(Image.fromarray(PIXELS))
    (block,) = trace.blocks
    kernel, bias = (array(each) for each in model.get_layer("scores").weights)
    assert block.kind == "pooling" and block.key.grid == (ROWS, COLUMNS)
    np.testing.assert_allclose(block.weights.ravel(), softmax((cut(model) @ kernel + bias)[0, :, 0]), atol=2e-6)
    assert trace.source == wrapped.trace(PIXELS).source, "an image and its pixels are one picture"


def test_an_encoder_and_decoder_that_writes_about_a_picture():
    image, words = keras.Input((HEIGHT, WIDTH, 3), name="image"), keras.Input((None,), dtype="int32", name="words")
    states = patches(image)
    vectors = layers.Embedding(19, FEATURES, name="embedding")(words)
    own = layers.MultiHeadAttention(HEADS, SIZE, name="own")(vectors, vectors, use_causal_mask=True)
    looking = layers.MultiHeadAttention(HEADS, SIZE, name="looking")
    y = layers.Dense(19)(looking(own, states))
    model = randomized(keras.Model({"image": image, "words": words}, y))
    axis, said = RegionAxis.grid_of(ROWS, COLUMNS), ["a", "red", "car", "stop"]

    def encode(pixels):
        return {"image": given(pixels), "words": np.array([[3, 5, 7, 11]], np.int32)}, {"words": said, "regions": axis}

    trace = attnviz.wrap(model, encode).trace(PIXELS)
    causal, cross = trace.block("own"), trace.block("looking")
    assert causal.kind == "causal" and cross.kind == "cross"
    assert cross.query.tokens == tuple(said) and cross.key == axis
    queries = keras.Model(model.inputs, model.get_layer("own").output).predict_on_batch(encode(PIXELS)[0])
    np.testing.assert_allclose(cross.weights, mha(looking, queries, cut(model))[0], atol=3e-6)
    assert len(attnviz.figures.regions(trace, attnviz.analysis.Focus("looking", 0, 2, 1)).layout.shapes) == 15


class Axial(layers.Layer):
    """Attention along the rows of a grid, then along its columns."""

    def build(self, shape):
        self.query, self.key = (self.add_weight(shape=(FEATURES, FEATURES), name=name) for name in ("query", "key"))

    def call(self, x):
        for axis in (1, 2):
            y = x if axis == 2 else ops.transpose(x, (0, 2, 1, 3))
            scores = ops.matmul(ops.matmul(y, self.query), ops.transpose(ops.matmul(y, self.key), (0, 1, 3, 2)))
            y = ops.matmul(ops.softmax(scores, axis=-1), y)
            x = y if axis == 2 else ops.transpose(y, (0, 2, 1, 3))
        return x


def test_words_that_are_looked_at_by_regions_and_regions_by_words():
    image, words = keras.Input((HEIGHT, WIDTH, 3), name="image"), keras.Input((None,), dtype="int32", name="words")
    states, vectors = patches(image), layers.Embedding(19, FEATURES)(words)
    there, back = (layers.MultiHeadAttention(HEADS, SIZE, name=name) for name in ("there", "back"))
    x, y = there(vectors, states), back(states, vectors)
    pooled = layers.Concatenate()([layers.GlobalAveragePooling1D()(each) for each in (x, y)])
    model = randomized(keras.Model([image, words], layers.Dense(2, activation="softmax")(pooled)))
    axis, said = RegionAxis.grid_of(ROWS, COLUMNS), ["is", "it", "red"]

    def encode(pixels):
        return [given(pixels), np.array([[3, 5, 7]], np.int32)], {"regions": axis, "words": said}

    trace = attnviz.wrap(model, encode).trace(PIXELS)
    assert (trace.block("there").query.tokens, trace.block("there").key) == (tuple(said), axis)
    assert (trace.block("back").query, trace.block("back").key.tokens) == (axis, tuple(said))
    embedding = next(each for each in model.layers if isinstance(each, layers.Embedding))
    embedded = array(embedding.embeddings)[[[3, 5, 7]]]
    np.testing.assert_allclose(trace.block("there").weights, mha(there, embedded, cut(model))[0], atol=3e-6)
    np.testing.assert_allclose(trace.block("back").weights, mha(back, cut(model), embedded)[0], atol=3e-6)


def test_attention_along_rows_and_columns_is_not_drawn_as_regions():
    image = keras.Input((HEIGHT, WIDTH, 3))
    x = Axial(name="axial")(layers.Conv2D(FEATURES, PATCH, strides=PATCH)(image))
    model = randomized(keras.Model(image, layers.GlobalAveragePooling2D()(x)))
    trace = attnviz.wrap(model, lambda pixels: (given(pixels), RegionAxis.grid_of(ROWS, COLUMNS))).trace(PIXELS)
    assert {block.shape[2:] for block in trace.blocks} == {(ROWS, ROWS), (COLUMNS, COLUMNS)}
    for block in trace.blocks:
        np.testing.assert_allclose(block.weights.sum(-1), 1, atol=1e-5)
        assert not isinstance(block.key, RegionAxis)
    assert {notice.code for notice in trace.notices} == {"axis_by_position", "windows_as_heads"}


def test_weights_of_a_picture_are_changed_and_a_region_without_an_input_of_its_own_cannot_be_taken_out():
    image = keras.Input((HEIGHT, WIDTH, 3))
    x = patches(image)
    y = layers.MultiHeadAttention(HEADS, SIZE, name="mha")(x, x)
    model = randomized(keras.Model(image, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling1D()(y))))
    wrapped = attnviz.wrap(model, lambda pixels: (given(pixels), RegionAxis.grid_of(ROWS, COLUMNS)))
    encoded = wrapped.encode(Picture.of(PIXELS))
    even = np.full((15, 15), 1 / 15, np.float32)
    edited = wrapped.run(encoded, [Edit("mha", even)])
    np.testing.assert_allclose(edited.blocks[0].weights, 1 / 15, atol=1e-6)
    assert not np.allclose(edited.output.probabilities, wrapped.run(encoded).output.probabilities)
    for change in (lambda: encoded.keep([0, 1]), lambda: encoded.replace([0], 0)):
        with pytest.raises(InputError) as raised:
            change()
        assert raised.value.code == "axis_fixed"


def test_vectors_of_regions_may_be_taken_out():
    regions = keras.Input((None, FEATURES))
    y = layers.MultiHeadAttention(HEADS, SIZE, name="mha")(regions, regions)
    model = randomized(keras.Model(regions, layers.GlobalAveragePooling1D()(y)))
    vectors = np.random.default_rng(7).normal(size=(1, ROWS * COLUMNS, FEATURES)).astype(np.float32)
    wrapped = attnviz.wrap(model, lambda pixels: (vectors, RegionAxis.grid_of(ROWS, COLUMNS)))
    fewer = wrapped.encode(Picture.of(PIXELS)).keep([3, 1, 7])
    (block,) = wrapped.run(fewer).blocks
    assert block.shape[2:] == (3, 3) and block.key.labels == ("1,4", "1,2", "2,3") and block.key.grid is None
