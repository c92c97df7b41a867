"""Traces that were saved are a model that answers with them; what is no such file, or too much, is refused in words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz import export, zoo
from attnviz.errors import AttnvizError, InputError
from attnviz.families import recorded
from attnviz.trace import AttentionTrace, Edit
from tests.notebook.made import MADE, written
from tests.shipped import pooled


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path))
    return tmp_path


def saved(*traces: AttentionTrace) -> bytes:
    return export.json(traces)


@pytest.mark.parametrize("kind", MADE)
def test_it_answers_with_what_is_in_the_file(kind: str, models: Path):
    trace = MADE[kind]()
    folder = zoo.add_files({"../My traces!.json": saved(trace, pooled(["x", "y"]))})
    assert folder.parent == models and folder.name == "My-traces"
    model = attnviz.load("My-traces")
    again = model.trace(model.card.examples[0])
    assert again.to_dict() == attnviz.read_json(saved(trace))[0].to_dict() and len(model.card.examples) == 2
    assert model.card.kinds == tuple(dict.fromkeys([trace.block(0).kind, "pooling"]))
    assert trace.model in model.card.in_language("title", "ja")
    with pytest.raises(InputError) as unknown:
        model.trace("another sentence")
    assert unknown.value.code == "not_recorded" and trace.text[:20] in unknown.value.message("ja")
    encoded = model.encode(trace.text)
    for refused in (lambda: model.run(encoded, [Edit("b", np.ones((1, 1), np.float32))]), lambda: encoded.keep([0])):
        with pytest.raises(InputError):
            refused()


def test_a_name_that_is_taken_is_numbered(models: Path):
    for expected in ("traces", "traces-2", "traces-3"):
        assert zoo.add_files({"traces.json": saved(MADE["self"]())}).name == expected
    file = models / "attention.json"
    file.write_bytes(saved(MADE["self"]()))
    assert zoo.add(zoo.source_folder(str(file)), "by-name").name == "by-name"
    for name, sha256 in (("traces", None), ("another", "0" * 64)):
        with pytest.raises(AttnvizError):
            zoo.add(file, name, sha256)


def changed(trace: AttentionTrace, **output: object) -> bytes:
    data = trace.to_dict()
    data["output"].update(output)
    return json.dumps(data).encode()


HOSTILE: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"\xff\xfe{", "not_a_trace"),
    "deep": (b"[" * 200_000, "not_a_trace"),
    "nothing": (b"[]", "not_a_trace"),
    "no blocks": (json.dumps({**written().to_dict(), "blocks": []}).encode(), "not_a_trace"),
    "a number": (b"[1]", "not_a_trace"),
    "a long number": (b'{"model": ' + b"9" * 5000 + b"}", "not_a_trace"),
    "too many traces": (saved(*[MADE["pooling"]()] * 65), "recording_large"),
    "too many tokens": (saved(attnviz.from_arrays(np.full(2049, 1 / 2049), ["a"] * 2049)), "recording_large"),
    "a long token": (saved(attnviz.from_arrays([1.0], ["a" * 401])), "recording_large"),
    "too large": (b" " * (recorded.MAX_BYTES + 1), "recording_large"),
    "written by nothing": (
        changed(attnviz.from_arrays(np.eye(3)[::-1], ["a", "b", "c"], output=written().output)),
        "not_a_trace",
    ),
    "written by too few": (changed(written(), tokens=["x"], log_probabilities=[-1.0], alternatives=[]), "not_a_trace"),
    "no alternatives at a step": (changed(written(), alternatives=[[["x", -1.0]], [], [["y", -1.0]]]), "not_a_trace"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_hostile_is_refused(kind: str, models: Path):
    content, code = HOSTILE[kind]
    with pytest.raises(AttnvizError) as refused:
        zoo.add_files({"hostile.json": content})
    assert refused.value.code == code and list(models.iterdir()) == []
    assert all(refused.value.message(language) for language in ("en", "ja"))


def test_half_a_character_is_mended():
    trace = MADE["self"]()
    (again,) = recorded.checked(trace.to_json().encode().replace(b'"c"', b'"c\\ud83d"'))
    assert "c?" in again.block(0).key.tokens and "\ud83d" not in "".join(again.block(0).key.tokens)


def test_a_changed_file_is_refused(models: Path):
    folder = zoo.add_files({"traces.json": saved(MADE["self"]())})
    path = folder / recorded.FILE
    path.write_bytes(path.read_bytes().replace(b"good", b"evil") + b" ")
    with pytest.raises(AttnvizError) as refused:
        attnviz.load("traces")
    assert refused.value.code == "file_size"
