"""Figures over a test part against the measures taken one by one, and a folder brought up to date with them."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from scipy import stats

from attnviz import zoo
from attnviz.analysis.explain import cases
from attnviz.training import classifier, explained, pipeline
from attnviz.training.corpora import Examples
from attnviz.training.explanations import explanations
from tests import shipped
from tests.training.tiny import tiny

CLASSIFIERS = [name for name in shipped.NAMES if shipped.card(name)["labels"]]


def examples(texts, labels):
    return Examples(tuple(texts), np.array(labels), np.zeros((len(texts), 2)), np.zeros((len(texts), 2)), tuple(texts))


@pytest.fixture(scope="module", params=["pooling", "encoder"])
def model(request):
    name = next(name for name in CLASSIFIERS if shipped.card(name)["family"] == request.param)
    return zoo.load(name)


def test_the_figures_are_the_means_of_every_sentence_of_two_tokens_or_more(model):
    texts = (*model.card.examples[:4], "a")
    figures, _ = explanations(model, examples([*texts, texts[0]], [0] * 6), quiet=True)

    taus, lost = [], []
    for text in (each for each in texts if len(model.encode(each).axes["tokens"]) > 1):
        encoded = model.encode(text)
        ids = encoded.inputs["tokens"]
        probabilities, weights = model.forward(ids)
        target, length = int(probabilities[0].argmax()), ids.shape[1]

        def without(gone, ids=ids, target=target):
            return float(model.forward(np.delete(ids, gone, axis=1))[0][0, target])

        cost = [float(probabilities[0, target]) - without([place]) for place in range(length)]
        taus.append(stats.kendalltau(weights[0], np.abs(cost)).statistic)
        order = np.argsort(-weights[0], kind="stable")
        lost.append(np.mean([probabilities[0, target] - without(order[:k]) for k in range(1, length)]))
    assert figures["n"] == len(taus) == 4 and figures["complete"] == 1
    assert figures["kendall"]["removed"] == pytest.approx(np.mean(taus), abs=1e-4)
    assert figures["comprehensiveness"]["attention"] == pytest.approx(np.mean(lost), abs=1e-4)


def test_a_sample_is_drawn_the_same_way_every_time(model):
    texts = model.card.examples[:4]
    some = [explanations(model, examples(texts, [0] * 4), sentences=2, quiet=True)[0] for _ in range(2)]
    assert some[0] == some[1] and some[0]["n"] == 2


@pytest.fixture
def folder(tiny_models):
    return tiny_models / "tiny"


def test_a_folder_is_brought_up_to_date_from_its_weights_alone(folder, tmp_path):
    copy = tmp_path / "tiny"
    shutil.copytree(folder, copy)
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    metrics = pipeline.evaluate(tiny(folds=0, sentences=5), copy, write=True)

    content = zoo.read_card(copy)
    zoo.check_files(copy, content)
    assert content["metrics"] == metrics
    old = json.loads(before["card.json"])
    assert {key: value for key, value in metrics.items() if key != "attribution"} == old["metrics"]
    assert content["sha256"] != old["sha256"]
    assert {key: value for key, value in content.items() if key not in ("metrics", "cases", "sha256")} == {
        key: value for key, value in old.items() if key not in ("metrics", "sha256")
    }
    text = (copy / "README.md").read_text(encoding="utf-8")
    assert explained.section(metrics) in text
    assert text.replace(explained.section(metrics) + "\n\n", "") == before["README.md"].decode("utf-8")
    assert {path.name for path in copy.iterdir()} == before.keys()
    assert set(content["cases"]) == set(cases.KINDS)
    assert zoo.load(copy).trace("my tea").output.labels == ("tea", "train")


def test_without_write_nothing_is_written(folder, monkeypatch):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(classifier, "explanations", lambda *_, **__: ({"n": 0}, {}))
    assert pipeline.evaluate(tiny(folds=0, sentences=5), folder)["attribution"] == {"n": 0}
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
