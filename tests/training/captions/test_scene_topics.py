"""A pooling classifier of scenes is made, measured and read: few scenes, two passes, an encoder of random weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnviz import zoo
from attnviz.scenes import BACKGROUNDS
from attnviz.training import pipeline
from attnviz.training.captions.scene_topics import SceneTopics
from attnviz.training.captions.topic_recipes import SCENE_TOPICS, TopicSettings
from tests.training.captions.few_scenes import few_scenes

COUNTS = {"train": 128, "dev": 7, "test": 11, "pairs": 3, "style": 5}
RECIPE = replace(SCENE_TOPICS, settings=TopicSettings(scenes=128, features=13, hidden=11, epochs=2, seed=3))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    place = tmp_path_factory.mktemp("topics")
    with few_scenes(place, COUNTS) as subject:
        kind = SceneTopics(replace(RECIPE, subject=subject), quiet=True)
        yield pipeline.train(kind, place / "models"), kind


def test_the_folder_is_one_the_zoo_reads(made):
    folder, _ = made
    content = zoo.read_card(folder)
    zoo.check_files(folder, content)
    assert set(content["files"]) == {"weights.npz", "mean_pooling.npz", "vision.npz"}
    trace = zoo.load(folder).trace(RECIPE.examples[0])
    assert trace.output.labels == tuple(BACKGROUNDS)
    assert trace.blocks[0].weights.sum() == pytest.approx(1, abs=1e-5)


def test_evaluate_repeats_the_card_and_its_figures_are_of_the_scenes(made):
    folder, kind = made
    metrics = zoo.read_card(folder)["metrics"]
    assert pipeline.evaluate(replace(kind), folder) == metrics
    model, test = zoo.load(folder), kind.album("test")
    traces = [model.trace(scene) for scene in test.scenes]
    right = [
        trace.output.labels[trace.output.predicted] == scene.background
        for trace, scene in zip(traces, test.scenes, strict=True)
    ]
    assert metrics["accuracy"] == pytest.approx(np.mean(right), abs=1e-3)
    rows = np.stack([trace.blocks[0].weights[0, 0, 0] for trace in traces])
    things = np.stack([scene.lies_on().any(axis=0) if scene.objects else np.zeros(196, bool) for scene in test.scenes])
    assert metrics["things"] == pytest.approx((rows * things).sum(axis=1).mean(), abs=1e-3)
    assert "mean in its place" in (folder / "README.md").read_text(encoding="utf-8")
