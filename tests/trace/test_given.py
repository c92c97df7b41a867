"""Weights of another program become a trace, in every form they come in, or are refused in words."""

from __future__ import annotations

import numpy as np
import pytest

import attnviz
from attnviz.errors import InputError
from attnviz.trace import MASK_CAUSAL, Classification

# Every length another prime, so that no transposed axis passes.
LAYERS, HEADS, QUERIES, KEYS = 2, 3, 5, 7
QUERY, KEY = [f"q{place}" for place in range(QUERIES)], [f"k{place}" for place in range(KEYS)]


def rows(*shape, seed=0):
    raw = np.random.default_rng(seed).random(shape)
    return (raw / raw.sum(-1, keepdims=True)).astype(np.float32)


WHOLE = rows(LAYERS, HEADS, QUERIES, KEYS)


class Tensor:
    """As PyTorch's: it has a gradient, may lie elsewhere, and bfloat16 is no type of NumPy's."""

    def __init__(self, array, dtype="torch.float32", state="needs a gradient"):
        self._array, self.dtype, self._state, self.ndim = array, dtype, state, array.ndim

    def detach(self):
        return Tensor(self._array, self.dtype, "on a device")

    def cpu(self):
        assert self._state == "on a device"
        return Tensor(self._array, self.dtype, "here")

    def float(self):
        assert self._state == "here"
        return Tensor(self._array, "torch.float32", "of a known type")

    def numpy(self):
        assert self._state == "of a known type"
        return self._array

    def __array__(self, *_, **__):
        raise TypeError("Can't call numpy() on Tensor that requires grad.")


FORMS = {
    "one array": WHOLE,
    "float64": WHOLE.astype(np.float64),
    "nested lists": WHOLE.tolist(),
    "a list of layers": list(WHOLE),
    "with a batch of one": [layer[None] for layer in WHOLE],
    "an array with a batch": WHOLE[:, None],
    "tensors": tuple(Tensor(layer[None]) for layer in WHOLE),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_weights(form):
    trace = attnviz.from_arrays(FORMS[form], KEY, QUERY, model="mine", output={"yes": 0.75, "no": 0.25})
    (block,) = trace.blocks
    assert (trace.model, trace.text, block.kind, block.precision) == ("mine", " ".join(KEY), "cross", "float32")
    assert (block.query.tokens, block.key.tokens) == (tuple(QUERY), tuple(KEY))
    np.testing.assert_array_equal(block.weights, WHOLE)
    assert isinstance(trace.output, Classification) and trace.output.labels == ("yes", "no")


def test_one_layer_one_head_and_pooling():
    one = attnviz.from_arrays(WHOLE[1, 2], KEY, QUERY).block(0)
    np.testing.assert_array_equal(one.weights[0, 0], WHOLE[1, 2])
    np.testing.assert_array_equal(attnviz.from_arrays(WHOLE[1], KEY, QUERY).block(0).weights[0], WHOLE[1])
    pooled = attnviz.from_arrays(WHOLE[0, 0, 0], KEY).block(0)
    assert (pooled.kind, pooled.query.special, pooled.shape) == ("pooling", (True,), (1, 1, 1, KEYS))


def test_half_precision_may_be_as_far_from_one_as_it_is():
    half = WHOLE.astype(np.float16)
    assert np.abs(half.sum(-1, dtype=np.float64) - 1).max() > 1e-5
    assert attnviz.from_arrays(half, KEY, QUERY).block(0).precision == "float16"
    brain = [Tensor(layer[None].astype(np.float16).astype(np.float32), "torch.bfloat16") for layer in WHOLE]
    assert attnviz.from_arrays(brain, KEY, QUERY).block(0).precision == "float16"


def test_what_never_looks_ahead_is_causal():
    square = np.tril(rows(LAYERS, HEADS, KEYS, KEYS))
    square /= square.sum(-1, keepdims=True)
    block = attnviz.from_arrays(square, KEY).block(0)
    assert block.kind == "causal"
    np.testing.assert_array_equal(block.mask == MASK_CAUSAL, np.triu(np.ones((KEYS, KEYS), bool), 1))
    assert attnviz.from_arrays(square, KEY, kind="self").block(0).mask is None
    square[0, 0, 0, :2] = 0.5
    assert attnviz.from_arrays(square, KEY).block(0).kind == "self"


def test_steps_of_a_generation_become_one_block_row_by_row():
    """Five tokens are given and two written: with cached keys and values one row a step, without all rows again."""
    square = np.tril(rows(LAYERS, HEADS, KEYS, KEYS))
    square /= square.sum(-1, keepdims=True)
    lengths = (QUERIES, QUERIES + 1, KEYS)
    whole = [tuple(layer[None, :, :length, :length] for layer in square) for length in lengths]
    cached = [whole[0], *(tuple(layer[:, :, -1:] for layer in step) for step in whole[1:])]
    for steps in (cached, tuple(whole)):
        block = attnviz.from_arrays(steps, KEY).block(0)
        assert block.kind == "causal"
        np.testing.assert_array_equal(block.weights, square)
        assert attnviz.from_arrays(steps, [*KEY, "written last"]).block(0).key.tokens == tuple(KEY)
    crossing = [tuple(rows(1, HEADS, 1, KEYS, seed=10 * step + layer) for layer in range(LAYERS)) for step in range(3)]
    block = attnviz.from_arrays(crossing, KEY, QUERY[:4]).block("cross")
    assert block.query.tokens == tuple(QUERY[:3])
    np.testing.assert_array_equal(block.weights[1, :, 2], crossing[2][1][0, :, 0])


def test_layers_of_other_numbers_of_heads_are_blocks_of_their_own():
    trace = attnviz.from_arrays([WHOLE[0], WHOLE[1], WHOLE[0][:2]], KEY, QUERY)
    assert [(block.name, block.shape[:2]) for block in trace.blocks] == [("attention", (2, 3)), ("attention_1", (1, 2))]


def test_what_a_tokenizer_put_in_is_special_and_the_rest_stands_in_the_text():
    trace = attnviz.from_arrays(rows(1, 1, 5, 5), ["[CLS]", "good", "[film", "</s>", "<b>x"], special=None)
    axis = trace.block(0).key
    assert axis.special == (True, False, False, True, False)
    assert [trace.text[slice(*span)] for span in axis.spans if span] == ["good", "[film", "<b>x"]
    chosen = [False] * 4 + [True]
    assert attnviz.from_arrays(rows(1, 1, 5, 5), list("abcde"), special=chosen).block(0).key.special == tuple(chosen)


def test_regions_may_stand_in_the_place_of_tokens():
    regions = attnviz.RegionAxis.grid_of(2, 3, ["[CLS]"])
    assert attnviz.from_arrays(rows(LAYERS, HEADS, KEYS, KEYS), regions).block(0).key == regions


@pytest.mark.parametrize(
    ("weights", "tokens", "query_tokens", "code"),
    [
        (WHOLE, KEY, QUERY[1:], "arrays_tokens"),
        (WHOLE, KEY[1:], QUERY, "arrays_tokens"),
        (WHOLE, KEY, None, "arrays_tokens"),
        (WHOLE, "seven77", QUERY, "arrays_token_list"),
        (WHOLE, list(range(KEYS)), QUERY, "arrays_token_list"),
        (WHOLE, np.arange(KEYS), QUERY, "arrays_token_list"),
        (WHOLE, {"input_ids": KEY}, QUERY, "arrays_token_list"),
        ({"attentions": WHOLE}, KEY, QUERY, "arrays_output"),
        (np.stack([WHOLE, WHOLE], 1), KEY, QUERY, "arrays_batch"),
        ([WHOLE, WHOLE], KEY, QUERY, "arrays_batch"),
        ([WHOLE[0], WHOLE[0, :, 1:]], KEY, QUERY, "arrays_shape"),
        ([], KEY, QUERY, "arrays_none"),
        ((None, None), KEY, QUERY, "arrays_none"),
        (None, KEY, QUERY, "arrays_none"),
        ([[1, [2]]], KEY, QUERY, "arrays_shape"),
        (WHOLE * 2, KEY, QUERY, "trace_rows"),
        (WHOLE - 0.5, KEY, QUERY, "trace_rows"),
        (WHOLE * np.nan, KEY, QUERY, "trace_not_finite"),
    ],
)
def test_anything_else_is_refused_in_words(weights, tokens, query_tokens, code):
    with pytest.raises(InputError) as raised:
        attnviz.from_arrays(weights, tokens, query_tokens)
    assert raised.value.code == code
    assert code not in str(raised.value) and str(raised.value) != raised.value.message("ja")
    with pytest.raises(InputError, match="near"):
        attnviz.from_arrays(WHOLE, KEY, QUERY, kind="near")


def test_figures_and_measures_take_it():
    trace = attnviz.from_arrays(WHOLE, KEY, QUERY)
    assert attnviz.figures.head(trace, layer=1, head=2).layout.title.text.startswith("Layer 2, head 3")
    assert attnviz.figures.heatmap(trace).data and attnviz.figures.bars(trace).data
    assert attnviz.analysis.row_entropy(trace.block(0).weights).shape == (LAYERS, HEADS, QUERIES)
    assert len(trace.to_frame()) == WHOLE.size
