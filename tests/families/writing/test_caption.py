"""How captions are written: in one language, each thing named once."""

from __future__ import annotations

import numpy as np
import pytest

import attnviz
from attnviz.families.writing import decoding
from attnviz.families.writing.caption import rules
from attnviz.families.writing.subwords import END_ID, START_ID
from attnviz.scenes import KINDS
from attnviz.scenes.naming import mentions
from attnviz.trace import Notice
from attnviz.training.captions.lesson import vocabulary
from tests.families.writing import caption_folder

PLAIN = decoding.Rules(START_ID, END_ID, 20)


@pytest.fixture(scope="module")
def words():
    return vocabulary()


@pytest.fixture(scope="module")
def model():
    return attnviz.load(caption_folder.made())


def barred(words, language, *written):
    """Words barred after these, which are not barred before."""
    how = rules(words, language, PLAIN)
    found = set(how.barred([words.id(each, language) for each in written])) - set(how.barred([]))
    return {words.vocabulary[index].strip("▁") for index in found if index > 3}


def test_a_thing_is_named_once_and_its_name_may_be_ended(words):
    assert barred(words, "en", "dog") == {"dog", "dogs"}
    assert barred(words, "en", "a", "light") == {"light"}
    assert barred(words, "en", "light", "bulb") == {"light", "bulb", "bulbs"}
    assert barred(words, "en", "palm", "tree") == {"palm"}, "a tree may stand beside a palm tree"
    assert barred(words, "en", "red", "car") == set(), "a blue car may stand beside a red one"
    assert barred(words, "ja", "犬", "が") == {"犬"}
    assert barred(words, "ja", "雪", "の", "中") == set()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_name_can_be_written_whole(words, language):
    how = rules(words, language, PLAIN)
    for kind in KINDS.values():
        names = [kind.noun[language], *([kind.plural] if language == "en" else [])]
        for name in names:
            ids = [words.id(part, language) for part in f"{kind.colour[language]} {name}".split()]
            assert all(index not in how.barred(ids[:place]) for place, index in enumerate(ids)), name


@pytest.mark.parametrize("width", [1, 3])
def test_what_is_barred_is_not_written_by_any_search(width):
    how = decoding.Rules(0, 1, 6, (0,), {2: {2, 3}})

    def following(tokens, parents):
        return np.log(np.tile([0.01, 0.04, 0.6, 0.3, 0.05], (len(tokens), 1)))

    if width == 1:
        ids = [each.token for each in decoding.greedy(following, how)]
    else:
        ids = [each.token for each in decoding.beam_search(following, how, width, length=5)]
    after = ids[ids.index(2) + 1 :]
    assert len(ids) > 2 and not {2, 3} & set(after)


def test_no_caption_names_a_thing_twice_and_what_is_given_may(model):
    for code in ("meadow;dog@3,5;tree@9,6*1.5", "beach;blue-car@4,9"):
        for language in ("en", "ja"):
            output = model.trace(code, language=language).output
            told = [each.kind for each in mentions([token.strip("▁") for token in output.tokens])]
            assert len(told) == len(set(told)), output.text
    twice = model.trace("meadow;dog@3,5", language="en", target="a dog and a dog")
    assert twice.output.text == "a dog and a dog"


def test_a_caption_of_one_s_own_is_of_the_language_that_was_chosen(model):
    for language, other in (("en", "犬がいる"), ("ja", "a dog")):
        fine = {"en": "a dog", "ja": "犬がいる"}[language]
        assert "target_language" not in [
            n.code for n in model.trace("meadow;dog@3,5", language=language, target=fine).notices
        ]
        told = model.trace("meadow;dog@3,5", language=language, target=other).notices
        assert Notice("target_language", {"language": language}) in told
