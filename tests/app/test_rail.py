"""The choice of views: five verbs, each with at most four entries at once; levels of the map share one."""

from __future__ import annotations

import pytest

from attnviz.i18n import languages, translate
from attnviz.ui import views
from attnviz.ui.components.rail import MOST
from attnviz.ui.context import VERBS
from tests.app.page import FITTING, Page


def offered(page: Page) -> dict[str, tuple[list[list[str]], list[list[str]]]]:
    """Of each verb the views of every entry: at once, and behind “more”."""
    verbs = page.component("rail")["verbs"]
    return {
        verb["key"]: ([entry["parts"] for entry in verb["views"]], [entry["parts"] for entry in verb["more"]])
        for verb in verbs
    }


@pytest.mark.parametrize("model", ["sentiment-en", "topics-en-encoder", "translate-en-ja", "caption-scenes"])
def test_every_view_that_fits_stands_under_its_verb_once(model: str):
    found = offered(Page(model=model))

    assert tuple(found) == VERBS
    listed = [view for at_once, rest in found.values() for entry in (*at_once, *rest) for view in entry]
    assert sorted(listed) == sorted(FITTING[model])
    assert all(len(at_once) <= MOST for at_once, _ in found.values())
    by_key = {view.key: view.verb for view in views.VIEWS}
    assert all(
        by_key[view] == verb for verb, parts in found.items() for entry in (*parts[0], *parts[1]) for view in entry
    )


def test_roles_and_rollout_stand_behind_more():
    at_once, rest = offered(Page(model="topics-en-encoder"))["see"]

    assert at_once == [["bars"], ["overview", "head", "lines", "heatmap"]]
    assert rest == [["heads"], ["flow"]]


@pytest.mark.parametrize(
    ("view", "level"), [("overview", ""), ("head", "head"), ("lines", "lines"), ("heatmap", "heatmap")]
)
def test_the_map_is_one_entry_with_levels_and_a_way_out(view: str, level: str):
    page = Page(model="topics-en-encoder", view=view, lang="ja", layer="1", head="2")

    assert page.component("rail")["view"] == view and page.views()[:2] == ["語と棒グラフ", "マップ"]
    levels = {each.key: each.value for each in page.app.button_group if str(each.key).startswith("zoom-")}
    assert levels == ({} if view == "overview" else {f"zoom-{view}": view})
    if view == "overview":
        assert not any(each.key == "zoom-out" for each in page.app.button)
        return
    page.app.button(key="zoom-out").click().run()
    assert (page.state("view"), page.state("layer"), page.state("head")) == ("overview", 1, 2)


def test_a_model_of_one_row_has_no_levels():
    page = Page(model="sentiment-en", view="heatmap")

    assert not any(each.key == "zoom-out" for each in page.app.button)
    assert translate("en", "views.heatmap") in page.views()


@pytest.mark.parametrize("language", languages())
def test_verbs_and_views_are_named_in_every_language(language: str):
    page = Page(model="sentiment-en", lang=language, view="compare")
    rail = page.component("rail")

    assert [verb["name"] for verb in rail["verbs"]] == [translate(language, f"rail.{verb}") for verb in VERBS]
    assert rail["view"] == "compare"
    assert translate(language, "views.surgery") in page.views()


def test_without_a_sentence_there_is_only_what_there_is_to_learn():
    found = offered(Page(model="sentiment-en", text=" "))

    assert {verb: parts[0] for verb, parts in found.items() if parts[0]} == {"learn": [["lesson"], ["card"]]}
