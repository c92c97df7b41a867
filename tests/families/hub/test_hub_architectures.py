"""Every pretrained architecture, from a folder in Hugging Face's form, against NumPy float64."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from attnviz import load
from attnviz.errors import ModelError
from attnviz.families.hub import checkpoint, pretrained
from attnviz.families.writing.decoding import log_softmax
from attnviz.trace import Written
from tests.families.hub import hub_folders as folders

KINDS = ("bert", "distilbert", "roberta", "electra", "gpt2", "xlm-roberta", "camembert")
SENTENCE = "the cat sat cats"


def check(folder: folders.Folder, path: Path) -> None:
    model: Any = load(folder.write(path))
    encoded = model.encode(SENTENCE)
    trace = model.run(encoded)
    expected, last = folders.outputs_of(folder, encoded.inputs["tokens"][0])
    (block,) = trace.blocks

    assert block.kind == ("causal" if folder.config["model_type"] == "gpt2" else "self")
    assert block.shape == expected.shape
    np.testing.assert_allclose(block.weights, expected, atol=2e-5)
    output: Any = trace.output
    if folder.config["model_type"] == "gpt2":  # what follows the text
        table = next(array for name, array in folder.arrays.items() if name.endswith("wte.weight"))
        logs = log_softmax(last @ table.T.astype(np.float64))
        np.testing.assert_allclose(model.expected(encoded).following, logs[-1], atol=2e-4)
        assert isinstance(output, Written) and model.card.writes == "continuation"
        return
    np.testing.assert_allclose(output.values, last, atol=2e-4)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("kind", KINDS)
def test_all_weights_are_those_of_the_file(kind: str, tmp_path: Path):
    check(folders.make(kind), tmp_path / kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bare_model_has_no_prefix(kind: str, tmp_path: Path):
    folder = folders.make(kind)
    folder.arrays = {name.partition(".")[2]: array for name, array in folder.arrays.items()}
    check(folder, tmp_path / kind)


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("bert", {"hidden_act": "gelu_new", "layer_norm_eps": 0.1}),
        ("bert", {"hidden_act": "relu"}),
        ("electra", {"embedding_size": folders.WIDTH}),
        ("roberta", {"pad_token_id": 4, "layer_norm_eps": 0.1}),
        ("distilbert", {"activation": "relu"}),
        ("gpt2", {"n_inner": None}),
        ("gpt2", {"activation_function": "relu", "layer_norm_epsilon": 0.1}),
    ],
)
def test_the_configuration_is_followed(kind: str, config: dict[str, object], tmp_path: Path):
    check(folders.make(kind, **config), tmp_path / kind)


def test_old_names_of_layer_normalisation(tmp_path: Path):
    folder = folders.bert()
    plain = dict(folder.arrays)
    old = {"weight": "gamma", "bias": "beta"}
    for name in plain:
        stem, _, last = name.rpartition(".")
        if stem.endswith("LayerNorm"):
            folder.arrays[f"{stem}.{old[last]}"] = folder.arrays.pop(name)
    model = load(folder.write(tmp_path / "old"))
    ids = model.encode(SENTENCE).inputs["tokens"][0]
    folder.arrays = plain

    np.testing.assert_allclose(model.trace(SENTENCE).blocks[0].weights, folders.weights_of(folder, ids), atol=2e-5)


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_weights_in_half_precision(precision: str, tmp_path: Path):
    import ml_dtypes

    kind = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16}[precision]
    folder = folders.electra()
    folder.arrays = {name: array.astype(kind) for name, array in folder.arrays.items()}
    check(folder, tmp_path / precision)


def test_a_pooler_is_taken_where_there_is_one(tmp_path: Path):
    folder, width = folders.bert(), folders.WIDTH
    random = np.random.default_rng(31)
    kernel, bias = random.normal(size=(width, width)), random.normal(size=width)
    folder.arrays |= {"bert.pooler.dense.weight": kernel, "bert.pooler.dense.bias": bias}
    model: Any = load(folder.write(tmp_path / "pooled"))
    encoded = model.encode(SENTENCE)
    _, last = folders.outputs_of(folder, encoded.inputs["tokens"][0])
    pooled = model.model(model._inputs(encoded))["pooled_output"][0]

    np.testing.assert_allclose(pooled, np.tanh(last[0] @ kernel.T + bias), atol=2e-4)


def test_a_long_text_is_cut_where_the_positions_end(tmp_path: Path):
    for kind, room in (("bert", 21), ("roberta", 19), ("gpt2", 23)):
        encoded = load(folders.make(kind).write(tmp_path / kind)).encode("cat " * 40)
        (notice,) = encoded.notices
        limit = folders.POSITIONS - (2 if kind == "roberta" else 0)

        assert len(encoded.axes["tokens"]) == limit
        assert notice.code == "text_cut"
        assert notice.parameters["total"] - notice.parameters["left"] == limit
        assert sum(not special for special in encoded.axes["tokens"].special) == room
        assert encoded.axes["tokens"].special[-1] == (kind != "gpt2")
        assert encoded.text.endswith(encoded.axes["tokens"].tokens[-1 if kind == "gpt2" else -2])


@pytest.mark.parametrize("kind", ["bert", "gpt2"])
def test_a_keras_hub_preset_in_a_folder(kind: str, tmp_path: Path):
    import keras_hub

    config = {"hidden_act": "gelu_new"} if kind == "bert" else {}  # KerasHub's BERT always approximates
    path = folders.make(kind, **config).write(tmp_path / "given")
    model: Any = load(path)
    backbone, folder = checkpoint.backbone_of(path).backbone, tmp_path / "preset"
    if kind == "bert":
        tokenizer = keras_hub.models.BertTokenizer(list(folders.WORDS), lowercase=True)
    else:
        tokenizer = keras_hub.models.GPT2Tokenizer(str(path / "vocab.json"), str(path / "merges.txt"))
    backbone.save_to_preset(str(folder))
    tokenizer.save_to_preset(str(folder))
    preset = load(folder)
    own, again = model.trace(SENTENCE).blocks[0], preset.trace(SENTENCE).blocks[0]
    inputs = {"token_ids": model.encode(SENTENCE).inputs["tokens"]}
    said = tokenizer(SENTENCE)

    assert again.query == own.query
    assert preset.card.max_length == folders.POSITIONS
    assert [int(each) for each in said] == [
        int(each) for each, special in zip(inputs["token_ids"][0], own.query.special, strict=True) if not special
    ]
    np.testing.assert_allclose(again.weights, own.weights, atol=1e-6)


def test_a_preset_cannot_ask_for_other_code(tmp_path: Path):
    import keras_hub

    folder = tmp_path / "preset"
    model: Any = load(folders.bert().write(tmp_path / "given"))
    model.model.save_to_preset(str(folder))
    keras_hub.models.BertTokenizer(list(folders.WORDS)).save_to_preset(str(folder))
    path = folder / "tokenizer.json"
    path.write_text(path.read_text().replace("keras_hub.src.models.bert.bert_tokenizer", "os"), encoding="utf-8")
    with pytest.raises(ModelError) as raised:
        load(folder)

    assert raised.value.code == "hub_unreadable"
    assert "tokenizer.json" in str(raised.value) and "'os'" in str(raised.value)


def test_the_name_of_a_preset_is_handed_on(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []

    def from_preset(name: str):
        asked.append(name)
        raise ValueError("no network here")

    fake = SimpleNamespace(models=SimpleNamespace(Backbone=SimpleNamespace(from_preset=from_preset)))
    monkeypatch.setitem(sys.modules, "keras_hub", fake)
    with pytest.raises(ModelError) as raised:
        load("bert_tiny_en_uncased")

    assert asked == ["bert_tiny_en_uncased"]
    assert "bert_tiny_en_uncased" in str(raised.value) and "no network here" in str(raised.value)


@pytest.mark.parametrize("package", ["keras_hub", "safetensors", "tokenizers"])
def test_without_the_extra_it_says_how_to_get_it(package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = folders.bert().write(tmp_path / "tiny")
    monkeypatch.setitem(sys.modules, package, None)
    for attempt in (lambda: load(folder), lambda: pretrained.from_preset("bert_tiny_en_uncased")):
        with pytest.raises(ModelError) as raised:
            attempt()
        assert raised.value.code == "hub_missing"
        assert "pip install -r requirements-hub.txt" in str(raised.value)
        assert package in str(raised.value)
        assert "pip install -r requirements-hub.txt" in raised.value.message("ja")
