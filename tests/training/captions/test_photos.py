"""Sentences about collages, their parts and their scores."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from attnviz.families.writing.caption_words import CaptionWords
from attnviz.scenes import GROCERIES, Collage
from attnviz.scenes.naming import mentions
from attnviz.training.captions import photo_parts
from attnviz.training.captions.grammar import FREE, LANGUAGES, Language, text
from attnviz.training.captions.moved import swaps
from attnviz.training.captions.photo_grammar import MOST, CollageGrammar, words
from attnviz.training.captions.photo_parts import PhotoPart
from attnviz.training.captions.photo_scores import coarse, more, told_places
from attnviz.training.captions.scores import Written, perfect
from attnviz.training.captions.subjects import PHOTOS
from tests.scenes import grocery_archive

FOUR = Collage("white;milk.1@0,0,14,14;kiwi.1@14,0,14,14;leek.1@0,14,14,14;red-pepper.1@14,14,14,14")
BESIDE = Collage("white;red-pepper.1@0,0,14,28;milk.2@14,0,14,28")


@pytest.fixture
def collages(tmp_path, monkeypatch):
    monkeypatch.setenv("ATTNVIZ_DATA", str(tmp_path))
    grocery_archive.make(tmp_path)
    return list(PhotoPart(seed=5, count=211, of="test").scenes())


def test_collages_are_drawn_alike_each_time_and_whole(collages):
    assert [each.code for each in PhotoPart(seed=5, count=211, of="test").scenes()] == [each.code for each in collages]
    assert {len(each.objects) for each in collages} == {1, 2, 3, 4}
    for each in collages:
        assert (each.lies_on().sum(axis=1) >= 9).all()
        for a, b in itertools.combinations(each.objects, 2):
            beside = a.x + a.width <= b.x or b.x + b.width <= a.x
            assert beside or a.y + a.height <= b.y or b.y + b.height <= a.y, "none lies on another"
        assert {photo.part for photo in each.objects} == {"test"}


def test_what_is_reported_is_of_the_test_part_alone():
    parts = photo_parts.parts(17)
    assert {name: part.of for name, part in parts.items()} == {"train": "train", "dev": "val", "test": "test"}
    assert parts["train"].count == 17


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_can_be_said_and_is_right(collages, language):
    rng, known = np.random.default_rng(3), CaptionWords(PHOTOS.known())
    for each in collages[:67]:
        caption = CollageGrammar(each, language).one(rng)
        said = text(caption, language)
        assert perfect(CollageGrammar(each, language, loose=True), said, language)
        assert known.join(piece.id for piece in known.cut(said)) == said
        named = mentions([word.text for word in caption], GROCERIES)
        assert {photo.kind for photo in each.objects} == {mention.kind for mention in named}
        for word in caption:
            if word.role == "noun":
                (place,) = word.objects
                assert word.text in GROCERIES[each.objects[place].kind].noun[language]


def test_photographs_are_mostly_named_as_one_reads():
    rng, orders = np.random.default_rng(13), Counter[tuple[str, ...]]()
    for _ in range(499):
        caption = [word.text for word in CollageGrammar(FOUR, "en").one(rng)]
        orders[tuple(each.kind for each in mentions(caption, GROCERIES))] += 1
    assert abs(orders["milk", "kiwi", "leek", "red-pepper"] / 499 - (1 - FREE * 23 / 24)) < 0.05
    assert len(orders) > 7


def test_what_is_said_of_two_beside_each_other():
    english = {text(each, "en") for each in CollageGrammar(BESIDE, "en").every()}
    assert english == {
        "red peppers on the left, a carton of milk to the right of them",
        "red peppers on the left, a carton of milk on the right",
        "red peppers to the left of a carton of milk",
        "a carton of milk on the right, red peppers to the left of it",
        "a carton of milk on the right, red peppers on the left",
        "a carton of milk to the right of red peppers",
    }
    japanese = {text(each, "ja") for each in CollageGrammar(BESIDE, "ja").every()}
    assert "左に赤いピーマン、その右に牛乳パック" in japanese and len(japanese) == 6


def test_four_and_none():
    said = {text(each, "en") for each in CollageGrammar(FOUR, "en").every()}
    assert "a carton of milk at the top left, leeks below it, kiwis at the top right, red peppers below them" in said
    assert [text(each, "ja") for each in CollageGrammar(Collage("white"), "ja").every()] == ["何もない"]
    assert len(FOUR.objects) == MOST


def written(collage: Collage, said: str, language: Language) -> Written:
    known = CaptionWords(PHOTOS.known())
    entries = tuple(known.vocabulary[piece.id] for piece in known.cut(said))
    return Written(collage, language, entries, said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_places_of_every_right_sentence_are_right(collages, language):
    for each in collages[:29]:
        for caption in itertools.islice(CollageGrammar(each, language).every(), 40):
            told = list(told_places(each, [word.text for word in caption], language))
            assert all(told), text(caption, language)


@pytest.mark.parametrize(
    ("said", "language", "expected"),
    [
        ("red peppers on the right, a carton of milk to the right of them", "en", [False, True]),
        ("red peppers on the left, a carton of milk to the left of them", "en", [True, False]),
        ("red peppers on the left, kiwis on the right", "en", [True]),
        ("kiwis on the left, a carton of milk to the right of them", "en", []),
        ("左に赤いピーマン、その左に牛乳パック", "ja", [True, False]),
        ("右に赤いピーマン、右に牛乳パック", "ja", [False, True]),
    ],
)
def test_a_wrong_place_is_seen(said, language, expected):
    assert list(told_places(BESIDE, written(BESIDE, said, language).bare, language)) == expected


def test_a_pepper_of_another_colour_is_a_pepper():
    captions = [written(BESIDE, "green peppers on the left, a carton of milk on the right", "en")]
    found = more(captions)
    assert found == {"named_coarse": 1.0, "places": 1.0}
    assert coarse("green-pepper") == coarse("red-pepper") != coarse("milk")
    assert more([written(BESIDE, "kiwis on the left", "en")])["named_coarse"] == 0


def test_no_word_is_of_both_languages():
    assert not set(words("en")) & (set(words("ja")) - {"、"})


def test_weight_is_moved_between_photographs_too():
    words = ["red", "peppers", "on", "the", "left", ",", "a", "carton", "of", "milk", "on", "the", "right"]
    first, second = swaps(BESIDE, words, "en")
    peppers, milk = BESIDE.lies_on()
    assert [(each[0], each[3]) for each in (first, second)] == [(0, {"a"}), (6, {"red"})]
    np.testing.assert_array_equal(first[1], peppers)
    np.testing.assert_array_equal(second[2], peppers & ~milk)
