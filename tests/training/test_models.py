"""Every shipped model against its card, on the real test part wherever the data are."""

from __future__ import annotations

import functools
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from attnviz import zoo
from attnviz.analysis.explain import cases, faithfulness
from attnviz.analysis.explain.measures import of_classifier
from attnviz.analysis.surgery import operations
from attnviz.families.learning import FILE
from attnviz.training import evaluation, explained, pipeline, recipes
from attnviz.training.data import available
from attnviz.training.recipes import TRANSLATIONS
from tests import shipped

MODELS = Path(__file__).resolve().parents[2] / "models"
NAMES = list(recipes.CLASSIFIERS)
POOLING = [recipe.name for recipe in recipes.POOLING]
ENCODERS = [recipe.name for recipe in recipes.ENCODERS]

#: What was asked of each: the figure, and the least it may be.
LEAST = {"topics-en": ("accuracy", 0.95), "politeness-ja": ("macro_accuracy", 0.77), "sentiment-en": ("accuracy", 0.80)}


def card(name):
    return json.loads((MODELS / name / "card.json").read_text(encoding="utf-8"))


#: A recipe by name; one for all tests, so that its data are read once.
kind = functools.cache(functools.partial(recipes.kind, quiet=True))


#: Every such sentence of the test part has its tokens removed here; `evaluate` removes those of all.
EVERY = 7


@pytest.fixture(scope="module", params=NAMES)
def measured(request):
    """A model's name, its figures computed again, and what removing one token of every seventh sentence costs."""
    if not all(available(dataset) for dataset in recipes.CLASSIFIERS[request.param].datasets):
        pytest.skip("the data are not on this machine; see README, training")
    removed = {}

    def of_some(predict, ids):
        removed.update(faithfulness.comprehensiveness(predict, ids[::EVERY], counts=(1,)))
        return removed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "comprehensiveness", of_some)
        return request.param, kind(request.param).figures(MODELS / request.param, card(request.param), MODELS), removed


def test_evaluate_repeats_the_card(measured):
    name, metrics, removed = measured
    expected = card(name)["metrics"]
    assert metrics.keys() == expected.keys() - {"attribution", "heads"}
    assert metrics["n_test"] == expected["n_test"]
    for key in (key for key in expected if key.endswith("accuracy")):
        assert metrics[key] == pytest.approx(expected[key], abs=1.5 / metrics["n_test"]), key
    assert metrics["entropy_mean"] == pytest.approx(expected["entropy_mean"], abs=5e-4)
    for key in ("drop_top", "drop_random", "flip_top", "flip_random"):
        each = getattr(removed[1], key)
        assert len(each) == pytest.approx(expected["comprehensiveness"]["1"]["n"] / EVERY, rel=0.05)
        assert expected[key] == pytest.approx(each.mean(), abs=3.5 * each.std() / len(each) ** 0.5), key


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_what_is_written_from_a_cards_figures_is_the_card_that_is_shipped(name, tmp_path, monkeypatch):
    if not all(available(dataset) for dataset in recipes.RECIPES[name].datasets):
        pytest.skip("the data are not on this machine; see README, training")
    made, copy = kind(name), tmp_path / name
    shutil.copytree(MODELS / name, copy)
    load = zoo.load
    monkeypatch.setattr(zoo, "load", lambda place: load(name if place == copy else place))  # the same weights, once
    known = {key: value for key, value in card(name).items() if key in ("metrics", "cases")}
    monkeypatch.setattr(type(made), "measure", lambda *_: known)  # the other tests measure
    pipeline.evaluate(made, copy, write=True)
    for file in ("card.json", "README.md"):
        assert (copy / file).read_bytes() == (MODELS / name / file).read_bytes()


@pytest.mark.parametrize("name", POOLING)
def test_the_card_reaches_what_was_asked(name):
    metrics = card(name)["metrics"]
    key, least = LEAST[name]
    assert metrics[key] >= least
    assert metrics["drop_ratio"] >= 10
    assert metrics["drop_ratio_low"] > 5


@pytest.mark.parametrize("name", ENCODERS)
def test_an_encoder_is_at_least_as_accurate_as_its_pooling_sibling(name):
    own, sibling = card(name), card(recipes.CLASSIFIERS[name].sibling)
    assert own["task"] == sibling["task"] and own["labels"] == sibling["labels"]
    assert own["metrics"]["n_test"] == sibling["metrics"]["n_test"]
    assert own["training"]["seed"] == sibling["training"]["seed"]
    chance = {"accuracy": 0.0, "macro_accuracy": (0.25 / own["metrics"]["n_test"]) ** 0.5}  # a standard error at most
    for key in ("accuracy", "macro_accuracy"):
        assert own["metrics"][key] >= sibling["metrics"][key] - chance[key], key
        assert own["metrics"][f"sibling_{key}"] == sibling["metrics"][key], key


@pytest.mark.parametrize("name", ENCODERS)
def test_the_row_an_encoder_answers_by_points_at_what_counts(name):
    metrics = card(name)["metrics"]
    assert metrics["drop_ratio"] >= 5 and metrics["drop_ratio_low"] >= 3
    assert metrics["attribution"]["kendall"]["removed"] >= 0.25
    assert len(metrics["heads"]) == card(name)["config"]["layers"] * card(name)["config"]["heads"]


def test_an_encoder_reads_a_negation_and_a_bag_of_words_does_not():
    bag, encoder = (card(name)["metrics"]["negation"] for name in ("sentiment-en", "sentiment-en-encoder"))
    assert bag["pairs"] == encoder["pairs"] >= 100
    assert bag["both"] < 0.3 and min(encoder.values()) >= 0.85


@pytest.mark.parametrize("name", ENCODERS)
def test_an_encoder_has_the_layers_and_heads_that_were_asked_for(name):
    content, weights = card(name), zoo.read_weights(MODELS / name)
    layers, heads = content["config"]["layers"], content["config"]["heads"]
    assert content["kinds"] == ["self"] and layers >= 2 and heads >= 4
    for layer in range(layers):
        assert weights[f"attention_{layer}/query/kernel"].shape[1] == heads
    positions, trained = weights["class_token/positions"], content["trained_length"]
    assert np.all(positions[trained + 1 :] == positions[trained])
    assert not np.array_equal(positions[trained], positions[trained - 1])
    assert not {"dropout", "feature_dropout", "seed"} & content["config"].keys()


@pytest.mark.parametrize("name", ENCODERS)
def test_the_text_of_an_encoders_card_says_what_its_figures_are_of(name):
    text, content = (MODELS / name / "README.md").read_text(encoding="utf-8"), card(name)
    metrics = content["metrics"]
    assert "the row of [CLS] in the last layer, mean over its heads, what falls on [CLS] itself left out" in text
    assert f"Trained range: the first {content['trained_length']} tokens" in text
    assert f"{metrics['sibling_accuracy']:.2%} | {metrics['sibling_macro_accuracy']:.2%}" in text
    assert "Cross-validation was not done for this model" in text


@pytest.mark.parametrize("name", NAMES)
def test_the_card_and_the_recipe_say_the_same(name):
    content, recipe = card(name), recipes.CLASSIFIERS[name]
    zoo.check_files(MODELS / name, content)
    assert content["config"] == recipe.config()
    assert tuple(content["labels"]) == recipe.labels
    assert content["tokenizer"] == recipe.tokenizer
    assert tuple(content["examples"]) == recipe.examples
    assert content["summary"] == recipe.summary and content["notes"] == recipe.notes
    assert 0 < content["trained_length"] < content["config"]["max_length"]
    assert all(len(names) == len(recipe.labels) for names in content["label_names"].values())
    assert {"en", "ja"} == set(content["title"]) == set(content["notes"]) == set(content["label_names"])


@pytest.mark.parametrize("name", [name for name in NAMES if FILE in card(name)["files"]])
def test_the_looks_at_its_training_are_small_and_end_with_what_is_shipped(name):
    assert (MODELS / name / FILE).stat().st_size < 1_000_000
    learning, model = zoo.learning(name), zoo.load(name)
    assert learning.steps[0] == 0 and len(learning.steps) > 15
    assert learning.accuracy[-1] - learning.accuracy[0] > 0.2 and learning.loss[-1] < learning.loss[0]
    assert learning.sentences == recipes.CLASSIFIERS[name].examples
    for sentence, looks in zip(learning.sentences, learning.traces, strict=True):
        now = model.trace(sentence)
        np.testing.assert_allclose(looks[-1].blocks[0].weights, now.blocks[0].weights, atol=1e-3)
        np.testing.assert_allclose(looks[-1].output.probabilities, now.output.probabilities, atol=1e-3)


@pytest.mark.parametrize(
    "name", [name for name in shipped.NAMES if name in TRANSLATIONS and FILE in card(name)["files"]]
)
def test_the_looks_at_a_translation_model_are_small_and_end_with_what_is_shipped(name):
    assert (MODELS / name / FILE).stat().st_size < 1_000_000
    learning, model = zoo.learning(name), zoo.load(name)
    assert learning.steps[0] == 0 and len(learning.steps) > 15
    assert learning.accuracy[-1] - learning.accuracy[0] > 0.2 and learning.loss[-1] < learning.loss[0]
    assert set(learning.sentences) <= set(TRANSLATIONS[name].examples)
    for sentence, written, looks in zip(learning.sentences, learning.written, learning.traces, strict=True):
        now = model.trace(sentence)
        assert written[-1] == looks[-1].output.text == now.output.text != written[0]
        np.testing.assert_allclose(looks[-1].blocks[0].weights, now.block("cross").weights, atol=1e-3)
        np.testing.assert_allclose(looks[-1].output.log_probabilities, now.output.log_probabilities, atol=5e-3)


@pytest.mark.parametrize("name", NAMES)
def test_the_worked_cases_of_a_card_are_what_the_model_does(name):
    model = zoo.load(name)
    for kind, listed in cases.read(card(name).get("cases")).items():
        for case in listed:
            encoded = model.encode(case.text)
            own = model.run(encoded)
            even = operations.traced(model, case.text, "uniform").output.probabilities
            change = float(np.abs(even - own.output.probabilities).max())
            found = cases.figures(of_classifier(model, encoded, own.output.predicted), change)
            assert cases.rank(kind, found, len(encoded.axes["tokens"])) is not None, case.text
            for key, value in vars(case.figures).items():
                assert getattr(found, key) == pytest.approx(value, abs=5e-4), (case.text, key)


@pytest.mark.parametrize("name", NAMES)
def test_a_card_with_figures_of_attribution_has_them_in_words_and_complete(name):
    figures = card(name)["metrics"].get("attribution")
    text = (MODELS / name / "README.md").read_text(encoding="utf-8")
    assert explained.section(card(name)["metrics"]) in text
    if figures:
        assert figures["complete"] >= 0.95
        assert figures["comprehensiveness"]["integrated"] > figures["comprehensiveness"]["random"]


def test_the_negation_that_every_class_asks_for_is_an_example():
    assert "not good at all" in card("sentiment-en")["examples"]
