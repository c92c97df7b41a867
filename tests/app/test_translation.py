"""The page of a model that writes: its picture, heads, other tokens, a translation of one's own, blocks, address."""

from __future__ import annotations

import base64
import itertools
import os
import re
from dataclasses import replace

import numpy as np
import pytest

from attnviz import zoo
from attnviz.analysis import reading
from attnviz.analysis.compare import counterparts
from attnviz.analysis.heads import alignment
from attnviz.analysis.surgery import operations
from attnviz.analysis.surgery.codes import parse_all
from attnviz.i18n import languages, translate
from attnviz.ui import cache, models, questions
from attnviz.ui.questions import OfWritten
from attnviz.ui.settings import BEAMS
from attnviz.ui.way import OWN_WAY
from attnviz.ui.words import literal
from tests.app.page import Page
from tests.families.writing import translation_folder
from tests.families.writing.translation_folder import ENGLISH, JAPANESE
from tests.learned import learned

NAME = "tiny-en-ja"


@pytest.fixture(scope="module")
def folder():
    return translation_folder.taught()


@pytest.fixture(autouse=True)
def _offered(folder, monkeypatch):
    """The model is in the page's list; the list is read anew before and after."""
    monkeypatch.setenv("ATTNVIZ_MODELS", str(folder.parent))
    models.forget()
    yield
    models.forget()


def opened(**address) -> Page:
    return Page(**{"model": NAME, "lang": "en", **address})


def shown(page: Page) -> dict:
    return page.component("writing")


def target(page: Page) -> list[str]:
    return [token["text"] for token in shown(page)["target"]["tokens"]]


def weights(data: dict) -> np.ndarray:
    values = np.frombuffer(base64.b64decode(data["weights"]), "<f4")
    return values.reshape(len(data["target"]["tokens"]), len(data["source"]["tokens"]))


def test_the_first_picture_is_the_translation_word_by_word(folder):
    page = opened()
    data, trace = shown(page), zoo.load(folder).trace(ENGLISH[0])
    block = reading.read(trace, pieces="words").block("source-target")

    assert page.state("pieces") == "words"
    assert [token["text"] for token in data["source"]["tokens"]] == list(block.key.tokens)
    assert "".join(target(page)[:-1]) == JAPANESE[0]
    stated = alignment.combined(block, [(1, 0), (1, 1)])
    np.testing.assert_allclose(weights(data), stated, atol=1e-6)
    assert "Alignment combination" in data["name"] and JAPANESE[0] in data["alt"]
    assert (data["start"], data["at"], data["forced"]) == (0, -1, False) and data["speed"] == 2
    assert data["target"]["tokens"][-1]["special"] and not data["target"]["tokens"][data["rest"]]["special"]


def test_above_a_view_the_row_is_lit_that_the_view_shows(folder):
    assert shown(opened(view="heatmap", query=3))["rest"] == 3


@pytest.mark.parametrize("pieces", ["words", "pieces"])
def test_all_views_and_heads_open_on_the_row_of_the_clearest_word(folder, pieces):
    trace = reading.read(zoo.load(folder).trace(ENGLISH[0]), pieces=pieces)
    rest = shown(opened(pieces=pieces))["rest"]
    block = trace.block("source-target")
    own = (block.parts or [[(place,) for place in range(len(block.query))]])[0][rest][0]
    assert own > 0, "else every view would have it anyway"

    for view in ("head", "bars", "compare"):
        page = opened(view=view, pieces=pieces, layer="0", head="1")
        assert page.state("query") == own and shown(page)["rest"] == rest, view
        assert page.address()["view"] == view and "query" not in page.address()
    page = opened(view="head", block="encoder", pieces=pieces)
    keys = alignment.combined(block, [(1, 0), (1, 1)])[rest] * ~np.array(block.key.special)
    assert page.state("query") == (block.parts[1][keys.argmax()][0] if block.parts else keys.argmax())
    page = opened(view="head", block="decoder", pieces=pieces)
    assert own in next(group for group in _groups(trace.block("decoder")) if group[0] == page.state("query")), (
        "by the row that wrote it"
    )
    assert shown(opened(query="0"))["rest"] == 0 and shown(opened(view="head", query="0"))["rest"] == 0


def _groups(block) -> list[tuple[int, ...]]:
    return [(place,) for place in range(len(block.query))] if block.parts is None else block.parts[0]


def test_above_does_it_matter_the_token_is_lit_that_is_asked_about(folder):
    logs = zoo.load(folder).trace(ENGLISH[0]).output.log_probabilities
    least = int(logs.argmin())
    assert shown(opened(pieces="pieces"))["rest"] != least, "else it would be lit anyway"
    assert shown(opened(view="attribution", pieces="pieces"))["rest"] == least
    other = (least + 1) % len(logs)
    assert shown(opened(view="attribution", pieces="pieces", target=str(other)))["rest"] == other


def test_steps_have_probabilities_and_alternatives(folder):
    data = shown(opened(pieces="pieces"))
    output = zoo.load(folder).trace(ENGLISH[0]).output

    assert len(data["steps"]) == len(output.tokens)
    for place, step in enumerate(data["steps"]):
        assert [each["token"] for each in step["alternatives"]] == [token for token, _ in output.alternatives[place]]
        np.testing.assert_allclose(
            [each["share"] for each in step["alternatives"]], np.exp([log for _, log in output.alternatives[place]])
        )
        assert [each["token"] for each in step["alternatives"] if each["written"]] == [output.tokens[place]]


@pytest.mark.parametrize(
    ("cross", "heads", "words"),
    [
        ("3.2", [(2, 1)], "layer 3 · head 2"),
        ("1.1 3.2", [(0, 0), (2, 1)], "mean of 2 heads"),
        ("2.1 2.2", [(1, 0), (1, 1)], "Alignment combination"),
    ],
)
def test_heads_are_chosen_and_named(folder, cross, heads, words):
    page = opened(cross=cross, pieces="pieces")
    block = zoo.load(folder).trace(ENGLISH[0]).block("source-target")

    np.testing.assert_allclose(weights(shown(page)), alignment.combined(block, heads), atol=1e-6)
    assert words in shown(page)["name"] and page.settings()["cross"] == cross


def test_another_token_goes_on_from_there_and_can_be_taken_back(folder):
    page = opened(pieces="pieces")
    own, key = target(page), shown(page)["key"]
    other = shown(page)["steps"][2]["alternatives"][1]["token"]
    page.choose("path", ((2, other),))
    output = zoo.load(folder).run(zoo.load(folder).encode(ENGLISH[0]), prefix=[*own[:2], other]).output

    assert target(page) == list(output.tokens) and shown(page)["start"] == 2 and shown(page)["key"] != key
    assert page.settings()["path"] == f"2:{other}"
    assert target(opened(pieces="pieces", path=f"2:{other}")) == list(output.tokens)
    page.app.button(key="undo-choice").click()
    assert target(page.run()) == own and page.state("path") == ()


@pytest.mark.parametrize("path", ["99:私", "2:no-such-token", "x", "3:"])
def test_a_path_that_leads_nowhere_is_left_out_and_said(path):
    page = opened(path=path)
    assert "".join(target(page)[:-1]) == JAPANESE[0] and any("path" in each for each in page.messages())


def test_ones_own_translation_is_read(folder):
    typed = "彼は海を見ます。"
    page = opened(own=typed, pieces="pieces")
    data = shown(page)
    model = zoo.load(folder)
    output = model.run(model.encode(ENGLISH[0]), target=typed).output

    assert data["forced"] and "".join(target(page)[:-1]) == typed
    differing = [best[0][0] != token for token, best in zip(output.tokens, output.alternatives, strict=True)]
    assert [step["differs"] for step in data["steps"]] == differing and any(differing)
    assert any(JAPANESE[0] in each and f"At {sum(differing)} of" in each.replace("\\", "") for each in page.markdown())
    page.app.button(key="own-way").click()
    assert "".join(target(page.run())[:-1]) == JAPANESE[0] and page.state("own") == ""


def test_a_new_sentence_forgets_what_was_chosen():
    page = opened(own="茶")
    page.enter(ENGLISH[1])
    assert "".join(target(page)[:-1]) == JAPANESE[1] and page.state("own") == ""


@pytest.mark.parametrize("beam", [str(beam) for beam in BEAMS])
def test_the_search_is_in_the_address(folder, beam):
    page = opened(beam=beam, pieces="pieces", text="My long book is late.")
    output = zoo.load(folder).trace("My long book is late.", beam=int(beam)).output
    assert [each["alternatives"] for each in shown(page)["steps"]] and len(target(page)) == len(output.tokens)
    assert page.settings()["beam"] == beam


@pytest.mark.parametrize("block", ["encoder", "decoder", "source-target"])
@pytest.mark.parametrize("view", ["bars", "overview", "head", "lines", "cell", "heads", "flow"])
def test_the_views_that_exist_open_for_every_block(view, block):
    page = opened(view=view, block=block, lang=tuple(languages())[(len(view) + len(block)) % 2])

    expected = "bars" if (view, block) == ("heads", "source-target") else view
    assert (page.state("view"), page.state("block")) == (expected, block)
    assert all(page.alternatives())


def test_the_map_of_norms_is_of_the_block_that_is_looked_at():
    page = opened(view="flow", map="norms", block="decoder")
    assert page.state("map") == "norms" and page.figures()


def test_several_sentences_have_a_list_to_choose_from():
    page = opened(text="\n".join(ENGLISH[:3]), sentence="2")
    assert "".join(target(page)[:-1]) == JAPANESE[1] and len(page.component("stage")["rows"]) == 3
    assert "".join(target(page.choose("sentence", 3))[:-1]) == JAPANESE[2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("   ", "nothing to read"),
        ("彼女は本を読む。", "not written so"),
        ("tea ☃", "vocabulary"),
        ("the sea " * 40, "at most"),
    ],
)
def test_odd_input_is_answered(text, words):
    page = opened(text=text)
    assert any(words in each for each in page.messages())


def test_what_is_typed_is_never_markup():
    page = opened(text="<b>tea</b> *x* [a](b)", own="**茶** <u>")
    assert "<b>" not in page.markup() and "**茶**" not in page.markup() and "<u>" not in page.markup()


def test_tables_have_every_number(folder):
    page = opened()
    for key in ("numbers-alignment", "numbers-written"):
        page.app.session_state[key] = True
    page.run()
    tables = [each.value for each in page.app.dataframe]
    block = reading.read(zoo.load(folder).trace(ENGLISH[0]), pieces="words").block("source-target")

    values = next(table["weight"] for table in tables if "weight" in table)
    np.testing.assert_allclose(values, alignment.combined(block, [(1, 0), (1, 1)]).ravel(), atol=1e-6)
    assert any("alternative_probability" in table for table in tables)


def drawn(page: Page, key: str = "x", index: int = 0) -> list[np.ndarray]:
    return [array(trace[key]) for trace in page.figures()[index]["data"]]


def array(values: object) -> np.ndarray:
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"])
    return np.array(values, float)


@pytest.mark.parametrize(("place", "instead", "language"), [("-1", "0", "en"), ("2", "0", "ja"), ("2", "3", "en")])
def test_what_a_token_of_the_translation_depends_on(folder, place, instead, language):
    page = opened(view="attribution", target=place, instead=instead, lang=language)
    own = zoo.load(folder).trace(ENGLISH[0])
    output = own.output
    at = int(np.argmin(output.log_probabilities)) if place == "-1" else int(place)
    others = [output.tokens[at], *(each for each, _ in output.alternatives[at] if each != output.tokens[at])]
    found = questions.values(OfWritten(NAME, ENGLISH[0], OWN_WAY, at, others[int(instead)], ((1, 0), (1, 1))))

    for bars, measure in zip(drawn(page), ("attention", "removed", "integrated"), strict=True):
        np.testing.assert_allclose(bars, found.values[measure], rtol=1e-9)
    source = own.block("source-target").weights[1, :, at, :-1].mean(axis=0)
    np.testing.assert_allclose(found.values["attention"], source, atol=1e-6)
    parameters = page.settings()
    assert (parameters["target"], parameters["instead"]) == (place, instead)
    assert all(page.alternatives())


def test_the_first_question_is_about_the_first_token_written(folder):
    written = cache.trace(NAME, ENGLISH[0]).output.tokens
    asked = questions.first(models.card(NAME), ENGLISH[0])
    assert asked == OfWritten(NAME, ENGLISH[0], OWN_WAY, 0, written[0], ((1, 0), (1, 1)))
    assert len(questions.values(asked).tokens) == len(zoo.load(folder).encode(ENGLISH[0]).axis)


def test_a_token_left_out_costs_what_the_model_says_without_it(folder):
    model = zoo.load(folder)
    encoded, own = model.encode(ENGLISH[0]), model.trace(ENGLISH[0]).output
    found = questions.values(OfWritten(NAME, ENGLISH[0], OWN_WAY, 2, own.tokens[2], ((1, 0), (1, 1))))
    count = len(encoded.axes["tokens"])
    without = encoded.keep([each for each in range(count) if each != 1])
    read = model.run(without, prefix=own.tokens).output

    expected = np.exp(own.log_probabilities[2]) - np.exp(read.log_probabilities[2])
    assert found.values["removed"][1] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("codes", "language"),
    [
        *zip(
            ("uniform-B2", "off-B2L1", "hide-B2K1", "drop-K1", "set-B2L0H1Q0K1-0.5", "uniform-B1"),
            itertools.cycle(languages()),
            strict=False,
        )
    ],
)
def test_surgery_keeps_the_tokens_and_shows_their_probabilities(folder, codes, language):
    page = opened(view="surgery", edits=codes, lang=language)
    model = zoo.load(folder)
    own = model.trace(ENGLISH[0])
    done = operations.perform(model, model.encode(ENGLISH[0]), parse_all(codes)[0], prefix=own.output.tokens)
    before, after, change = drawn(page)

    np.testing.assert_allclose(before, np.exp(own.output.log_probabilities), atol=1e-6)
    np.testing.assert_allclose(after, np.exp(done.trace.output.log_probabilities), atol=1e-6)
    np.testing.assert_allclose(change, after - before, atol=1e-6)
    free = model.run(done.encoded, edits=done.trace.edits).output
    key = "surgery.rewritten_same" if free.tokens == own.output.tokens else "surgery.rewritten"
    words = literal(translate(language, key, text=free.text))
    assert words in [each.value for each in page.app.markdown]
    assert all(page.alternatives())


def test_surgery_offers_no_mask_to_lift_and_nothing_for_a_translation_with_unknown_pieces():
    page = opened(view="surgery", block="decoder")
    options = page.app.selectbox(key="operation").options
    assert translate("en", "operations.uniform") in options and translate("en", "operations.lift") not in options
    assert opened(view="surgery", own="☃☃").state("view") != "surgery"


SIBLING, BACK = "tiny-sibling", "tiny-ja-en"


@pytest.fixture(scope="module")
def others(folder, tmp_path_factory):
    """Folders of two more models: of the same direction, and of the other."""
    places = [tmp_path_factory.mktemp("more") / name for name in (SIBLING, BACK)]
    translation_folder.sibling(folder, places[0], noise=0.04)
    translation_folder.sibling(folder, places[1], languages=("ja", "en"))
    return places


@pytest.fixture
def siblings(folder, others, monkeypatch):
    """They are offered, too; their folders by name."""
    offered = [folder.parent, *(place.parent for place in others)]
    monkeypatch.setenv("ATTNVIZ_MODELS", os.pathsep.join(map(str, offered)))
    models.forget()
    return dict(zip((SIBLING, BACK), others, strict=True))


def compared(**address) -> Page:
    return opened(view="compare", pieces="pieces", **address)


def address(page: Page) -> dict:
    return page.settings()


def said(page: Page) -> str:
    """All words of the page, as they are read."""
    return re.sub(r"\\(.)", r"\1", " ".join(page.markdown()))


def known(values: np.ndarray) -> np.ndarray:
    return values[~np.isnan(values)]


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("block", ["encoder", "decoder", "source-target"])
def test_two_heads_of_a_translation(folder, block, language):
    page = compared(against="head", block=block, query="2", layer="1", head="0", lang=language)
    own = zoo.load(folder).trace(ENGLISH[0]).block(block).weights[1].astype(float)
    a, b, difference = drawn(page)

    assert address(page).items() >= {"against": "head", "layer2": "1", "head2": "1"}.items()
    np.testing.assert_allclose([a, b, difference], [own[0, 2], own[1, 2], own[1, 2] - own[0, 2]], atol=1e-6)
    maps = [array(trace["z"]).ravel() for trace in page.figures()[1]["data"]]
    np.testing.assert_allclose(maps, [own[0].ravel(), own[1].ravel(), (own[1] - own[0]).ravel()], atol=1e-6)
    assert translate(language, "compare.one_translation") in said(page) and all(page.alternatives())


@pytest.mark.parametrize(
    ("layer", "head", "beside"), [("-1", "-1", (1, 1)), ("2", "0", (1, 0)), ("1", "0", (1, 1)), ("1", "1", (2, 0))]
)
def test_a_head_stands_against_the_alignment_head_or_the_next(layer, head, beside):
    parameters = address(page := compared(against="head", layer=layer, head=head))

    a = (int(layer), int(head)) if layer != "-1" else (1, 0)
    assert [int(parameters[name]) for name in ("layer", "head", "layer2", "head2")] == [*a, *beside]
    assert said(page).count(translate("en", "compare.aligns")) == sum(layer == 1 for layer, _ in (a, beside))


@pytest.mark.parametrize("language", languages())
def test_two_sentences_and_their_translations(folder, language):
    texts = JAPANESE[0], JAPANESE[4]
    lines = f"{ENGLISH[0]}\n{ENGLISH[4]}"
    page = compared(against="sentence", text=lines, query="3", query2="4", lang=language)
    traces = [zoo.load(folder).trace(text) for text in (ENGLISH[0], ENGLISH[4])]
    rows = [trace.block("source-target").weights[1, 0, query] for trace, query in zip(traces, (3, 4), strict=True)]
    shares = [np.exp(trace.output.log_probabilities) for trace in traces]
    axes = [trace.block("source-target").query for trace in traces]
    common = counterparts.common(*(axis.tokens for axis in axes))

    assert address(page).items() >= {"against": "sentence", "sentence2": "2", "query2": "4"}.items()
    for drawn_values, expected in zip(drawn(page), rows, strict=False):
        np.testing.assert_allclose(known(drawn_values), expected, atol=1e-6)
    a, b, difference = drawn(page, index=1)
    for drawn_values, expected in ((a, shares[0]), (b, shares[1])):
        np.testing.assert_allclose(known(drawn_values), expected, atol=1e-6)
    assert len(common) > 2
    expected = [float(shares[1][theirs]) - float(shares[0][mine]) for mine, theirs in common]
    np.testing.assert_allclose(known(difference), expected, atol=1e-6)
    assert all(text in said(page) and text in page.alternatives()[1] for text in texts)
    assert translate(language, "compare.honest_written") in said(page)


def test_the_row_of_the_other_translation_follows_the_token_of_ones_own():
    lines = f"{ENGLISH[0]}\n{ENGLISH[4]}"
    tokens = [cache.trace(NAME, text).block("source-target").query.tokens for text in (ENGLISH[0], ENGLISH[4])]
    page = compared(text=lines, query=str(tokens[0].index("は")))
    options = page.app.selectbox(key="query2").options
    follows = translate("en", "compare.matching", token="は")
    assert options[0] == f"query {follows}" and len(options) == len(tokens[1]) + 1
    row = cache.trace(NAME, ENGLISH[4]).block("source-target").weights[1, 0, tokens[1].index("は")]
    np.testing.assert_allclose(known(drawn(page)[1]), row, atol=1e-6)


@pytest.mark.parametrize("language", languages())
def test_one_sentence_on_two_models_of_one_direction(siblings, folder, language):
    page = compared(against="model", model2=SIBLING, query="1", lang=language)
    own, other = (zoo.load(each).trace(ENGLISH[0]) for each in (folder, siblings[SIBLING]))

    assert address(page).items() >= {"model2": SIBLING, "layer2": "1", "head2": "0"}.items()
    a, b, difference = drawn(page)
    np.testing.assert_allclose(a, own.block("source-target").weights[1, 0, 1], atol=1e-6)
    np.testing.assert_array_equal(difference, b - a)
    shares = [np.exp(trace.output.log_probabilities.astype(float)) for trace in (own, other)]
    assert not np.allclose(shares[0][0], shares[1][0], atol=1e-4)
    for values, expected in zip(drawn(page, index=1), shares, strict=False):
        assert known(values).prod() == pytest.approx(expected.prod(), rel=1e-4)
    assert own.output.text in said(page) and other.output.text in said(page)
    assert translate(language, "compare.honest_translations") in said(page)
    keys = ("numbers-compare-row", "numbers-compare-written")
    for key in keys:
        page.app.session_state[key] = True
    page.run()
    tables = [each.value for each in page.app.dataframe]
    assert [list(table)[2] for table in tables] == ["a_weight", "a_probability"]


@pytest.mark.parametrize("model", [NAME, SIBLING, BACK, "topics-en-encoder"])
def test_models_of_another_direction_or_kind_are_not_offered(siblings, model):
    page = Page(model=model, lang="en", view="compare", against="model", model2=BACK, text=ENGLISH[0])

    names = models.names()
    assert {NAME, SIBLING, BACK, "translate-en-ja"} <= set(names)
    forward = {NAME, SIBLING, "translate-en-ja"}
    reading = {name for name in names if not models.card(name).writes and models.card(name).takes == "text"}
    expected = {"topics-en-encoder": reading, BACK: {n for n in names if models.card(n).languages == ("ja", "en")}}
    offered = expected.get(model, forward) - {model} | {card.name for card in models.beside().get(model, ())}
    if not offered:
        assert address(page)["against"] == "head"
        return
    titles = {models.card(name).in_language("title", "en") or name for name in offered}
    assert set(page.app.selectbox(key="model2").options) == titles and address(page)["model2"] in offered


def test_a_typed_translation_is_said_to_be_typed(siblings, folder):
    typed = "彼は海を見ます。"
    page = compared(against="model", model2=SIBLING, own=typed)
    output = zoo.load(folder).run(zoo.load(folder).encode(ENGLISH[0]), target=typed).output

    assert translate("en", "compare.typed") in said(page) and typed in said(page)
    np.testing.assert_allclose(known(drawn(page, index=1)[0]), np.exp(output.log_probabilities), atol=1e-5)


@pytest.fixture
def recorded(folder, monkeypatch):
    """A training of the model, its sentences the first two."""
    found = learned(str(folder), ENGLISH[:2])
    monkeypatch.setattr(zoo, "learning", {NAME: found}.get)
    cache.learning.cache_clear()
    yield found
    cache.learning.cache_clear()


@pytest.mark.parametrize("language", languages())
def test_a_translation_is_read_word_by_word_as_it_was_learned(recorded, language):
    page = opened(view="learning", text=ENGLISH[1], lang=language, query="3")
    data = page.component("learning")

    assert len(data["looks"]) == len(recorded.steps) and data["answerLanguage"] == "ja"
    assert JAPANESE[1] in data["fixed"]
    for look, own, written in zip(data["looks"], recorded.traces[1], recorded.written[1], strict=True):
        block = reading.read(own, pieces="words").block("source-target")
        place = next(at for at, group in enumerate(block.parts[0]) if 3 in group)
        logs = own.output.log_probabilities.astype(np.float64)
        np.testing.assert_allclose(look["weights"], alignment.combined(block, [(1, 0), (1, 1)])[place], atol=1e-6)
        assert look["shares"] == pytest.approx([np.exp(logs[list(group)].sum()) for group in block.parts[0]])
        assert look["top"] == place and look["writes"] == written
        assert [each["text"] for each in data["answers"]] == list(block.query.tokens)
        assert [each["text"] for each in data["tokens"]] == list(block.key.tokens)
    named = translate(language, "writing.head", layer=2, head=1)
    assert any(named in each and block.query.tokens[place] in each for each in page.messages())
    assert JAPANESE[1] in page.alternatives()[0] and recorded.written[1][0] in page.alternatives()[0]
    assert page.figures()[0]["layout"]["annotations"][-1]["text"] == translate(language, "learning.entropy_tokens")
    assert translate(language, "learning.honest_written") in page.messages()


def test_one_head_or_a_mean_over_a_layer_is_learned_when_it_is_chosen(recorded):
    page = opened(view="learning", text=ENGLISH[0], pieces="pieces", aligned="0", layer="2", head="1", query="4")
    weights = recorded.traces[0][2].blocks[0].weights

    np.testing.assert_allclose(page.component("learning")["looks"][2]["weights"], weights[2, 1, 4], rtol=1e-6)
    page.choose("mean", True)
    mean = page.component("learning")["looks"][2]["weights"]
    np.testing.assert_allclose(mean, weights[2, :, 4].mean(axis=0), rtol=1e-5)
    assert f"mean over {weights.shape[1]} heads" in page.alternatives()[0]
    page.choose("aligned", True)
    np.testing.assert_allclose(
        page.component("learning")["looks"][2]["weights"], weights[1, :, 4].mean(axis=0), rtol=1e-5
    )
    assert "Alignment combination" in page.alternatives()[0]


def test_a_model_that_writes_nothing_yet_is_said_to(recorded, monkeypatch):
    silent = replace(recorded, written=tuple(("", *each[1:]) for each in recorded.written))
    monkeypatch.setattr(zoo, "learning", {NAME: silent}.get)
    cache.learning.cache_clear()
    page = opened(view="learning", text=ENGLISH[0])

    assert page.component("learning")["looks"][0]["writes"] == translate("en", "learning.writes_nothing")
