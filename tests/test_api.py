"""The HTTP interface: the JSON of the command line, and for every mistake a code and words."""

from __future__ import annotations

import json

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from attnviz import zoo
from attnviz.analysis.surgery import operations
from attnviz.api import MAX_BODY, ROUTES
from tests.shipped import EVERY, POOLING, card

NAME = POOLING[0]
TEXT = card(NAME)["examples"][0]


@pytest.fixture(scope="module")
def client():
    with TestClient(Starlette(routes=ROUTES), raise_server_exceptions=False) as client:
        yield client


def refused(answer, status, code):
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert error["code"] == code
    assert error["message"] and "Traceback" not in error["message"]
    assert set(answer.json()) == {"error"} and set(error) == {"code", "message"}


# ── results ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_models(client):
    answer = client.get("/api/models")
    assert answer.status_code == 200
    assert [entry["name"] for entry in answer.json()["models"]] == EVERY
    assert answer.json()["refused"] == []


@pytest.mark.parametrize("name", EVERY)
def test_get_and_post_give_the_json_of_a_trace(client, name):
    text = card(name)["examples"][0]
    asked = {"model": name, "text": text}
    expected = zoo.load(name).trace(text).to_dict()
    assert client.get("/api/trace", params=asked).json() == expected
    assert client.post("/api/trace", json=asked).json() == expected
    for block in expected["blocks"]:
        part = client.get("/api/trace", params={**asked, "block": block["name"], "layer": "0", "head": "0"}).json()
        assert [each["weights"] for each in part["blocks"]] == [[block["weights"][0][:1]]]
    nothing = {**asked, "block": None, "layer": None, "head": None, "target": None}
    assert client.post("/api/trace", json=nothing).json() == expected


def test_head_is_get_without_a_body(client):
    answer = client.head("/api/trace", params={"model": NAME, "text": TEXT})
    assert answer.status_code == 200


def test_a_refused_folder_is_told_and_the_others_work(client, tmp_path, monkeypatch):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "card.json").write_text("{")
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path))
    answer = client.get("/api/models").json()
    assert [entry["name"] for entry in answer["models"]] == EVERY
    assert [(entry["folder"], entry["code"]) for entry in answer["refused"]] == [("broken", "file_unreadable")]
    refused(client.get("/api/trace", params={"model": "broken", "text": "a"}), 500, "file_unreadable")
    assert client.get("/api/trace", params={"model": NAME, "text": TEXT}).status_code == 200


# ── mistakes ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"text": ""}, 400, "empty_text"),
        ({"text": " \u3000\0"}, 400, "empty_text"),
        ({"text": None}, 400, "missing_field"),
        ({"text": 5}, 400, "missing_field"),
        ({"text": ["a"]}, 400, "missing_field"),
        ({"text": {"a": 1}}, 400, "missing_field"),
        ({"model": None}, 400, "missing_field"),
        ({"model": ["a"]}, 400, "missing_field"),
        ({"model": "nothing"}, 404, "no_such_model"),
        ({"model": ""}, 404, "no_such_model"),
        ({"model": "<script>" * 1000}, 404, "no_such_model"),
        ({"model": "\ud800"}, 404, "no_such_model"),
        ({"block": "other"}, 400, "no_such_block"),
        ({"block": 5}, 400, "missing_field"),
        ({"target": "x"}, 400, "no_target"),
        ({"target": ""}, 400, "no_target"),
        ({"target": [1]}, 400, "missing_field"),
        ({"layer": 1}, 400, "no_such_index"),
        ({"layer": -1}, 400, "no_such_index"),
        ({"head": 10**30}, 400, "no_such_index"),
        ({"head": "9" * 5000}, 400, "not_a_number"),
        ({"layer": "one"}, 400, "not_a_number"),
        ({"layer": ""}, 400, "not_a_number"),
        ({"layer": 0.0}, 400, "not_a_number"),
        ({"layer": True}, 400, "not_a_number"),
        ({"layer": [0]}, 400, "not_a_number"),
        ({"colour": "red"}, 400, "unknown_field"),
        ({"\ud800": 1, "é" * 9999: 2}, 400, "unknown_field"),
    ],
)
def test_a_body_with_a_mistake(client, change, status, code):
    body = json.dumps({"model": NAME, "text": TEXT, **change})
    answer = client.post("/api/trace", content=body)
    refused(answer, status, code)
    assert len(answer.content) < 4000


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "missing_field"),
        (f"model={NAME}", 400, "missing_field"),
        ("text=a", 400, "missing_field"),
        (f"model={NAME}&text=", 400, "empty_text"),
        (f"model={NAME}&text=%00%20", 400, "empty_text"),
        ("model=nothing&text=a", 404, "no_such_model"),
        (f"model={NAME}&text=a&layer=x", 400, "not_a_number"),
        (f"model={NAME}&text=a&layer=9", 400, "no_such_index"),
        (f"model={NAME}&text=a&colour=red", 400, "unknown_field"),
        (f"model={NAME}&text=a&target=b", 400, "no_target"),
    ],
)
def test_an_address_with_a_mistake(client, query, status, code):
    refused(client.get(f"/api/trace?{query}"), status, code)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[1]", b'"text"', b"null", b"\xff\xfe", b"[" * 50_000, b'{"a":' * 30_000, b"9" * 9999, b"NaN"],
)
def test_a_body_that_is_no_object(client, body):
    refused(client.post("/api/trace", content=body), 400, "bad_json")


def test_a_body_that_is_too_large(client):
    refused(client.post("/api/trace", content=b" " * (MAX_BODY + 1)), 413, "body_too_large")

    def endless():
        for _ in range(20):
            yield b" " * 100_000

    refused(client.post("/api/trace", content=endless()), 413, "body_too_large")


def test_the_largest_body_is_read(client):
    body = json.dumps({"model": NAME, "text": "tea "}).encode()
    answer = client.post("/api/trace", content=body[:-2] + b" tea" * ((MAX_BODY - len(body)) // 4) + body[-2:])
    assert answer.status_code == 200
    assert "text_cut" in [notice["code"] for notice in answer.json()["notices"]]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods(client, method):
    answer = client.request(method, "/api/trace")
    refused(answer, 405, "method_not_allowed")
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))
    refused(client.request(method, "/api/models"), 405, "method_not_allowed")


def test_models_are_not_posted(client):
    answer = client.post("/api/models")
    refused(answer, 405, "method_not_allowed")
    assert "POST" not in answer.headers["allow"]


@pytest.mark.parametrize("path", ["/api/nothing", "/api/", "/api/trace/more", "/api/<script>"])
def test_other_addresses(client, path):
    answer = client.get(path)
    refused(answer, 404, "no_such_address")
    assert "/api/models, /api/trace" in answer.json()["error"]["message"]


@pytest.mark.parametrize("prefix", ["", "./", "models/", "../"])
def test_paths_are_for_people_at_the_machine(client, prefix, tmp_path):
    for path in (zoo.model_folders()[NAME].as_posix(), f"./{NAME}", f"../models/{NAME}", str(tmp_path), ".", "/"):
        if prefix + path not in zoo.model_folders():
            refused(client.get("/api/trace", params={"model": prefix + path, "text": "a"}), 404, "no_such_model")


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("accepted", "words"),
    [
        ("ja-JP,ja;q=0.9,en;q=0.8", "読む文"),
        ("en", "nothing to read"),
        ("fr", "nothing to read"),
        ("", "nothing"),
        (";,;", "nothing"),
    ],
)
def test_messages_are_in_the_language_asked_for(client, accepted, words):
    answer = client.get("/api/trace", params={"model": NAME, "text": " "}, headers={"accept-language": accepted})
    assert words in answer.json()["error"]["message"]


def test_lone_surrogates_come_and_go_as_ascii(client):
    answer = client.post("/api/trace", content=json.dumps({"model": NAME, "text": "good \ud800 tea"}))
    assert answer.status_code == 200
    assert answer.json()["text"] == "good  tea" or answer.json()["text"] == "good tea"
    assert answer.json()["notices"][0]["code"] == "surrogates_removed"
    assert answer.content.isascii()


# ── operations on the weights ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("codes", ["uniform hide-K0", ["uniform", "hide-K0"]], ids=["text", "list"])
def test_operations_are_carried_out_and_listed(client, codes):
    answer = client.post("/api/trace", json={"model": NAME, "text": TEXT, "edits": codes})
    expected = operations.traced(zoo.load(NAME), TEXT, "uniform hide-K0").to_dict()
    assert answer.json() == json.loads(json.dumps(expected))
    assert answer.json()["edits"][-1]["label"] == "hide-K0"


def test_operations_in_an_address(client):
    answer = client.get("/api/trace", params={"model": NAME, "text": TEXT, "edits": "uniform hide-K0"})
    assert [edit["label"] for edit in answer.json()["edits"]][-1] == "hide-K0"


@pytest.mark.parametrize(
    ("edits", "code"),
    [("unheard", "bad_edit"), ("off-L77", "edit_place"), ([3], "missing_field"), ({"a": 1}, "missing_field")],
)
def test_operations_that_are_none(client, edits, code):
    refused(client.post("/api/trace", json={"model": NAME, "text": TEXT, "edits": edits}), 400, code)
