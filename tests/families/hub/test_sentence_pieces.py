"""XLM-RoBERTa and CamemBERT: what SentencePiece itself cuts, on the rows that fairseq gave the pieces."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
import tokenizers

from attnviz.errors import ModelError
from attnviz.families.hub import pieces, sentence_pieces
from attnviz.families.hub.spelling import BLANK
from tests.families.hub import hub_folders as folders
from tests.families.hub.hub_folders import SENTENCES

TEXT = "the  cats ☃☃ Café sat on 日本の ｍａｔ "


def read(path: Path, kind: str, content: bytes | None = None, **files: Any) -> pieces.Pieces:
    """The tokenizer of a folder with this file of SentencePiece and these JSON files."""
    path.mkdir(exist_ok=True)
    (path / sentence_pieces.FILE).write_bytes(content or folders.sentence_model())
    for name, value in files.items():
        (path / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    return pieces.from_folder(path, kind)


@pytest.mark.parametrize("kind", SENTENCES)
def test_pieces_are_those_of_sentencepiece(kind: str, tmp_path: Path):
    content = folders.sentence_model()
    own = sentencepiece.SentencePieceProcessor(model_proto=content)
    front = SENTENCES[kind]
    cut = read(tmp_path / "folder", kind, content)(TEXT, 512)
    first, last = (
        own.piece_to_id(name) + front if kind == "camembert" else at for name, at in (("<s>", 0), ("</s>", 2))
    )

    assert cut.ids == [first, *(index + front if index else 3 for index in own.encode(TEXT)), last]
    assert cut.axis.tokens[0] == "<s>" and cut.axis.tokens[-1] == "</s>"
    shown = [(token, TEXT[slice(*span)]) for token, span in zip(cut.axis.tokens, cut.axis.spans, strict=True) if span]
    assert all(text.isspace() for token, text in shown if token == BLANK)
    assert [pair for pair in shown if pair[1].startswith(("☃", "ｍ"))] == [("☃☃", "☃☃"), ("m", "ｍ")]
    assert [token for token, bad in zip(cut.axis.tokens, cut.axis.unknown, strict=True) if bad] == ["☃☃"]
    assert "".join("".join(text for _, text in shown).split()) == "".join(TEXT.split())


def test_rows_by_hand(tmp_path: Path):
    """XLM-RoBERTa: <s> 0, <pad> 1, </s> 2, <unk> 3, the pieces, <mask>; CamemBERT: <unk> 3, and all pieces from 4."""
    own = sentencepiece.SentencePieceProcessor(model_proto=folders.sentence_model())
    names = [own.id_to_piece(number) for number in range(len(own))]
    assert names[:3] == ["<unk>", "<s>", "</s>"]
    xlm, french = (read(tmp_path / kind, kind).tokenizer for kind in SENTENCES)
    assert [xlm.id_to_token(n) for n in range(5)] == ["<s>", "<pad>", "</s>", "<unk>", names[3]]
    assert [french.id_to_token(n) for n in (1, 3, 5, 6, 7)] == ["<pad>", "<unk>", "<s>", "</s>", names[3]]
    assert xlm.token_to_id("<mask>") == len(names) + 1 and french.token_to_id("<mask>") == len(names) + 4


@pytest.mark.parametrize("kind", SENTENCES)
def test_a_whole_file_cuts_the_same(kind: str, tmp_path: Path):
    made = read(tmp_path / "one", kind)
    other = read(tmp_path / "two", kind, b"not read", tokenizer=json.loads(made.tokenizer.to_str()))
    assert other(TEXT, 512) == made(TEXT, 512) and made.blank == other.blank is not None
    assert tokenizers.Tokenizer.from_str(made.tokenizer.to_str()).encode(TEXT).ids == made(TEXT, 512).ids


@pytest.mark.parametrize(
    ("options", "settings", "named"),
    [
        ({"model_type": "bpe"}, {}, "model_type"),
        ({"byte_fallback": True, "vocab_size": 300}, {}, "byte_fallback"),
        ({"add_dummy_prefix": False}, {}, "add_dummy_prefix"),
        ({"remove_extra_whitespaces": False}, {}, "remove_extra_whitespaces"),
        ({"user_defined_symbols": ["<cat>"]}, {}, "<cat>"),
        ({}, {"do_lower_case": True}, "do_lower_case"),
        ({}, {"add_prefix_space": False}, "add_prefix_space"),
        ({}, {"sp_model_kwargs": {"enable_sampling": True}}, "sp_model_kwargs"),
        ({}, {"mask_token": "[M]"}, "mask_token"),
        ({}, {"tokenizer_class": "T5Tokenizer"}, "tokenizer_class"),
        ({}, {"never_heard_of": 3}, "never_heard_of"),
        ({}, {"added_tokens_decoder": {"5": {"content": "<mask>"}}}, "added_tokens_decoder"),
    ],
    ids=str,
)
def test_what_is_not_done_is_refused(options: Any, settings: Any, named: str, tmp_path: Path):
    with pytest.raises(ModelError) as raised:
        read(tmp_path / "folder", "xlm-roberta", folders.sentence_model(**options), tokenizer_config=settings)
    assert (
        raised.value.code == "hub_tokenizer" and named in str(raised.value) and "folder" in raised.value.message("ja")
    )


def test_a_file_that_is_none_is_named(tmp_path: Path):
    with pytest.raises(ModelError) as raised:
        read(tmp_path / "folder", "camembert", b"\xff\xff\xff")
    assert raised.value.code == "hub_unreadable" and sentence_pieces.FILE in str(raised.value)
    characters = base64.b64encode(b"abc").decode()  # at which the package panics
    whole = json.loads(read(tmp_path / "other", "camembert").tokenizer.to_str())
    whole["normalizer"] = {"type": "Precompiled", "precompiled_charsmap": characters}
    (tmp_path / "folder" / "tokenizer.json").write_text(json.dumps(whole), encoding="utf-8")
    (tmp_path / "folder" / sentence_pieces.FILE).unlink()
    with pytest.raises(ModelError) as raised:
        pieces.from_folder(tmp_path / "folder", "camembert")
    assert raised.value.code == "hub_unreadable" and "tokenizer.json" in str(raised.value)
    (tmp_path / "folder" / "tokenizer.json").unlink()
    with pytest.raises(ModelError) as raised:
        pieces.from_folder(tmp_path / "folder", "camembert")
    assert raised.value.code == "hub_file_missing" and sentence_pieces.FILE in str(raised.value)
