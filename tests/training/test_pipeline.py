"""From the data to a folder: repeatable, resumed, whole or absent, and the card's figures come out again."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import numpy as np
import pytest

from attnviz import training, zoo
from attnviz.errors import ModelError
from attnviz.training import data, loop, pipeline, recording
from attnviz.training.milestones import milestones
from tests.training.tiny import RECIPE


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "CACHE", tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "CACHE", place / "cache")
        return pipeline.train_recipe(RECIPE, place / "models", quiet=True)


def card_of(folder):
    return json.loads((folder / "card.json").read_text(encoding="utf-8"))


def test_the_folder_is_one_the_zoo_accepts(folder):
    card = zoo.read_card(folder)
    zoo.check_files(folder, card)
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "card.json",
        "learning.npz",
        "mean_pooling.npz",
        "vocabulary.txt",
        "weights.npz",
    ]
    assert set(zoo.read_weights(folder)) == {
        "embedding/embeddings",
        "attention_pooling/kernel",
        "attention_pooling/bias",
        "dense/kernel",
        "dense/bias",
        "prediction/kernel",
        "prediction/bias",
    }


def test_unused_rows_and_padding_are_zero_and_late_positions_share_one_bias(folder):
    weights, card = zoo.read_weights(folder), card_of(folder)
    used = len((folder / "vocabulary.txt").read_text(encoding="utf-8").splitlines())
    assert weights["embedding/embeddings"].shape == (10_000, 128)
    assert not weights["embedding/embeddings"][used:].any() and not weights["embedding/embeddings"][0].any()
    assert weights["embedding/embeddings"][1:used].any(axis=1).all()
    bias = weights["attention_pooling/bias"][:, 0]
    assert 1 <= card["trained_length"] < 6
    assert np.all(bias[card["trained_length"] :] == bias[card["trained_length"] - 1])


def test_it_learned_and_attends_to_the_word_that_decides(folder):
    metrics = card_of(folder)["metrics"]
    assert metrics["accuracy"] > 0.95
    assert metrics["n_test"] == 60 and np.sum(metrics["confusion"]) == 60
    assert metrics["drop_top"] > 1.5 * metrics["drop_random"]
    assert len(metrics["cv_scores"]) == 2 and metrics["recorded_at_training"]


def test_evaluate_repeats_the_card_exactly(folder):
    assert pipeline.evaluate_recipe(RECIPE, folder, card_of(folder)) == card_of(folder)["metrics"]


def test_evaluate_sees_changed_weights(folder, tmp_path):
    weights = zoo.read_weights(folder)
    weights["prediction/kernel"] = -weights["prediction/kernel"]
    copy = tmp_path / "tiny"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    np.savez(copy / "weights.npz", **weights)
    assert pipeline.evaluate_recipe(RECIPE, copy, card_of(copy))["accuracy"] < 0.5
    with pytest.raises(ModelError) as raised:
        pipeline.evaluate(copy)
    assert raised.value.code in ("file_size", "file_checksum")


def test_the_readme_holds_the_figures_and_no_markup_of_a_sentence(folder):
    text, metrics = (folder / "README.md").read_text(encoding="utf-8"), card_of(folder)["metrics"]
    for key in ("accuracy", "mean_pooling_accuracy", "uniform_accuracy"):
        assert f"{metrics[key]:.2%}" in text
    assert "&lt;" in text and "<b>" not in text
    assert f"{metrics['cv_mean']:.2%} ± {metrics['cv_sd']:.2%}" in text


def test_it_was_looked_at_from_the_untrained_model_to_the_one_that_is_shipped(folder):
    learning, card, model = zoo.learning(folder), card_of(folder), zoo.load(folder)
    steps = 4 * -(-160 // 32)
    assert learning.steps.tolist() == [*milestones(steps), steps]
    assert learning.sentences == RECIPE.examples
    assert learning.accuracy[0] < 0.8 and learning.loss[0] > 0.6
    assert learning.accuracy[-1] == pytest.approx(card["metrics"]["accuracy"], abs=1e-4)  # 60 sentences: all of them
    assert learning.entropy[-1] == pytest.approx(card["metrics"]["entropy_mean"], abs=1e-4)
    test = RECIPE.corpus(5).test
    right = [model.trace(text).output.probabilities[label] for text, label in zip(test.texts, test.labels, strict=True)]
    assert learning.loss[-1] == pytest.approx(-np.log(right).mean(), abs=1e-4)
    (looks,), now = learning.traces, model.trace(RECIPE.examples[0])
    assert len(looks) == len(learning.steps)
    np.testing.assert_allclose(looks[-1].blocks[0].weights, now.blocks[0].weights, atol=1e-3)
    np.testing.assert_allclose(looks[-1].output.probabilities, now.output.probabilities, atol=1e-3)
    assert np.abs(looks[0].blocks[0].weights - now.blocks[0].weights).max() > 0.05
    assert looks[0].blocks[0].key == now.blocks[0].key and looks[0].text == now.text
    assert zoo.learning(folder) is learning


def test_a_folder_without_looks_has_none_and_a_damaged_one_is_refused(folder, tmp_path):
    for name in ("none", "unlisted", "damaged"):
        copy = tmp_path / name
        copy.mkdir()
        for path in folder.iterdir():
            (copy / path.name).write_bytes(path.read_bytes())
        card = {**card_of(folder), "name": name}
        if name != "damaged":
            del card["files"]["learning.npz"]
        (copy / "card.json").write_text(json.dumps(card), encoding="utf-8")
    (tmp_path / "none" / "learning.npz").unlink()
    (tmp_path / "damaged" / "learning.npz").write_bytes(b"PK")
    assert zoo.learning(tmp_path / "none") is None
    for name, code in (("unlisted", "card_field"), ("damaged", "file_size")):
        with pytest.raises(ModelError) as raised:
            zoo.learning(tmp_path / name)
        assert raised.value.code == code


def test_the_sample_is_the_same_every_time_and_keeps_sentence_and_label_together():
    test = pipeline.Batch(np.arange(1, 234)[:, None], np.arange(233), np.zeros((233, 2)), np.zeros((233, 2)))
    one, same, other = (recording.sample(test, seed) for seed in (7, 7, 8))
    assert len(one.ids) == recording.SAMPLE and len(set(one.labels)) == recording.SAMPLE
    assert np.array_equal(one.ids[:, 0], one.labels + 1)
    assert np.array_equal(one.labels, same.labels) and not np.array_equal(one.labels, other.labels)


def test_a_second_training_gives_the_same_and_replaces_the_folder(folder, tmp_path):
    older = tmp_path / "models" / "tiny"
    older.mkdir(parents=True)
    (older / "leftover").write_text("")
    again = pipeline.train_recipe(replace(RECIPE, folds=0), tmp_path / "models", quiet=True)
    one, other = zoo.read_weights(folder), zoo.read_weights(again)
    for name in one:
        np.testing.assert_allclose(one[name], other[name], atol=2e-3)
    assert card_of(again)["metrics"]["accuracy"] == card_of(folder)["metrics"]["accuracy"]
    assert not (again / "leftover").exists()
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["tiny"]


class Killed(BaseException):
    pass


def test_an_interrupted_training_goes_on_where_it_stopped(folder, tmp_path, cache, monkeypatch):
    one_pass, passes = loop._one_pass, []

    def until_the_third(*arguments):
        if len(passes) == 2:
            raise Killed
        passes.append(arguments[-1])
        return one_pass(*arguments)

    recipe = replace(RECIPE, folds=0)
    monkeypatch.setattr(loop, "_one_pass", until_the_third)
    with pytest.raises(Killed):
        pipeline.train_recipe(recipe, tmp_path / "models", quiet=True)
    assert not (tmp_path / "models").exists() or not list((tmp_path / "models").iterdir())
    assert (cache / "training" / "tiny" / "attention.npz").is_file()

    def counted(*arguments):
        passes.append(arguments[-1])
        return one_pass(*arguments)

    monkeypatch.setattr(loop, "_one_pass", counted)
    again = pipeline.train_recipe(recipe, tmp_path / "models", quiet=True)
    assert passes == [0, 1, 2, 3, 0, 1, 2, 3]  # none of the attention model's passes was done twice, then mean pooling
    one, other = zoo.read_weights(folder), zoo.read_weights(again)
    for name in one:  # optimizer state, order and dropout went on as if nothing had happened
        np.testing.assert_allclose(one[name], other[name], atol=2e-3)
    looks, whole = zoo.learning(again), zoo.learning(folder)
    assert np.array_equal(looks.steps, whole.steps)
    for name in ("loss", "accuracy", "entropy"):  # none lost, none taken twice
        np.testing.assert_allclose(getattr(looks, name), getattr(whole, name), atol=2e-2)
    assert not (cache / "training" / "tiny").exists()


def test_a_checkpoint_of_other_settings_is_not_used(tmp_path):
    corpus = RECIPE.corpus(5)
    tokenizer = pipeline.make_tokenizer(RECIPE, corpus.train)
    train, validation = (pipeline.encode(tokenizer, part, 128) for part in (corpus.train, corpus.validation))
    config = {**RECIPE.config(), "vocabulary_size": len(tokenizer.vocabulary)}
    state = tmp_path / "state.npz"
    first = replace(RECIPE.settings, epochs=2)
    loop.fit(train, validation, config, first, checkpoint=state, quiet=True)
    _, same = loop.fit(train, validation, config, first, checkpoint=state, quiet=True)
    _, other = loop.fit(train, validation, config, replace(first, seed=6), checkpoint=state, quiet=True)
    assert same["epochs"] == other["epochs"] == 2
    assert same["history"] != other["history"]


def test_training_stops_early(tmp_path):
    corpus = RECIPE.corpus(5)
    tokenizer = pipeline.make_tokenizer(RECIPE, corpus.train)
    train, validation = (pipeline.encode(tokenizer, part, 128) for part in (corpus.train, corpus.validation))
    config = {**RECIPE.config(), "vocabulary_size": len(tokenizer.vocabulary)}
    still = replace(RECIPE.settings, epochs=9, patience=2, learning_rate=0.0)
    look = recording.Recorder(config, "attention", tokenizer, RECIPE.examples, validation)
    _, record = loop.fit(train, validation, config, still, quiet=True, look=look)
    assert record["epochs"] < 9
    assert record["steps"] == 5 * record["epochs"] == record["looks"][-1]["step"]


def test_a_folder_that_cannot_be_moved_in_leaves_the_old_one(tmp_path):
    old = tmp_path / "name"
    old.mkdir()
    (old / "old").write_text("")
    with pytest.raises(OSError):
        pipeline.replace_folder(tmp_path / "missing", old)
    assert os.listdir(old) == ["old"]


def test_unknown_names_are_our_own_errors(tmp_path):
    with pytest.raises(ModelError) as raised:
        training.train("nothing", models_folder=tmp_path)
    assert raised.value.code == "no_recipe"
    with pytest.raises(ModelError) as raised:
        training.evaluate(str(tmp_path / "nowhere"))
    assert raised.value.code == "no_such_model"


def test_names():
    assert training.names() == [
        "topics-en",
        "politeness-ja",
        "sentiment-en",
        "topics-en-encoder",
        "sentiment-en-encoder",
        "politeness-ja-encoder",
        "translate-en-ja",
        "translate-ja-en",
    ]
    assert all(data.CACHE.name == ".attnviz" for _ in training.names())
