"""What is left off the page by its address."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from attnviz.ui import hiding, page
from attnviz.ui.lecture_join import OWN, frame
from tests.app.facts import facts, parsed
from tests.app.page import Page


@pytest.mark.parametrize("code", hiding.CONTROLS)
def test_each_code_hides_its_own_place_and_no_other(code: str):
    rules = hiding.style((code,), "")
    hides = [rule for rule in rules.splitlines() if ": none" in rule and "-ask" not in rule]
    assert [name for name in hiding.CONTROLS.values() if re.search(rf"[( ]{re.escape(name)}[,):]", hides[0])] == [
        hiding.CONTROLS[code]
    ]
    assert len(hides) == 1


def test_nothing_is_hidden_unasked_and_the_stage_alone_hides_all_around_it():
    assert hiding.style((), "") == ""
    alone = hiding.style((), "stage")
    assert all(hiding.CONTROLS[code] in alone for code in ("header", "box", "notices", "rail", "line", "menu"))
    assert not any(hiding.CONTROLS[code] in alone for code in ("answer", "legend"))


def test_the_address_lists_codes_and_what_is_none_is_said():
    state = parsed(hide="rail,box box", only="stage")
    assert (state.hide, state.only) == (("box", "rail"), "stage")
    assert state.address(facts())["hide"] == "box rail"
    page = Page(hide="everything", model="sentiment-en", lang="en")
    assert page.state("hide") == ()
    assert any("hide" in each and "everything" in each for each in page.messages())


def test_who_joins_a_lecture_sees_the_whole_page():
    assert {"hide", "only", "stage", "contrast"} <= set(OWN)
    assert "hide" not in frame("http://hall", {"hide": "box", "text": "good"})


def test_no_rule_asks_of_everything_what_it_holds():
    """It would be tried on every element that is drawn: the formulas of one row took four times as long."""
    sheets = [path.read_text(encoding="utf-8") for path in Path(hiding.__file__).parent.glob("*.css")]
    rules = "\n".join([*sheets, hiding.style(tuple(hiding.CONTROLS), "stage"), page._HIDE, page._COVER])
    assert ":has(" in rules
    assert not re.findall(r"(?:^|[\s>+~,{}*]):has\(.*", rules, re.MULTILINE)
