"""An encoder goes through the same pipeline: trained from its sibling, resumed, measured, and read by its family."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from attnviz import zoo
from attnviz.errors import ModelError
from attnviz.families.classifier import encoder_network
from attnviz.training import distillation, networks, pipeline, schedules
from attnviz.training.settings import Settings
from tests.training.tiny import RECIPE, tiny

TINY_ENCODER = replace(
    RECIPE,
    name="tiny-encoder",
    family="encoder",
    sibling="tiny",
    folds=0,
    settings=Settings(
        epochs=5,
        batch_size=32,
        learning_rate=3e-3,
        warm_up=0.1,
        weight_decay=0.01,
        averaging=0.3,
        feature_dropout=0.1,
        dropout=0.1,
        distillation=0.5,
        guided=1.0,
        auxiliary=0.5,
        seed=5,
    ),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory, tiny_models):
    """A folder with a pooling model and the encoder that learned from it."""
    place = tmp_path_factory.mktemp("encoders")
    shutil.copytree(tiny_models, place / "models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "CACHE", place / "cache")
        pipeline.train(tiny(TINY_ENCODER), place / "models")
    return place / "models"


def card_of(folder):
    return json.loads((folder / "card.json").read_text(encoding="utf-8"))


def test_it_learned_and_its_card_has_the_siblings_figures(place):
    metrics, sibling = card_of(place / "tiny-encoder")["metrics"], card_of(place / "tiny")["metrics"]
    assert metrics["accuracy"] > 0.95
    assert metrics["sibling"] == "tiny"
    assert metrics["sibling_accuracy"] == sibling["accuracy"]
    assert metrics["sibling_macro_accuracy"] == sibling["macro_accuracy"]
    assert not [key for key in metrics if key.startswith(("mean_pooling", "cv_"))]


def test_the_folder_holds_no_training_settings_as_configuration(place):
    folder = place / "tiny-encoder"
    content = card_of(folder)
    zoo.check_files(folder, content)
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "card.json",
        "learning.npz",
        "vocabulary.txt",
        "weights.npz",
    ]
    assert content["family"] == "encoder" and content["kinds"] == ["self"]
    assert content["config"].keys() == {
        "vocabulary_size",
        "features",
        "max_length",
        "layers",
        "heads",
        "hidden",
        "late",
        "classes",
    }
    assert "sharpness" not in content["training"]["settings"] and "dropout" in content["training"]["settings"]


def test_the_family_reads_what_the_loop_measured(place):
    model = zoo.load(place / "tiny-encoder")
    config, weights = model.card.details["config"], zoo.read_weights(place / "tiny-encoder")
    network = networks.network(config, "encoder")
    networks.set_weights(network, weights)
    ids = np.array([[2, 3, 4, 5, 0, 0, 0], [3, 2, 5, 4, 6, 7, 2]], dtype=np.int32)
    for measured, own in zip(networks.forward(network)(ids), model.forward(ids), strict=True):
        np.testing.assert_allclose(measured, own, atol=1e-6)
    assert np.all(own[0, 4:] == 0)


def test_evaluate_repeats_the_card_exactly(place):
    folder = place / "tiny-encoder"
    assert pipeline.evaluate(tiny(TINY_ENCODER), folder) == card_of(folder)["metrics"]


def test_its_looks_have_every_layer_and_head_and_the_rows_of_cls(place):
    learning, model = zoo.learning(place / "tiny-encoder"), zoo.load(place / "tiny-encoder")
    assert learning.steps[-1] == 5 * -(-2 * 160 // 32)  # as many mixtures as sentences
    (looks,), now = learning.traces, model.trace(TINY_ENCODER.examples[0])
    assert looks[0].blocks[0].shape == now.blocks[0].shape == (2, 4, 3, 3)
    np.testing.assert_allclose(looks[-1].blocks[0].weights, now.blocks[0].weights, atol=1e-3)
    test = TINY_ENCODER.corpus(5).test
    rows = [model.trace(text).blocks[0].weights[-1, :, 0] for text in test.texts]
    nats = [-(row * np.log(np.maximum(row, 1e-9))).sum(axis=-1).mean() for row in rows]
    assert learning.entropy[-1] == pytest.approx(np.mean(nats), abs=1e-4)


def test_its_last_row_was_taught_by_the_siblings_weights(place):
    sibling, model = zoo.load(place / "tiny"), zoo.load(place / "tiny-encoder")
    taught, even = [], []
    for text in TINY_ENCODER.corpus(5).test.texts:
        wanted = sibling.trace(text).blocks[0].weights[0, 0, 0]
        row = model.trace(text).blocks[0].weights[-1, :, 0, 1:].mean(axis=0)
        taught.append((wanted * np.log(wanted / row)).sum())
        even.append((wanted * np.log(wanted * len(row))).sum())
    assert np.mean(taught) < 0.2 * np.mean(even)


def test_the_card_says_what_each_head_does(place):
    folder = place / "tiny-encoder"
    heads = card_of(folder)["metrics"]["heads"]
    assert [(head["layer"], head["head"]) for head in heads] == [(i, j) for i in (1, 2) for j in (1, 2, 3, 4)]
    model, texts = zoo.load(folder), TINY_ENCODER.corpus(5).test.texts
    largest = [model.trace(text).blocks[0].weights[1, 2].max(axis=-1).mean() for text in texts]
    np.testing.assert_allclose(heads[6]["largest"], [np.mean(largest), np.std(largest)], atol=2e-3)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert f"| 2.3 | {heads[6]['entropy'][0]:.3f} ±" in readme and "*taught*" in readme


def test_late_positions_share_one_vector(place):
    positions = zoo.read_weights(place / "tiny-encoder")["class_token/positions"]
    trained = card_of(place / "tiny-encoder")["trained_length"]
    assert 1 <= trained < 6 and np.all(positions[trained + 1 :] == positions[trained])
    assert not np.array_equal(positions[trained], positions[trained - 1])


def test_a_second_training_gives_the_same(place, tmp_path):
    again = tiny(TINY_ENCODER).learn(place, tmp_path)  # no looks, no figures: the weights alone are compared
    one, other = zoo.read_weights(place / "tiny-encoder"), again.arrays["weights.npz"]
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(one[name], other[name], atol=2e-3, err_msg=name)


def test_a_teacher_with_another_vocabulary_is_refused(place, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "CACHE", tmp_path)
    with pytest.raises(ModelError) as raised:
        pipeline.train(tiny(TINY_ENCODER, min_count=1000), place)
    assert raised.value.code == "parts_disagree"


def test_even_weights_are_even_in_every_layer_and_head(place):
    network = networks.network(card_of(place / "tiny-encoder")["config"], "encoder")
    networks.set_weights(network, zoo.read_weights(place / "tiny-encoder"))
    _, weights = networks.forward(networks.uniform(network, "encoder"))(np.array([[2, 3, 4, 0, 0]], dtype=np.int32))
    np.testing.assert_allclose(weights[0], [1 / 3, 1 / 3, 1 / 3, 0, 0], atol=1e-6)


def test_names_inside_attention_do_not_collide():
    network = encoder_network.build(
        classes=2, vocabulary_size=7, features=12, max_length=5, layers=2, heads=3, hidden=5
    )
    weights = networks.get_weights(network)
    assert len(weights) == len(network.trainable_variables)
    assert weights["attention_1/value/kernel"].shape == (12, 3, 4)


def test_mixtures_are_made_of_training_tokens_and_never_empty():
    rng = np.random.default_rng(2)
    lengths = rng.integers(1, 12, 211)
    ids = np.where(np.arange(11) < lengths[:, None], rng.integers(2, 31, (211, 11)), 0).astype(np.int32)
    mixed = distillation.mixtures(ids, np.random.default_rng(3))
    assert mixed.shape == ids.shape and mixed.dtype == np.int32
    used = (mixed > 0).sum(axis=1)
    assert used.min() >= 1
    assert np.all((mixed > 0) == (np.arange(11) < used[:, None]))  # no padding inside
    assert set(np.unique(mixed)) <= set(np.unique(ids))
    kept = (mixed == ids).all(axis=1).mean()
    assert 0.05 < kept < 0.6  # some stay as they are, most do not


@pytest.mark.parametrize(
    ("schedule", "halfway"), [(schedules.cosine, 0.5), (schedules.Line, 0.5)], ids=["cosine", "line"]
)
def test_the_learning_rate_rises_then_falls_to_zero(schedule, halfway):
    rates = [float(schedule(3.0, 80, 0.25)(step)) for step in (0, 10, 20, 50, 80)]
    np.testing.assert_allclose(rates, [0.0, 1.5, 3.0, 3 * halfway, 0.0], atol=1e-6)
    assert float(schedule(3.0, 80, 0.0)(0)) == 3.0


def test_the_fall_is_half_a_cosine_or_a_line_and_warm_up_need_not_end_on_a_step():
    steps, warm_up = 11, 0.15
    for step in range(12):
        progress = step / steps
        rise, fallen = progress / warm_up, (progress - warm_up) / (1 - warm_up)
        cosine = rise if progress < warm_up else 0.5 * (1 + np.cos(np.pi * fallen))
        line = rise if progress < warm_up else 1 - fallen
        assert float(schedules.cosine(2.0, steps, warm_up)(step)) == pytest.approx(2 * cosine, abs=1e-6)
        assert float(schedules.Line(2.0, steps, warm_up)(step)) == pytest.approx(2 * line, abs=1e-6)
