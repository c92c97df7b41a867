"""From the data to a folder: repeatable, resumed, whole or absent, and the card's figures come out again."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import numpy as np
import pytest

from attnviz import training, zoo
from attnviz.errors import ModelError
from attnviz.families.card import sealed
from attnviz.training import classifier, data, loop, pipeline, recording, sentences
from attnviz.training.batch import Batch
from attnviz.training.classifier_recording import Recorder
from attnviz.training.evaluation import encode
from attnviz.training.milestones import milestones
from tests.training.tiny import RECIPE, tiny


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "CACHE", tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "CACHE", place / "cache")
        return pipeline.train(tiny(), place / "models")


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
    assert pipeline.evaluate(tiny(), folder) == card_of(folder)["metrics"]


def test_evaluate_sees_changed_weights(folder, tmp_path):
    weights = zoo.read_weights(folder)
    weights["prediction/kernel"] = -weights["prediction/kernel"]
    copy = tmp_path / "tiny"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    np.savez(copy / "weights.npz", **weights)
    assert tiny().figures(copy, card_of(copy), tmp_path)["accuracy"] < 0.5
    with pytest.raises(ModelError) as raised:
        pipeline.evaluate(tiny(), copy)
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
        (copy / "card.json").write_text(json.dumps(sealed(card)), encoding="utf-8")
    (tmp_path / "none" / "learning.npz").unlink()
    (tmp_path / "damaged" / "learning.npz").write_bytes(b"PK")
    assert zoo.learning(tmp_path / "none") is None
    for name, code in (("unlisted", "card_field"), ("damaged", "file_size")):
        with pytest.raises(ModelError) as raised:
            zoo.learning(tmp_path / name)
        assert raised.value.code == code


def test_the_sample_is_the_same_every_time_and_keeps_sentence_and_label_together():
    test = Batch(np.arange(1, 234)[:, None], np.arange(233), np.zeros((233, 2)), np.zeros((233, 2)))
    one, same, other = (test.take(recording.drawn(233, seed)) for seed in (7, 7, 8))
    assert len(one.ids) == recording.SAMPLE and len(set(one.labels)) == recording.SAMPLE
    assert np.array_equal(one.ids[:, 0], one.labels + 1)
    assert np.array_equal(one.labels, same.labels) and not np.array_equal(one.labels, other.labels)


class Killed(BaseException):
    pass


def test_an_interrupted_training_goes_on_where_it_stopped_gives_the_same_and_replaces_the_folder(
    folder, tmp_path, cache, monkeypatch
):
    batches, shown = sentences.Sentences.batches, []
    older = tmp_path / "models" / "tiny"
    older.mkdir(parents=True)
    (older / "leftover").write_text("")

    def until_the_third(course, epoch):
        for number, step in enumerate(batches(course, epoch)):
            if len(shown) >= 2 and shown[1] == 1 and number == 3 and not (cache / "resumed").exists():
                raise Killed  # in the middle of a pass
            yield step
        shown.append(epoch)

    monkeypatch.setattr(sentences.Sentences, "batches", until_the_third)
    with pytest.raises(Killed):
        pipeline.train(tiny(folds=0), tmp_path / "models")
    assert [path.name for path in (tmp_path / "models").rglob("*")] == ["tiny", "leftover"], "as it was before"
    assert (cache / "training" / "tiny" / "attention.npz").is_file()

    (cache / "resumed").touch()
    again = pipeline.train(tiny(folds=0), tmp_path / "models")
    assert shown == [0, 1, 2, 3, 0, 1, 2, 3]  # none of the attention model's passes was done twice, then mean pooling
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["tiny"] and not (again / "leftover").exists()
    one, other = zoo.read_weights(folder), zoo.read_weights(again)
    assert card_of(again)["metrics"]["accuracy"] == card_of(folder)["metrics"]["accuracy"]
    for name in one:  # optimizer state, order and dropout went on as if nothing had happened
        np.testing.assert_allclose(one[name], other[name], atol=2e-3)
    looks, whole = zoo.learning(again), zoo.learning(folder)
    assert np.array_equal(looks.steps, whole.steps)
    for name in ("loss", "accuracy", "entropy"):  # none lost, none taken twice
        np.testing.assert_allclose(getattr(looks, name), getattr(whole, name), atol=2e-2)
    assert not (cache / "training" / "tiny").exists()


def parts():
    """Training and validation part as ids, the configuration that fits them, and the tokenizer."""
    corpus = RECIPE.corpus(5)
    tokenizer = classifier.make_tokenizer(RECIPE, corpus.train)
    train, validation = (encode(tokenizer, part, 128) for part in (corpus.train, corpus.validation))
    return train, validation, classifier.used(RECIPE, tokenizer), tokenizer


def test_a_checkpoint_of_other_settings_is_not_used(tmp_path):
    train, validation, config, _ = parts()
    first = replace(RECIPE.settings, epochs=2)

    def learn(settings):
        course = sentences.course(train, validation, config, settings)
        return loop.fit(course, checkpoint=tmp_path / "state.npz", quiet=True)[1]

    learn(first)
    same, other = learn(first), learn(replace(first, seed=6))
    assert same["epochs"] == other["epochs"] == 2 and same["seconds_before"] > 0 == other["seconds_before"]
    assert same["history"] != other["history"]


def test_training_stops_early(tmp_path):
    train, validation, config, tokenizer = parts()
    still = replace(RECIPE.settings, epochs=9, patience=2, learning_rate=0.0)
    seen = []
    course = sentences.course(train, validation, config, still)
    _, record = loop.fit(course, quiet=True, keep=lambda step, weights: seen.append((step, weights)))
    assert record["epochs"] < 9
    assert record["steps"] == 5 * record["epochs"] == seen[-1][0]
    look = Recorder(config, "attention", tokenizer, RECIPE.examples, validation)(*seen[-1])
    assert look["accuracy"] == pytest.approx(record["history"][-1]["accuracy"])


def test_batches_are_made_ahead_one_at_a_time_and_an_error_comes_through():
    made = []

    def items():
        for number in range(3):
            made.append(number)
            yield number
        raise Killed

    seen = []
    with pytest.raises(Killed):
        for item in loop.ahead(items()):
            assert len(made) <= item + 2
            seen.append(item)
    assert seen == [0, 1, 2]


def test_a_folder_that_cannot_be_moved_in_leaves_the_old_one(tmp_path):
    old = tmp_path / "name"
    old.mkdir()
    (old / "old").write_text("")
    with pytest.raises(OSError):
        pipeline.replace_folder(tmp_path / "missing", old)
    assert os.listdir(old) == ["old"]


def test_a_folder_that_is_not_finished_is_not_there(tmp_path):
    with pytest.raises(Killed), pipeline.whole(tmp_path / "models" / "name") as part:
        (part / "half").write_text("")
        assert part.name == "name" and list((tmp_path / "models").glob("*/card.json")) == []
        raise Killed
    assert os.listdir(tmp_path / "models") == []


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
        "caption-scenes",
        "caption-photos",
        "scene-topics",
        "next-word-en",
        "next-word-ja",
    ]
    assert all(data.CACHE.name == ".attnviz" for _ in training.names())
