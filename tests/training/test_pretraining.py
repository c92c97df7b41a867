"""Guessing masked words: what is hidden, what is learned, and what the encoder that follows starts from."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from attnviz.families import encoder
from attnviz.training import networks, pipeline, pretraining
from attnviz.training.pretraining import Pretraining, masked, pretrain, rows_of
from tests.training.test_encoder import TINY_ENCODER
from tests.training.tiny import RECIPE

CONFIG = {"vocabulary_size": 31, "features": 12, "max_length": 19, "layers": 2, "heads": 3, "hidden": 17, "classes": 5}
SETTINGS = Pretraining(sentences=lambda *, quiet: ("the nice old train", "a b"), source="a test", passes=3, tokens=61)


def sentences(count=89):
    """Rows in which the first token tells all others."""
    rng = np.random.default_rng(3)
    return [
        np.full(length, word, np.int32)
        for word, length in zip(rng.integers(2, 31, count), rng.integers(4, 11, count), strict=True)
    ]


def padded(rows):
    ids = np.zeros((len(rows), max(map(len, rows))), np.int32)
    for target, row in zip(ids, rows, strict=True):
        target[: len(row)] = row
    return ids


def test_only_known_words_are_hidden_and_all_hidden_ones_are_asked_for():
    rng = np.random.default_rng(5)
    lengths = rng.integers(4, 23, 997)
    ids = np.where(np.arange(23) < lengths[:, None], rng.integers(1, 31, (997, 23)), 0).astype(np.int32)
    ids[:, 0] = 7  # at least one known word
    shown, places, wanted, counted = masked(ids, 0.2, 31, rng)

    assert shown.dtype == places.dtype == wanted.dtype == np.int32 and counted.dtype == np.float32
    np.testing.assert_array_equal(counted.sum(axis=1), np.maximum(1, np.round(0.2 * (ids > 1).sum(axis=1))))
    np.testing.assert_array_equal(wanted, np.take_along_axis(ids, places, axis=1))
    assert (wanted[counted > 0] > 1).all()
    np.testing.assert_array_equal(shown == 0, ids == 0)
    hidden = np.zeros(ids.shape, bool)
    np.put_along_axis(hidden, places, counted > 0, axis=1)
    np.testing.assert_array_equal(shown[~hidden], ids[~hidden])
    seen = np.take_along_axis(shown, places, axis=1)[counted > 0]
    assert (seen == 1).mean() == pytest.approx(0.8, abs=0.03)
    assert (seen == wanted[counted > 0]).mean() == pytest.approx(0.1 + 0.1 / 29, abs=0.03)


def test_a_pass_reads_every_sentence_once_those_of_like_length_together():
    rows = sentences()
    batches = list(pretraining._batches(rows, SETTINGS, np.random.default_rng(2)))
    read = sorted(tuple(row[row > 0]) for ids in batches for row in ids)
    assert read == sorted(map(tuple, rows))
    assert all((ids > 0).sum() < 61 + 11 and (ids > 0).mean() > 0.8 for ids in batches)


def test_scores_are_products_with_the_embedding():
    learner = pretraining._learner(CONFIG, SETTINGS, 1)
    words = learner.get_layer("auxiliary_words")
    vectors = np.random.default_rng(7).normal(size=(3, 5, 12)).astype(np.float32)
    places = np.array([[4, 0], [1, 1], [2, 3]], np.int32)
    words.bias.assign(np.arange(31, dtype=np.float32))
    table = np.float64(learner.get_layer("embedding").embeddings)
    expected = np.float64(vectors[np.arange(3)[:, None], places]) @ table.T + np.arange(31)
    np.testing.assert_allclose(np.asarray(words(vectors, places)), expected, atol=1e-4)


def test_it_learns_and_goes_on_where_it_stopped(tmp_path, monkeypatch):
    state, rows = tmp_path / "state.npz", sentences()
    losses = []
    record = pretraining.Run.record

    def recorded(run, figures):
        record(run, figures)
        losses.append(figures["loss"])
        if run.epoch == 2 and len(losses) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(pretraining.Run, "record", recorded)
    settings = replace(SETTINGS, passes=5, learning_rate=0.02)
    with pytest.raises(KeyboardInterrupt):
        pretrain(rows, CONFIG, settings, seed=11, checkpoint=state, quiet=True)
    weights = pretrain(rows, CONFIG, settings, seed=11, checkpoint=state, quiet=True)
    assert len(losses) == 5
    assert losses[-1] < 0.7 * losses[0] < 0.7 * 1.2 * np.log(31)
    names = set(networks.get_weights(encoder.build(**CONFIG)))
    assert set(weights) == {name for name in names if not name.startswith(("prediction/", "final_norm/"))}
    again = pretrain(rows, CONFIG, settings, seed=11, checkpoint=state, quiet=True)
    assert len(losses) == 5  # nothing was left to do
    for name in weights:
        np.testing.assert_array_equal(weights[name], again[name])


def test_short_and_unknown_sentences_are_left_out():
    tokenizer = pipeline.make_tokenizer(RECIPE, RECIPE.corpus(5).train)
    rows = rows_of(tokenizer, ["my old train", "the nice old train", "my zebra zebra train", "my nice " * 50], SETTINGS)
    assert [len(row) for row in rows] == [4, SETTINGS.max_tokens]


def test_an_encoder_starts_from_it_and_its_card_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "CACHE", tmp_path / "cache")
    pipeline.train_recipe(replace(RECIPE, folds=0, settings=replace(RECIPE.settings, epochs=1)), tmp_path, quiet=True)
    reading = replace(SETTINGS, passes=1)
    chosen = replace(TINY_ENCODER, settings=replace(TINY_ENCODER.settings, epochs=1), pretraining=reading)
    given = []
    fit = pipeline.fit

    def seen(*arguments, **options):
        given.append(options["initial"])
        return fit(*arguments, **options)

    monkeypatch.setattr(pipeline, "fit", seen)
    folder = pipeline.train_recipe(chosen, tmp_path, quiet=True)
    content = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    stated = content["training"]["pretraining"]
    assert stated == {**reading.stated(), "n_sentences": stated["n_sentences"]}
    corpus = RECIPE.corpus(5)
    held = {text for part in (corpus.validation, corpus.test) for text in part.texts}
    texts = [*corpus.train.texts, *reading.sentences(quiet=True)]
    tokenizer = pipeline.make_tokenizer(RECIPE, corpus.train)
    assert held & set(corpus.train.texts)  # there is something to leave out
    assert stated["n_sentences"] == len(rows_of(tokenizer, [text for text in texts if text not in held], reading))
    assert f"guess masked words (Devlin et al. 2019) in {stated['n_sentences']} sentences" in (
        folder / "README.md"
    ).read_text(encoding="utf-8")
    assert given[0]["embedding/embeddings"].std() > 0
