"""What a notebook is given: every kind of trace shows itself, small, the same each time, and none of it is markup."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

import attnviz
from attnviz.families.card import ModelCard
from attnviz.families.cards import ModelCards
from attnviz.i18n import translate
from attnviz.notebook import VIEWS
from attnviz.notebook.drawn import MOST
from attnviz.trace import Edit, Text, Written
from tests.notebook.made import MADE, NASTY, weights, written
from tests.shipped import pooled


def data(shown: str) -> dict:
    (found,) = re.findall(r'shown\("[0-9a-f]{16}",(.*),drawings,rules\);\}\)\(\);</script>$', shown)
    return json.loads(found)


@pytest.mark.parametrize("kind", MADE)
def test_every_kind_of_trace_shows_itself_in_every_view_it_has(kind: str):
    trace = MADE[kind]()
    views = VIEWS if isinstance(trace.output, Written) else VIEWS[:-1]
    pages = [trace._repr_html_(), *(attnviz.show(trace, view=view).html for view in views)]
    for page in pages:
        assert page.count("<script>") == page.count("</script>") == 1 and "<img" not in re.sub(r'"[^"\n]*"', "", page)
        still = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
        drawn = ElementTree.fromstring(still[0])
        texts = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
        assert "a" in texts and any(each and each.startswith("</script>") for each in texts)
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)
        data(page)
    assert pages[0] == trace._repr_html_()  # a notebook run again differs in nothing
    assert max(map(len, pages)) < 90_000


@pytest.mark.parametrize("view", VIEWS)
def test_weights_changed_by_hand_are_marked_live_and_still(view: str):
    trace = replace(written(), edits=(Edit("attention", np.full((3, 7), 1 / 7, np.float32)),))
    shown, mark = attnviz.show(trace, view).html, translate("en", "surgery.mark")
    assert mark in shown.split("<script>")[0] and mark in json.dumps(data(shown))


def test_a_trace_without_attention_is_told_in_words():
    trace = replace(MADE["self"](), blocks=(), source=Text("<b>a</b> \ud800"))
    told = attnviz.show(trace, language="ja").html
    assert translate("ja", "notebook.nothing", model=trace.model) in told and "&lt;b&gt;a&lt;/b&gt; ?" in told
    assert "<script" not in told and trace._repr_html_() == attnviz.show(trace, view="lines").html
    with pytest.raises(attnviz.InputError, match="x"):
        attnviz.show(trace, block="x")


def test_half_a_character_can_be_shown_and_saved():
    attnviz.show(pooled(["half \ud83d"])).html.encode()
    given = attnviz.from_arrays([[1.0]], ["half \ud83d"])
    assert given.block(0).key.tokens == ("half ?",) and attnviz.export.json([given])


def test_views_open_with_what_is_asked_for():
    trace = MADE["self"]()
    asked = data(attnviz.show(trace, "head", layer=0, head=1, query=4).html)
    assert asked["at"] == {"layer": 0, "head": 1, "query": 4} and asked["choices"] == ["layer", "head", "query"]
    assert attnviz.show(MADE["pooling"]()).view == "tokens" and attnviz.show(trace).view == "lines"
    assert attnviz.show(written()).view == "written" and attnviz.show(written(), block="attention").view == "lines"
    assert "層" in attnviz.show(trace, language="ja").html
    assert data(attnviz.show(trace, "head", head=np.int64(1)).html)["at"]["head"] == 1


@pytest.mark.parametrize(
    "asked,code",
    [
        ({"view": "film"}, "no_such_view"),
        ({"view": "written"}, "no_such_view"),
        ({"view": ["lines"]}, "no_such_view"),
        ({"layer": "0"}, "not_an_index"),
        ({"layer": 1.0}, "not_an_index"),
        ({"head": True}, "not_an_index"),
        ({"query": "a"}, "not_an_index"),
        ({"layer": 2}, "no_such_index"),
        ({"head": 3}, "no_such_index"),
        ({"query": 7}, "no_such_index"),
        ({"block": "x"}, "no_such_block"),
    ],
)
def test_what_is_not_there_is_refused(asked: dict, code: str):
    with pytest.raises(attnviz.InputError) as refused:
        attnviz.show(MADE["self"](), **asked)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "given,said",
    [
        (None, "None"),
        ("the text", "str 'the text'"),
        (attnviz.load, "function"),
        ([], "list"),
        ([MADE["self"]()], "list [<AttentionTrace"),
    ],
)
def test_what_is_no_trace_is_told_how_to_get_one(given, said: str):
    with pytest.raises(attnviz.InputError) as refused:
        attnviz.show(given)
    assert refused.value.code == "show_trace" and said in str(refused.value) and ".trace(text)" in str(refused.value)


@pytest.mark.parametrize(
    "shape,layers,heads,exact",
    [
        ((2, 3, 53, 53), [0, 1], [0, 1, 2], True),
        ((5, 3, 97, 97), [1], [0, 1, 2], True),
        ((2, 3, 197, 197), [1], [0, 1, 2], False),
        ((2, 3, 307, 307), [1], [2], False),
    ],
)
def test_of_many_weights_as_many_travel_as_there_is_room_for(
    shape: tuple[int, ...], layers: list[int], heads: list[int], exact: bool
):
    shown = attnviz.show(
        attnviz.from_arrays(weights(*shape), [f"t{n}" for n in range(shape[-1])]), layer=1, head=2, view="head"
    )
    given = data(shown.html)["given"]
    assert (given["layers"], given["heads"], given["exact"]) == (layers, heads, exact)
    assert bool(data(shown.html)["words"]["part"]) == (len(layers) < shape[0] or len(heads) < shape[1])
    assert len(given["weights"]) <= 4 / 3 * 4 * MOST + 4


def test_models_and_cards_show_themselves_and_escape():
    made = {"format": 1, "name": "made", "family": "own", "labels": [NASTY], "config": {}, "tokenizer": {}, "files": {}}
    card = ModelCard.from_dict({**made, "title": {"en": NASTY}, "kinds": ["self"]})
    for shown in (card._repr_html_(), ModelCards([card])._repr_html_()):
        assert "<script" not in shown and "&lt;script&gt;" in shown and "<td>made</td>" in shown
    assert repr(ModelCards([card])).startswith("made  self") and repr(ModelCards()) == "[]"
    model = attnviz.load("topics-en")
    assert model._repr_html_() == model.card._repr_html_()  # type: ignore[operator]
    assert "<td>topics-en</td>" in attnviz.models()._repr_html_()
