"""What is saved holds what was shown, opens without a network and runs nothing of the user's."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import sys
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from attnviz import export, zoo
from attnviz.errors import InputError
from attnviz.i18n import languages
from attnviz.trace import Notice
from tests.shipped import EVERY, card, pooled

NASTY = ["</script>", "<script>alert(1)</script>", "<img", "a,b", 'say "x"', "two\nlines", "'", "日本", "=1+1", "<!--"]


@pytest.fixture
def trace():
    return pooled(NASTY, np.arange(1, 11) / 55)


# ── tables and JSON ───────────────────────────────────────────────────────────────────────────────────────────────


def test_csv_comes_back_as_it_went(trace):
    content = export.csv([trace, pooled(["a"])])
    assert content.startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(io.BytesIO(content), keep_default_na=False)
    assert list(table.columns[:7]) == ["sentence", "block", "layer", "head", "query", "key", "weight"]
    assert table.key_token.tolist() == [*("'=1+1" if each == "=1+1" else each for each in NASTY), "a"]
    assert table.sentence.tolist() == [1] * 10 + [2]
    np.testing.assert_array_equal(table.weight[:10].astype(np.float32), trace.blocks[0].weights[0, 0, 0])


def test_json_comes_back_as_it_went(trace):
    assert json.loads(export.json([trace])) == trace.to_dict()
    assert json.loads(export.json([trace, trace])) == [trace.to_dict()] * 2
    assert "日本".encode() in export.json([trace])


def test_a_part_keeps_its_numbers(trace):
    block = dataclasses.replace(trace.blocks[0], weights=np.repeat(trace.blocks[0].weights, 3, axis=0))
    deep = dataclasses.replace(trace, blocks=(block,))
    table = pd.read_csv(io.BytesIO(export.file(deep, "csv", layer=2)))
    assert set(table.layer) == {2} and len(table) == 10
    assert json.loads(export.file(deep, "json", layer=2))["blocks"][0]["shape"] == [1, 1, 1, 10]
    with pytest.raises(InputError) as caught:
        export.file(deep, "csv", layer=3)
    assert caught.value.code == "no_such_index"


@pytest.mark.parametrize("name", EVERY)
def test_every_model_can_be_saved(name):
    model = zoo.load(name)
    trace = model.trace(card(name)["examples"][0])
    table = pd.read_csv(io.BytesIO(export.file(trace, "csv")), keep_default_na=False)
    weights = np.concatenate([block.weights.reshape(-1) for block in trace.blocks])
    np.testing.assert_array_equal(table.weight.astype(np.float32), weights)
    assert tuple(table.key_token[: len(trace.blocks[0].key)]) == trace.blocks[0].key.tokens
    assert export.file(trace, "html", names=model.card.names_of_labels("ja"), language="ja").startswith(b"<!DOCTYPE")


# ── pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Page(HTMLParser):
    """What a browser would make of a page: elements, visible text, and what it would fetch."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.fetched: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self._inside = ""
        self.feed(content.decode())

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self._inside = tag
        self.fetched += [value or "" for name, value in attrs if name in {"src", "href", "srcset", "data", "action"}]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside not in ("script", "style"):
            self.text += data


@pytest.mark.parametrize("language", languages())
def test_the_page_loads_nothing_and_runs_nothing_of_the_users(trace, language):
    noted = dataclasses.replace(trace, notices=(Notice("all_unknown", {"count": "<script>"}),))
    page = Page(export.html([noted, pooled(["<script>x</script>"])], language=language))
    assert page.fetched == [] and page.handlers == []
    assert {"img", "link", "iframe", "object", "embed", "base", "form"}.isdisjoint(page.elements)
    assert trace.text in page.text and "<script>x</script>" in page.text
    assert page.text.count("<script>") >= 3  # shown, not run


def test_the_page_fetches_nothing_from_its_own_scripts(trace):
    content = export.html([trace]).decode()
    own = [part for part in re.findall(r"<script[^>]*>(.*?)</script>", content, re.S) if len(part) < 100_000]
    assert len(own) >= 3  # one for each figure
    for part in own:
        assert not re.search(r"https?:(?!//plot\.ly\b|\\u002f\\u002fplot\.ly\b)", part), part[:500]
        assert "<" not in re.sub(r"\s<\s", "", part)  # no tag, closed or open, comes from data
    style = "".join(re.findall(r"<style[^>]*>(.*?)</style>", content, re.S))
    assert "@import" not in style and "url(" not in style


def test_the_library_is_inside_once(trace):
    content = export.html([trace, trace, trace])
    assert content.count(b"plotly.js v") == 1
    assert len(content) < 12_000_000


def test_the_language_of_the_page_is_said(trace):
    assert b'<html lang="ja">' in export.html([trace], language="ja")


# ── pictures, endings, citation ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", export.IMAGES)
def test_without_kaleido_the_error_says_how_to_get_it(trace, kind, monkeypatch):
    import plotly.io._kaleido as engine

    monkeypatch.setitem(sys.modules, "kaleido", None)
    monkeypatch.setattr(engine, "kaleido_available", lambda: False)
    with pytest.raises(InputError) as caught:
        export.file(trace, kind)
    assert caught.value.code == "no_image_engine"
    assert "pip install" in str(caught.value) and "pip install" in caught.value.message("ja")


@pytest.mark.parametrize("error", [ImportError, ValueError, RuntimeError, OSError, TimeoutError])
def test_a_chrome_that_fails_is_the_projects_error(trace, error, monkeypatch):
    import plotly.graph_objects as go

    def fail(*_, **__):
        raise error("no browser")

    monkeypatch.setattr(go.Figure, "to_image", fail)
    with pytest.raises(InputError) as caught:
        export.image(trace, "png")
    assert caught.value.code == "no_image_engine"


@pytest.mark.parametrize("kind", ["", "txt", "JSON", "../json", "html/"])
def test_other_endings(trace, kind):
    with pytest.raises(InputError) as caught:
        export.file(trace, kind)
    assert caught.value.code == "no_such_format"
    assert "json, csv, html, png, svg, pdf" in str(caught.value)


def test_nothing_to_save():
    for ask in (export.csv, export.html):
        with pytest.raises(InputError) as caught:
            ask([])
        assert caught.value.code == "no_traces"


@pytest.mark.parametrize("name", EVERY)
def test_how_to_cite_names_the_model_and_its_data(name):
    words = export.citation(zoo.load(name).card)
    assert name in words and words.startswith("@software{")
    assert all(entry["name"] in words for entry in card(name)["data"])


def test_no_cell_is_a_formula():
    tokens = ["=1+1", "+1", "-2", "@SUM(A1)", "\t=1", " =1", "-", "=", "good", "'x"]
    rows = pd.read_csv(io.BytesIO(export.csv([pooled(tokens)])), keep_default_na=False).to_dict("records")
    assert [row["key_token"] for row in rows] == [f"'{each}" if each in tokens[:6] else each for each in tokens]
    signed = pd.DataFrame({"-x": [-0.5, 1.0], "n": [-3, 2], "+w": ["a", None]})
    assert export.table(signed).decode("utf-8-sig").splitlines() == ["'-x,n,'+w", "-0.5,-3,a", "1,2,"]
