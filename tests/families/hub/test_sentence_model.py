"""Folders of sentence-transformers: letter case and pooling as they say, length told, all else refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnviz import zoo
from attnviz.errors import ModelError
from tests.families.hub import hub_folders as folders

PACKAGE = "sentence_transformers.models"
TEXT = "The cat sat the CAT"


def written(path: Path, files: dict[str, Any], *modules: str) -> Path:
    """A folder of BERT that knows capitals, with more files: names below the folder and what they say."""
    folder = folders.bert()
    folder.files["tokenizer_config.json"] = json.dumps({"do_lower_case": False})
    path = folder.write(path)
    names = ("Transformer", *modules)
    listed = [{"type": f"{PACKAGE}.{n}", "path": f"{i}_{n}" if i else ""} for i, n in enumerate(names)]
    for name, said in {"modules.json": listed, **files}.items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text(json.dumps(said), encoding="utf-8")
    return path


def vectors(ids: Any) -> Any:
    return folders.outputs_of(folders.bert(), ids)[1]


def counted(rows: Any) -> Any:
    return sum(row * (place + 1) for place, row in enumerate(rows)) / sum(range(1, len(rows) + 1))


#: The switch of each mode, and a loop over rows in float64.
MODES = {
    "pooling_mode_cls_token": lambda rows: rows[0],
    "pooling_mode_max_tokens": lambda rows: np.array([max(column) for column in rows.T]),
    "pooling_mode_mean_tokens": lambda rows: sum(rows) / len(rows),
    "pooling_mode_mean_sqrt_len_tokens": lambda rows: sum(rows) / len(rows) ** 0.5,
    "pooling_mode_weightedmean_tokens": counted,
    "pooling_mode_lasttoken": lambda rows: rows[-1],
}


@pytest.mark.parametrize(
    ("modes", "normalize"),
    [*(((each,), place % 2 == 1) for place, each in enumerate(MODES)), (tuple(MODES), False), (tuple(MODES), True)],
    ids=lambda given: given[-1] if isinstance(given, tuple) else str(given),
)
def test_a_sentence_is_what_the_pooling_says(modes, normalize, tmp_path: Path):
    pooling = {each: each in modes for each in MODES}
    path = written(tmp_path / "m", {"1_Pooling/config.json": pooling}, "Pooling", *["Normalize"] * normalize)
    model = zoo.load(path)
    encoded = model.encode("the cat sat")
    rows = vectors(encoded.inputs["tokens"][0])
    expected = np.concatenate([MODES[each](rows) for each in modes])
    output: Any = model.run(encoded).output
    assert model.card.task == "embedding"
    np.testing.assert_allclose(output.vector, expected / np.linalg.norm(expected) if normalize else expected, atol=3e-4)


@pytest.mark.parametrize("name", ["sentence_bert_config.json", "sentence_roberta_config.json"])
def test_letter_case_is_honoured_and_length_is_told_also_where_it_is_added(name, tmp_path: Path, monkeypatch):
    said = {name: {"max_seq_length": 5, "do_lower_case": True}, "1_Pooling/config.json": {"pooling_mode": "cls"}}
    path = written(tmp_path / "m", said, "Pooling")
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path / "shelf"))
    zoo.add(path, "added")
    for model in (zoo.load(path), zoo.load("added")):
        encoded = model.encode(TEXT)
        assert encoded.axis.tokens == ("[CLS]", "the", "cat", "sat", "the", "cat", "[SEP]")
        assert encoded.axis.spans[1] == (0, 3)
        assert [(each.code, each.parameters) for each in encoded.notices] == [
            ("longer_than_taught", {"limit": 5, "total": 7})
        ]
        assert not model.encode("the CAT sat").notices
        output: Any = model.run(encoded).output
        np.testing.assert_allclose(output.vector, vectors(encoded.inputs["tokens"][0])[0], atol=3e-4)
    plain = zoo.load(written(tmp_path / "plain", {}))
    assert len(plain.encode(TEXT).axis) == 7 and plain.encode(TEXT).axis.unknown[1]


@pytest.mark.parametrize(
    ("modules", "files", "said"),
    [
        (("Pooling", "Dense"), {"1_Pooling/config.json": {"pooling_mode_mean_tokens": True}}, "Dense"),
        (("WordWeights", "Pooling"), {}, "WordWeights"),
        (("Pooling",), {}, "1_Pooling/config.json"),
        (("Pooling",), {"1_Pooling/config.json": {"pooling_mode_mean_tokens": False}}, "pooling_mode"),
        (("Pooling",), {"1_Pooling/config.json": {"pooling_mode_secret_tokens": True}}, "secret"),
        (("Pooling",), {"1_Pooling/config.json": {"pooling_mode": "attention"}}, "attention"),
        ((), {"sentence_bert_config.json": {"max_seq_length": "long"}}, "long"),
        ((), {"sentence_bert_config.json": {"tokenizer_args": {"never_split": ["a"]}}}, "tokenizer_args"),
        (
            (),
            {"config_sentence_transformers.json": {"prompts": {"query": "query: "}, "default_prompt_name": "query"}},
            "default_prompt_name",
        ),
    ],
)
def test_what_is_not_done_is_refused_by_name(modules, files, said, tmp_path: Path):
    with pytest.raises(ModelError) as raised:
        zoo.load(written(tmp_path / "m", files, *modules))
    assert raised.value.code in ("sentence_setting", "hub_file_missing")
    assert said in raised.value.message("en") and said in raised.value.message("ja")


def test_what_says_nothing_of_a_text_is_let_be(tmp_path: Path):
    files = {
        "config_sentence_transformers.json": {"prompts": {"query": "query: "}, "default_prompt_name": None},
        "sentence_bert_config.json": {"max_seq_length": None, "do_lower_case": False, "model_args": {}},
    }
    assert len(zoo.load(written(tmp_path / "m", files)).encode("the cat").axis) == 4
