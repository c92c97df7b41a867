"""A captioner is made, looked at, measured and read: few scenes, one pass, an encoder of random weights."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from attnviz import zoo
from attnviz.families.common import vision
from attnviz.families.writing import decoding
from attnviz.scenes import KINDS, Scene
from attnviz.training import pipeline
from attnviz.training.captions import albums, captioner, searched, siblings
from attnviz.training.captions.captioner import Captioner
from attnviz.training.captions.learner import looks, networks
from attnviz.training.captions.lesson import Lesson, vocabulary
from attnviz.training.captions.model_card import _SIBLING
from attnviz.training.captions.moved import moved, shifted, swaps
from attnviz.training.captions.parts import parts
from attnviz.training.captions.recipes import CAPTION_SCENES
from attnviz.training.captions.settings import CaptionSettings
from attnviz.training.networks import get_weights, halves, set_weights
from tests.training.captions.few_scenes import few_scenes, random_weights

COUNTS = {"train": 14, "dev": 3, "test": 5, "pairs": 3, "style": 2}
SETTINGS = CaptionSettings(
    scenes=14, features=24, layers=2, heads=3, hidden=13, epochs=16, batch_size=1, sentences=2, guided=0.1,
    learning_rate=0.02, averaging=0.0, dropout=0.0, half=False, seed=3,
)  # fmt: skip
#: Its examples are among what it learns: a caption that ends is certain of no other.
LEARNED = tuple(scene.code for scene in replace(parts()["train"], count=3).scenes())
RECIPE = replace(CAPTION_SCENES, settings=SETTINGS, examples=LEARNED)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The models' folder after a training, and the captioner that was trained."""
    place = tmp_path_factory.mktemp("captions")
    with few_scenes(place, COUNTS) as subject:
        kind = Captioner(replace(RECIPE, subject=subject), quiet=True)
        pipeline.train(kind, place / "models")
        yield place / "models", kind


@pytest.fixture(scope="module")
def folder(made):
    return made[0] / RECIPE.name


def test_the_folder_is_one_the_zoo_reads_and_it_writes_in_both_languages(folder):
    content = zoo.read_card(folder)
    zoo.check_files(folder, content)
    assert set(content["files"]) == {"weights.npz", "vision.npz", "words.json", "learning.npz"}
    model = zoo.load(folder)
    english, japanese = (model.trace(RECIPE.examples[0], language=code) for code in ("en", "ja"))
    assert english.block("source-target").shape[3] == 14 * 14
    words = vocabulary()
    for trace, code in ((english, "en"), (japanese, "ja")):
        ids = [model.token_id(token) for token in trace.output.tokens if not token.startswith("[")]
        assert not set(ids) & set(words.others(code)), "no word of the other language"


def test_the_card_has_what_evaluate_computes_again(made, folder, monkeypatch):
    content = zoo.read_card(folder)
    monkeypatch.delattr(albums, "frozen_encoder")  # the model has eyes of its own
    assert pipeline.evaluate(replace(made[1]), folder) == content["metrics"]
    metrics = content["metrics"]
    assert {key: metrics[f"n_{key}"] for key in ("test", "pairs", "style")} == {"test": 5, "pairs": 3, "style": 2}
    assert sum(row["n"] for row in metrics["by_count_en"]) == 5
    for found in metrics["roles_ja"].values():
        assert sum(found[key] for key in ("about", "other_things", "background")) == pytest.approx(1, abs=2e-3)


def test_what_is_searched_for_is_what_the_model_finds_with_a_beam(made, folder, monkeypatch):
    model, asked = captioner.loaded(folder), []

    def search(following, rules, width, length):
        asked.append((width, length))
        return decoding.beam_search(following, rules, width, length=length)

    begun, start = [], model.start
    monkeypatch.setattr(searched, "beam_search", search)
    monkeypatch.setattr(model, "start", lambda encoded, edits=(): begun.append(encoded) or start(encoded, edits))
    album = made[1].album("test", model.encoder)
    for language in ("en", "ja"):
        begun.clear()
        found = list(searched.searched(model, album, language))
        expected = [model.run(model.encode(scene, language), beam=searched.BEAM).output for scene in album.scenes]
        assert [each.text for each in found] == [each.text for each in expected]
        assert [each.scene for each in found] == list(album.scenes)
        regions = album.regions(range(len(album.scenes)))  # these eyes see nearly the same in all: each has its own
        assert len({each.tobytes() for each in regions}) == len(regions)
        for one, own in zip(begun, regions, strict=False):
            np.testing.assert_array_equal(one.inputs["regions"][0], own)
        for one, other in zip(found, expected, strict=True):
            assert one.words == tuple(token for token in other.tokens if not token.startswith("["))
    assert set(asked) == {(4, 1.5)}


def test_an_encoder_of_other_weights_sees_all_anew(made, folder):
    kind, encoder, other = made[1], zoo.load(folder).encoder, vision.build()
    first = kind.album("style", encoder).maps[0].copy()
    set_weights(other, {name: array * np.float32(1.5) for name, array in get_weights(encoder).items()})
    assert not np.allclose(kind.album("style", other).maps[0], first, atol=1e-2)
    np.testing.assert_array_equal(kind.album("style", encoder).maps[0], first)


def test_weight_is_moved_to_another_thing_at_one_word_only(folder):
    model = zoo.load(folder)
    scene = Scene("snow;dog@3,4*1.5;cat@10,9*1.5")
    words = ["a", "dog", "and", "a", "cat"]
    (first, second) = list(swaps(scene, words, "en"))
    assert (first[0], first[3], second[0], second[3]) == (1, {"cat", "cats"}, 4, {"dog", "dogs"})
    np.testing.assert_array_equal(first[1], scene.lies_on()[0])
    weights = np.full((5, 196), 1 / 196, np.float32)
    edit = shifted(weights, 1, first[1], first[2], 1, 2)
    assert (edit.layer, edit.head) == (1, 2) and np.isnan(edit.weights[[0, 2, 3, 4]]).all()
    assert not edit.weights[1][first[1]].any()
    np.testing.assert_allclose(edit.weights[1].sum(), 1, rtol=1e-5)
    moved_there = first[1].sum() / 196 / first[2].sum()
    np.testing.assert_allclose(edit.weights[1][first[2]], 1 / 196 + moved_there, rtol=1e-5)
    assert not list(swaps(Scene("snow;dog@3,4;dog@9,9"), ["two", "dogs"], "en")), "there is no other"
    found = moved(model, [scene], "ja", ())
    assert found["words"] == 0 or found["taught"]["same"] == 1, "no head, no change"


def test_the_card_for_people_says_where_it_looks_and_what_it_wrote(folder):
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "## Where it looks" in text and "layer 2, head 1" in text and "Twemoji" not in text
    model = zoo.load(folder)
    first = next(line for line in text.splitlines() if line.startswith("| `"))
    code = first.split("`")[1]
    assert model.trace(Scene(code), language="ja").output.text == first.split(" | ")[2].removesuffix(" |").strip()


def test_its_training_was_looked_at(folder):
    learning = zoo.learning(folder)
    assert learning is not None and len(learning.sentences) <= 3
    assert learning.steps[0] == 0 and learning.steps[-1] == 14 * SETTINGS.epochs
    shape = learning.traces[0][0].block("source-target").shape
    assert shape[:2] == (2, 3) and shape[3] == 196


def test_a_lesson_says_other_sentences_in_each_pass_and_the_same_when_asked_again(made):
    kind = made[1]
    lesson = Lesson(kind.album("train"), vocabulary(), 7, 3)
    first, again, other = (list(lesson.batches(epoch)) for epoch in (0, 0, 1))
    assert len(first) == lesson.steps == 2
    for one, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.wanted, same.wanted)
    assert any(
        one.wanted.shape != two.wanted.shape or (one.wanted != two.wanted).any()
        for one, two in zip(first, other, strict=True)
    )
    for batch in first:
        assert batch.target.shape == batch.wanted.shape == batch.on.shape[:2] and len(batch.wanted) == 2 * len(
            batch.regions
        )
        np.testing.assert_array_equal(
            batch.target[:, 1:][batch.wanted[:, :-1] > 3], batch.wanted[:, :-1][batch.wanted[:, :-1] > 3]
        )
        assert (batch.target[0::2, 0] == lesson.vocabulary.start("en")).all()
        assert (batch.target[1::2, 0] == lesson.vocabulary.start("ja")).all()


def test_what_is_taught_lies_on_the_thing(made):
    """Of a batch: where the wanted word is a noun of one thing, the taught regions are those the scene says."""
    kind = made[1]
    album = kind.album("train")
    lesson = Lesson(album, vocabulary(), 7, 3)
    words = lesson.vocabulary
    batch = next(iter(lesson.batches(0)))
    nouns = 0
    for row in range(0, len(batch.wanted), 2):
        regions = album.regions(range(len(album.scenes)))
        scene = next(i for i in range(len(album.scenes)) if np.array_equal(regions[i], batch.regions[row // 2]))
        for place, each in enumerate(album.scenes[scene].objects):
            alone = [other.kind for other in album.scenes[scene].objects].count(each.kind) == 1
            noun = KINDS[each.kind].noun["en"].split()[-1]
            at = np.flatnonzero(batch.wanted[row] == words.id(noun, "en"))
            if alone and len(at) == 1:
                np.testing.assert_array_equal(batch.on[row, at[0]] > 0, album.on[scene, place])
                nouns += 1
    assert nouns > 3, "some nouns were looked at"


def test_weights_are_shipped_in_half_precision(folder):
    with np.load(folder / "vision.npz") as archive:
        assert {archive[name].dtype for name in archive.files} == {np.dtype(np.float16)}
        expected = halves(random_weights())
        assert all((archive[name] == expected[name]).all() for name in archive.files)


def test_looks_that_are_taught_follow_from_where_each_word_s_thing_is():
    on = np.zeros((1, 7, 5), np.float32)
    on[0, 1, 2] = on[0, 2, 2] = on[0, 5, 4] = 1
    found = looks(on)
    np.testing.assert_array_equal(found["named"], on)
    place = lambda rows: [int(row.argmax()) if row.any() else None for row in rows[0]]  # noqa: E731
    assert place(found["next"]) == [2, 2, 2, 4, 4, 4, None], "until it is named; after the last thing none"
    assert place(found["read"]) == [None, None, 2, 2, None, None, 4], "one word later"


@pytest.mark.parametrize("layers", [1, 2, 3, 5])
def test_no_two_looks_are_taught_to_one_head(layers):
    taught = replace(SETTINGS, layers=layers).taught
    assert len(set(taught.values())) == 3 and taught["named"][0] == layers - 1
    assert all(0 <= layer < layers and 0 <= head < SETTINGS.heads for layer, head in taught.values())
    assert len({layer for layer, _ in taught.values()}) == min(layers, 3)
    assert not replace(SETTINGS, guided=0).taught and not replace(SETTINGS, attention=False).taught


@pytest.mark.parametrize("which", get_args(siblings.Which))
def test_a_sibling_is_trained_alike_and_entered_into_the_card(made, folder, which, monkeypatch, tmp_path):
    kind, seen = made[1], []

    def taught(_, settings, checkpoint, label):
        seen.append(settings)
        own = networks(settings, len(vocabulary().vocabulary))
        return get_weights(own.full), {"best_epoch": 3, "seconds": 7.5}, vocabulary()

    monkeypatch.setattr(siblings, "CACHE", tmp_path)
    monkeypatch.setattr(Captioner, "taught", taught)
    found = siblings.train(kind, which)
    lacks = {"whole": {}, "mean": {"attention": False}, "untaught": {"guided": 0.0}}[which]
    assert seen == [replace(SETTINGS, scenes=3, sentences=2, epochs=1, **lacks)] and bool(seen[0].taught) == (
        which == "whole"
    )
    assert ("pointing_en" in found) == (which != "mean")
    assert set(found["pairs_ja"]) == {"perfect", "named", "invented", "twice"}
    copy, model = tmp_path / folder.name, captioner.loaded(folder)
    shutil.copytree(folder, copy)
    monkeypatch.setattr(captioner, "loaded", lambda _: model)  # its weights are those of the copy
    siblings.enter(kind, copy, which, found)
    assert zoo.read_card(copy)["metrics"]["siblings"] == {which: found}
    row = next(
        line
        for line in (copy / "README.md").read_text(encoding="utf-8").splitlines()
        if line.startswith(f"| {_SIBLING[which]}")
    )
    assert f"{found['test_en']['perfect']:.1%}" in row
