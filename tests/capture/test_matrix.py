"""Every captured weight of many differently built models against an independent computation."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from keras import tree

from attnviz.capture import CapturedModel
from attnviz.capture.tap import PATCHES
from attnviz.trace import Edit
from tests.capture.models import BUILDERS

TOLERANCE = {"float16": 2e-2, "bfloat16": 1e-1, "mixed_float16": 2e-2, "mixed_bfloat16": 1e-1}
PATCHED = tuple((place, name) for place, name, _ in PATCHES)


def flat(prediction):
    return [np.asarray(each, np.float64) for each in tree.flatten(prediction)]


def state(model):
    layers = model._flatten_layers()
    return [(dict(vars(layer)), len(layer._losses), layer.get_config()) for layer in layers if layer is not model]


def plain(model, captured, inputs):
    """The model's own answer, compiled for the same open lengths: kernels for known ones may round otherwise."""
    structure, leaves = captured._leaves(inputs)
    forward = tf.function(
        lambda *given: model(tree.pack_sequence_as(structure, list(given)), training=False), autograph=False
    )
    return forward.get_concrete_function(*captured._graph(structure, leaves).specs)(*leaves)


@pytest.mark.parametrize("name", BUILDERS)
def test_weights_prediction_edits_and_the_model_itself(name):
    model, inputs, expected = BUILDERS[name]()
    model(tree.map_structure(tf.constant, inputs), training=False)
    before, originals = state(model), [getattr(*each) for each in PATCHED]
    variables = [weight.numpy() for weight in model.weights]

    captured = CapturedModel(model)
    run = captured(inputs)
    answer = flat(plain(model, captured, inputs))

    half = TOLERANCE.get(name.removeprefix("precision_"))
    reference = expected()
    assert list(run.sites) == [site.name for site in captured.sites]
    assert set(run.sites) == set(reference)
    for site, weights in reference.items():
        got = run.sites[site]
        assert got.weights.dtype == np.float32
        assert got.weights.shape == weights.shape == got.shape
        rows = ~np.isnan(weights).any(-1)
        np.testing.assert_allclose(got.weights[rows], weights[rows], atol=half or 2e-6)
        masked = np.broadcast_to(got.masked, weights.shape)
        np.testing.assert_array_equal(masked.all(-1), ~rows)
        if not half:
            np.testing.assert_array_equal(masked[rows], (weights == 0)[rows])
            again = np.exp(got.scores[rows].astype(float) - got.scores[rows].max(-1, keepdims=True))
            np.testing.assert_allclose(again / again.sum(-1, keepdims=True), weights[rows], atol=5e-6)
    for got, want in zip(flat(run.prediction), answer, strict=True):
        np.testing.assert_allclose(got, want, atol=(half or 1e-6) * np.abs(want).max(), rtol=0)

    edits = [
        Edit(site.name, head, head=index)
        for site in captured.sites
        if site.editable
        for index in range(run.sites[site.name].shape[1])
        for head in [run.sites[site.name].weights[:, index]]
    ]
    for got, want in zip(flat(captured(inputs, edits).prediction), answer, strict=True):
        np.testing.assert_allclose(got, want, atol=(half or 1e-6) * np.abs(want).max(), rtol=0)

    assert [getattr(*each) for each in PATCHED] == originals
    for (values, losses, config), (old, old_losses, old_config) in zip(state(model), before, strict=True):
        assert values.keys() == old.keys() and all(values[key] is old[key] for key in old)
        assert losses == old_losses and config == old_config
    for now, then in zip([weight.numpy() for weight in model.weights], variables, strict=True):
        np.testing.assert_array_equal(now, then)


def test_the_matrix_is_large_enough():
    assert len(BUILDERS) >= 20
