"""What was saved as JSON is opened again as it was, or refused in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import attnviz
from attnviz import export
from attnviz.analysis.reading import read
from attnviz.analysis.surgery import operations
from attnviz.errors import InputError
from attnviz.scenes import Scene
from attnviz.trace import (
    HIDDEN,
    LIFTED,
    MASK_OTHER,
    OWN,
    AttentionBlock,
    AttentionTrace,
    Edit,
    Embedding,
    Notice,
    RegionAxis,
    Tensor,
    TokenAxis,
)

WORDS = TokenAxis(("[CLS]", "ca", "ts"), (None, (0, 2), (2, 4)), (True, False, False), (False, False, True), (0, 1, 1))


def made(output, axis=WORDS, **more):
    n = len(axis)
    mask = np.zeros((2, 1, n, n), np.int8)
    mask[0, 0, 1, 2] = MASK_OTHER
    block = AttentionBlock("b", "self", axis, axis, np.full((2, 1, n, n), 1 / n), mask, "float16", edited=True)
    weights = np.array([[OWN, LIFTED, HIDDEN], [0.25, 0.5, 0.25], [OWN] * 3])
    edits = (Edit("b", weights, 1, None, "by hand", padding=True), Edit("b", weights, 0, 0))
    return AttentionTrace("m", "cats", (block,), output, (Notice("all_unknown", {"count": 1}),), edits)


def same(one: AttentionTrace, other: AttentionTrace) -> None:
    assert one.to_dict() == other.to_dict() == json.loads(one.to_json())
    for block, again in zip(one.blocks, other.blocks, strict=True):
        np.testing.assert_array_equal(block.weights, again.weights)
        assert (block.query, block.key, block.parts) == (again.query, again.key, again.parts)
        assert (block.precision, block.edited, block.renormalised) == (
            again.precision,
            again.edited,
            again.renormalised,
        )
        for name in ("mask", "hidden"):
            np.testing.assert_array_equal(getattr(block, name), getattr(again, name))
    for edit, opened in zip(one.edits, other.edits, strict=True):
        np.testing.assert_array_equal(edit.weights, opened.weights)
        assert (edit.padding, edit.label, edit.head) == (opened.padding, opened.label, opened.head)


@cache
def trace(name: str) -> AttentionTrace:
    return TRACES[name]()


#: Each is made when a test first asks for it: to collect the tests runs no model.
TRACES: dict[str, Callable[[], AttentionTrace]] = {
    "classifier": lambda: attnviz.load("sentiment-en-encoder").trace("not good at all"),
    "without special tokens": lambda: read(trace("classifier"), special="renormalise"),
    "edited": lambda: operations.traced(attnviz.load("sentiment-en"), "not good", "uniform hide-K0"),
    "translation": lambda: attnviz.load("translate-en-ja").trace("I like tea."),
    "made": lambda: made(Embedding(np.arange(5, dtype=np.float32))),
    "a tensor": lambda: made(Tensor(np.array([[1.0, np.nan, 3.0]]))),
    "regions": lambda: made(Embedding(np.ones(2, np.float32)), RegionAxis.grid_of(1, 2, ["[CLS]"])),
    "given": lambda: attnviz.from_arrays([[0.75, 0.25]], ["a", "b"], ["c"]),
}


@pytest.mark.parametrize("name", TRACES)
def test_a_trace_is_opened_as_it_was_saved(name: str):
    (opened,) = attnviz.read_json(export.json([trace(name)]))
    same(opened, trace(name))


def test_several_from_a_file_some_of_them_in_part(tmp_path):
    several = [trace("classifier"), trace("made")]
    (tmp_path / "both.json").write_bytes(b"\xef\xbb\xbf" + export.json(several))
    for one, other in zip(attnviz.read_json(tmp_path / "both.json"), several, strict=True):
        same(one, other)
    (part,) = attnviz.read_json(export.json([trace("translation")], "decoder", 1, 2))
    assert part.blocks[0].shape[:2] == (1, 1) and part.output.text == trace("translation").output.text


def test_a_scene_has_its_picture_again_and_another_picture_a_grey_one():
    axis = RegionAxis.grid_of(1, 2, ["[CLS]"])
    scene = replace(made(Embedding(np.ones(2, np.float32)), axis), source=Scene("meadow;dog@3,5"))
    (opened,) = attnviz.read_json(export.json([scene]))
    np.testing.assert_array_equal(opened.source.pixels(), scene.source.pixels())
    data = scene.to_dict() | {"source": {"kind": "picture", "code": "sha256:12", "size": [5, 3]}}
    (opened,) = attnviz.read_json(json.dumps(data).encode())
    assert opened.source.pixels().shape == (3, 5, 3) and len(np.unique(opened.source.pixels())) == 1


def broken() -> dict[str, bytes]:
    whole = trace("given").to_dict()

    def but(**changes):
        return json.dumps(whole | changes).encode()

    block = whole["blocks"][0]
    picture = {"kind": "picture", "code": "x", "size": [10**6, 10**6]}
    return {
        "nothing": b"",
        "no JSON": b"\x00\xff{",
        "a number": b"3",
        "a list of numbers": b"[3]",
        "another object": b'{"a": 1}',
        "deep": b"[" * 100_000,
        "no blocks": but(blocks=None),
        "a block that is none": but(blocks=[{}]),
        "rows that are no weights": but(blocks=[block | {"weights": (np.array(block["weights"]) * 2).tolist()}]),
        "another shape": but(blocks=[block | {"shape": [1, 2, 3]}]),
        "words for weights": but(blocks=[block | {"weights": "abc"}]),
        "tokens missing": but(blocks=[block | {"key": block["key"] | {"tokens": ["a"]}}]),
        "another kind": but(blocks=[block | {"kind": "near"}]),
        "a notice that there is none of": but(notices=[{"code": "x", "parameters": {}}]),
        "an output of no kind": but(output={"kind": "?"}),
        "a picture of a terapixel": but(source=picture),
        "twice a name": but(blocks=[block, block]),
    }


BROKEN = broken()


@pytest.mark.parametrize("what", BROKEN)
def test_anything_else_is_refused_in_words(what: str):
    with pytest.raises(InputError) as raised:
        attnviz.read_json(BROKEN[what])
    assert raised.value.code == "not_a_trace" and len(str(raised.value)) < 500


def test_a_file_that_is_not_there():
    with pytest.raises(InputError, match=r"no-such\.json"):
        attnviz.read_json("no-such.json")


def test_what_is_seen_of_a_value_is_a_line():
    every = [trace(name) for name in TRACES]
    for value in (*every, *(each.output for each in every), *attnviz.models()):
        assert len(repr(value)) < 400 and "\n" not in repr(value)
    assert "not good at all" in repr(trace("classifier")) and "negative" in repr(trace("classifier").output)
    assert repr(attnviz.load("sentiment-en")) == "<PoolingClassifier 'sentiment-en': pooling>"
