"""The trace checks itself, does not change, and is written out as the contract says."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from attnviz import trace as traces
from attnviz.errors import InputError, TraceError
from attnviz.trace import (
    AttentionBlock,
    AttentionTrace,
    Classification,
    Edit,
    Embedding,
    Encoded,
    Notice,
    Step,
    Steps,
    Tensor,
    TokenAxis,
    Written,
)

# Every length another prime, so that no transposed axis passes.
LAYERS, HEADS, QUERIES, KEYS = 2, 3, 5, 7


def axis(length, letter="t"):
    return TokenAxis.of([f"{letter}{index}" for index in range(length)])


def rows(seed=0, shape=(LAYERS, HEADS, QUERIES, KEYS)):
    raw = np.random.default_rng(seed).random(shape)
    return raw / raw.sum(-1, keepdims=True)


def block(name="b", weights=None, **more):
    values = rows() if weights is None else weights
    return AttentionBlock(name, more.pop("kind", "cross"), axis(QUERIES, "q"), axis(KEYS, "k"), values, **more)


def trace(*blocks, **more):
    return AttentionTrace("m", "a text", blocks or (block(),), Classification(("x", "y"), [0.25, 0.75]), **more)


# ── checks ────────────────────────────────────────────────────────────────────────────────────────────────────────


def refused(code, make):
    with pytest.raises(TraceError) as caught:
        make()
    assert caught.value.code == code


def test_shapes_must_agree():
    refused("trace_shape", lambda: block(weights=rows().swapaxes(2, 3)))
    refused("trace_shape", lambda: block(weights=rows()[0]))
    refused("trace_shape", lambda: block(mask=np.zeros((KEYS, QUERIES))))
    refused("trace_axis", lambda: TokenAxis(("a", "b"), (None,), (False, False), (False, False)))
    refused("trace_shape", lambda: Classification(("x", "y", "z"), [0.5, 0.5]))
    refused("trace_shape", lambda: Written("translation", "ab", ("a", "b"), [-1.0]))
    refused("trace_shape", lambda: Embedding(np.zeros((2, 3))))
    refused("trace_shape", lambda: Step("scores", np.zeros((2, 3)), ("key",), "scores"))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("edited", [False, True])
def test_numbers_must_be_finite(bad, edited):
    weights = rows()
    weights[1, 2, 3, 4] = bad
    refused("trace_not_finite", lambda: block(weights=weights, edited=edited))
    refused("trace_not_finite", lambda: Classification(("x", "y"), [bad, 0.5]))
    refused("trace_not_finite", lambda: Embedding([bad]))
    refused("trace_not_finite", lambda: Written("translation", "a", ("a",), [bad]))


@pytest.mark.parametrize(
    ("precision", "off", "sound"),
    [
        ("float32", 5e-6, True),
        ("float32", 5e-5, False),
        ("float16", 5e-3, True),
        ("bfloat16", 5e-3, True),
        ("float16", 2e-2, False),
    ],
)
def test_rows_sum_to_one_as_exactly_as_the_precision_allows(precision, off, sound):
    weights = rows()
    weights[1, 2, 3, 4] += off
    if sound:
        block(weights=weights, precision=precision)
    else:
        refused("trace_rows", lambda: block(weights=weights, precision=precision))


def test_weights_are_not_negative():
    weights = rows()
    weights[0, 0, 0, :2] = -0.1, weights[0, 0, 0, :2].sum() + 0.1
    refused("trace_rows", lambda: block(weights=weights))


def test_an_edited_block_need_not_sum_to_one():
    assert block(weights=rows() * 0.5, edited=True).edited


def test_what_is_hidden_is_part_of_the_row():
    shown, hidden = rows()[..., 1:], rows()[..., 0]
    query, key = axis(QUERIES, "q"), axis(KEYS - 1, "k")

    def made(weights, **more):
        return AttentionBlock("b", "cross", query, key, weights, **more)

    part = made(shown, hidden=hidden).select(1, 2)
    np.testing.assert_allclose(part.hidden, hidden[1:2, 2:3], rtol=1e-6)
    refused("trace_rows", lambda: made(shown))
    refused("trace_rows", lambda: made(shown, hidden=hidden, renormalised=True))
    refused("trace_rows", lambda: made(shown, hidden=hidden + 1e-4))
    refused("trace_shape", lambda: made(shown, hidden=hidden[0]))
    refused("trace_not_finite", lambda: made(shown, hidden=hidden * math.nan))
    scaled = shown / shown.sum(-1, keepdims=True)
    made(scaled, hidden=hidden, renormalised=True)
    refused("trace_rows", lambda: made(scaled, hidden=hidden))
    scaled[1, 2, 3] = 0
    refused("trace_rows", lambda: made(scaled, hidden=hidden, renormalised=True))
    hidden[1, 2, 3] = 1
    made(scaled, hidden=hidden, renormalised=True)


def test_a_reading_is_written_out_with_what_it_did():
    hidden = rows()[..., 0]
    parts = (tuple((place,) for place in range(QUERIES)), ((1,), (2, 3), (4,), (5,), (6,)))
    values = np.add.reduceat(rows()[..., 1:], [0, 1, 3, 4, 5], axis=-1)
    more = {"hidden": hidden, "parts": parts}
    data = AttentionBlock("b", "cross", axis(QUERIES, "q"), axis(5, "k"), values, **more).to_dict()
    np.testing.assert_allclose(data["hidden"], hidden, rtol=1e-6)
    assert data["renormalised"] is False
    assert (data["query_positions"], data["key_positions"]) == ([[0], [1], [2], [3], [4]], [[1], [2, 3], [4], [5], [6]])
    assert not {"hidden", "query_positions"} & set(block().to_dict())
    swapped = {"hidden": hidden, "parts": (parts[1], parts[1][:4])}
    refused("trace_shape", lambda: AttentionBlock("b", "cross", axis(QUERIES, "q"), axis(5, "k"), values, **swapped))


def test_kinds_and_names():
    refused("trace_kind", lambda: block(kind="other"))
    refused("trace_names", lambda: trace(block("a"), block("b"), block("a")))


@pytest.mark.parametrize("shape", [(QUERIES, KEYS), (LAYERS, HEADS, QUERIES, KEYS)])
def test_a_mask_is_per_cell_or_per_layer_and_head(shape):
    mask = np.zeros(shape)
    mask[..., 0, 1] = traces.MASK_CAUSAL
    part = block(mask=mask).select(1, 2)
    assert part.mask is not None
    assert part.mask.dtype == np.int8
    assert part.mask.shape == (shape if len(shape) == 2 else (1, 1, QUERIES, KEYS))
    assert part.mask[..., 0, 1].item() == traces.MASK_CAUSAL


def test_a_head_s_part_of_a_mask():
    each = np.random.default_rng(3).integers(0, 5, (LAYERS, HEADS, QUERIES, KEYS)).astype(np.int8)
    np.testing.assert_array_equal(block(mask=each).mask_of(1, 2), each[1, 2])
    np.testing.assert_array_equal(block(mask=each[0, 1]).mask_of(1, 2), each[0, 1])
    np.testing.assert_array_equal(block().mask_of(1, 2), np.zeros((QUERIES, KEYS), np.int8))


# ── immutability ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_in_a_trace_can_be_changed():
    whole = trace(block(mask=np.zeros((QUERIES, KEYS))))
    arrays = [
        whole.blocks[0].weights,
        whole.blocks[0].mask,
        whole.output.probabilities,
        Written("translation", "a", ("a",), [-1.0]).log_probabilities,
        Embedding([1.0]).vector,
        Tensor(np.ones(3)).values,
        Edit("b", np.ones((1, 2))).weights,
        Step("scores", np.ones(3), ("key",), "scores").values,
    ]
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    for value in (whole, whole.blocks[0], whole.output, whole.blocks[0].key):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, dataclasses.fields(value)[0].name, "other")


def test_a_trace_keeps_what_it_was_given_when_the_giver_changes_it():
    weights, parameters = rows(), {"count": 1}
    made, notice = block(weights=weights), Notice("all_unknown", parameters)
    weights[:] = 0
    parameters["count"] = 9
    assert made.weights.sum() == pytest.approx(LAYERS * HEADS * QUERIES)
    assert notice.parameters == {"count": 1}


def test_traces_can_be_compared_and_kept_in_a_set():
    first, second = trace(), trace()
    assert first == first
    assert first != second
    assert len({first, second, first}) == 2


# ── parts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_blocks_by_name_then_by_kind():
    self_block = AttentionBlock("cross", "self", axis(3), axis(3), np.full((1, 1, 3, 3), 1 / 3))
    whole = trace(block("b"), self_block)
    assert whole.block("b").kind == "cross"
    assert whole.block("cross") is self_block  # the name comes first
    assert whole.block("self") is self_block
    with pytest.raises(InputError) as caught:
        whole.block("c")
    assert "b, cross" in str(caught.value)


def test_selection_keeps_both_axes():
    part = trace(block("a"), block("b")).select("b", 1, 2)
    assert [each.name for each in part.blocks] == ["b"]
    assert part.blocks[0].shape == (1, 1, QUERIES, KEYS)
    np.testing.assert_array_equal(part.blocks[0].weights[0, 0], block().weights[1, 2])


@pytest.mark.parametrize("choice", [{"layer": LAYERS}, {"head": HEADS}, {"layer": -1}, {"head": -1}])
def test_a_part_that_is_not_there(choice):
    for ask in (trace().select, trace().to_dict, trace().to_json, trace().to_frame):
        with pytest.raises(InputError) as caught:
            ask(**choice)
        assert caught.value.code == "no_such_index"


def test_keeping_positions_cuts_inputs_and_axes_alike():
    ids = np.arange(10, 15)[None]
    encoded = Encoded("a b c d e", {"tokens": ids, "other": ids}, {"tokens": TokenAxis.of(list("abcde"))})
    kept = encoded.keep([3, 0])
    assert kept.axes["tokens"].tokens == ("d", "a")
    assert kept.inputs["tokens"].tolist() == [[13, 10]]
    assert kept.inputs["other"].tolist() == ids.tolist()
    assert kept.text == encoded.text
    for positions in ([], [1, 1], [5], [-1]):
        with pytest.raises(InputError) as caught:
            encoded.keep(positions)
        assert caught.value.code == "bad_positions"


def test_repeated_tokens_get_distinct_labels():
    assert TokenAxis.of(["the", "cat", "the", "the"]).labels() == ("the", "cat", "the (2)", "the (3)")


def test_steps_by_name():
    steps = Steps((Step("scores", [1.0], ("key",), "scores"),))
    assert "scores" in steps and "weights" not in steps
    with pytest.raises(KeyError):
        steps["weights"]


# ── written out ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_json_is_as_the_contract_says():
    query = TokenAxis(("[CLS]", "é"), (None, (0, 1)), (True, False), (False, True))
    whole = AttentionTrace(
        "m",
        "é",
        (AttentionBlock("b", "self", query, query, np.full((1, 1, 2, 2), 0.5)),),
        Classification(("x", "y"), [0.25, 0.75]),
        (Notice("all_unknown", {"count": 1}),),
    )
    sides = {"tokens": ["[CLS]", "é"], "spans": [None, [0, 1]], "special": [True, False], "unknown": [False, True]}
    expected = {
        "model": "m",
        "text": "é",
        "source": {"kind": "text", "text": "é"},
        "output": {"kind": "classification", "labels": ["x", "y"], "probabilities": [0.25, 0.75]},
        "notices": [{"code": "all_unknown", "parameters": {"count": 1}, "message": whole.notices[0].message()}],
        "blocks": [
            {
                "name": "b",
                "kind": "self",
                "shape": [1, 1, 2, 2],
                "query": sides,
                "key": sides,
                "weights": [[[[0.5, 0.5], [0.5, 0.5]]]],
            }
        ],
    }
    assert whole.to_dict() == expected
    assert json.loads(whole.to_json()) == expected
    assert "é" in whole.to_json()


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (
            Written(
                "translation",
                "a b",
                ("a", "b"),
                np.array([-0.5, -0.25], np.float32),
                ((("a", -0.5),), (("b", -0.25),)),
                False,
            ),
            {
                "kind": "translation",
                "text": "a b",
                "tokens": ["a", "b"],
                "log_probabilities": [-0.5, -0.25],
                "alternatives": [[["a", -0.5]], [["b", -0.25]]],
                "finished": False,
            },
        ),
        (Embedding(np.array([0.5, -2.0], np.float32)), {"kind": "embedding", "vector": [0.5, -2.0]}),
        (Tensor(np.array([[1, 2, 3]])), {"kind": "tensor", "shape": [1, 3], "values": [[1, 2, 3]]}),
        (
            Tensor(np.array([math.nan, -math.inf, 1.5], np.float32)),
            {"kind": "tensor", "shape": [3], "values": [None, None, 1.5]},
        ),
    ],
)
def test_every_kind_of_output_is_valid_json(output, expected):
    written = json.loads(dataclasses.replace(trace(), output=output).to_json())
    assert written["output"] == expected


def test_weights_survive_json_to_the_last_bit():
    written = json.loads(trace().to_json())
    np.testing.assert_array_equal(np.array(written["blocks"][0]["weights"], np.float32), block().weights)


def test_edits_are_written_and_their_absence_is_not():
    assert "edits" not in trace().to_dict()
    edit = Edit("b", np.full((QUERIES, KEYS), 0.5), 1, 2, "half")
    written = json.loads(trace(edits=(edit,)).to_json())["edits"]
    assert written == [
        {"block": "b", "layer": 1, "head": 2, "label": "half", "weights": [[0.5] * KEYS] * QUERIES},
    ]


def test_the_table_has_one_weight_a_row():
    frame = trace(block("a"), block("b", rows(1))).to_frame()
    assert list(frame.columns[:6]) == ["block", "layer", "head", "query", "key", "weight"]
    assert len(frame) == 2 * LAYERS * HEADS * QUERIES * KEYS
    cell = frame[
        (frame.block == "b") & (frame.layer == 1) & (frame["head"] == 2) & (frame["query"] == 3) & (frame.key == 4)
    ]
    assert cell.weight.item() == block("b", rows(1)).weights[1, 2, 3, 4]
    assert (cell.query_token.item(), cell.key_token.item()) == ("q3", "k4")


def test_the_table_of_a_part_keeps_its_numbers():
    frame = trace().to_frame("b", 1, 2)
    assert set(frame.layer) == {1} and set(frame["head"]) == {2}
    np.testing.assert_array_equal(frame.weight.to_numpy().reshape(QUERIES, KEYS), block().weights[1, 2])


def test_a_trace_without_blocks_is_an_empty_table():
    empty = AttentionTrace("m", "t", (), Embedding([1.0]))
    assert len(empty.to_frame()) == 0
    assert list(empty.to_frame().columns) == list(trace().to_frame().columns)
    assert empty.to_dict()["blocks"] == []


def test_over_a_million_weights_a_selection_is_asked_for():
    side = 512
    weights = np.full((2, 2, side, side), 1 / side, np.float32)
    big = AttentionBlock("big", "self", axis(side), axis(side), weights)
    whole = AttentionTrace("m", "t", (big,), Embedding([1.0]))
    for ask in (whole.to_dict, whole.to_json, whole.to_frame):
        with pytest.raises(InputError) as caught:
            ask()
        assert caught.value.code == "too_many_weights"
        assert "big" in str(caught.value)
    assert whole.to_dict(layer=0, head=1)["blocks"][0]["shape"] == [1, 1, side, side]


def test_exactly_a_million_weights_are_written():
    weights = np.full((1, 1, 1000, 1000), 1e-3, np.float32)
    limit = AttentionBlock("b", "self", axis(1000), axis(1000), weights)
    assert len(AttentionTrace("m", "t", (limit,), Embedding([1.0])).to_frame()) == traces.MAX_WEIGHTS
