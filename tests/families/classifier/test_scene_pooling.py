"""Pooling over regions, against an independent computation in float64 from the files of the folder."""

from __future__ import annotations

import json

import numpy as np
import pytest

import attnviz
from attnviz.errors import InputError, ModelError
from attnviz.scenes import Scene
from attnviz.trace import Edit, Picture
from tests.families.classifier import scene_folder

CODE = "meadow;dog@3,5;tree@9,6*1.5"


@pytest.fixture(scope="module")
def model():
    return attnviz.load(scene_folder.made())


@pytest.fixture(scope="module")
def weights():
    with np.load(scene_folder.made() / "weights.npz") as archive:
        return {name: archive[name].astype(np.float64) for name in archive.files}


def softmax(values):
    powers = np.exp(values - values.max())
    return powers / powers.sum()


def computed(regions, w, attention=None):
    """Weights and probabilities of regions float64 `[region, feature]`."""
    centred = regions - regions.mean(axis=1, keepdims=True)
    normal = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    normal = normal * w["regions_norm/gamma"] + w["regions_norm/beta"]
    x = normal @ w["embedding/kernel"] + w["embedding/bias"]
    a = softmax(x @ w["attention_pooling/kernel"][:, 0] + w["attention_pooling/bias"][:, 0])
    a = a if attention is None else attention
    hidden = np.maximum(a @ x @ w["dense/kernel"] + w["dense/bias"], 0)
    return a, softmax(hidden @ w["prediction/kernel"] + w["prediction/bias"])


def test_weights_and_prediction_are_those_of_the_formula(model, weights):
    encoded = model.encode(CODE)
    expected, probabilities = computed(encoded.inputs["regions"][0].astype(np.float64), weights)
    trace = model.run(encoded)
    block = trace.block("pooling")
    assert block.kind == "pooling" and block.shape == (1, 1, 1, 196)
    np.testing.assert_allclose(block.weights[0, 0, 0], expected, atol=1e-5)
    np.testing.assert_allclose(trace.output.probabilities, probabilities, atol=1e-5)
    assert trace.source == Scene(CODE) and trace.output.labels == scene_folder.LABELS


def test_every_array_of_the_way_is_there(model, weights):
    encoded = model.encode(CODE)
    steps = {each.name: each.values for each in model.explain(encoded).items}
    np.testing.assert_allclose(steps["content"] + steps["bias"], steps["scores"], atol=1e-5)
    np.testing.assert_allclose(steps["weights"] @ steps["features"], steps["context"], atol=1e-4)
    np.testing.assert_allclose(steps["output"], model.run(encoded).output.probabilities, atol=1e-6)
    assert steps["bias"].shape == (196,) and steps["features"].shape == (196, 17)


def test_it_goes_on_from_other_weights_and_alone_or_together(model, weights):
    encoded, other = model.encode(CODE), model.encode("beach;blue-car@4,9")
    row = np.zeros(196, np.float32)
    row[7] = 1
    expected = computed(encoded.inputs["regions"][0].astype(np.float64), weights, row)[1]
    edited = model.run(encoded, [Edit("pooling", row[None])])
    np.testing.assert_allclose(edited.output.probabilities, expected, atol=1e-5)
    np.testing.assert_allclose(model.reweighted(encoded, np.stack([row, row]))[1], expected, atol=1e-5)
    both = model.run_batch([other, encoded])
    for trace, alone in zip(both, (other, encoded), strict=True):
        np.testing.assert_allclose(trace.blocks[0].weights, model.run(alone).blocks[0].weights, atol=1e-6)


def test_a_derivative_is_that_of_small_steps(model):
    encoded = model.encode(CODE)
    own, vectors = model.gradients(encoded, 1)[0], model.embed(encoded)
    assert own.shape == vectors.shape == (196, 17)
    rng, tail = np.random.default_rng(3), model._tail
    for region, feature in zip(rng.integers(0, 196, 5), rng.integers(0, 17, 5), strict=True):
        step = np.zeros((1, *vectors.shape), np.float32)
        step[0, region, feature] = 0.1
        up, down = (float(tail(None, vectors[None] + sign * step)[0, 1]) for sign in (1, -1))
        assert own[region, feature] == pytest.approx((up - down) / 0.2, abs=2e-4)


def test_what_is_no_scene_is_refused(model):
    with pytest.raises(InputError) as raised:
        model.encode(Picture.of(np.zeros((5, 7, 3), np.uint8)))
    assert raised.value.code == "scene_only"
    with pytest.raises(InputError):
        model.encode("a good film")


def test_a_card_with_other_labels_is_refused(tmp_path):
    folder = scene_folder.make(tmp_path / "other")
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    card["labels"] = ["a", "b"]
    del card["label_names"]
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(ModelError):
        attnviz.load(folder)
