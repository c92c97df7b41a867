"""Pretrained folders that are damaged or of another kind: the error names file and cause."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnviz import load
from attnviz.errors import ModelError
from tests.families.hub import hub_folders as folders

WEIGHTS = "model.safetensors"


def refused(path: Path) -> ModelError:
    with pytest.raises(ModelError) as raised:
        load(path)
    assert str(path.parent) not in str(raised.value)
    assert path.name in str(raised.value) or raised.value.code == "hub_architecture"
    assert raised.value.message("ja") != str(raised.value)
    return raised.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folders.bert().write(tmp_path / "tiny")


def configured(folder: Path, **changes: object) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")
    return folder


@pytest.mark.parametrize("share", [0, 0.001, 0.5, 0.999])
def test_cut_off_weights(folder: Path, share: float):
    path = folder / WEIGHTS
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    error = refused(folder)

    assert error.code == "hub_unreadable"
    assert WEIGHTS in str(error) and "Safetensor" in str(error)


def test_a_header_that_lies(folder: Path):
    path = folder / WEIGHTS
    content = path.read_bytes()
    path.write_bytes((2**62).to_bytes(8, "little") + content[8:])

    assert WEIGHTS in str(refused(folder))


def test_no_weights(folder: Path):
    (folder / WEIGHTS).unlink()
    error = refused(folder)

    assert error.code == "hub_file_missing" and WEIGHTS in str(error)


def test_pickled_weights_are_refused_and_not_opened(folder: Path):
    (folder / WEIGHTS).unlink()
    (folder / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'exit 3'\ntR.")
    error = refused(folder)

    assert error.code == "hub_pickle"
    assert "pytorch_model.bin" in str(error) and "pickle" in str(error) and WEIGHTS in str(error)


def test_weights_in_several_files(folder: Path):
    (folder / WEIGHTS).rename(folder / "model-00001-of-00001.safetensors")
    (folder / f"{WEIGHTS}.index.json").write_text("{}", encoding="utf-8")

    assert f"{WEIGHTS}.index.json" in str(refused(folder))


def test_no_configuration(folder: Path):
    (folder / "config.json").unlink()
    error = refused(folder)

    assert error.code == "hub_file_missing" and "config.json" in str(error)


@pytest.mark.parametrize("text", ["", "{", "[1]", "\x00", '{"model_type": ' + "[" * 100_000])
def test_a_configuration_that_is_no_json_object(folder: Path, text: str):
    (folder / "config.json").write_text(text, encoding="utf-8")
    error = refused(folder)

    assert error.code == "hub_unreadable" and "config.json" in str(error)


@pytest.mark.parametrize("kind", ["t5", "", "BERT", None, 7, ["bert"]])
def test_another_architecture(folder: Path, kind: object):
    error = refused(configured(folder, model_type=kind))

    assert error.code == "hub_architecture"
    assert "bert, distilbert, roberta, xlm-roberta, camembert, electra, gpt2" in str(error)
    assert not kind or str(kind) in str(error)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("num_hidden_layers", 0),
        ("num_hidden_layers", "2"),
        ("num_hidden_layers", None),
        ("num_attention_heads", True),
        ("num_attention_heads", 5),
        ("hidden_size", -3),
        ("vocab_size", 2.5),
        ("hidden_act", "tanhshrink"),
        ("layer_norm_eps", "small"),
        ("layer_norm_eps", 0.0),
        ("position_embedding_type", "relative_key"),
        ("is_decoder", True),
    ],
)
def test_settings_that_are_not_understood(folder: Path, field: str, value: object):
    error = refused(configured(folder, **{field: value}))

    assert error.code == "hub_setting"
    assert "config.json" in str(error) and f"{field} = {value!r}" in str(error)


@pytest.mark.parametrize("field", ["scale_attn_by_inverse_layer_idx", "scale_attn_weights"])
def test_gpt2_scaled_in_another_way(field: str, tmp_path: Path):
    path = folders.gpt2(**{field: field == "scale_attn_by_inverse_layer_idx"}).write(tmp_path / "scaled")

    assert field in str(refused(path))


@pytest.mark.parametrize(
    ("field", "value", "array"),
    [
        ("vocab_size", 23, "embeddings.word_embeddings.weight"),
        ("vocab_size", 10**12, "embeddings.word_embeddings.weight"),
        ("max_position_embeddings", 10**12, "embeddings.position_embeddings.weight"),
        ("type_vocab_size", 2, "embeddings.token_type_embeddings.weight"),
        ("intermediate_size", 10**12, "encoder.layer.0.intermediate.dense.weight"),
        ("hidden_size", 36, "embeddings.word_embeddings.weight"),
    ],
)
def test_arrays_of_other_shapes(folder: Path, field: str, value: int, array: str):
    error = refused(configured(folder, **{field: value}))

    assert error.code == "hub_tensor_shape"
    assert all(words in str(error) for words in (WEIGHTS, array, str(value), "config.json"))


@pytest.mark.parametrize("layers", [3, 10**12])
def test_more_layers_than_there_are(folder: Path, layers: int):
    error = refused(configured(folder, num_hidden_layers=layers))

    assert error.code == "hub_tensor_missing"
    assert WEIGHTS in str(error) and "encoder.layer.2.attention.self.query.weight" in str(error)


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta", "electra", "gpt2"])
def test_every_array_is_asked_for(kind: str, tmp_path: Path):
    whole = folders.make(kind)
    unused = {"roberta": {"embeddings.token_type_embeddings.weight"}}.get(kind, set())
    for number, name in enumerate(sorted(whole.arrays)):
        bare = name.partition(".")[2]
        rest = {other: array for other, array in whole.arrays.items() if other != name}
        if len(re.findall(r"\.1\.", name)) and number % 5:
            continue  # of the second layer, every fifth array will do
        error = refused(folders.Folder(whole.config, rest, whole.files).write(tmp_path / str(number)))
        assert error.code == "hub_tensor_missing" or bare in unused
        assert bare in str(error)


def test_arrays_of_whole_numbers(tmp_path: Path):
    folder = folders.bert()
    name = "bert.embeddings.LayerNorm.weight"
    folder.arrays[name] = folder.arrays[name].astype(np.int32)
    error = refused(folder.write(tmp_path / "whole"))

    assert "embeddings.LayerNorm.weight" in str(error) and "I32" in str(error)


@pytest.mark.parametrize("kind", ["bert", "gpt2"])
def test_a_vocabulary_with_more_words_than_embeddings(kind: str, tmp_path: Path):
    folder = folders.make(kind)
    rows = folder.config["vocab_size"]
    if kind == "bert":
        folder.files["vocab.txt"] += "dog\n"
    else:
        folder.files = folders.byte_vocabulary("<|endoftext|>", "dog", merges=("c a", "ca t"))
    error = refused(folder.write(tmp_path / "more"))

    assert error.code == "hub_vocabulary"
    assert str(rows) in str(error) and str(rows + 1) in str(error)


def test_a_vocabulary_with_fewer_words_is_no_fault(tmp_path: Path):
    folder = folders.bert()
    folder.files["vocab.txt"] = "\n".join(folders.WORDS[:-2])

    assert load(folder.write(tmp_path / "fewer")).trace("the cat").blocks


def test_an_added_token_without_an_embedding(tmp_path: Path):
    import tokenizers

    folder = folders.gpt2()
    path = folder.write(tmp_path / "added")
    whole = tokenizers.ByteLevelBPETokenizer(str(path / "vocab.json"), str(path / "merges.txt"))
    whole.add_special_tokens(["<extra>"])
    whole.save(str(path / "tokenizer.json"))
    model = load(path)

    assert model.trace("cat").blocks
    with pytest.raises(ModelError) as raised:
        model.encode("cat <extra>")
    assert raised.value.code == "hub_vocabulary"


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 37)])
def test_a_preset_with_damaged_weights(damage: Callable[[Path], object], folder: Path, tmp_path: Path):
    import keras_hub

    preset = tmp_path / "preset"
    model: Any = load(folder)
    model.model.save_to_preset(str(preset))
    keras_hub.models.BertTokenizer(list(folders.WORDS)).save_to_preset(str(preset))
    damage(preset / "model.weights.h5")

    assert refused(preset).code == "hub_unreadable"
