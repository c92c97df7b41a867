"""What Streamlit holds between runs, on a dictionary in its place: read once, taken over with care, written back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from attnviz.i18n import translate
from attnviz.ui import actions, models, operations, session
from tests.app.facts import facts


class Widgets(dict[str, Any]):
    """As Streamlit's session."""

    to_dict = dict[str, Any].copy


class Visitor:
    """A session that no browser has opened.

    Args:
        patch: Puts the session in the place of Streamlit's.
        **address: What stands behind the `?`.
    """

    def __init__(self, patch: pytest.MonkeyPatch, **address: str) -> None:
        self.widgets = Widgets()
        patch.setattr(session, "st", SimpleNamespace(session_state=self.widgets, query_params=address))
        self.run()

    def run(self, **shown: Any) -> session.Held:
        """One run of the page, which shows what is asked for, but for what is given here."""
        page = session.begin(facts())
        session.write_back(page.asked.replace(**shown))
        return page

    def choose(self, **values: Any) -> session.Held:
        """What the browser sends when a widget is used."""
        self.widgets.update(values)
        return self.run()


@pytest.fixture
def visitor(monkeypatch: pytest.MonkeyPatch) -> Visitor:
    return Visitor(monkeypatch, model="sentiment-en", text="not good")


@pytest.mark.parametrize(
    "name", ["model", "lang", "view", "scale", "special", "pieces", "order", "against", "temperature"]
)
def test_a_label_that_was_translated_meanwhile_is_no_choice(visitor: Visitor, name: str):
    """What arrives where the language is switched faster than the page answers."""
    before = session.held().asked
    titles = [models.title("sentiment-en", language) for language in ("en", "ja")]
    for label in (*titles, translate("ja", "views.bars"), None, ["0"], 77):
        visitor.choose(**{name: label})
        assert session.held().asked == before
        assert visitor.widgets[name] == before.values[name]


def test_what_a_widget_holds_is_taken_over_with_what_hangs_on_it(visitor: Visitor):
    page = visitor.choose(shuffle=3, layer=1, scale="log")
    assert (page.asked.shuffle, page.asked.layer, page.asked.scale) == (3, 1, "log")
    page = visitor.choose(model="topics-en")
    assert (page.asked.shuffle, page.asked.layer, page.asked.scale) == (0, -1, "log")
    assert page.asked.text == visitor.widgets["text"] == "not good"


def test_what_is_shown_instead_of_a_wish_is_no_choice(visitor: Visitor):
    visitor.choose(view="surgery")
    visitor.run(view="lesson", layer=2)
    page = visitor.run()
    assert (page.asked.view, page.asked.layer) == ("surgery", -1)
    visitor.run(view="lesson", layer=2, head=0)
    page = visitor.choose(head=1)
    assert (page.asked.layer, page.asked.head) == (2, 1), "layer and head are one choice"


def test_a_model_that_is_gone_gives_way(visitor: Visitor):
    known = facts()
    left = {name: card for name, card in known.cards.items() if name != "sentiment-en"}
    page = session.begin(type(known)(left, known.fields, known.owners, known.views, "en"))
    assert page.asked.model in left and page.asked.text == "not good"


def entry(text: str, kind: str, stamp: float, follow: bool = True) -> dict[str, Any]:
    return {"text": text, "kind": kind, "follow": follow, "stamp": stamp}


def test_only_an_applied_sentence_is_a_step_and_none_is_put_back_into_the_box(visitor: Visitor):
    page = session.held()
    version = page.version
    for kind, text, steps in (("live", "go", 0), ("apply", "good", 1), ("live", "goo", 1), ("apply", "", 2)):
        visitor.widgets["box"] = {"entry": entry(text, kind, page.stamp + 1)}
        actions.entered()
        actions.entered()  # once only
        assert (visitor.run().asked.text, page.step, page.version) == (text, steps, version)
        assert session.applied() == (kind == "apply")


@pytest.mark.parametrize(("follow", "text", "taken"), [(True, "new", True), (False, "new", False), (True, " ", False)])
def test_following_the_typing_begins_with_what_stands_there(visitor: Visitor, follow: bool, text: str, taken: bool):
    actions.take_entry(entry(text, "follow", 1, follow))
    assert session.held().asked.text == (text if taken else "not good")
    assert session.held().asked.follow == follow


def test_going_back_takes_over_the_whole_address(visitor: Visitor):
    version = session.held().version
    visitor.choose(scale="log", layer=1)
    visitor.widgets["address"] = {"navigated": {"parameters": {"model": "topics-en", "text": "a\nb", "layer": "x"}}}
    actions.navigated()
    page = visitor.run()
    assert (page.asked.model, page.asked.text, page.asked.scale, page.asked.layer) == ("topics-en", "a\nb", "row", -1)
    assert page.version == version + 1 and session.applied() and len(page.problems) == 1
    assert visitor.widgets["text"] == "a\nb"


def test_a_sentence_is_opened_as_a_step_with_its_operations(visitor: Visitor):
    page, step = session.held(), session.held().step
    visitor.choose(shuffle=4, target=1)
    actions.open_sentence("good", "surgery", ("uniform", "hide-K0"))
    asked = visitor.run().asked
    assert (asked.text, asked.view, asked.shuffle, asked.target) == ("good", "surgery", 0, -1)
    assert (page.step, session.applied()) == (step + 1, True)
    operations.undo()
    assert (visitor.run().asked.edits, operations.steps()) == (("uniform",), (True, True))
    operations.undo()
    operations.redo()
    operations.redo()
    assert visitor.run().asked.edits == ("uniform", "hide-K0")
    operations.remove(0)
    assert operations.steps() == (True, False)
    operations.reset()
    operations.undo()
    assert visitor.run().asked.edits == ("hide-K0",)


@pytest.mark.parametrize(
    ("component", "event", "expected"),
    [
        ("words", {"selected": 2}, {"sentence": 2}),
        ("words", {"selected": "2"}, {"sentence": 1}),
        ("words", {"selected": 99}, {"sentence": 1}),
        ("words", {"token": {"sentence": 2, "token": 3}}, {"sentence": 2, "query": 3}),
        ("alone", {"turned": {}}, {"stage": False}),
        ("models", {"chosen": {"model": "topics-en"}}, {"model": "topics-en", "text": "a\nb"}),
        ("models", {"chosen": {"model": "../none"}}, {"model": "sentiment-en"}),
        ("alone", {"turned": {"stamp": 1}}, {"stage": True, "contrast": False}),
        ("alone", {"contrasted": {"stamp": 1}}, {"stage": False, "contrast": True}),
        ("rail", {"chosen": {"view": "heatmap"}}, {"view": "heatmap"}),
        ("rail", {"chosen": {"view": "**none**"}}, {"view": "bars"}),
        ("maps", {"chosen": {"layer": 1, "head": 2}}, {"layer": 1, "head": 2, "view": "head"}),
        ("matrix", {"chosen": {"query": 4}}, {"query": 4}),
        ("learning", {"event": {"look": 3}}, {"look": 3}),
        ("writing", {"event": {"kind": "alternative", "place": 2, "token": "x"}}, {"path": ((2, "x"),), "at": -1}),
        ("writing", {"event": {"kind": "step", "place": 2}}, {"at": 2}),
        ("writing", {"event": {"kind": "token", "place": 2}}, {"query": 2}),
        ("writing", {}, {"path": ()}),
    ],
)
def test_what_a_component_sends_is_a_change_of_the_state(
    monkeypatch: pytest.MonkeyPatch, component: str, event: dict[str, Any], expected: dict[str, Any]
):
    visitor = Visitor(monkeypatch, text="a\nb")
    visitor.widgets[component] = event
    callbacks = {
        "words": (actions.selected, actions.token_chosen),
        "alone": (actions.stage_alone, actions.contrasted),
        "models": (actions.model_chosen,),
        "rail": (actions.view_chosen,),
        "maps": (actions.head_chosen,),
        "matrix": (actions.cell_chosen,),
        "learning": (actions.look_chosen,),
        "writing": (actions.writing_changed,),
    }
    for callback in callbacks[component]:
        callback()
    asked = visitor.run().asked
    assert {name: asked.values[name] for name in expected} == expected


def test_a_widget_that_is_no_field_holds_one_of_its_options(visitor: Visitor):
    visitor.widgets["operation"] = "gone"
    session.within("operation", ("uniform", "off"))
    session.within("never drawn", ("x",))
    assert visitor.widgets["operation"] == "uniform" and "never drawn" not in visitor.widgets


def test_what_a_component_is_sent_has_a_number_that_rises_when_it_changes(visitor: Visitor):
    first = session.serial("stage", {"rows": 1})
    assert session.serial("stage", {"rows": 1}) == first
    assert session.serial("stage", {"rows": 2}) > first
