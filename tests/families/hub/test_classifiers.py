"""Fine-tuned classifiers from Hugging Face folders: their head, in NumPy float64, on what the body gives."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnviz import zoo
from attnviz.errors import ModelError
from attnviz.families.model import Gradients, Reweights
from attnviz.trace import Classification, Edit
from tests.families.hub import hub_folders as folders
from tests.families.hub.hub_folders import WIDTH

LABELS = ("bad", "good", "so-so")


def classifier(kind: str, **config) -> folders.Folder:
    """A folder with a head of three classes; GPT-2's has no bias, BERT's stands behind its pooler."""
    names = {"0": "bad", "1": "good", "2": "so-so"}
    folder = folders.make(kind, architectures=[f"{kind}ForSequenceClassification"], id2label=names, **config)
    dense = {"bert": "bert.pooler.dense", "distilbert": "pre_classifier", "gpt2": ""}.get(kind, "classifier.dense")
    last = {"bert": "classifier", "distilbert": "classifier", "gpt2": "score"}.get(kind, "classifier.out_proj")
    rng = np.random.default_rng(11)
    shapes = {f"{last}.weight": (3, WIDTH), f"{last}.bias": (3,)}
    shapes |= {f"{dense}.weight": (WIDTH, WIDTH), f"{dense}.bias": (WIDTH,)} if dense else {}
    folder.arrays |= {name: rng.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}
    return folder


def expected(kind: str, arrays, hidden: np.ndarray) -> np.ndarray:
    """Probabilities from the last layer's vectors `[token, feature]`."""

    def dense(x, name):
        return x @ arrays[f"{name}.weight"].astype(float).T + arrays[f"{name}.bias"]

    if kind == "gpt2":
        logits = hidden[-1] @ arrays["score.weight"].astype(float).T
    elif kind == "bert":
        logits = dense(np.tanh(dense(hidden[0], "bert.pooler.dense")), "classifier")
    elif kind == "distilbert":
        logits = dense(np.maximum(dense(hidden[0], "pre_classifier"), 0), "classifier")
    elif kind == "roberta":
        logits = dense(np.tanh(dense(hidden[0], "classifier.dense")), "classifier.out_proj")
    else:
        x = dense(hidden[0], "classifier.dense")
        logits = dense(x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2))), "classifier.out_proj")
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta", "electra", "gpt2"])
def test_a_classifier_predicts_is_edited_and_differentiated(kind: str, tmp_path: Path):
    folder = classifier(kind)
    model = zoo.load(folder.write(tmp_path / "tiny"))
    encoded = model.encode("the cat sat")
    trace = model.run(encoded)
    hidden = folders.outputs_of(folder, encoded.inputs["tokens"][0])[1]
    assert isinstance(trace.output, Classification) and trace.output.labels == LABELS == model.card.labels
    np.testing.assert_allclose(trace.output.probabilities, expected(kind, folder.arrays, hidden), atol=2e-5)
    assert isinstance(model, Gradients) and isinstance(model, Reweights)
    asked: Any = model
    np.testing.assert_allclose(asked.probabilities([encoded])[0], trace.output.probabilities, atol=1e-6)
    assert not {"pooler_missing", "head_left_out"} & {each.code for each in trace.notices}

    count = len(encoded.axis)
    even = np.tril(np.ones((count, count), np.float32))
    edited = model.run(encoded, [Edit(trace.blocks[0].name, even / even.sum(-1, keepdims=True), 0)])
    assert isinstance(edited.output, Classification)
    assert np.abs(edited.output.probabilities - trace.output.probabilities).max() > 1e-6

    vectors, step = model.embed(encoded), 1e-2
    gradient = model.gradients(encoded, 1)[0]
    assert gradient.shape == vectors.shape
    moved = np.repeat(vectors[None], 2, axis=0)
    moved[0, 1, 3] += step
    moved[1, 1, 3] -= step
    both = asked._vectors._tail(
        *[np.repeat(each, 2, axis=0) for each in asked._inputs(encoded).values()], moved
    ).numpy()[:, 1]
    assert gradient[1, 3] == pytest.approx((both[0] - both[1]) / (2 * step), abs=2e-3)


def test_a_head_without_its_pooler_is_said(tmp_path: Path):
    folder = classifier("bert")
    folder.arrays = {name: array for name, array in folder.arrays.items() if "pooler" not in name}
    trace = zoo.load(folder.write(tmp_path / "tiny")).trace("the cat")
    assert isinstance(trace.output, Classification) and [each.code for each in trace.notices] == ["pooler_missing"]


@pytest.mark.parametrize(
    ("head", "problem"), [("Token", None), ("Sequence", "multi_label_classification"), ("Sequence", "regression")]
)
def test_a_head_that_is_not_read_is_named(head: str, problem: str | None, tmp_path: Path):
    named = f"BertFor{head}Classification"
    folder = folders.make("bert", architectures=[named], **({"problem_type": problem} if problem else {}))
    (notice,) = zoo.load(folder.write(tmp_path / "tiny")).trace("the cat").notices
    assert notice.code == "head_left_out" and notice.parameters["head"] == f"{named} ({problem})".removesuffix(
        " (None)"
    )


def test_names_that_are_no_names_are_refused(tmp_path: Path):
    folder = classifier("bert")
    folder.config["id2label"] = {"0": "bad", "7": "good"}
    with pytest.raises(ModelError) as raised:
        zoo.load(folder.write(tmp_path / "tiny"))
    assert raised.value.code == "hub_setting" and "id2label" in str(raised.value)
