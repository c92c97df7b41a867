"""Every captured weight of many differently built models against an independent computation."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from keras import tree

from attnviz.capture import CapturedModel
from attnviz.capture.tap import PATCHES
from attnviz.trace import LIFTED, Edit
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


@pytest.fixture(scope="module", params=BUILDERS)
def built(request):
    """Each model with what it was before it was looked into: looked into once for all that is asked of it."""
    model, inputs, expected = BUILDERS[request.param]()
    model(tree.map_structure(tf.constant, inputs), training=False)
    was = {
        "before": state(model),
        "originals": [getattr(*each) for each in PATCHED],
        "variables": [weight.numpy() for weight in model.weights],
    }
    captured, told = CapturedModel(model), {"name": request.param, "model": model, "inputs": inputs}
    return SimpleNamespace(**told, **was, expected=expected, captured=captured, run=captured(inputs))


def test_weights_prediction_edits_and_the_model_itself(built):
    name, model, inputs, captured, run = built.name, built.model, built.inputs, built.captured, built.run
    answer = flat(plain(model, captured, inputs))

    half = TOLERANCE.get(name.removeprefix("precision_"))
    reference = built.expected()
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

    assert [getattr(*each) for each in PATCHED] == built.originals
    for (values, losses, config), (old, old_losses, old_config) in zip(state(model), built.before, strict=True):
        assert values.keys() == old.keys() and all(values[key] is old[key] for key in old)
        assert losses == old_losses and config == old_config
    for now, then in zip([weight.numpy() for weight in model.weights], built.variables, strict=True):
        np.testing.assert_array_equal(now, then)


def test_in_every_model_lifted_and_own_agree_where_nothing_is_masked(built):
    """Rows that no mask touches are the same whether their softmax is the model's or taken again."""
    inputs, captured, run = built.inputs, built.captured, built.run
    for site in captured.sites:
        if not site.editable:
            continue
        own = run.sites[site.name]
        masked = np.broadcast_to(own.masked, own.shape)
        lifted = np.full((own.shape[0], *own.shape[2:]), LIFTED)
        again = captured(inputs, [Edit(site.name, lifted)]).sites[site.name].weights
        tolerance = 2e-6 if site.precision == "float32" else 2e-2
        free = ~masked.any(-1)
        np.testing.assert_allclose(again[free], own.weights[free], atol=tolerance)
        if masked.any():
            assert site.maskable, site.name
            np.testing.assert_allclose(again.sum(-1), 1, atol=tolerance * 5)
            touched = masked.any(-1)
            assert (again[touched][masked[touched]] > 0).any()


def test_the_matrix_is_large_enough():
    assert len(BUILDERS) >= 20
