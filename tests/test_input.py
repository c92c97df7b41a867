"""Input of every kind: a result or a clear message, never anything else."""

from __future__ import annotations

import contextlib
import io
import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from attnviz import export, figures, zoo
from attnviz.api import ROUTES
from attnviz.cli import main
from attnviz.errors import InputError
from attnviz.trace import Written
from tests.shipped import NAMES, POOLING, card

KINDS = {
    "10,000 characters": "a" * 10_000,
    "10,000 letters, Japanese": "あ" * 10_000,
    "5,000 words": "word " * 5000,
    "emoji": "👩‍👩‍👧‍👦 🇯🇵 👍🏽 ❤️",
    "combined": "Cafe\u0301 Z\u0351\u036b\u0343\u036a\u0302a\u0316lgo",
    "many marks": "a" + "\u0301" * 5000,
    "right to left": "שלום עולם, مرحبا بالعالم",
    "overrides": "\u202eevil\u202c \u2066x\u2069",
    "control characters": "a\x00b\x07c\x1b[31md\x7f",
    "lone surrogates": "a\ud800b\udfffc",
    "surrogate pair": "a\ud83d\ude00b",
    "script": "<script>alert(1)</script>",
    "markup": "<b>x</b> &lt; &amp; <!-- -->",
    "markdown": "# *x* **y** [z](http://example.org) `code` :red[a] :material/home:",
    "formula": r"$\frac{1}{2}$ \(x\) $$y$$",
    "template": "%{x} {0} {name} ${x} {{y}}",
    "unknown": "qzxq wvvk",
    "marks only": "... !!! ?? 、。「」",
    "Japanese": "明日、学校にいらっしゃいますか。",
    "English": "Book a table for two",
    "mixed": "a日b本c",
    "breaks": "one\ntwo\r\nthree\u2028four\x85five\tsix",
    "private use": "\ue000\U0010fffd",
    "not characters": "\ufffe\uffff\ufffd",
    "digits": "3.14 １２３ ٣",
    "json": '{"a": "b\\u0000"}',
    "path": "../../etc/passwd",
    "sql": "'; DROP TABLE models; --",
    "blanks between": "a\u3000b\u00a0c\u200bd",
}

#: Anything Python calls a string, lone surrogates among it, and pieces that are awkward together.
anything = st.one_of(
    st.text(st.characters(), max_size=60),
    st.lists(
        st.sampled_from([*"ab .!?'-<>&${}%\0\ud800\udc00\n\u0301\u200d\u3000あ漢👍", "not", "です", "שלום"]),
        max_size=40,
    ).map("".join),
)


def check(trace):
    """A trace of any text is whole: sound numbers, spans in the text, and it can be written and drawn."""
    block, text = trace.blocks[0], trace.text
    assert 1 <= len(block.key) - sum(block.key.special) <= 128
    np.testing.assert_allclose(block.weights.sum(-1), 1, atol=1e-5)
    if isinstance(trace.output, Written):
        assert (trace.output.log_probabilities <= 0).all() and trace.output.tokens
    else:
        assert trace.output.probabilities.sum() == pytest.approx(1, abs=1e-5)
    end = 0
    for token, span, special in zip(block.key.tokens, block.key.spans, block.key.special, strict=True):
        if special:
            assert span is None
            continue
        if span is None:  # a piece without a place of its own, such as a part of ½
            assert token and isinstance(trace.output, Written)
            continue
        assert token and span[0] >= end and text[slice(*span)] == token
        end = span[1]
    assert not any("\ud800" <= letter <= "\udfff" for letter in text)
    assert "\0" not in text and text == text.strip()
    written = trace.to_json()
    written.encode("utf-8")
    assert json.loads(written)["text"] == text
    return trace


#: A model that translates reads this translation of any text at all in one pass, which takes a tenth of writing one;
#: its own it writes for every one of `KINDS`.
GIVEN = {name: {"target": "a"} for name in NAMES if card(name)["task"] == "translation"}


def traced(name, text, **options):
    """A trace, or None where there is nothing to read."""
    try:
        return check(zoo.load(name).trace(text, **options))
    except InputError as error:
        assert error.code == "empty_text"
        assert error.message("en") and error.message("ja")
        return None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", KINDS.values(), ids=KINDS.keys())
def test_every_kind_of_text_gives_a_whole_trace(name, text):
    trace = traced(name, text)
    assert trace is not None
    table = trace.to_frame()
    assert len(table) == sum(block.weights.size for block in trace.blocks)
    export.csv([trace])
    for figure in (figures.heatmap(trace), figures.bars(trace, order="weight")):
        figure.to_json().encode("utf-8")


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=150)
@given(text=anything)
@example(text="")
@example(text="\ud800")
@example(text="\u0301")
@example(text="\u200d")
def test_any_text_gives_a_whole_trace_or_nothing_to_read(name, text):
    traced(name, text, **GIVEN.get(name, {}))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30)
@given(text=anything)
def test_cleaning_is_done_once(name, text):
    given = GIVEN.get(name, {})
    trace = traced(name, text, **given)
    if trace is not None:
        again = zoo.load(name).trace(trace.text, **given)
        assert again.text == trace.text
        assert again.blocks[0].key == trace.blocks[0].key
        np.testing.assert_allclose(again.blocks[0].weights, trace.blocks[0].weights, atol=1e-6)
        gone = {"surrogates_removed", "controls_removed", "text_cut"}
        assert gone.isdisjoint(notice.code for notice in again.notices)


@settings(max_examples=80)
@given(text=anything)
def test_any_text_on_the_command_line(text):
    name = POOLING[0]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["trace", name, "--", text])
    trace = traced(name, text)
    if trace is None:
        assert (code, out.getvalue()) == (2, "")
        assert err.getvalue().startswith("attnviz: ")
    else:
        assert code == 0 and json.loads(out.getvalue()) == trace.to_dict()


@pytest.fixture(scope="module")
def client():
    with TestClient(Starlette(routes=ROUTES)) as client:
        yield client


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | anything | st.sampled_from(NAMES or ["x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(anything, inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=80)
@given(text=anything)
def test_any_text_over_http(client, text):
    answer = client.post("/api/trace", content=json.dumps({"model": POOLING[0], "text": text}))
    trace = traced(POOLING[0], text)
    if trace is None:
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "empty_text")
    else:
        assert (answer.status_code, answer.json()) == (200, trace.to_dict())


@settings(max_examples=150)
@given(
    body=st.fixed_dictionaries(
        {}, optional=dict.fromkeys(["model", "text", "block", "layer", "head", "target", "x"], values)
    )
    | values
)
def test_any_body_over_http_gets_json(client, body):
    answer = client.post("/api/trace", content=json.dumps(body))
    assert answer.status_code in (200, 400, 404)
    assert ("error" in answer.json()) == (answer.status_code != 200)


@settings(max_examples=80)
@given(content=st.binary(max_size=200))
def test_any_bytes_over_http_get_json(client, content):
    answer = client.post("/api/trace", content=content)
    assert answer.status_code == 400 and answer.json()["error"]["code"]


@settings(max_examples=80)
@given(query=st.dictionaries(st.sampled_from(["model", "text", "layer", "head", "block"]), st.text(max_size=20)))
def test_any_address_gets_json(client, query):
    answer = client.get("/api/trace", params={"model": POOLING[0], **query})
    assert answer.status_code in (200, 400, 404)
    assert ("error" in answer.json()) == (answer.status_code != 200)
