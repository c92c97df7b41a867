"""Files of tokenizers that a short text could make explode are refused; those that are published are not."""

from __future__ import annotations

import json

import pytest

from attnviz.errors import ModelError
from attnviz.families.common import tokenizer_file
from attnviz.families.common.tokenizer_file import MAX_WORD, PUBLISHED, ends

tokenizers = pytest.importorskip("tokenizers")


def file(folder, **parts):
    path = folder / "tokenizer.json"
    model = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##"}
    model |= {"max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "a": 1, "##a": 2}}
    content = {"version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": None, "model": model}
    path.write_text(json.dumps({**content, "post_processor": None, "decoder": None, **parts}), encoding="utf-8")
    return path


def split(pattern):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


def replaced(pattern, content):
    return {"type": "Replace", "pattern": pattern, "content": content}


def in_turn(*parts):
    return {"type": "Sequence", "normalizers": list(parts)}


@pytest.mark.parametrize(
    "parts",
    [
        {"pre_tokenizer": split("(a+)+$")},
        {"pre_tokenizer": split("a*a*a*a*b")},
        {"pre_tokenizer": split(r"(\w|\d)*x")},
        {"pre_tokenizer": split(r"(.)\1+")},
        {"pre_tokenizer": split("[ab]+[bc]+")},
        {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [split("x|(a+)+$")]}},
        {"decoder": replaced({"Regex": "(a+)+$"}, "")},
        {"normalizer": replaced({"String": "a"}, "a" * 100_000)},
        {"normalizer": replaced({"Regex": "a"}, "a" * 65)},
        {"normalizer": replaced({"String": ""}, "a")},
        {"normalizer": in_turn(*[replaced({"String": "a"}, "aa")] * 30)},
        {"normalizer": {"type": "Prepend", "prepend": "a" * 1000}},
        {"post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A"}}] * 99, "pair": []}},
        {"model": {"type": "WordPiece", "vocab": {}, "max_input_chars_per_word": MAX_WORD + 1}},
    ],
    ids=lambda parts: json.dumps(parts)[:60],
)
def test_what_could_explode_is_refused(tmp_path, parts):
    tokenizer_file.check(file(tmp_path), "mine")
    with pytest.raises(ModelError) as refused:
        tokenizer_file.check(file(tmp_path, **parts), "mine")
    assert refused.value.code == "tokenizer_unsafe" and "mine" in refused.value.message("ja")


def test_two_of_a_name_are_refused_whichever_is_read(tmp_path):
    path = file(tmp_path)
    hidden = json.dumps(replaced({"String": "a"}, "a" * 9999))
    path.write_text(path.read_text().replace('"normalizer": null', f'"normalizer": {hidden}, "normalizer": null'))
    with pytest.raises(ModelError, match="normalizer"):
        tokenizer_file.check(path, "mine")


@pytest.mark.parametrize("pattern", [*sorted(PUBLISHED), " {2,}", "``|''", r"\s+", r"\p{N}{1,3}", r"[^\s]+$", "▁"])
def test_what_is_published_is_not(tmp_path, pattern):
    assert ends(pattern)
    normal = in_turn(replaced({"Regex": pattern}, " "), {"type": "Lowercase"}, replaced({"String": " "}, "▁"))
    path = file(tmp_path, pre_tokenizer=split(pattern), normalizer=normal)
    tokenizer_file.check(path, "mine")
    assert tokenizers.Tokenizer.from_file(str(path)).encode("a" * 300 + " !").ids
