"""Sentences with a negation: made in pairs, balanced, and never those that are measured."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from attnviz.errors import DataError
from attnviz.training import corpora, data, negation
from attnviz.training.corpora import Corpus, Examples

TRAIN = Examples(
    ("what a day", "what a pity"),
    np.array([1, 0]),
    corpora.one_hot(np.array([1, 0]), 2),
    np.zeros((2, 5), np.float32),
    ("", ""),
)
NONE = TRAIN.take([])
CORPUS = Corpus(TRAIN, NONE, NONE)
NEGATES = re.compile(
    r"\b(not|no|never|none|nothing|nobody|neither|without|hardly|far from|anything but|by no means|cannot|\w+n't)\b",
    re.IGNORECASE,
)


def test_the_pairs_are_many_balanced_and_differ_by_a_negation():
    pairs = negation.pairs()
    turned = [pair for pair in pairs if pair.negated]
    assert len(pairs) >= 100 and abs(2 * len(turned) - len(pairs)) <= 2
    assert len({negation.plain(pair.positive) + "|" + negation.plain(pair.negative) for pair in pairs}) == len(pairs)
    for pair in pairs:
        with_it = pair.positive if pair.negated else pair.negative
        assert NEGATES.search(with_it), pair


@pytest.fixture(scope="module")
def made():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(negation, "reviews", lambda rng, count, known, quiet: [("Nothing wrong", 1), ("No zoom", 0)])
        return negation.examples(CORPUS, seed=3, made=701, phrases=1)


def test_what_is_made_is_balanced_and_is_none_of_what_is_measured(made):
    assert abs(made.labels.mean() - 0.5) < 0.05 and made.auxiliary.shape == (len(made), 5)
    np.testing.assert_array_equal(made.targets.argmax(axis=1), made.labels)
    measured = {negation.plain(text) for pair in negation.pairs() for text in (pair.positive, pair.negative)}
    assert not measured & {negation.plain(text) for text in made.texts}
    assert not [text for text in made.texts if "{" in text]
    negated = np.array([bool(NEGATES.search(text)) for text in made.texts])
    assert 0.4 < made.labels[negated].mean() < 0.6 and 0.4 < made.labels[~negated].mean() < 0.6


@pytest.mark.parametrize("part", ["validation", "test"])
def test_what_is_held_out_is_not_learned(made, monkeypatch, part):
    monkeypatch.setattr(negation, "reviews", lambda rng, count, known, quiet: [("Nothing wrong", 1), ("No zoom", 0)])
    held = replace(TRAIN, texts=("NO zoom!", made.texts[5].upper()))
    assert {"No zoom", made.texts[5]} <= set(made.texts)
    found = negation.examples(replace(CORPUS, **{part: held}), seed=3, made=701, phrases=1)
    assert len(found) < len(made)
    assert not {negation.plain(text) for text in held.texts} & {negation.plain(text) for text in found.texts}


def test_some_of_it_stands_behind_a_training_sentence_of_the_same_class(made):
    behind = [
        (text, label) for text, label in zip(made.texts, made.labels, strict=True) if text.startswith(TRAIN.texts)
    ]
    assert 0.1 * len(made) < len(behind) < 0.4 * len(made)
    assert all(text.startswith(TRAIN.texts[0 if label == 1 else 1]) for text, label in behind)


def test_a_word_keeps_its_feeling_and_a_negation_turns_the_sentence(made):
    said = dict(zip(map(negation.plain, made.texts), made.labels, strict=True))
    seen = 0
    for text, label in said.items():
        for start, turned in (("it's never ", 1), ("it's ", 0), ("not ", 1)):
            word = text.removeprefix(start)
            if word != text and word in said:
                seen += 1
                assert said[word] == (1 - label if turned else label), text
    assert seen > 5


def test_reviews_are_as_many_of_each_class_with_and_without_a_negation(monkeypatch):
    pros = "".join(f"<Pros>fine thing {i}</Pros><Pros>no noise {i}</Pros>" for i in range(7)) + "<Pros>No film!</Pros>"
    cons = "".join(f"<Cons>poor thing {i}</Cons><Cons>no light {i} &amp;#13;</Cons>" for i in range(11))
    monkeypatch.setattr(data, "content", lambda *_, **__: b"")
    monkeypatch.setattr(data, "member", lambda _, name: (cons if "Cons" in name else pros).encode())
    found = negation.reviews(np.random.default_rng(5), 10, {"no film"}, quiet=True)
    assert all("&" not in text and "film" not in text for text, _ in found)
    for label, word in ((0, "light"), (1, "noise")):
        mine = [text for text, says in found if says == label]
        assert len(mine) == 10 and sum(word in text for text in mine) == 5


def test_what_is_not_there_is_said(monkeypatch, tmp_path):
    def none(*_: object, **__: object) -> bytes:
        raise DataError("data_download", file="pros_cons.zip", url="", cause="")

    monkeypatch.setattr(data, "content", none)
    with pytest.raises(DataError):
        negation.examples(CORPUS, seed=3, made=3)


def test_the_figures_are_shares_of_pairs():
    turned = np.array([pair.negated for pair in negation.pairs()])
    positive, negative = np.ones(len(turned), int), np.where(turned, 0, 1)
    found = negation.right(positive, negative)
    assert found["negated_positive"] == 1 and found["negated_negative"] == 0
    assert found["both"] == pytest.approx(turned.mean(), abs=1e-4)
    assert found["sentences"] == pytest.approx((1 + turned.mean()) / 2, abs=1e-4)
