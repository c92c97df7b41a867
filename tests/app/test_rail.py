"""The choice of views: five verbs, each with at most four views at once, the rest behind “more”."""

from __future__ import annotations

import pytest

from attnviz.i18n import languages, translate
from attnviz.ui import views
from attnviz.ui.components.rail import MOST
from attnviz.ui.context import VERBS
from tests.app.page import FITTING, Page


def offered(page: Page) -> dict[str, tuple[list[str], list[str]]]:
    """Keys of the views of each verb: at once, and behind “more”."""
    verbs = page.component("rail")["verbs"]
    return {
        verb["key"]: ([view["key"] for view in verb["views"]], [view["key"] for view in verb["more"]]) for verb in verbs
    }


@pytest.mark.parametrize("model", ["sentiment-en", "topics-en-encoder", "translate-en-ja", "caption-scenes"])
def test_every_view_that_fits_stands_under_its_verb_once(model: str):
    found = offered(Page(model=model))

    assert tuple(found) == VERBS
    listed = [view for at_once, rest in found.values() for view in (*at_once, *rest)]
    assert sorted(listed) == sorted(FITTING[model])
    for at_once, rest in found.values():
        assert len(at_once) == min(len(at_once) + len(rest), MOST)
    by_key = {view.key: view.verb for view in views.VIEWS}
    assert all(by_key[view] == verb for verb, parts in found.items() for view in (*parts[0], *parts[1]))


def test_roles_and_rollout_stand_behind_more():
    at_once, rest = offered(Page(model="topics-en-encoder"))["see"]

    assert at_once == ["bars", "overview", "head", "lines"]
    assert {"heads", "flow"} <= set(rest)


@pytest.mark.parametrize("language", languages())
def test_verbs_and_views_are_named_in_every_language(language: str):
    page = Page(model="sentiment-en", lang=language, view="compare")
    rail = page.component("rail")

    assert [verb["name"] for verb in rail["verbs"]] == [translate(language, f"rail.{verb}") for verb in VERBS]
    assert rail["view"] == "compare"
    assert translate(language, "views.surgery") in page.views()


def test_without_a_sentence_there_is_only_what_there_is_to_learn():
    found = offered(Page(model="sentiment-en", text=" "))

    assert {verb: parts[0] for verb, parts in found.items() if parts[0]} == {"learn": ["lesson", "card"]}
