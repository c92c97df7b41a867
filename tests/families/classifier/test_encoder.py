"""The encoder family against NumPy in float64."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from attnviz.analysis.heads.norms import weighted
from attnviz.capture import CapturedModel
from attnviz.families.card import ModelCard
from attnviz.families.classifier import encoder, encoder_network
from attnviz.families.common.arrays import names
from attnviz.tokenizers import KINDS
from attnviz.trace import MASK_NONE, Edit

CONFIG = {"classes": 3, "vocabulary_size": 11, "features": 28, "max_length": 13, "layers": 2, "heads": 4, "hidden": 17}
WORDS = ("[PAD]", "[UNK]", "a", "b", "c", "d", "e", "f", "g", "h", "i")


@pytest.fixture(scope="module", params=[False, True], ids=["[CLS] from the first layer", "[CLS] late"])
def model(request):
    config = {**CONFIG, "late": request.param}
    network = encoder_network.build(**config)
    rng = np.random.default_rng(3)
    for variable in network.trainable_variables:
        variable.assign(rng.normal(0, 0.4, variable.shape))
    card = ModelCard("tiny", family="encoder", labels=("x", "y", "z"), max_length=13, details={"config": config})
    return encoder.EncoderClassifier(network, KINDS["words"](WORDS), card)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def seen(late, layer, length):
    """Who may look at whom."""
    mask = np.ones((length, length), bool)
    if late:
        mask[:, 0] = False
        if layer < CONFIG["layers"] - 1:
            mask[0] = np.arange(length) == 0
    return mask


def reference(network, ids, norms=None, vectors=None, outputs=None):
    w = {n: np.asarray(keras.ops.convert_to_numpy(v), np.float64) for n, v in names(network).items()}

    def norm(x, name):
        y = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return y * w[f"{name}/gamma"] + w[f"{name}/beta"]

    vectors = w["embedding/embeddings"][ids] if vectors is None else vectors
    x = np.concatenate([w["class_token/cls"][0], vectors]) + w["class_token/positions"][: len(ids) + 1]
    weights = []
    for i in range(CONFIG["layers"]):
        y = norm(x, f"attention_norm_{i}")
        a = f"attention_{i}"
        q, k, v = (
            np.einsum("tf,fhd->htd", y, w[f"{a}/{p}/kernel"]) + w[f"{a}/{p}/bias"][:, None]
            for p in ("query", "key", "value")
        )
        if norms is not None:
            norms.append(np.sqrt(((v @ w[f"{a}/attention_output/kernel"]) ** 2).sum(-1)))  # [head, key]
        late = any(layer.name == "waiting_mask" for layer in network.layers)
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
        weights.append(softmax(np.where(seen(late, i, len(ids) + 1), scores, -np.inf)))
        parts = np.einsum("htd,hdf->htf", weights[-1] @ v, w[f"{a}/attention_output/kernel"])
        if outputs is not None:
            outputs.append(parts)
        x = x + parts.sum(0) + w[f"{a}/attention_output/bias"]
        y = norm(x, f"feed_forward_norm_{i}")
        inner = np.maximum(0, y @ w[f"feed_forward_in_{i}/kernel"] + w[f"feed_forward_in_{i}/bias"])
        x = x + inner @ w[f"feed_forward_out_{i}/kernel"] + w[f"feed_forward_out_{i}/bias"]
    return np.stack(weights), softmax(norm(x[0], "final_norm") @ w["prediction/kernel"] + w["prediction/bias"])


def test_weights_and_prediction_are_the_models(model):
    encoded = model.encode("a b c d e")
    trace = model.run(encoded)
    weights, prediction = reference(model.model, encoded.inputs["tokens"][0])
    block = trace.block("encoder")
    assert (
        block.kind == "self" and block.key.tokens[0] == "[CLS]" and block.key.special[0] and block.key.spans[0] is None
    )
    np.testing.assert_allclose(block.weights, weights, atol=1e-5)
    np.testing.assert_allclose(trace.output.probabilities, prediction, atol=1e-5)


def test_a_late_cls_reads_words_in_the_last_layer_and_takes_nothing_in_before(model):
    encoded = model.encode("a b c d e")
    block = model.run(encoded).block("encoder")
    if not model.late:
        assert block.mask is None
        return
    for layer in range(CONFIG["layers"]):
        for head in range(CONFIG["heads"]):
            np.testing.assert_array_equal(block.mask_of(layer, head) == MASK_NONE, seen(True, layer, 6))
    assert np.all(block.weights[block.mask != MASK_NONE] == 0)
    # If [CLS] looked at itself in the last layer, too, it would say the same of every text.
    deaf = [model.run(model.encode(text), [Edit("encoder", np.eye(6), layer=1)]) for text in ("a b c d e", "f e d c b")]
    np.testing.assert_allclose(deaf[0].output.probabilities, deaf[1].output.probabilities, atol=1e-6)


def test_padding_changes_nothing(model):
    texts = [model.encode("a b"), model.encode("c d e f g")]
    for one, many in zip(map(model.run, texts), model.run_batch(texts), strict=True):
        np.testing.assert_allclose(one.blocks[0].weights, many.blocks[0].weights, atol=1e-6)
        np.testing.assert_allclose(one.output.probabilities, many.output.probabilities, atol=1e-6)


@pytest.mark.parametrize("layer", [0, 1])
def test_explain_agrees_with_the_trace(model, layer):
    encoded = model.encode("a b c")
    steps = model.explain(encoded, layer=layer, head=2, query=1)
    weights = model.run(encoded).blocks[0].weights[layer, 2, 1]
    allowed = seen(model.late, layer, 4)[1]
    products = steps["key"] @ steps["query"] / np.sqrt(7)
    np.testing.assert_allclose(products[allowed], steps["scores"][allowed], atol=1e-5)
    assert np.all(steps["scores"][~allowed] < -1e8)
    np.testing.assert_allclose(softmax(steps["scores"].astype(float)), steps["weights"], atol=1e-6)
    np.testing.assert_allclose(steps["weights"], weights, atol=1e-6)
    np.testing.assert_allclose(steps["weights"] @ steps["value"], steps["context"], atol=1e-6)


def test_the_parts_of_all_heads_and_one_bias_are_what_the_layer_gives_out(model):
    encoded = model.encode("a b c d")
    given = CapturedModel(model.model, observe=("attention_1",))(encoded.inputs["tokens"]).layers["attention_1"]
    parts = [model.explain(encoded, layer=1, head=head, query=3)["output"] for head in range(CONFIG["heads"])]
    bias = keras.ops.convert_to_numpy(model.model.get_layer("attention_1").output_dense.bias)

    np.testing.assert_allclose(np.sum(parts, 0) + bias, given[0][0, 3], atol=1e-5)


def test_an_edit_reaches_the_layer_and_the_prediction(model):
    encoded = model.encode("a b c")
    even = np.full((4, 4), 0.25)
    trace = model.run(encoded, [Edit("encoder", even, layer=1)])
    np.testing.assert_allclose(trace.blocks[0].weights[1], 0.25)
    assert np.abs(trace.output.probabilities - model.run(encoded).output.probabilities).max() > 1e-4


def test_gradients_have_the_shape_of_the_vectors(model):
    assert model.gradients(model.encode("a b c")).shape == (1, 3, 28)


@pytest.mark.parametrize("layer", [0, 1])
def test_a_heads_output_is_its_part_of_the_projection(model, layer):
    encoded, outputs = model.encode("a b c d"), []
    reference(model.model, encoded.inputs["tokens"][0], outputs=outputs)
    for head in range(CONFIG["heads"]):
        output = model.explain(encoded, layer=layer, head=head, query=3)["output"]
        np.testing.assert_allclose(output, outputs[layer][head, 3], atol=1e-5)


@pytest.mark.parametrize("target", [0, 2])
def test_gradients_are_finite_differences_in_float64(model, target):
    encoded = model.encode("a b c")
    ids = encoded.inputs["tokens"][0]
    vectors = model.embed(encoded).astype(np.float64)
    step = 1e-5
    expected = np.empty_like(vectors)
    for index in np.ndindex(vectors.shape):
        shift = np.zeros_like(vectors)
        shift[index] = step
        up, down = (reference(model.model, ids, vectors=vectors + s)[1][target] for s in (shift, -shift))
        expected[index] = (up - down) / (2 * step)
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(model.gradients(encoded, target)[0], expected, rtol=1e-3, atol=1e-5)


def test_value_norms_are_those_of_the_projected_values(model):
    encoded = model.encode("a b c d e")
    norms = []
    reference(model.model, encoded.inputs["tokens"][0], norms)
    found = model.value_norms(encoded)

    assert found.shape == (2, 4, 6) and found.dtype == np.float32
    np.testing.assert_allclose(found, norms, rtol=1e-5)


def test_weighted_norms_are_what_explain_gives_out(model):
    encoded = model.encode("a b c")
    steps = model.explain(encoded, layer=1, head=3, query=2)
    parts = steps["weights"][:, None] * steps["value"] @ steps["output_kernel"]

    weights = model.run(encoded).blocks[0].weights
    lengths = weighted(weights, model.value_norms(encoded))[1, 3, 2]
    np.testing.assert_allclose(lengths, np.linalg.norm(parts, axis=-1), rtol=1e-5)
