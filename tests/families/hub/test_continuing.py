"""Pretrained models that continue a text: folders of the Llama kind and GPT-2's, and files in GGUF, against NumPy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnviz import load, zoo
from attnviz.errors import ModelError
from attnviz.families.hub import gguf_file
from attnviz.families.writing.decoding import Sampling, log_softmax
from attnviz.trace import Written
from tests.families.hub import hub_folders as folders

TEXT = "the cat sat"


def check(model: Any, folder: folders.Folder) -> None:
    """What is written, its probabilities and all weights are those of a pass over all of it."""
    encoded = model.encode(TEXT)
    trace = model.run(encoded, length=7)
    output = trace.output
    assert isinstance(output, Written) and len(output.tokens) == 7
    ids = [*encoded.inputs["tokens"][0].tolist(), *(model.token_id(token) for token in output.tokens)]
    expected = folders.computed(folder, ids[:-1])
    np.testing.assert_allclose(trace.block("causal").weights, expected.weights, atol=2e-5)
    logs = log_softmax(expected.logits)[-7:]
    np.testing.assert_allclose(output.log_probabilities, logs[np.arange(7), ids[-7:]], atol=2e-4)


@pytest.mark.parametrize("kind", folders.LLAMA)
def test_a_folder_of_the_llama_kind(kind: str, tmp_path: Path):
    folder = folders.llama(kind)
    model = load(folder.write(tmp_path / kind, shards=3 if kind == "mistral" else 1))
    check(model, folder)
    assert model.card.kinds == ("causal",) and model.card.writes == "continuation" and not model.card.labels


def test_other_sizes_are_followed(tmp_path: Path):
    folder = folders.llama(
        num_key_value_heads=1, head_dim=6, rope_theta=10_000.0, rms_norm_eps=0.1, attention_bias=True
    )
    check(load(folder.write(tmp_path / "other")), folder)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"rope_scaling": {"rope_type": "yarn", "factor": 4}}, "hub_setting"),
        ({"hidden_act": "gelu"}, "hub_setting"),
        ({"num_key_value_heads": 4}, "hub_setting"),
        ({"hidden_size": 48}, "hub_tensor_shape"),
        ({"num_hidden_layers": 3}, "hub_tensor_missing"),
        ({"architectures": ["LlamaForSequenceClassification"]}, "hub_architecture"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(changed: dict[str, Any], code: str, tmp_path: Path):
    folder = folders.llama()
    folder.config |= changed
    with pytest.raises(ModelError) as raised:
        load(folder.write(tmp_path / "wrong"))
    assert raised.value.code == code


def test_several_files_are_added_with_all_their_checksums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path / "models"))
    folder = folders.llama("qwen2")
    source = folder.write(tmp_path / "given", shards=2)
    added = zoo.add(source, "parted")
    names = sorted(path.name for path in added.glob("*.safetensors"))
    assert len(names) == 2 and {*names} <= {*load("parted").card.details["files"]}
    check(load("parted"), folder)
    (source / names[1]).unlink()
    with pytest.raises(ModelError) as raised:
        zoo.add(source, "half")
    assert raised.value.code == "hub_file_missing" and names[1] in raised.value.message("en")
    (source / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"x": "../model.safetensors"}}))
    with pytest.raises(ModelError) as raised:
        load(source)
    assert raised.value.code == "hub_unreadable"


def test_gguf_is_what_its_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path / "models"))
    folder = folders.llama("smollm")
    file = folders.gguf(tmp_path / "tiny.gguf", folder)
    with pytest.raises(ModelError) as raised:
        zoo.add(file, "tiny", "0" * 64)
    assert raised.value.code == "add_checksum" and not list((tmp_path / "models").iterdir())
    zoo.add(file, "tiny")
    model = load("tiny")
    card = model.card
    check(model, folder)
    assert card.licence == "apache-2.0" and card.languages == ("en",) and card.max_length == folders.POSITIONS
    again = load(folder.write(tmp_path / "folder"))
    assert model.encode("the cats, 日本 22").axis == again.encode("the cats, 日本 22").axis


def test_quantised_arrays_are_computed_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import gguf

    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path / "models"))
    folder = folders.llama(
        "smollm", hidden_size=32, intermediate_size=64, num_attention_heads=4, num_key_value_heads=2, head_dim=8
    )
    zoo.add(folders.gguf(tmp_path / "q.gguf", folder, quantised=True), "q")
    kind = gguf.GGMLQuantizationType.Q8_0
    for name, array in folder.arrays.items():
        if "mlp" in name:
            folder.arrays[name] = gguf.quants.dequantize(gguf.quants.quantize(array, kind), kind)
    check(load("q"), folder)


def test_pairs_beside_each_other_are_set_apart():
    rows = np.arange(12, dtype=np.float32)[:, None] * np.ones((1, 2), np.float32)
    assert gguf_file.apart(rows, 2)[:, 0].tolist() == [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11]
    assert gguf_file.apart(rows, 0) is rows


def test_a_damaged_or_foreign_gguf_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path / "models"))
    wrong = folders.llama("smollm")
    wrong.arrays.pop("model.layers.1.mlp.up_proj.weight")
    missing = folders.gguf(tmp_path / "missing.gguf", wrong)
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(missing.read_bytes()[:99])
    for file, code in ((missing, "hub_tensor_missing"), (broken, "hub_unreadable")):
        with pytest.raises(ModelError) as raised:
            zoo.add(file, "wrong")
        assert raised.value.code == code
    assert not list((tmp_path / "models").iterdir())


def test_gpt2_goes_on_with_a_text(tmp_path: Path):
    folder = folders.gpt2()
    model: Any = load(folder.write(tmp_path / "gpt2"))
    encoded = model.encode("the cat sat")
    output = model.run(encoded, length=6).output
    ids = [*encoded.inputs["tokens"][0].tolist(), *(model.token_id(token) for token in output.tokens)]
    weights, last = folders.outputs_of(folder, np.array(ids[:-1]))
    logs = log_softmax(last @ folder.arrays["transformer.wte.weight"].T.astype(np.float64))[-6:]
    np.testing.assert_allclose(output.log_probabilities, logs[np.arange(6), ids[-6:]], atol=2e-4)
    np.testing.assert_allclose(model.run(encoded, length=6).block("causal").weights, weights, atol=2e-5)


def test_entries_are_readable_and_join_to_the_text(tmp_path: Path):
    model: Any = load(folders.llama().write(tmp_path / "llama"))
    pieces = model.pieces
    assert len(set(pieces.vocabulary)) == len(pieces.vocabulary) == model.shape.size
    assert "▁cat" in pieces.numbers and "↵" in pieces.numbers and not any(" " in entry for entry in pieces.vocabulary)
    text = "the cat\n日本 é 22"
    ids = [each.id for each in pieces.cut(text)]
    assert "".join(pieces.parts(ids)).strip() == text and pieces.join(ids) == text
    partial = [each.id for each in pieces.cut("日")][:2]
    assert pieces.parts(partial) == ["", "\ufffd"], "a character that is never finished"
    read = model.run(model.encode(TEXT), target="cat 日").output
    assert read.text == "cat 日" and read.tokens[0] == "▁cat"
    never = model.run(model.encode(TEXT), sampling=Sampling(5.0, seed=3), length=19)
    assert not set(never.output.tokens) & {pieces.vocabulary[index] for index in pieces.nameless}
