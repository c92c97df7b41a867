"""How captions are written: in one language, each thing named once."""

from __future__ import annotations

import numpy as np
import pytest

import attnviz
from attnviz.families.common.arrays import names, set_weights
from attnviz.families.common.familiar import Familiar
from attnviz.families.common.seeing import WORLDS
from attnviz.families.writing import decoding, transformer
from attnviz.families.writing.caption import CaptionModel, rules
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
    how = rules(words, language, PLAIN, WORLDS["scene"])
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
    how = rules(words, language, PLAIN, WORLDS["scene"])
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


def test_several_texts_about_a_picture_are_read_as_each_alone():
    pictures, texts, heads, words, regions = 2, 3, 5, 7, 11
    size = {"source_size": regions + 1, "target_size": 13, "features": 20, "encoder_layers": 0, "decoder_layers": 2}
    alone, together = (
        transformer.build(**size, heads=heads, hidden=17, region_features=19, texts=count).full for count in (1, texts)
    )
    rng = np.random.default_rng(0)
    drawn = {name: rng.normal(0, 0.5, each.shape) for name, each in names(alone).items()}
    for network in (alone, together):
        set_weights(network, drawn)
    places = np.repeat(np.arange(1, regions + 1, dtype=np.int32)[None], pictures, 0)
    seen = rng.normal(size=(pictures, regions, 19)).astype(np.float32)
    target = rng.integers(1, 13, (pictures * texts, words)).astype(np.int32)

    found = together({"source": places, "regions": seen, "target": target})
    each = np.repeat(np.arange(pictures), texts)
    expected = alone({"source": places[each], "regions": seen[each], "target": target})
    np.testing.assert_allclose(found["logits"], expected["logits"], atol=1e-4)
    for layer, wanted in zip(found["weights"], expected["weights"], strict=True):
        assert layer.shape == (pictures * texts, heads, words, regions)
        np.testing.assert_allclose(layer, wanted, atol=1e-5)


def test_pictures_with_regions_taken_out_are_asked_together_as_each_alone(model):
    scenes = [model.encode(f"snow;{kind}@4,7*1.5", language="ja") for kind in ("dog", "cat", "car")]
    batch = [scenes[0], scenes[1].keep(range(0, 196, 3)), scenes[2].keep([5])]
    before = [model.token_id(token) for token in model.run(scenes[0]).output.tokens[:2]]
    together = model.next_logits(batch, before)
    assert together.shape == (3, len(model.vocabulary))
    for each, row in zip(batch, together, strict=True):
        np.testing.assert_allclose(model.next_logits([each], before)[0], row, atol=1e-4)


@pytest.mark.parametrize(("limit", "codes"), [(0.0, ["never_taught"]), (1e9, [])])
def test_a_picture_far_from_all_that_was_taught_is_called_strange(monkeypatch, limit: float, codes: list[str]):
    model = attnviz.load(caption_folder.made())
    assert (
        isinstance(model, CaptionModel)
        and model.familiar is None
        and not model.encode(caption_folder.EXAMPLES[0]).notices
    )
    rng = np.random.default_rng(3)
    known = Familiar(rng.normal(size=(320, 7)).astype(np.float32), rng.normal(size=(5, 7)).astype(np.float32), limit)
    monkeypatch.setattr(model, "familiar", known)
    found = model.encode(caption_folder.EXAMPLES[0]).notices
    assert [each.code for each in found] == codes
    assert all(each.message(language) for each in found for language in ("en", "ja"))
