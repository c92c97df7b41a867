"""A Hugging Face folder taken into the user's models keeps what its model needs, and says what it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnviz import zoo
from attnviz.errors import ModelError
from attnviz.families.hub import foreign
from tests.families.hub import hub_folders as folders


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path / "models"))
    return tmp_path


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta", "electra", "gpt2"])
def test_an_added_model_computes_what_its_folder_does(kind: str, place: Path):
    folder = folders.make(kind)
    if kind != "gpt2":  # the map of special tokens must come along
        file, first, other = ("vocab.txt", "[CLS]", "<x>") if kind != "roberta" else ("vocab.json", '"<s>"', '"<x>"')
        folder.files[file] = folder.files[file].replace(first, other)
        folder.files["special_tokens_map.json"] = json.dumps({"cls_token": "<x>"})
    zoo.add(folder.write(place / "given"), f"tiny-{kind}")
    model = zoo.load(f"tiny-{kind}")
    encoded = model.encode("the cat sat")
    weights = model.run(encoded).blocks[0].weights

    assert model.card.kinds == ("causal" if kind == "gpt2" else "self",)
    assert model.card.max_length == folders.POSITIONS - (2 if kind == "roberta" else 0)
    assert encoded.axes["tokens"].tokens[0] == ("<x>" if kind != "gpt2" else "t")
    np.testing.assert_allclose(weights, folders.weights_of(folder, encoded.inputs["tokens"][0]), atol=2e-5)


def test_a_changed_file_of_an_added_model_is_refused(place: Path):
    added = zoo.add(folders.electra().write(place / "given"), "tiny")
    (added / "vocab.txt").write_text("\n".join(reversed(folders.WORDS)) + "\n", encoding="utf-8")
    with pytest.raises(ModelError) as raised:
        zoo.load("tiny")

    assert raised.value.code == "file_checksum" and "vocab.txt" in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "config", "length"),
    [
        ("bert", {}, 23),
        ("roberta", {"pad_token_id": 4}, 18),
        ("gpt2", {}, 23),
        ("bert", {"max_position_embeddings": "many"}, None),
    ],
)
def test_the_card_says_how_long_a_text_may_be(kind: str, config: dict, length: int | None, tmp_path: Path):
    (tmp_path / "config.json").write_text(json.dumps(folders.make(kind).config | config), encoding="utf-8")

    assert foreign.describe(tmp_path, "tiny")["config"]["max_length"] == length


@pytest.mark.parametrize(("normalize", "expected"), [(True, True), (False, False)])
def test_a_sentence_model_is_known_by_its_pooling(normalize: bool, expected: bool, tmp_path: Path):
    path = folders.bert().write(tmp_path / "tiny")
    (path / "1_Pooling").mkdir()
    (path / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": true}', encoding="utf-8")
    modules = [{"type": "sentence_transformers.models.Transformer", "path": ""}]
    modules += [{"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}]
    modules += [{"type": "sentence_transformers.models.Normalize", "path": "2_Normalize"}] * normalize
    (path / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    model = zoo.load(path)
    encoded = model.encode("the cat sat")
    mean = folders.outputs_of(folders.bert(), encoded.inputs["tokens"][0])[1].mean(0)

    assert model.card.task == "embedding"
    output: Any = model.run(encoded).output
    np.testing.assert_allclose(output.vector, mean / np.linalg.norm(mean) if expected else mean, atol=2e-4)
