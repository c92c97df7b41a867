"""A kind of model nobody has thought of goes through loop and pipeline: what `kind.Kind` asks for is all it takes."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from attnviz import zoo
from attnviz.training import pipeline
from attnviz.training.card import Section, opening, table
from attnviz.training.data import CLINC150
from attnviz.training.kind import Learned
from attnviz.training.loop import Course, fit
from attnviz.training.networks import halves
from attnviz.training.recipe import Recipe

WORDS = {"en": "It adds.", "ja": "足します。"}
RECIPE = Recipe(
    name="adder", languages=("en",), title=WORDS, summary=WORDS, notes=WORDS, examples=("1 2",),
    datasets=(CLINC150,), licence="MIT",
)  # fmt: skip


class Adder:
    """Learns to add two numbers."""

    recipe, quiet = RECIPE, True

    def learn(self, models_folder, state):
        keras.utils.set_random_seed(3)
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="sum")])
        model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse", run_eagerly=True)

        def batches(epoch):
            pairs = np.random.default_rng(epoch).normal(size=(7, 5, 2))
            yield from ((each, each.sum(axis=1, keepdims=True), None) for each in pairs)

        def measure(weights):
            return {"error": float(np.abs(weights["sum/kernel"] - 1).max())}

        course = Course(
            learner=model, steps=7, batches=batches, measure=measure, shown="error", stamp="adder", epochs=11,
            better=lambda new, old: new["error"] < old["error"],
        )  # fmt: skip
        weights, record = fit(course, checkpoint=state / "state.npz", quiet=True)
        return Learned(
            arrays={"weights.npz": halves(weights)},
            files={"words.txt": lambda path: path.write_text("one two\n", encoding="utf-8")},
            card={"family": "adder", "labels": [], "config": {"inputs": 2}, "tokenizer": {}},
            training={"seed": 3, "epochs": record["epochs"]},
            metrics={"epochs_tried": 11},
        )

    def recorder(self, folder, content):
        return None

    def measure(self, folder, content, models_folder):
        sum_of = float(zoo.read_weights(folder)["sum/kernel"].sum())
        return {"metrics": {"one_and_one": round(sum_of, 2), "epochs_tried": content["metrics"]["epochs_tried"]}}

    def test_sentences(self, content):
        return [str(number) for number in range(5)]

    def sections(self, folder, content):
        figures = table(["figure", "value"], content["metrics"].items(), words=1)
        return [
            *opening(content, "One layer", "{key} {value}", "- {name}", "None."),
            Section("How well", figures),
            Section("What nobody knows", ""),
        ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("kinds")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "CACHE", place / "cache")
        return pipeline.train(Adder(), place / "models")


def test_its_folder_is_whole_and_its_card_holds_what_was_measured(folder):
    content = zoo.read_card(folder)
    zoo.check_files(folder, content)
    assert list(content)[-4:] == ["training", "metrics", "files", "sha256"] and set(content["files"]) == {
        "weights.npz",
        "words.txt",
    }
    assert content["metrics"] == {"one_and_one": 2.0, "epochs_tried": 11}
    assert content["training"]["command"] == "python -m attnviz train adder"
    assert content["title"] == WORDS and content["data"] == [CLINC150.card()]


def test_its_card_for_people_has_the_sections_that_say_something(folder):
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# adder\n\nIt adds.\n\n足します。\n\nOne layer, inputs 2. Made by `python -m attnviz train")
    assert "## Data\n\n- CLINC150\n\nSplit. None.\n\nWeights under MIT.\n\n## How well\n\n| figure | value |" in text
    assert text.endswith("| --- | ---: |\n| one_and_one | 2.0 |\n| epochs_tried | 11 |\n")


def test_evaluate_measures_again_and_writes_only_when_told(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    content = zoo.read_card(folder)
    assert pipeline.evaluate(Adder(), folder, write=True) == content["metrics"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    pipeline.describe(Adder(), folder, content | {"metrics": {"one_and_one": 3.0, "epochs_tried": 11}})
    assert "| one_and_one | 3.0 |" in (folder / "README.md").read_text(encoding="utf-8")
    assert pipeline.evaluate(Adder(), folder)["one_and_one"] == 2.0
    assert "| one_and_one | 3.0 |" in (folder / "README.md").read_text(encoding="utf-8")
    pipeline.evaluate(Adder(), folder, write=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
