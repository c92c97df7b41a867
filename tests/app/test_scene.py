"""A page whose model takes scenes: the editor, the language of the caption, and what becomes of a sentence."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import numpy as np
import pytest

from attnviz.drawings import pictured
from attnviz.families.common.seeing import WORLDS
from attnviz.figures.numbers import approx, percent
from attnviz.i18n import catalogue
from attnviz.scenes import BACKGROUNDS, KINDS, Composed, kinds_of, names_in
from attnviz.trace import Written
from attnviz.ui import cache, models
from attnviz.ui.openings import opening
from tests.app.hard import HARD, MARKUP
from tests.app.page import Page
from tests.families.classifier import scene_folder
from tests.families.writing import caption_folder
from tests.shipped import SCENES

NAME = "tiny-captions"
FIRST, SECOND = caption_folder.EXAMPLES[:2]
OWN = "night;owl@9,8"


@pytest.fixture(scope="module", autouse=True)
def known() -> Iterator[None]:
    """The made captioner is among the page's models."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATTNVIZ_MODELS", str(caption_folder.made().parent))
        models.forget()
        yield
    models.forget()


def components(page: Page) -> set[str]:
    return {each.proto.component_name for each in page.app.get("bidi_component")}


def caption(language: str, code: str = FIRST) -> str:
    output = cache.trace(NAME, code, language=language).output
    assert isinstance(output, Written)
    return output.text


def shown(page: Page) -> str:
    """The caption that is on the page, from its tokens."""
    target = page.component("writing")["target"]
    return "".join(token["gap"] + token["text"] for token in target["tokens"] if not token["special"]).strip()


# ── the editor ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_editor_stands_in_the_place_of_the_sentence_box(language: str):
    page = Page(model=NAME, lang=language)
    assert "attnviz_scene" in components(page) and "attnviz_sentence_box" not in components(page)
    drawn = page.component("scene")
    assert (drawn["code"], drawn["error"], drawn["before"], drawn["after"]) == (FIRST, "", [], [])
    assert [each["word"] for each in drawn["kinds"]] == [kind.words(language) for kind in KINDS.values()]
    other = "ja" if language == "en" else "en"
    assert [each["others"] for each in drawn["kinds"]] == [kind.words(other) for kind in KINDS.values()]
    assert [each["word"] for each in drawn["backgrounds"]] == [each.words[language] for each in BACKGROUNDS.values()]
    assert [each["code"] for each in drawn["examples"]] == list(caption_folder.EXAMPLES)
    dog, tree = KINDS["dog"].words(language), KINDS["tree"].words(language)
    assert dog in drawn["examples"][0]["told"] and tree in drawn["examples"][0]["told"]
    assert all(drawn["words"].values())
    assert drawn["words"]["place"].count("{") == 4, "the browser puts in where a thing is"


def test_a_composed_scene_goes_the_way_of_an_applied_sentence():
    page = Page(model=NAME)
    step, version = page.state("step"), page.component("scene")["version"]
    page.compose(OWN)
    assert page.state("text") == page.address()["text"] == page.component("scene")["code"] == OWN
    assert page.state("step") == step + 1
    assert page.component("scene")["version"] == version, "the server would replace what is composed"
    page.run()
    assert page.state("step") == step + 1, "the same entry is taken once"
    assert Page(**page.address()).component("scene")["code"] == OWN


def test_one_scene_of_several_is_edited():
    page = Page(model=NAME, text=f"{FIRST}\n{SECOND}\n{OWN}", sentence="2")
    drawn = page.component("scene")
    assert (drawn["before"], drawn["code"], drawn["after"]) == ([FIRST], SECOND, [OWN])
    page.compose(f"{FIRST}\nsea;fish@3,3\n{OWN}")
    assert page.state("sentence") == 2 and page.component("scene")["code"] == "sea;fish@3,3"
    version = page.component("scene")["version"]
    page.choose("sentence", 3)
    assert page.component("scene")["code"] == OWN and page.component("scene")["version"] != version


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_code_that_is_none_is_told_in_the_page_s_language_and_kept(language: str):
    bad = "meadow;unicorn@1,1"
    page = Page(model=NAME, lang=language, text=bad)
    drawn = page.component("scene")
    assert drawn["code"] == page.state("text") == page.address()["text"] == bad
    assert drawn["error"].startswith(catalogue(language)["errors.scene_object"].split("{")[0])
    assert any(row.get("error") == drawn["error"] for row in page.rows())
    page.compose(OWN)
    assert page.component("scene")["error"] == "" and page.tokens()


@pytest.mark.parametrize("kind", [name for name, text in HARD.items() if text.strip()][:40])
def test_hard_codes_are_messages_and_no_markup(kind: str):
    text = HARD[kind].splitlines()[0] if HARD[kind].splitlines() else HARD[kind]
    page = shared().compose(text)
    assert page.state("text") == text
    assert not [markup for markup in MARKUP if markup in text and markup in page.markup()]


_pages: list[Page] = []


def shared() -> Page:
    if not _pages:
        _pages.append(Page(model=NAME))
    return _pages[0]


# ── the language of the caption ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_caption_is_written_in_the_page_s_language_at_first(language: str):
    page = Page(model=NAME, lang=language)
    assert page.state("said") == language and "said" not in page.address()
    assert shown(page).replace("▁", "").split() == caption(language).split()


def test_another_language_is_chosen_and_stays():
    page = Page(model=NAME)
    page.choose("said", "ja")
    assert page.address()["said"] == "ja"
    assert shown(page).replace("▁", "") == caption("ja") != caption("en")
    page.choose("lang", "ja")
    assert page.state("said") == "ja" and "said" not in page.address()
    page.choose("said", "en")
    page.choose("lang", "en").choose("lang", "ja")
    # English was the page's own when it was English: it goes with the page.
    assert page.state("said") == "ja"


def test_who_chose_another_language_than_the_page_s_keeps_it():
    page = Page(model=NAME, lang="ja", said="en")
    page.compose(OWN)
    assert page.state("said") == "en" and page.address()["said"] == "en"


def test_what_is_kept_is_kept_by_language():
    page = Page(model=NAME, view="cell")
    english = page.figures()
    page.choose("said", "ja")
    assert page.figures() != english
    assert page.choose("said", "en").figures() == english


def test_a_model_without_the_choice_has_none():
    page = Page(model="sentiment-en", said="ja")
    assert not [each for each in page.app.get("button_group") if each.proto.id.endswith("said")]
    assert "said" not in page.address()


# ── another model ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sentence_gives_way_to_a_scene_and_comes_back():
    page = Page(model="sentiment-en").enter("my own words")
    page.choose("model", NAME)
    assert page.state("text") == page.component("scene")["code"] == FIRST
    assert page.address()["aside"] == "my own words"
    page.compose(OWN)
    page.choose("model", "topics-en")
    assert page.state("text") == page.component("sentence_box")["text"] == "my own words"
    page.choose("model", NAME)
    assert page.state("text") == page.component("scene")["code"] == OWN


def test_what_was_laid_aside_is_in_the_link():
    page = Page(model="sentiment-en").enter("my own words").choose("model", NAME)
    again = Page(**page.address()).choose("model", "sentiment-en")
    assert again.state("text") == "my own words"


def test_a_code_typed_as_a_sentence_is_a_scene():
    page = Page(model="sentiment-en").enter(f"{OWN}\n{SECOND}").choose("model", NAME)
    assert page.state("text") == f"{OWN}\n{SECOND}" and not page.state("shown").aside


def test_an_example_laid_aside_gives_way_where_it_cannot_be_read():
    page = Page(model="sentiment-en")
    example = models.card("sentiment-en").examples[1]
    page.enter(example).choose("model", NAME).choose("model", "politeness-ja")
    assert page.state("text") == opening(models.card("politeness-ja")).text


def test_nothing_is_laid_aside_where_nothing_was_typed():
    page = Page(model="sentiment-en").choose("model", NAME)
    assert "aside" not in page.address() and page.state("text") == FIRST
    page.choose("model", "sentiment-en")
    assert page.state("text") == opening(models.card("sentiment-en")).text


def test_a_long_text_laid_aside_is_kept_but_makes_no_long_link():
    text = "good film " * 500
    page = Page(model="sentiment-en").enter(text).choose("model", NAME)
    assert not page.address().get("aside")
    assert page.choose("model", "sentiment-en").state("text") == text


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_opens_on_a_model_of_texts(language: str):
    assert models.card(Page(lang=language).state("model")).takes == "text"


# ── the picture ───────────────────────────────────────────────────────────────────────────────────────────────────


def looked(language: str) -> np.ndarray:
    """The weights of the heads shown, computed apart from the page: float64 `[word, region]`."""
    trace = cache.trace(NAME, FIRST, language=language)
    block = trace.block("source-target")
    stated = models.card(NAME).details["alignment"]
    return np.mean([block.weights[stated["layer"], head].astype(np.float64) for head in stated["heads"]], axis=0)


def light(codes: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(codes), np.uint8)


@pytest.mark.parametrize("scale", ["unit", "row"])
@pytest.mark.parametrize("both", [False, True])
def test_all_words_of_all_captions_are_lit_on_one_scale(scale: str, both: bool):
    page = Page(model=NAME, scale=scale, **({"both": "1"} if both else {}))
    drawn = page.component("writing")
    captions = [looked("en"), looked("ja")][: 1 + both]
    top = max(each.max() for each in captions) if scale == "row" else 1.0
    picture = drawn["picture"]
    parts = [picture["looks"], *([picture["second"]["looks"]] if both else [])]
    assert (picture["second"] is not None) == both and len(parts) == len(captions)
    over = [np.maximum(each - each.mean(axis=0), 0) for each in captions]
    most = max(each.max() for each in over)
    for part, values, above in zip(parts, captions, over, strict=True):
        np.testing.assert_allclose(light(part["weight"]), values.ravel() / top * 255, atol=0.51)
        np.testing.assert_allclose(light(part["difference"]), above.ravel() / most * 255, atol=0.51)
        assert len(part["told"]) == len(part["spread"]) == len(values)
    assert picture["difference"]["title"] == catalogue("en")["picture.above_mean"]
    assert f"{most:.3g}" in picture["difference"]["ticks"][-1]["label"]
    assert drawn["legend"]["ticks"][-1]["label"] == ("1" if scale == "unit" else f"≈ {top:.3g}")


@pytest.mark.parametrize(("language", "other"), [("en", "ja"), ("ja", "en")])
def test_the_other_language_is_written_over_the_same_picture(language: str, other: str):
    page = Page(model=NAME, said=language, both="1")
    drawn = page.component("writing")
    second = drawn["picture"]["second"]
    assert (drawn["target"]["language"], second["language"]) == (language, other)
    said = "".join(token["gap"] + token["text"] for token in second["tokens"] if not token["special"]).strip()
    assert said == caption(other) and shown(page) == caption(language)
    weights = np.frombuffer(base64.b64decode(second["weights"]), "<f4")
    np.testing.assert_allclose(weights, looked(other).ravel(), rtol=1e-6)
    assert page.choose("both", False).component("writing")["picture"]["second"] is None


def test_how_much_lies_on_the_border_is_told():
    values = looked("en")
    rows, columns = np.divmod(np.arange(values.shape[1]), 14)
    edge = (rows == 0) | (rows == 13) | (columns == 0) | (columns == 13)
    share = percent(float(values[0, edge].sum()))
    entropy = approx(float(-(values[0] * np.log(values[0])).sum()))
    told = Page(model=NAME).component("writing")["picture"]["looks"]["spread"][0]
    told = told.replace("\u00a0", " ")
    assert told.startswith(
        f"On the border {share} of the weight (≈ 26.5 % of the regions). Entropy {entropy} nats".replace("\u00a0", " ")
    )


def test_a_model_of_texts_has_no_other_caption():
    page = Page(model="translate-en-ja", both="1")
    assert page.component("writing")["picture"] is None and "both" not in page.address()


# ── a picture that is classified ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def scenes(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of the made classifier of scenes, which is among the page's models in the captioner's place."""
    monkeypatch.setenv("ATTNVIZ_MODELS", str(scene_folder.made().parent))
    models.forget()
    yield "tiny-scenes"
    monkeypatch.undo()
    models.forget()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_classified_picture_is_lit_by_the_weights_of_its_regions(scenes: str, language: str):
    page = Page(model=scenes, lang=language, scale="row")
    assert "attnviz_stage" not in components(page) and "attnviz_scene" in components(page)
    drawn = page.component("lit")
    trace = cache.trace(scenes, FIRST)
    row = trace.blocks[0].weights[0, 0, 0].astype(np.float64)
    np.testing.assert_allclose(light(drawn["picture"]["looks"]["weight"]), row / row.max() * 255, atol=0.51)
    assert [each["name"] for each in drawn["classes"]] == list(models.card(scenes).label_names[language])
    assert drawn["names"] == list(trace.blocks[0].key.tokens)
    assert not [each for each in page.app.button if each.key == "shuffle-button"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_two_languages_are_compared_on_one_picture_and_one_scale(language: str):
    page = Page(model=NAME, view="compare", against="language", said=language)
    assert page.state("view") == "compare" and page.state("against") == "language"
    lits = [each.proto for each in page.app.get("bidi_component") if each.proto.component_name == "attnviz_lit"]
    first, second = (json.loads(each.json) for each in lits)
    assert first["legend"] == second["legend"] and first["picture"]["url"] == second["picture"]["url"]
    assert first["weights"] != second["weights"]
    rows = [np.frombuffer(base64.b64decode(each["weights"]), "<f4") for each in (first, second)]
    top = max(row.max() for row in rows)
    for drawn, row in zip((first, second), rows, strict=True):
        np.testing.assert_allclose(light(drawn["picture"]["looks"]["weight"]), row / top * 255, atol=0.51)


def test_a_model_of_pictures_is_not_compared_with_one_of_texts(scenes: str):
    page = Page(model="sentiment-en", view="compare", against="model")
    offered = page.app.selectbox(key="model2").options
    assert offered and not any("Tiny scenes" in each for each in offered)


# ── shipped models ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", [name for name in SCENES if models.card(name).writes])
def test_a_training_is_played_back_over_the_picture(name: str):
    page = Page(model=name, view="learning")
    assert page.state("view") == "learning"
    drawn = page.component("learning")
    picture, looks = drawn["picture"], drawn["looks"]
    shown = light(picture["looks"]["weight"]).reshape(len(looks), 196)
    top = max(max(look["weights"]) for look in looks)
    for row, look in zip(shown, looks, strict=True):
        np.testing.assert_allclose(row, np.array(look["weights"]) / top * 255, atol=0.51)
    assert len(picture["looks"]["told"]) == len(looks) and all(picture["looks"]["told"])


@pytest.mark.parametrize("name", [name for name in SCENES if models.card(name).writes])
def test_weight_is_moved_from_one_thing_to_another(name: str):
    card = models.card(name)
    code = FIRST if card.takes == "scene" else card.examples[0]
    page = Page(model=name, text=code, view="surgery", layer="1", head="0", query="1").choose("scope", "row")
    page.choose("operation", "move").choose("keys-move", [-1]).choose("to-move", [-2])
    page.app.button(key="operation-apply").click()
    page.run()
    scene = WORLDS[card.takes].picture(code)
    assert isinstance(scene, Composed)
    one, other = (np.flatnonzero(there) for there in scene.lies_on())
    named = ["".join(f"K{region}" for region in each) for each in (one, np.setdiff1d(other, one))]
    assert page.state("edits")[0].endswith(f"{named[0]}-{named[1]}")
    trace = cache.trace(name, code, language="en")
    found = pictured.things(trace, trace.block("source-target").key, "en")
    names = [kinds_of(scene)[kind].words("en") for kind in names_in(scene)]
    assert {thing: len(regions) for thing, regions in found.items()} == dict(
        zip(names, map(len, (one, other)), strict=True)
    )
    assert pictured.things(trace, trace.block("decoder").key, "en") == {}


def test_bars_are_of_the_word_that_lights_the_picture():
    page = Page(model=NAME, view="bars", lang="en")
    writing = page.component("writing")
    word = writing["target"]["tokens"][writing["rest"]]["text"]
    (drawn,) = page.figures()
    assert f"query “{word}”" in drawn["layout"]["title"]["text"]
    values = drawn["data"][0]["x"]
    assert list(values) == sorted(values, reverse=True), "regions stand in no sentence"
