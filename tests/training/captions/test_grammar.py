"""What can be said of a scene: every word, its objects, and what is right near a border."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from attnviz.scenes import BACKGROUNDS, KINDS, Scene
from attnviz.scenes.naming import mentions
from attnviz.training.captions.grammar import FREE, LANGUAGES, OBJECT_ROLES, Grammar, text, words
from attnviz.training.captions.parts import parts
from attnviz.training.captions.scores import perfect


def every(code, language, loose=False):
    return {text(caption, language) for caption in Grammar(Scene(code), language, loose).every()}


def test_one_thing_is_said_in_each_language():
    assert every("snow;dog@3,2", "en") == {
        "a dog in the snow",
        "a dog at the top left, in the snow",
        "there is a dog in the snow",
    }
    assert every("snow;dog@3,2", "ja") == {"雪の中に犬がいる", "雪の中で犬が左上にいる", "犬が雪の中にいる"}


def test_two_things_stand_to_each_other():
    assert "a dog to the left of a red car in the snow" in every("snow;dog@2,7;car@9,8", "en")
    assert "雪の中で犬が赤い車の左にいる" in every("snow;dog@2,7;car@9,8", "ja")
    assert "雪の中で赤い車が犬の右にある" in every("snow;dog@2,7;car@9,8", "ja"), "what does not live is ある"
    assert "an owl above a house under the night sky" in every("night;owl@6,2;house@7,10", "en")
    assert "a chair in front of an egg in the room" in every("room;egg@6,6;chair@7,7*1.5", "en")
    assert "a chair behind an egg in the room" not in every("room;egg@6,6;chair@7,7*1.5", "en")


def test_two_of_a_kind_are_counted_with_their_counter():
    assert "two fish in the sea" in every("sea;fish@3,4;fish@9,8", "en")
    assert "海の中に魚が二匹いる" in every("sea;fish@3,4;fish@9,8", "ja")
    assert "two red apples and a book" not in " ".join(every("room;apple@2,2;apple@3,9;book@11,7", "en"))
    assert "two red apples and a red book in the room" in every("room;apple@2,2;apple@3,9;book@11,7", "en")
    assert "部屋の中に二個の赤いりんごと赤い本が見える" in every("room;apple@2,2;apple@3,9;book@11,7", "ja")


def test_near_a_border_either_word_passes_and_further_off_neither():
    near, far = "meadow;cat@4.2,7", "meadow;cat@3.5,7"
    for place, code, right in (
        ("on the left", near, True),
        ("in the middle", near, True),
        ("in the middle", far, False),
    ):
        assert perfect(Grammar(Scene(code), "en", loose=True), f"a cat {place}, in the meadow", "en") == right, (
            place,
            code,
        )
    diagonal = "meadow;cat@3,3;dog@9,8.7"
    assert perfect(Grammar(Scene(diagonal), "en", loose=True), "a cat above a dog in the meadow", "en")
    assert perfect(Grammar(Scene(diagonal), "en", loose=True), "a cat to the left of a dog in the meadow", "en")
    assert not perfect(Grammar(Scene(diagonal), "en", loose=True), "a cat below a dog in the meadow", "en")


def test_an_empty_scene_is_said_to_be_empty():
    assert every("city", "en") == {"there is nothing in the city"}
    assert every("city", "ja") == {"街の中には何もない"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_that_name_a_thing_know_which(language):
    rng = np.random.default_rng(3)
    for scene in parts(60)["train"].scenes():
        caption = Grammar(scene, language).one(rng)
        named = {place for word in caption if word.role in OBJECT_ROLES for place in word.objects}
        assert named == set(range(len(scene.objects))), (scene.code, text(caption, language))
        found = mentions([word.text for word in caption])
        assert sorted(each.kind for each in found) == sorted({each.kind for each in scene.objects})
        for mention in found:
            objects = {place for word in mention.words for place in caption[word].objects}
            assert {scene.objects[place].kind for place in objects} == {mention.kind}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_that_is_said_is_in_the_vocabulary(language):
    known, rng = set(words(language)), np.random.default_rng(5)
    for scene in parts(200)["train"].scenes():
        assert {word.text for word in Grammar(scene, language).one(rng)} <= known
    for background in BACKGROUNDS:
        for kind in KINDS:
            assert {word.text for word in Grammar(Scene(f"{background};{kind}@3,3"), language).one(rng)} <= known


def test_things_are_named_in_one_order_mostly_and_in_every_order_at_times():
    rng, scene, orders = (
        np.random.default_rng(11),
        Scene("snow;car@10,9;ball@3,9;dog@3,3;owl@10,3"),
        Counter[tuple[str, ...]](),
    )
    for _ in range(997):
        caption = [word.text for word in Grammar(scene, "en").one(rng)]
        orders[tuple(each.kind for each in mentions(caption))] += 1
    usual = orders.pop(("dog", "owl", "car", "ball"))
    assert abs(usual / 997 - (1 - FREE * 23 / 24)) < 0.03
    assert len(orders) > 13, "a sentence that a person begins another way is known, too"


def test_what_is_drawn_for_learning_is_right_by_its_own_measure():
    rng = np.random.default_rng(7)
    for scene in parts(40)["train"].scenes():
        for language in LANGUAGES:
            assert perfect(
                Grammar(scene, language, loose=True), text(Grammar(scene, language).one(rng), language), language
            )
