"""Kinds of model that are not shipped yet – pictures, captions, next words – in every view that fits them."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import numpy as np
import pytest

from attnviz import export
from attnviz.i18n import catalogue, languages
from attnviz.trace import Written
from attnviz.ui import cache, models, offers, views
from tests.app.page import Page
from tests.families import made

#: What there must be to see of each, by what it is: more would be a lie, less a loss.
EXPECTED = {
    made.patches.NAME: {
        *("bars", "heatmap", "overview", "head", "lines", "cell", "heads", "prediction"),
        *("attribution", "compare", "surgery", "lesson", "card"),
    },
    made.caption.NAME: {
        *("bars", "written", "heatmap", "overview", "head", "lines", "cell"),
        *("attribution", "compare", "surgery", "lesson", "card"),
    },
    made.causal.NAME: {
        *("bars", "written", "heatmap", "overview", "head", "lines", "cell", "heads"),
        *("attribution", "compare", "surgery", "lesson", "card"),
    },
}
SOURCES = {module.NAME: module.SOURCE for module in made.MADE.values()}


@pytest.fixture(scope="module", autouse=True)
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The made models are among the page's."""
    with pytest.MonkeyPatch.context() as patch:
        made.register(patch, tmp_path_factory.mktemp("made"))
        models.forget()
        yield
    models.forget()


def fitting(name: str) -> set[str]:
    trace = cache.trace(name, SOURCES[name])
    from attnviz.analysis.focus import focus

    abilities = offers.of_trace(name, trace, trace, focus(trace))
    return {view.key for view in views.VIEWS if view.fits(abilities)}


@pytest.mark.parametrize("name", SOURCES)
def test_what_there_is_to_see(name):
    found = fitting(name)
    assert found >= EXPECTED[name], EXPECTED[name] - found
    assert found - EXPECTED[name] <= {"flow"}, "rollout or norms, where a square block or norms are there"


@pytest.mark.parametrize("view", sorted(set().union(*EXPECTED.values())))
@pytest.mark.parametrize("name", SOURCES)
def test_every_view_is_drawn(name, view):
    if view not in EXPECTED[name]:
        assert view not in fitting(name)
        return
    language = tuple(languages())[(list(SOURCES).index(name) + len(view)) % 2]
    page = Page(model=name, view=view, text=SOURCES[name], lang=language)
    assert page.state("view") == view and page.state("model") == name
    assert page.component("address")["parameters"]["view"] == view
    said = page.messages()
    broken = catalogue(language)["page.broken"].split("{")[0] if "page.broken" in catalogue(language) else ""
    assert not broken or not any(broken in each for each in said)
    assert page.tokens(), "the stage shows what was read"


@pytest.mark.parametrize("name", [made.caption.NAME, made.causal.NAME])
def test_what_is_written_is_on_the_page_with_its_weights(name):
    page = Page(model=name, view="bars", text=SOURCES[name])
    drawn, trace = page.component("writing"), cache.trace(name, SOURCES[name])
    assert isinstance(trace.output, Written)
    assert len(drawn["steps"]) == len(drawn["target"]["tokens"]) == len(trace.output.tokens)
    assert drawn["words"]["translation"] == catalogue("en")[f"writing.{trace.output.kind}"]
    from attnviz.analysis.heads.alignment import written_rows

    rows = written_rows(trace)
    weights = np.frombuffer(base64.b64decode(drawn["weights"]), "<f4").reshape(len(rows.query), -1)
    np.testing.assert_allclose(weights, rows.weights[-1].mean(0), atol=1e-6)
    assert [token["text"] for token in drawn["source"]["tokens"]] == list(rows.key.tokens)


@pytest.mark.parametrize("name", SOURCES)
def test_weights_changed_by_hand(name):
    page = Page(model=name, view="surgery", text=SOURCES[name], edits="uniform")
    assert page.state("view") == "surgery" and page.state("edits") == ("uniform",)
    assert page.figures(), "bars or maps of before and after"


@pytest.mark.parametrize("name", SOURCES)
def test_two_sentences_side_by_side(name):
    module = next(module for module in made.MADE.values() if name == module.NAME)
    other = {made.patches.NAME: "red,red;blue,green", made.caption.NAME: "red,blue", made.causal.NAME: "a dog ran"}[
        name
    ]
    page = Page(model=name, view="compare", text=f"{module.SOURCE}\n{other}", against="sentence")
    assert page.state("view") == "compare" and len(page.rows()) >= 1
    assert page.figures()


@pytest.mark.parametrize(
    ("name", "lang", "said"), [(made.caption.NAME, "en", "caption"), (made.causal.NAME, "ja", "続き")]
)
@pytest.mark.parametrize("view", ["surgery", "attribution", "compare"])
def test_what_is_no_translation_is_not_called_one(name, lang, said, view):
    against = {"against": "sentence"} if view == "compare" else {}
    page = Page(model=name, view=view, text=f"{SOURCES[name]}\n{SOURCES[name]}", lang=lang, beam="2", **against)
    words = [str(each.value) for each in (*page.app.caption, *page.app.subheader)]
    words += [str(each.label) for each in (*page.app.text_input, *page.app.selectbox, *page.app.button)]
    words += [str(each.placeholder) for each in page.app.text_input]
    words += [str(each) for each in page.component("writing")["words"].values()] + [page.component("writing")["alt"]]
    assert any(said in each.casefold() for each in words)
    assert not [each for each in words if "translation" in each.casefold() or "訳" in each]


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("kind", ["json", "csv", "html"])
def test_it_is_exported(name, kind):
    content = export.file(cache.trace(name, SOURCES[name]), kind)
    assert len(content) > 100


@pytest.mark.parametrize("name", [made.patches.NAME, made.caption.NAME])
def test_what_is_no_picture_is_an_error_in_words_and_nothing_is_lost(name):
    page = Page(model=name, view="bars", text=SOURCES[name]).enter("not a picture at all")
    assert page.state("text") == "not a picture at all"
    assert any(row.get("error") for row in page.rows()) or page.messages()
