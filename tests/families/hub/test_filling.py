"""Masked language models from Hugging Face folders: what they expect at each mask, in NumPy float64."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnviz import zoo
from attnviz.analysis import of_mask
from attnviz.errors import InputError, ModelError, TraceError
from attnviz.trace import AttentionTrace, Edit, Filled, Tensor
from tests.families.hub import hub_folders as folders
from tests.families.hub.hub_folders import EMBEDDING, WIDTH

#: The head's dense layer, norm, table and bias in Hugging Face's names; how the mask is typed.
NAMES = {
    "bert": (
        *("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm"),
        *("cls.predictions.decoder", "cls.predictions.bias", "[MASK]"),
    ),
    "distilbert": ("vocab_transform", "vocab_layer_norm", "vocab_projector", "vocab_projector.bias", "[MASK]"),
    "roberta": ("lm_head.dense", "lm_head.layer_norm", "lm_head.decoder", "lm_head.bias", "<mask>"),
    "camembert": ("lm_head.dense", "lm_head.layer_norm", "lm_head.decoder", "lm_head.bias", "<mask>"),
    "electra": (
        *("generator_predictions.dense", "generator_predictions.LayerNorm"),
        *("generator_lm_head", "generator_lm_head.bias", "[MASK]"),
    ),
}


def filling(kind: str, **config) -> folders.Folder:
    """A folder with the head of a masked language model."""
    folder = folders.make(kind, **{"architectures": [f"{kind.title()}ForMaskedLM"], **config})
    dense, norm, table, bias, _ = NAMES[kind]
    words, size = folder.config["vocab_size"], EMBEDDING if kind == "electra" else WIDTH
    rng = np.random.default_rng(13)
    shapes = {f"{dense}.weight": (size, WIDTH), f"{dense}.bias": (size,), f"{norm}.weight": (size,)}
    shapes |= {f"{norm}.bias": (size,), bias: (words,)}
    if folder.config.get("tie_word_embeddings") is False:
        shapes[f"{table}.weight"] = (words, size)
    folder.arrays |= {name: rng.normal(0.3, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}
    return folder


def expected(kind: str, folder: folders.Folder, hidden: np.ndarray) -> np.ndarray:
    """Log probabilities `[token, word]` from the last layer's vectors `[token, feature]`."""
    dense, norm, table, bias, _ = NAMES[kind]
    arrays = {name: array.astype(float) for name, array in folder.arrays.items()}
    x = hidden @ arrays[f"{dense}.weight"].T + arrays[f"{dense}.bias"]
    chosen = folder.config.get("hidden_act", folder.config.get("activation"))
    if kind in ("bert", "distilbert") and chosen == "relu":
        x = np.maximum(x, 0)
    else:
        x = x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))
    epsilon = 1e-12 if kind == "distilbert" else folder.config["layer_norm_eps"]
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + epsilon)
    x = x * arrays[f"{norm}.weight"] + arrays[f"{norm}.bias"]
    tied = next(name for name in arrays if name.endswith("embeddings.word_embeddings.weight"))
    rows = arrays[f"{table}.weight" if f"{table}.weight" in arrays else tied]
    logits = x @ rows.T + arrays[bias]
    logits -= logits.max(-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("bert", {"layer_norm_eps": 0.1, "hidden_act": "relu"}),
        ("distilbert", {}),
        ("roberta", {"tie_word_embeddings": False, "hidden_act": "relu"}),
        ("camembert", {}),
        ("electra", {"hidden_act": "relu"}),
    ],
    ids=str,
)
def test_alternatives_are_those_of_the_head(kind: str, config, tmp_path: Path):
    folder, mask = filling(kind, **config), NAMES[kind][-1]
    model = zoo.load(folder.write(tmp_path / "tiny"))
    encoded = model.encode(f"the {mask} sat {mask}")
    trace = model.run(encoded)
    ids = encoded.inputs["tokens"][0]
    logs = expected(kind, folder, folders.outputs_of(folder, ids)[1])
    output = trace.output

    assert isinstance(output, Filled) and model.card.task == "filling" and not trace.notices
    assert [trace.blocks[0].key.tokens[place] for place in output.positions] == [mask] * 2
    numbers = {model._pieces.entry(index): index for index in range(folder.config["vocab_size"])}  # type: ignore[attr-defined]
    for place, listed in zip(output.positions, output.alternatives, strict=True):
        assert len(listed) == 10
        np.testing.assert_allclose([value for _, value in listed], np.sort(logs[place])[::-1][:10], atol=2e-4)
        np.testing.assert_allclose(
            [value for _, value in listed], [logs[place][numbers[t]] for t, _ in listed], atol=2e-4
        )

    count = len(ids)
    edited = model.run(encoded, [Edit("self", np.full((count, count), 1 / count, np.float32), 0)]).output
    assert isinstance(edited, Filled) and edited.alternatives != output.alternatives
    again = AttentionTrace.from_dict(json.loads(trace.to_json())).output
    assert isinstance(again, Filled)
    assert (again.positions, again.alternatives) == (output.positions, output.alternatives)


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta", "electra"])
def test_what_a_filled_token_depends_on(kind: str, tmp_path: Path):
    """Of the second of two masks, with one token after the other left out or masked, in NumPy float64."""
    folder, mask = filling(kind), NAMES[kind][-1]
    model: Any = zoo.load(folder.write(tmp_path / "tiny"))
    encoded = model.encode(f"the {mask} sat {mask} cats")
    ids, axis = encoded.inputs["tokens"][0], encoded.axis
    first, place = (at for at, token in enumerate(axis.tokens) if token == mask)
    token = model.trace(encoded.source).output.alternatives[1][2][0]
    found = of_mask(model, encoded, 1, token)

    def share(kept, covered=()):
        cut = np.array([ids[first] if at in covered else ids[at] for at in kept])
        return float(np.exp(expected(kind, folder, folders.outputs_of(folder, cut)[1])[kept.index(place), target]))

    target, everyone = model.gap(encoded, 1).index(token), list(range(len(ids)))
    own = [at for at in everyone if not axis.special[at] and at != place]
    assert found.tokens == tuple(axis.tokens[at] for at in own) and mask in found.tokens and len(own) >= 4
    whole = share(everyone)
    removed = [whole - share([at for at in everyone if at != gone]) for gone in own]
    np.testing.assert_allclose(found.values["removed"], removed, atol=2e-5)
    masked = [whole - share(everyone, [covered]) for covered in own]
    np.testing.assert_allclose(found.values["replaced"], masked, atol=2e-5)
    assert found.integrated.residue < 0.01 and np.abs(found.values["gradient_input"]).max() > 0
    assert found.integrated.difference == pytest.approx(whole - share(everyone, own), abs=2e-5)
    row = folders.outputs_of(folder, ids)[0][-1][:, place][:, own].mean(0)
    np.testing.assert_allclose(found.values["attention"], row / row.sum(), atol=2e-5)


def test_a_mask_that_is_not_there_is_told(tmp_path: Path):
    model: Any = zoo.load(filling("bert").write(tmp_path / "tiny"))
    encoded = model.encode("the [MASK] sat")
    for asked, code in (
        (lambda: of_mask(model, model.encode("the cat")), "no_masks"),
        (lambda: of_mask(model, encoded, 1), "no_such_index"),
        (lambda: of_mask(model, encoded, 0, "elephants"), "no_such_token"),
        (lambda: model.gap(encoded).gradients(model.gap(encoded).encoded, 999), "no_such_index"),
    ):
        with pytest.raises(InputError) as raised:
            asked()
        assert raised.value.code == code
    best = of_mask(model, encoded)
    assert best.target == model.gap(encoded).index(model.trace("the [MASK] sat").output.alternatives[0][0][0])


def test_without_a_mask_it_says_how_one_is_typed(tmp_path: Path):
    folder = filling("bert")
    folder.files["vocab.txt"] = folder.files["vocab.txt"].replace("[MASK]", "<hole>")
    folder.files["special_tokens_map.json"] = json.dumps({"mask_token": "<hole>"})
    model = zoo.load(folder.write(tmp_path / "tiny"))
    trace = model.trace("the cat [MASK]")
    assert isinstance(trace.output, Tensor)
    (notice,) = (each for each in trace.notices if each.code == "no_mask")
    assert "<hole>" in notice.message() and "<hole>" in notice.message("ja")
    assert isinstance(model.trace("the <hole>").output, Filled)


def test_names_of_tensorflow_and_a_head_that_is_missing(tmp_path: Path):
    folder = filling("bert", architectures=["BertForPreTraining"])
    for new, old in (("weight", "gamma"), ("bias", "beta")):
        norm = "cls.predictions.transform.LayerNorm"
        folder.arrays[f"{norm}.{old}"] = folder.arrays.pop(f"{norm}.{new}")
    assert isinstance(zoo.load(folder.write(tmp_path / "old")).trace("the [MASK]").output, Filled)

    del folder.arrays["cls.predictions.bias"]
    with pytest.raises(ModelError) as raised:
        zoo.load(folder.write(tmp_path / "half"))
    assert raised.value.code == "hub_tensor_missing" and "cls.predictions.bias" in str(raised.value)

    folder.arrays = {name: array for name, array in folder.arrays.items() if not name.startswith("cls.")}
    (notice,) = zoo.load(folder.write(tmp_path / "bare")).trace("the [MASK]").notices
    assert notice.code == "head_missing" and "BertForPreTraining" in notice.message()


def test_weights_of_keras_2_alone_are_told_apart(tmp_path: Path):
    folder = folders.bert().write(tmp_path / "tiny")
    (folder / "model.safetensors").rename(folder / "tf_model.h5")
    with pytest.raises(ModelError) as raised:
        zoo.load(folder)
    assert raised.value.code == "hub_keras_weights" and "save_pretrained" in raised.value.message("ja")


def test_bytes_are_shown_as_words(tmp_path: Path):
    folder = filling("roberta")
    folder.files = folders.byte_vocabulary(*folders.ROBERTA, merges=("c a", "Ġ a"))
    entry = zoo.load(folder.write(tmp_path / "tiny"))._pieces.entry  # type: ignore[attr-defined]
    numbers = json.loads(folder.files["vocab.json"])
    assert [entry(numbers[piece]) for piece in ("ca", "Ġa", "Ġ", "<mask>")] == ["ca", "▁a", "▁", "<mask>"]
    assert entry(9999) == "<9999>"


def test_what_is_no_filling_is_refused():
    for positions, alternatives in (((), ()), ((1,), ()), ((1,), ((),)), ((1,), ((("a", float("nan")),),))):
        with pytest.raises(TraceError):
            Filled(positions, alternatives)
