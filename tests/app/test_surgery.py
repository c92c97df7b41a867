"""The view that changes weights: on pooling models, encoders and models of many heads."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from attnviz import zoo
from attnviz.analysis.surgery import operations
from attnviz.analysis.surgery.codes import parse_all
from attnviz.i18n import catalogue, languages, translate
from attnviz.trace import Classification
from attnviz.ui import models, session
from attnviz.ui import operations as page_operations
from attnviz.ui.controls.operations import OFFERED
from attnviz.ui.words import literal
from tests.app.page import MODELS, POOLING_MODELS, Page
from tests.families.hub import hub_folders
from tests.many import many_headed

NAME, TEXT = "many-heads", "the cat sat on the mat"
PRETRAINED = ("bert", "gpt2")
FITTING = tuple(name for name in MODELS if not models.card(name).writes)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of models by what they hold, made once: a model that is loaded anew is traced anew."""
    found = {NAME: tmp_path_factory.mktemp("many")}
    many_headed(found[NAME], NAME)
    for kind in PRETRAINED:
        found[kind] = tmp_path_factory.mktemp(kind)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ATTNVIZ_MODELS", str(found[kind]))
            zoo.add(hub_folders.make(kind).write(tmp_path_factory.mktemp("from") / kind), kind)
    return found


@pytest.fixture
def many(places: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("ATTNVIZ_MODELS", str(places[NAME]))
    models.forget()
    yield NAME
    models.forget()


@pytest.fixture(params=PRETRAINED)
def pretrained(
    request: pytest.FixtureRequest, places: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    monkeypatch.setenv("ATTNVIZ_MODELS", str(places[request.param]))
    models.forget()
    yield request.param
    models.forget()


def page(model: str, text: str, edits: str = "", **address: str) -> Page:
    return Page(**{"model": model, "text": text, "view": "surgery", "edits": edits, **address})


def expected(model: str, text: str, edits: str) -> operations.Operated:
    loaded = zoo.load(model)
    return operations.perform(loaded, loaded.encode(text), parse_all(edits)[0])


def now(shown: Page) -> list[float]:
    """The weights in the table; NaN where a token is gone."""
    return [float("nan") if row["now"] is None else row["now"] for row in shown.component("weights")["rows"]]


def edits(shown: Page) -> str:
    return shown.settings()["edits"]


def press(shown: Page, key: str) -> Page:
    shown.app.button(key=key).click()
    return shown.run()


def drag(shown: Page, key: int, value: float, renormalise: bool = True) -> Page:
    """What follows when a bar is let go or a number typed: AppTest calls no callback of a component, so this does."""
    event = {"place": shown.component("weights")["place"], "key": key, "value": value}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "st", SimpleNamespace(session_state=shown.app.session_state))
        page_operations.weight_set(event, renormalise)
    return shown.run()


def words(shown: Page) -> str:
    return " ".join(str(each.value) for each in (*shown.app.markdown, *shown.app.caption, *shown.app.info))


def numbers(values: Any) -> np.ndarray:
    if isinstance(values, dict):
        array = np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"])
        return array.reshape([int(n) for n in values["shape"].split(",")]) if "shape" in values else array
    return np.array(values, float)


def text_of(name: str) -> str:
    return models.card(name).examples[0]


@pytest.mark.parametrize(("name", "language"), list(zip(FITTING, itertools.cycle(languages()), strict=False)))
def test_nothing_changed_is_the_models_own(name: str, language: str):
    shown = page(name, text_of(name), lang=language)
    rows = shown.component("weights")["rows"]
    assert [row["now"] for row in rows] == [row["own"] for row in rows]
    assert translate(language, "surgery.nothing") in words(shown)
    assert all(shown.app.button(key=f"surgery-{name}").disabled for name in ("undo", "redo", "reset"))


#: Each on a model that pools and on an encoder, and each model twice: the operations themselves are tested elsewhere.
CODES = ("uniform", "random-3", "temperature-3", "hot-K1", "set-K1-0.6", "hide-K1")
ENCODERS = tuple(name for name in FITTING if name not in POOLING_MODELS)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *zip(itertools.cycle(POOLING_MODELS), CODES, strict=False),
        *zip(itertools.cycle(ENCODERS), CODES, strict=False),
    ],
)
def test_the_row_and_the_answer_are_those_of_the_edited_model(name: str, code: str):
    text = text_of(name)
    shown, done = page(name, text, code), expected(name, text, code)
    layer, head, query = (max(int(shown.state(part)), 0) for part in ("layer", "head", "query"))
    np.testing.assert_allclose(now(shown), done.trace.blocks[0].weights[layer, head, query], atol=1e-6)
    output = done.trace.output
    assert isinstance(output, Classification)
    answers = [numbers(trace["x"]) for figure in shown.figures() for trace in figure["data"] if trace["type"] == "bar"]
    assert any(each.shape == output.probabilities.shape and np.allclose(each, output.probabilities) for each in answers)
    assert edits(shown) == code


@pytest.mark.parametrize("name", FITTING)
def test_a_bar_dragged_is_one_operation_however_often(name: str):
    shown = drag(page(name, text_of(name)), 1, 0.4)
    assert edits(shown).startswith("set-") and edits(shown).endswith("K1-0.4")
    assert now(shown)[1] == pytest.approx(0.4)
    assert sum(now(shown)) == pytest.approx(1, abs=1e-5)
    shown = drag(shown, 1, 0.7)
    assert len(edits(shown).split()) == 1 and now(shown)[1] == pytest.approx(0.7)
    shown = drag(shown, 0, 0.1)
    assert len(edits(shown).split()) == 2 and now(shown)[0] == pytest.approx(0.1)
    shown = press(press(shown, "surgery-undo"), "surgery-undo")
    assert edits(shown) == ""


@pytest.mark.parametrize("name", POOLING_MODELS)
def test_the_rest_is_left_as_it_is_if_asked(name: str):
    shown = page(name, text_of(name))
    own = now(shown)
    shown = drag(shown.choose("renormalise", False), 0, 0.9, renormalise=False)
    assert edits(shown) == "set-K0-0.9-alone"
    np.testing.assert_allclose(now(shown)[1:], own[1:], atol=1e-6)
    total = translate("en", "surgery.total", total="").strip(" .")
    assert total in words(shown)


@pytest.mark.parametrize(
    "event",
    [
        *(
            None,
            {},
            {"place": "", "key": 0},
            {"place": "x", "key": 0, "value": 0.5},
            {"place": "", "key": "a", "value": 1},
        ),
        *({"place": "", "key": -1, "value": 0.5}, {"place": "-", "key": 0, "value": "b"}),
        {"place": "", "key": 0, "value": float("nan")},
    ],
)
def test_what_no_table_sends_is_passed_over(event: dict[str, Any] | None):
    assert page_operations.made(event, True) is None


def test_a_weight_is_set_within_its_bounds():
    codes = [page_operations.made({"place": "", "key": 0, "value": value}, True) for value in (2, -1, 0.25)]
    assert [each.code for each in codes if each] == ["set-K0-1", "set-K0-0", "set-K0-0.25"]


def test_undo_redo_reset_and_taking_one_out(many: str):
    shown = page(many, TEXT, "uniform-L0 off-L1H0 hide-K2")
    assert edits(press(shown, "surgery-undo")) == "uniform-L0 off-L1H0"
    assert edits(press(shown, "surgery-undo")) == "uniform-L0"
    assert edits(press(shown, "surgery-redo")) == "uniform-L0 off-L1H0"
    assert edits(press(shown, "surgery-remove-0")) == "off-L1H0"
    assert shown.app.button(key="surgery-redo").disabled
    assert edits(press(shown, "surgery-undo")) == "uniform-L0 off-L1H0"
    assert edits(press(shown, "surgery-reset")) == ""
    assert edits(press(shown, "surgery-undo")) == "uniform-L0 off-L1H0"


@pytest.mark.parametrize("language", languages())
def test_bad_codes_are_told_and_dropped_and_the_rest_stays(many: str, language: str):
    shown = page(many, TEXT, "uniform-L0 <b>x</b> set-K1 hide-K2", lang=language)
    assert edits(shown) == "uniform-L0 hide-K2"
    said = [message for message in shown.messages() if literal("<b>x</b>") in message]
    assert said and "<b>" not in shown.markup()


@pytest.mark.parametrize("language", languages())
def test_what_does_not_fit_is_kept_and_said(many: str, language: str):
    shown = page(many, "the cat", "hide-K5 uniform-L0", lang=language)
    assert edits(shown) == "hide-K5 uniform-L0"
    reason = translate(language, "errors.edit_place", code="hide-K5", what="key", last=2)
    assert literal(reason) in words(shown)
    shown = page(many, TEXT, "hide-K5 uniform-L0", lang=language)
    assert literal(reason) not in words(shown)
    assert now(shown)[5] == 0


def test_another_sentence_is_the_models_own_again(many: str):
    shown = page(many, TEXT, "uniform-L0")
    shown.enter("the cat")
    assert edits(shown) == ""
    assert shown.app.button(key="surgery-undo").disabled


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("name", OFFERED)
def test_every_operation_has_its_words(name: str, language: str):
    known = catalogue(language)
    assert f"operations.{name}" in known and f"operations.{name}_text" in known
    assert any(key.startswith(f"operations.{name}_said") for key in known)


@pytest.mark.parametrize("model", ["sentiment-en", NAME])
def test_every_operation_offered_can_be_applied(many: str, model: str):
    shown = page(model, TEXT)
    for name in shown.app.selectbox(key="operation").options:
        code = next(each for each in OFFERED if translate("en", f"operations.{each}") == name)
        shown = page(model, TEXT).choose("operation", code)
        if code in ("hide", "drop", "blank"):
            shown = shown.choose(f"keys-{code}", [1, 2])
        if code == "move":
            shown = shown.choose("keys-move", [1]).choose("to-move", [2])
        shown = press(shown, "operation-apply")
        assert edits(shown).startswith(code), code
        assert translate("en", "surgery.marked") not in words(shown)
        assert "**not carried out**" not in words(shown), code


@pytest.mark.parametrize(
    ("scope", "place"),
    [("row", "L1H2Q3"), ("head", "L1H2"), ("heads", "L1H0H2"), ("layer", "L1"), ("all", "")],
)
def test_where_an_operation_reaches(many: str, scope: str, place: str):
    shown = page(many, TEXT, layer="1", head="2", query="3").choose("scope", scope)
    if scope == "heads":
        shown = shown.choose("several", [0, 2])
    assert edits(press(shown, "operation-apply")) == f"uniform-{place}".rstrip("-")


def test_a_token_dropped_is_gone_from_the_row(many: str):
    shown = page(many, TEXT, "drop-K2", layer="0", head="1", query="0")
    assert np.isnan(now(shown)[2])
    row = expected(many, TEXT, "drop-K2").trace.blocks[0].weights[0, 1, 0]
    np.testing.assert_allclose([value for value in now(shown) if not np.isnan(value)], row, atol=1e-6)
    shown = page(many, TEXT, "drop-K2", layer="0", head="1", query="2")
    assert literal(translate("en", "surgery.query_gone")) in [literal(str(each.value)) for each in shown.app.info]


@pytest.mark.parametrize("view", ["bars", "heatmap", "overview", "head", "lines", "heads", "flow", "prediction"])
def test_other_views_show_the_models_own_until_asked_and_then_say_so(many: str, view: str):
    own = page(many, TEXT, "random-4", view=view)
    assert translate("en", "surgery.marked") not in own.messages()
    shown = page(many, TEXT, "random-4", view=view, edited="1")
    assert translate("en", "surgery.marked") in shown.messages()
    mark = translate("en", "surgery.mark")
    for figure in shown.figures():
        assert mark in [each["text"] for each in figure["layout"]["annotations"]]
    for words_of in shown.alternatives():
        assert words_of.startswith(translate("en", "surgery.marked"))
    assert shown.component("stage")["rows"][0]["name"] == mark
    assert own.component("stage")["rows"][0].get("name") != mark
    assert shown.component("stage")["rows"] != own.component("stage")["rows"]
    if view == "overview":
        assert shown.component("maps")["legend"]["title"].startswith(mark)
    if view == "lines":
        assert shown.component("lines")["words"]["least"].startswith(mark)


@pytest.mark.parametrize("view", ["cell", "attribution"])
def test_views_that_stay_with_the_models_own_say_so(many: str, view: str):
    shown = page(many, TEXT, "random-4", view=view, edited="1")
    assert translate("en", "surgery.unmarked") in shown.messages()
    assert not any(
        translate("en", "surgery.mark") in [each["text"] for each in figure["layout"].get("annotations", [])]
        for figure in shown.figures()
    )


def test_markup_in_a_token_stays_text(many: str):
    shown = page(many, "<b>cat</b> **sat** $x$", "hide-K1 uniform-L0H0Q1")
    assert "<b>" not in shown.markup() and "**sat**" not in shown.markup()


def test_a_pretrained_model_answers_with_numbers(pretrained: str):
    text, language = "the cat sat cats", tuple(languages())[PRETRAINED.index(pretrained)]
    where = {"lang": language, **({"length": "1"} if pretrained == "gpt2" else {})}
    shown = page(pretrained, text, "uniform-L0 hide-K1", layer="1", head="2", query="3", **where)
    done = expected(pretrained, text, "uniform-L0 hide-K1")
    np.testing.assert_allclose(now(shown), done.trace.blocks[0].weights[1, 2, 3], atol=1e-6)
    if pretrained == "bert":
        assert translate(language, "surgery.tensor", largest="").split("{")[0][:8] in words(shown)
    assert len(shown.figures()) == 3 + (pretrained == "gpt2") and all(shown.alternatives())
    shown = page(pretrained, text, **where)
    offered = set(shown.app.selectbox(key="operation").options)
    assert (translate(language, "operations.lift") in offered) == (pretrained == "gpt2")
    if pretrained == "gpt2":
        code = edits(press(shown.choose("operation", "lift").choose("scope", "all"), "operation-apply"))
        assert code == "lift-causal"
        row = expected(pretrained, text, code).trace.blocks[0]
        assert (row.weights > 0).all()


@pytest.mark.parametrize("language", languages())
def test_operations_are_told_in_words_as_the_page_counts(many: str, language: str):
    shown = page(many, TEXT, "set-L1H2Q3K2-0.5 off-L0 drop-K4", lang=language)
    said = [str(each.value) for each in shown.app.markdown]
    token = translate(language, "surgery.quoted", token="cat", number=3)
    what = translate(language, "operations.set_said", keys=token, value="0.5", seed="")
    assert any(literal(what) in each and each.startswith("1. ") for each in said)
    named = translate(
        language, "surgery.queries_named", tokens=translate(language, "surgery.quoted", token="sat", number=4)
    )
    layer, head = (
        translate(language, f"surgery.{part}_named", numbers=at) for part, at in (("layers", 2), ("heads", 3))
    )
    assert any(all(literal(part) in each for part in (named, layer, head)) for each in said)
    dropped = translate(language, "surgery.quoted", token="on", number=5)
    assert any(each.startswith("3. ") and literal(dropped) in each for each in said)


def test_an_edited_run_is_not_called_the_models_own(many: str):
    shown = page(many, TEXT, "random-4", view="prediction", edited="1")
    names = {trace.get("name") for figure in shown.figures() for trace in figure["data"]}
    assert translate("en", "figures.own") not in names
