"""A model over a corpus on the page: what a head does, the sentences that open, and this one among all."""

from __future__ import annotations

import re

import pytest

from attnviz import corpus, zoo
from attnviz.analysis.heads.behaviour import of_block
from attnviz.corpus import shelf
from attnviz.i18n import languages, translate
from attnviz.ui import cache
from tests import shipped
from tests.app.page import Page

MEASURED = [name for name in shipped.EVERY if (shipped.MODELS / name / "corpus" / "corpus.json").exists()]
ENCODER = "sentiment-en-encoder"


@pytest.fixture(autouse=True)
def nothing_kept():
    yield
    cache.corpus.cache_clear()


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("name", MEASURED)
def test_every_result_that_is_shipped_is_shown(name: str, language: str):
    shown = Page(model=name, view="corpus", lang=language)
    assert shown.state("view") == "corpus"
    found = shelf.find(zoo.load(name).card)
    assert found is not None
    assert any(f"{found.summary['sentences']:,}" in each.value for each in shown.app.caption)
    assert len(shown.figures()) == 1
    assert not shown.app.exception


@pytest.mark.parametrize("name", MEASURED)
def test_what_is_shipped_is_small_and_of_the_weights_there_are(name: str):
    folder = shipped.MODELS / name / "corpus"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_000_000
    assert shelf.find(zoo.load(name).card) is not None
    assert sum(path.stat().st_size for path in shipped.MODELS.glob("*/corpus/*")) < 5_000_000


def test_a_head_is_found_by_what_it_does_and_stays_in_the_view():
    shown = Page(model=ENCODER, view="corpus", does="previous")
    found = corpus.read(shipped.MODELS / ENCODER / "corpus")
    first = found.find("previous", "encoder").iloc[0]
    button = shown.app.button(key=f"corpus-{first['layer']}-{first['head']}")
    assert f"{100 * first['mean']:.1f}" in button.label
    button.click()
    shown.run()
    assert (shown.state("view"), shown.state("layer"), shown.state("head")) == (
        "corpus",
        first["layer"] - 1,
        first["head"] - 1,
    )
    counts = next(iter(shown.figures()))["data"][0]["y"]
    row = found.row("encoder", first["layer"] - 1, first["head"] - 1, "previous")
    assert sum(counts) == row["n"] and counts == [int(count) for count in row["histogram"][: len(counts)]]


def test_a_sentence_opens_in_the_page_and_is_at_its_place_among_all():
    shown = Page(model=ENCODER, view="corpus", does="largest", layer="1", head="2")
    found = corpus.read(shipped.MODELS / ENCODER / "corpus")
    text = found.chosen("encoder", 1, 2, "largest").query("chosen == 'best'")["text"].iloc[0]
    shown.app.button(key="corpus-best-0").click()
    shown.run()
    assert (shown.state("view"), shown.state("text")) == ("corpus", text)
    value = float(of_block(zoo.load(ENCODER).trace(text).blocks[0])["largest"][1, 2])
    assert value == pytest.approx(found.row("encoder", 1, 2, "largest")["most"], abs=1e-5)
    assert any(translate("en", "corpus.higher") in each and "99.9" in each for each in shown.markdown())

    lowest = found.chosen("encoder", 1, 2, "largest").query("chosen == 'worst'")["text"].iloc[0]
    told = Page(model=ENCODER, view="corpus", does="largest", layer="1", head="2", text=lowest).markdown()
    shares = [re.search(r"lower than in \D*(\d+)", each) for each in told]
    assert next(int(share[1]) for share in shares if share) >= 97


def test_roles_of_heads_say_where_a_sentence_is_not_typical_and_lead_to_the_corpus():
    found = corpus.read(shipped.MODELS / ENCODER / "corpus")
    extreme = found.chosen("encoder", 1, 2, "largest").query("chosen == 'best'")["text"].iloc[0]
    usual = found.chosen("encoder", 1, 2, "largest").query("chosen == 'median'")["text"]
    said = re.compile("This sentence is not typical of this head")

    def captions(text: str, view: str) -> list[str]:
        page = Page(model=ENCODER, view=view, text=text, layer="1", head="2")
        return [each.value for each in page.app.caption if said.search(each.value)]

    assert captions(extreme, "heads") and captions(extreme, "overview")
    assert any(not captions(text, "heads") for text in usual)
    shown = Page(model=ENCODER, view="heads", text=extreme, layer="1", head="2")
    shown.app.button(key="open-corpus").click()
    shown.run()
    assert shown.state("view") == "corpus"


def test_a_damaged_result_says_so_in_its_view_and_nowhere_else(tmp_path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / ENCODER).mkdir()
    (tmp_path / ENCODER / "corpus.json").write_text("{")
    monkeypatch.setenv("ATTNVIZ_CORPUS", str(tmp_path))
    cache.corpus.cache_clear()
    shown = Page(model=ENCODER, view="corpus")
    assert any("corpus.json" in each.value.replace("\\", "") for each in shown.app.error)
    assert not Page(model=ENCODER, view="heads").app.error


def test_a_result_of_ones_own_is_shown_before_the_shipped_one_and_literally(tmp_path, monkeypatch):
    model = zoo.load("sentiment-en")
    corpus.measure(model, ["a good **film**", "[not](http://x.example) bad"], folder=tmp_path / "sentiment-en")
    monkeypatch.setenv("ATTNVIZ_CORPUS", str(tmp_path))
    cache.corpus.cache_clear()
    shown = Page(model="sentiment-en", view="corpus")
    labels = [each.label for each in shown.app.button if str(each.key).startswith("corpus-best")]
    assert len(labels) == 2
    assert not any("**film**" in label or "](http" in label for label in labels)


def test_a_result_of_other_weights_is_none(tmp_path, monkeypatch):
    folder = tmp_path / "sentiment-en"
    corpus.measure(zoo.load("sentiment-en"), ["a good film"], folder=folder)
    said = (folder / "corpus.json").read_text()
    (folder / "corpus.json").write_text(re.sub(r'"weights": "\w', '"weights": "x', said))
    monkeypatch.setenv("ATTNVIZ_CORPUS", str(tmp_path))
    assert shelf.find(zoo.load("sentiment-en").card) is None
