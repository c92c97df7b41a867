"""Every shipped pooling model against an independent computation in float64 from the files of its folder."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest

from attnviz import zoo
from attnviz.analysis.softmax import at_temperature
from attnviz.errors import InputError
from attnviz.trace import Edit
from tests.shipped import MODELS, POOLING, card

LONG = {"en": "the waiter brought good tea, ", "ja": "先生は美味しいお茶を飲みます。"}


@dataclass(frozen=True)
class Reference:
    """What the published model computes, written down once more."""

    weights: dict

    def run(self, ids, attention=None):
        """Every array by the name of its step; `attention` in place of the softmax where it is given."""
        w = self.weights
        x = w["embedding/embeddings"][ids]  # [T, F]
        content = x @ w["attention_pooling/kernel"][:, 0]  # [T]
        bias = w["attention_pooling/bias"][: len(ids), 0]  # [T]
        scores = content + bias
        a = softmax(scores) if attention is None else np.asarray(attention, np.float64)
        context = a @ x  # [F]
        hidden = np.maximum(context @ w["dense/kernel"] + w["dense/bias"], 0)
        logits = hidden @ w["prediction/kernel"] + w["prediction/bias"]
        return {
            "features": x,
            "kernel": w["attention_pooling/kernel"][:, 0],
            "content": content,
            "bias": bias,
            "scores": scores,
            "weights": a,
            "context": context,
            "hidden": hidden,
            "logits": logits,
            "output": softmax(logits),
        }


def softmax(values):
    powers = np.exp(values - values.max())
    return powers / powers.sum()


@pytest.fixture(scope="module", params=POOLING)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def model(name):
    return zoo.load(name)


@pytest.fixture(scope="module")
def reference(name):
    with np.load(MODELS / name / "weights.npz") as archive:
        return Reference({key: archive[key].astype(np.float64) for key in archive.files})


@pytest.fixture(scope="module")
def sentences(name):
    """The examples, one word, unknown words, and one over the limit."""
    language = card(name)["languages"][0]
    return [*card(name)["examples"], "ok", "qqqqzx 🙂", LONG[language] * 60]


def long_text(name):
    return LONG[card(name)["languages"][0]] * 60


def near(computed, expected):
    np.testing.assert_allclose(computed, expected, rtol=1e-5, atol=1e-5)


# ── the computation ───────────────────────────────────────────────────────────────────────────────────────────────


def test_ids_are_the_rows_of_the_vocabulary(model, name):
    vocabulary = (MODELS / name / "vocabulary.txt").read_text(encoding="utf-8").split("\n")
    for text in card(name)["examples"]:
        encoded = model.encode(text)
        tokens, ids = encoded.axes["tokens"], encoded.inputs["tokens"][0]
        assert encoded.inputs["tokens"].dtype == np.int32
        for token, index, unknown, span in zip(tokens.tokens, ids, tokens.unknown, tokens.spans, strict=True):
            assert text[slice(*span)] == token
            assert unknown == (index == 1)
            key = unicodedata.normalize("NFKC", token).casefold()
            assert unknown or vocabulary[index] == key


def test_every_step_is_the_independent_one(model, reference, sentences):
    for text in sentences:
        encoded = model.encode(text)
        steps = model.explain(encoded)
        expected = reference.run(encoded.inputs["tokens"][0])
        assert [step.name for step in steps.items] == list(expected)
        for step in steps.items:
            near(step.values, expected[step.name])


def test_the_trace_says_what_the_steps_say(model, reference, sentences):
    for text in sentences:
        encoded = model.encode(text)
        trace = model.run(encoded)
        expected = reference.run(encoded.inputs["tokens"][0])
        block = trace.block("pooling")
        assert block.kind == "pooling" and block.shape == (1, 1, 1, len(encoded.axes["tokens"]))
        assert (len(block.query), block.query.special, block.query.spans) == (1, (True,), (None,))
        near(block.weights[0, 0, 0], expected["weights"])
        near(trace.output.probabilities, expected["output"])
        assert trace.output.labels == tuple(card(model.card.name)["labels"])
        assert trace.edits == () and not block.edited


def test_each_step_follows_from_the_ones_before_it(model, sentences):
    dense = {name: values.astype(np.float64) for name, values in model.dense_parameters().items()}
    for text in sentences:
        steps = model.explain(model.encode(text))
        s = {step.name: step.values.astype(np.float64) for step in steps.items}
        near(s["content"], s["features"] @ s["kernel"])
        near(s["scores"], s["content"] + s["bias"])
        near(s["weights"], softmax(s["scores"]))
        near(s["context"], s["weights"] @ s["features"])
        near(s["hidden"], np.maximum(s["context"] @ dense["dense_kernel"] + dense["dense_bias"], 0))
        near(s["logits"], s["hidden"] @ dense["prediction_kernel"] + dense["prediction_bias"])
        near(s["output"], softmax(s["logits"]))


def test_batching_and_padding_change_nothing(model, sentences):
    encoded = [model.encode(text) for text in sentences]
    for alone, together in zip(map(model.run, encoded), model.run_batch(encoded), strict=True):
        np.testing.assert_allclose(together.blocks[0].weights, alone.blocks[0].weights, atol=1e-6)
        np.testing.assert_allclose(together.output.probabilities, alone.output.probabilities, atol=1e-6)
        assert together.blocks[0].key == alone.blocks[0].key
        assert together.text == alone.text


def test_padding_takes_no_weight_at_all(model):
    ids = np.zeros((2, 9), np.int32)
    ids[0, :4] = ids[1] = 2
    _, weights = model.forward(ids)
    assert (weights[0, 4:] == 0).all()
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-6)


def test_a_list_of_texts_gives_a_list(model, sentences):
    assert [trace.text for trace in model.trace(sentences[:3])] == [model.trace(text).text for text in sentences[:3]]
    assert model.trace([]) == []


def test_order_matters_only_through_b(model, reference):
    encoded = model.encode(card(model.card.name)["examples"][0])
    order = list(range(len(encoded.axes["tokens"])))[::-1]
    shuffled = encoded.keep(order)
    expected = reference.run(shuffled.inputs["tokens"][0])
    near(model.run(shuffled).output.probabilities, expected["output"])
    near(model.explain(shuffled)["content"], model.explain(encoded)["content"][order])


# ── edits ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def edits_of(scores):
    n = len(scores)
    yield from ((f"temperature {t}", at_temperature(scores, t)) for t in (0.1, 0.5, 2.0, 10.0))
    yield "uniform", np.full(n, 1 / n)
    yield from ((f"one token {i}", np.eye(n)[i]) for i in (0, n - 1))
    yield "not a distribution", np.linspace(0, 2, n)


def test_edited_weights_go_through_the_model(model, reference):
    for text in card(model.card.name)["examples"][:3]:
        encoded = model.encode(text)
        ids = encoded.inputs["tokens"][0]
        for label, weights in edits_of(reference.run(ids)["scores"]):
            edit = Edit("pooling", weights[None], label=label)
            trace, steps = model.run(encoded, [edit]), model.explain(encoded, edits=[edit])
            expected = reference.run(ids, weights)
            assert trace.block("pooling").edited and trace.edits == (edit,)
            near(trace.block("pooling").weights[0, 0, 0], weights)
            near(trace.output.probabilities, expected["output"])
            for step in ("weights", "context", "hidden", "logits", "output"):
                near(steps[step], expected[step])


def test_an_edit_that_changes_nothing_reproduces_the_model(model, sentences):
    for text in sentences:
        encoded = model.encode(text)
        own = model.run(encoded)
        again = model.run(encoded, [Edit("pooling", own.block("pooling").weights[0, 0])])
        np.testing.assert_allclose(again.output.probabilities, own.output.probabilities, atol=1e-6)


def test_an_edit_leaves_no_trace_in_the_next_run(model):
    encoded = model.encode(card(model.card.name)["examples"][0])
    before = model.run(encoded)
    n = len(encoded.axes["tokens"])
    model.run(encoded, [Edit("pooling", np.eye(n)[:1])])
    np.testing.assert_array_equal(model.run(encoded).blocks[0].weights, before.blocks[0].weights)


def test_edits_that_do_not_fit(model):
    encoded = model.encode(card(model.card.name)["examples"][0])
    n = len(encoded.axes["tokens"])
    for edit, code in [
        (Edit("other", np.ones((1, n))), "no_such_block"),
        (Edit("pooling", np.ones((1, n + 1))), "edit_shape"),
        (Edit("pooling", np.ones(n)), "edit_shape"),
        (Edit("pooling", np.ones((1, n)), head=1), "no_such_index"),
    ]:
        for ask in (
            lambda edit=edit: model.run(encoded, [edit]),
            lambda edit=edit: model.explain(encoded, edits=[edit]),
        ):
            with pytest.raises(InputError) as caught:
                ask()
            assert caught.value.code == code


# ── gradients ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_gradients_are_finite_differences(model, reference):
    encoded = model.encode(card(model.card.name)["examples"][0])
    w = reference.weights
    features = w["embedding/embeddings"][encoded.inputs["tokens"][0]]

    def probability(x, target):
        scores = x @ w["attention_pooling/kernel"][:, 0] + w["attention_pooling/bias"][: len(x), 0]
        hidden = np.maximum(softmax(scores) @ x @ w["dense/kernel"] + w["dense/bias"], 0)
        return softmax(hidden @ w["prediction/kernel"] + w["prediction/bias"])[target]

    rng, step = np.random.default_rng(5), 1e-6
    for target in range(len(model.card.labels)):
        gradient = model.gradients(encoded, target)
        assert gradient.shape == (1, *features.shape)
        for _ in range(3):
            direction = rng.normal(size=features.shape)
            rise = probability(features + step * direction, target) - probability(features - step * direction, target)
            assert (gradient[0] * direction).sum() == pytest.approx(rise / (2 * step), rel=1e-3, abs=1e-6)


def test_gradients_are_of_the_predicted_class_unless_told(model):
    encoded = model.encode(card(model.card.name)["examples"][0])
    predicted = model.run(encoded).output.predicted
    np.testing.assert_array_equal(model.gradients(encoded), model.gradients(encoded, predicted))
    for target in (-1, len(model.card.labels)):
        with pytest.raises(InputError) as caught:
            model.gradients(encoded, target)
        assert caught.value.code == "no_such_index"


# ── text in ───────────────────────────────────────────────────────────────────────────────────────────────────────


def codes(trace):
    return {notice.code: notice.parameters for notice in trace.notices}


def test_a_long_text_is_cut_with_a_notice(model, name):
    trace = model.trace(long_text(name))
    limit = card(name)["config"]["max_length"]
    assert len(trace.blocks[0].key) == limit >= 128
    cut = codes(trace)["text_cut"]
    assert cut["limit"] == limit and cut["total"] == limit + cut["left"] > limit
    assert trace.blocks[0].key.spans[-1][1] == len(trace.text) < len(long_text(name))


def test_every_notice_code(model, name):
    other = "это не тот язык"
    plain = card(name)["examples"][0]
    assert codes(model.trace(f"{plain}\ud800\udc00\ud800"))["surrogates_removed"] == {"count": 1}
    assert codes(model.trace(f"{plain}\0\x07"))["controls_removed"] == {"count": 2}
    assert "wrong_language" in codes(model.trace(other))
    assert "all_unknown" in codes(model.trace(other))
    some = model.trace(f"{plain} xqzzxq")
    assert codes(some)["some_unknown"]["total"] == len(some.blocks[0].key)
    assert any(some.blocks[0].key.unknown) and not all(some.blocks[0].key.unknown)
    for trace in (some, model.trace(other), model.trace(long_text(name))):
        for notice in trace.notices:
            assert notice.message("en") != notice.message("ja")


def test_a_plain_example_needs_no_notice(model, name):
    assert {"text_cut", "wrong_language", "all_unknown", "surrogates_removed", "controls_removed"}.isdisjoint(
        code for text in card(name)["examples"] for code in codes(model.trace(text))
    )


@pytest.mark.parametrize("text", ["", " ", "\n\t\u3000", "\0", "\ud800", "\u200b\ufeff", "\x1b\x07"])
def test_nothing_to_read_is_an_error(model, text):
    with pytest.raises(InputError) as caught:
        model.trace(text)
    assert caught.value.code == "empty_text"


@pytest.mark.parametrize("option", [{"target": "x"}, {"prefix": ["x"]}, {"beam": 2}])
def test_a_classifier_takes_no_target(model, option):
    with pytest.raises(InputError) as caught:
        model.trace("good", **option)
    assert caught.value.code == "no_target"


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ({"block": "other"}, "no_such_block"),
        ({"layer": 1}, "no_such_index"),
        ({"head": -1}, "no_such_index"),
        ({"query": 1}, "no_such_index"),
    ],
)
def test_steps_that_are_not_there(model, choice, code):
    with pytest.raises(InputError) as caught:
        model.explain(model.encode("good"), **choice)
    assert caught.value.code == code


# ── many at once ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_sixteen_threads_get_each_their_own(model, reference, name):
    words = [token for text in card(name)["examples"] for token in model.encode(text).axes["tokens"].tokens]
    gap = " " if card(name)["languages"] == ["en"] else ""
    texts = [gap.join(words[start : start + 2 + start % 7]) for start in range(16)]

    def work(text):
        encoded = model.encode(text)
        n = len(encoded.axes["tokens"])
        edit = Edit("pooling", np.eye(n)[-1:])
        return [(encoded, model.run(encoded), model.run(encoded, [edit]), model.explain(encoded)) for _ in range(8)]

    with ThreadPoolExecutor(16) as pool:
        results = [each for done in pool.map(work, texts) for each in done]
    assert len(results) == 16 * 8
    for encoded, own, edited, steps in results:
        ids = encoded.inputs["tokens"][0]
        expected = reference.run(ids)
        near(own.block("pooling").weights[0, 0, 0], expected["weights"])
        near(own.output.probabilities, expected["output"])
        near(steps["context"], expected["context"])
        near(edited.output.probabilities, reference.run(ids, np.eye(len(ids))[-1])["output"])
