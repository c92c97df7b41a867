"""A translation model from its pairs to its folder, through the pipeline that makes every kind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attnviz import zoo
from attnviz.training import pipeline
from attnviz.training.milestones import milestones
from attnviz.training.translation import translator
from attnviz.training.translation.pairs import Pairs
from attnviz.training.translation.recipes import TRANSLATE_EN_JA
from attnviz.training.translation.school import School
from attnviz.training.translation.settings import TranslationSettings
from attnviz.training.translation.translator import Translator
from tests.training.test_translation import PAIRS

CORPUS = Pairs(PAIRS, PAIRS[:2], PAIRS[3:])
#: One step a pass, all of one shape; enough of them that sentences come to an end.
SETTINGS = TranslationSettings(
    source_size=61, target_size=59, features=24, encoder_layers=1, decoder_layers=1, heads=3, hidden=29, epochs=40,
    batch_size=len(PAIRS), learning_rate=0.02, dropout=0.0, pair_dropout=0.0, guided_layer=0, half=False,
)  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    place = tmp_path_factory.mktemp("translators")
    learned = School("en", "ja", SETTINGS, CORPUS).subwords
    settings = replace(SETTINGS, source_size=learned["en"].size, target_size=learned["ja"].size)
    recipe = replace(TRANSLATE_EN_JA, name="tiny-en-ja", settings=settings, examples=("I like cats.",))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "CACHE", place / "cache")
        patch.setattr(translator, "pairs", lambda **_: CORPUS)
        patch.setattr(translator, "gold", lambda source: None)
        patch.setattr(translator, "sentences", lambda source, target: ())
        patch.setattr(School, "measure", lambda *_: ({"bleu": 7.0, "chrf": 5.0}, []))
        kind = Translator(recipe, quiet=True)
        yield kind, pipeline.train(kind, place / "models")


def test_its_folder_is_whole_and_translates(made):
    _, folder = made
    content = zoo.read_card(folder)
    zoo.check_files(folder, content)
    assert list(content["files"]) == ["weights.npz", "source.json", "target.json", "learning.npz"]
    assert content["languages"] == ["en", "ja"] and content["kinds"] == ["self", "causal", "cross"]
    assert content["training"]["n_train"] == len(PAIRS) and len(content["training"]["history"]) == 40
    assert content["metrics"]["n_dev"] == 2 and content["metrics"]["dev_greedy_bleu"] > 50
    assert zoo.load(folder).trace("I like cats.").output.text == PAIRS[0][1]


def test_its_training_was_looked_at_and_its_card_says_so(made):
    _, folder = made
    looks = zoo.learning(folder)
    assert looks.steps.tolist() == [*milestones(40), 40]
    assert looks.loss[-1] < looks.loss[0] and looks.written[0][-1] == PAIRS[0][1]
    text = (folder / "README.md").read_text(encoding="utf-8")
    sections = [line for line in text.splitlines() if line.startswith("## ")]
    assert [line[3:] for line in sections] == [
        *("Data", "How well", "What it gets wrong", "Training", "How its attention was learned")
    ]
    assert "| I like cats. | 私は猫が好きです。 | 私は猫が好きです。 |" in text and "| 40 |" in text


def test_evaluate_repeats_the_card_and_writes_the_same(made):
    kind, folder = made
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert pipeline.evaluate(kind, folder, write=True) == zoo.read_card(folder)["metrics"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
