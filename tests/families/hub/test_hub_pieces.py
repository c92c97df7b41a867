"""How pretrained models cut a text: settings of the folder, readable pieces, places in the text."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import tokenizers

from attnviz.errors import ModelError
from attnviz.families.hub import pieces
from attnviz.families.hub.spelling import BLANK, readable
from tests.families.hub import hub_folders as folders


def given(path: Path, kind: str, vocabulary: dict[str, str] | None = None, **files: Any) -> pieces.Pieces:
    """The tokenizer of a folder with these JSON files beside the vocabulary."""
    path.mkdir()
    for name, text in (vocabulary or folders.make(kind).files).items():
        (path / name).write_text(text, encoding="utf-8")
    for name, value in files.items():
        (path / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    return pieces.from_folder(path, kind)


def inner(tokenizer: pieces.Pieces, text: str) -> list[str]:
    """Tokens without the special ones around."""
    axis = tokenizer(text, 512).axis
    return [token for token, special in zip(axis.tokens, axis.special, strict=True) if not special]


def word_pieces(**settings: Any) -> tokenizers.Tokenizer:
    """An independent WordPiece tokenizer with the settings under the package's own names."""
    vocabulary = {word: index for index, word in enumerate(folders.WORDS)}
    return tokenizers.BertWordPieceTokenizer(vocabulary, **settings)


TEXT = "Cat café CAFÉ 日本 cats"


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, {}),
        ({"do_lower_case": False}, {"lowercase": False}),
        ({"do_lower_case": False, "strip_accents": True}, {"lowercase": False, "strip_accents": True}),
        ({"strip_accents": False}, {"strip_accents": False}),
        ({"strip_accents": None, "do_lower_case": True}, {}),
        ({"tokenize_chinese_chars": False}, {"handle_chinese_chars": False}),
    ],
)
@pytest.mark.parametrize("whole", [False, True])
def test_word_piece_settings(settings: dict[str, Any], names: dict[str, Any], whole: bool, tmp_path: Path):
    files = {"tokenizer_config": settings}
    if whole:  # the file says the contrary of every setting, and the settings go before it
        contrary = {name: not value for name, value in names.items()}
        files["tokenizer"] = json.loads(word_pieces(**contrary).to_str())
    tokenizer = given(tmp_path / "folder", "bert", **files)
    expected = word_pieces(**names).encode(TEXT)
    cut = tokenizer(TEXT, 512)

    assert cut.ids == expected.ids
    assert cut.axis.special == tuple(map(bool, expected.special_tokens_mask))
    assert cut.axis.spans == tuple(
        None if special else place
        for place, special in zip(expected.offsets, expected.special_tokens_mask, strict=True)
    )


def test_each_word_piece_setting_matters():
    cuts = [
        tuple(word_pieces(**names).encode(TEXT).ids)
        for names in (
            {},
            {"lowercase": False},
            {"lowercase": False, "strip_accents": True},
            {"strip_accents": False},
            {"handle_chinese_chars": False},
        )
    ]
    assert len(set(cuts)) == len(cuts)


def test_tokenizer_json_goes_before_the_vocabulary(tmp_path: Path):
    other = tokenizers.BertWordPieceTokenizer({word: index for index, word in enumerate(reversed(folders.WORDS))})
    tokenizer = given(tmp_path / "folder", "bert", tokenizer=json.loads(other.to_str()))

    assert tokenizer("the cat", 512).ids == other.encode("the cat").ids
    assert tokenizer("the cat", 512).ids != word_pieces().encode("the cat").ids


def test_a_damaged_tokenizer_json_leaves_the_vocabulary(tmp_path: Path):
    tokenizer = given(tmp_path / "folder", "bert", tokenizer={"added_tokens": 3})

    assert tokenizer("the cat", 512).ids == word_pieces().encode("the cat").ids


def test_padding_and_truncation_of_the_file_are_not_ours(tmp_path: Path):
    made = word_pieces()
    made.enable_padding(length=11)
    made.enable_truncation(5)
    tokenizer = given(tmp_path / "folder", "bert", tokenizer=json.loads(made.to_str()))

    assert inner(tokenizer, "the cat sat the cat") == ["the", "cat", "sat", "the", "cat"]


@pytest.mark.parametrize("file", ["tokenizer_config", "special_tokens_map"])
@pytest.mark.parametrize("form", [str, lambda name: {"content": name, "lstrip": False}])
def test_special_tokens_by_other_names(file: str, form: Any, tmp_path: Path):
    words = ["<pad>", "<oov>", "<begin>", "<end>", "<hole>", "cat"]
    named = dict(
        zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), map(form, words), strict=False)
    )
    tokenizer = given(tmp_path / "folder", "bert", {"vocab.txt": "\n".join(words)}, **{file: named})
    axis = tokenizer("cat dog <hole>", 512).axis

    assert axis.tokens == ("<begin>", "cat", "dog", "<hole>", "<end>")
    assert axis.special == (True, False, False, False, True)
    assert axis.unknown == (False, False, True, False, False)


def test_special_tokens_around_a_roberta_text(tmp_path: Path):
    files = folders.byte_vocabulary("[A]", "[Z]")
    named = {"cls_token": "[A]", "sep_token": {"content": "[Z]"}}
    tokens = given(tmp_path / "folder", "roberta", files, special_tokens_map=named)("a", 512).axis.tokens

    assert tokens == ("[A]", "a", "[Z]")


def test_the_map_of_special_tokens_goes_before_the_configuration(tmp_path: Path):
    words = {"vocab.txt": "\n".join([*folders.WORDS, "<x>"])}
    files = {"tokenizer_config": {"cls_token": "[MASK]"}, "special_tokens_map": {"cls_token": "<x>"}}

    assert given(tmp_path / "folder", "bert", words, **files)("the", 512).axis.tokens == ("<x>", "the", "[SEP]")


@pytest.mark.parametrize("kind", ["roberta", "gpt2"])
@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("put_in_front", [False, True])
def test_a_blank_in_front(kind: str, whole: bool, put_in_front: bool, tmp_path: Path):
    first = folders.ROBERTA if kind == "roberta" else ("<|endoftext|>",)
    files = folders.byte_vocabulary(*first, merges=("c a", "ca t", "Ġ cat"))
    other = tokenizers.ByteLevelBPETokenizer(
        json.loads(files["vocab.json"]), [("c", "a"), ("ca", "t"), ("Ġ", "cat")], add_prefix_space=not put_in_front
    )
    made: dict[str, Any] = {"tokenizer_config": {"add_prefix_space": put_in_front}}
    if whole:
        made["tokenizer"] = json.loads(other.to_str())
    tokenizer = given(tmp_path / "folder", kind, files, **made)
    cut = tokenizer("cat cat", 512)
    vocabulary = json.loads(files["vocab.json"])
    expected = [vocabulary["Ġcat" if put_in_front else "cat"], vocabulary["Ġcat"]]
    own = [place for place, special in enumerate(cut.axis.special) if not special]

    assert [cut.ids[place] for place in own] == expected
    assert [cut.axis.tokens[place] for place in own] == ["cat", "cat"]
    assert [cut.axis.spans[place] for place in own] == [(0, 3), (4, 7)]


def test_a_blank_that_was_put_in_stands_nowhere(tmp_path: Path):
    for number, trimmed in enumerate((False, True)):
        vocabulary = json.loads(folders.byte_vocabulary()["vocab.json"])
        whole = tokenizers.ByteLevelBPETokenizer(vocabulary, [], add_prefix_space=True, trim_offsets=trimmed)
        axis = given(tmp_path / str(number), "gpt2", tokenizer=json.loads(whole.to_str()))("a b", 512).axis

        assert axis.tokens == (BLANK, "a", BLANK, "b")
        assert axis.spans == (None, (0, 1), (1, 2), (2, 3))


@pytest.mark.parametrize("kind", ["roberta", "gpt2"])
def test_bytes_are_shown_as_text(kind: str, tmp_path: Path):
    first = folders.ROBERTA if kind == "roberta" else ("<|endoftext|>",)
    letter = folders.letters()
    no = [letter[byte] for byte in "の".encode()]
    cat = [letter[byte] for byte in "🐱".encode()]
    merges = (f"{no[0]} {no[1]}", f"{no[0]}{no[1]} {no[2]}", f"{cat[0]} {cat[1]}", "Ġ a", f"{no[2]} {cat[0]}")
    files = folders.byte_vocabulary(*first, merges=merges)
    text = "のの 🐱 a  é\u3000本"
    axis = given(tmp_path / "folder", kind, files)(text, 512).axis
    shown = [
        (token, text[slice(*span)])
        for token, span, special in zip(axis.tokens, axis.spans, axis.special, strict=True)
        if span is not None and not special
    ]

    assert shown == [
        *[("の", "の")] * 2,
        (BLANK, " "),
        *[("<F0><9F>", "🐱"), ("<90>", "🐱"), ("<B1>", "🐱")],
        ("a", "a"),
        *[(BLANK, " ")] * 2,
        *[("<C3>", "é"), ("<A9>", "é")],
        *[("<E3>", "\u3000"), ("<80>", "\u3000"), ("<80>", "\u3000")],
        *[("<E6>", "本"), ("<9C>", "本"), ("<AC>", "本")],
    ]


def test_a_piece_with_a_whole_character_and_a_part():
    assert readable(" の".encode() + "本".encode()[:2]) == "の<E6><9C>"
    assert readable(b"   ") == BLANK
    assert readable(b"<b>") == "<b>"


def test_spans_cover_any_text(tmp_path: Path):
    made = random.Random(7)
    alphabet = "ab Éé日本のー🐱👩‍🔬 .,<>&%{}\u3000"
    byte_level = given(tmp_path / "bytes", "gpt2")
    words = given(tmp_path / "words", "bert")
    for _ in range(97):
        text = "".join(made.choices(alphabet, k=made.randint(1, 31))).strip()
        for tokenizer in (byte_level, words):
            spans = [span for span in tokenizer(text, 512).axis.spans if span is not None]
            assert all(0 <= start < end <= len(text) for start, end in spans)
            assert spans == sorted(spans)
            covered = {place for span in spans for place in range(*span)}
            missed = "".join(text[place] for place in range(len(text)) if place not in covered)
            assert not missed.replace("" if tokenizer is byte_level else "\u200d", "").strip()


@pytest.mark.parametrize(
    ("kind", "vocabulary", "files", "code", "named"),
    [
        ("bert", {"README.md": ""}, {}, "hub_file_missing", ["vocab.txt"]),
        ("gpt2", {"merges.txt": ""}, {}, "hub_file_missing", ["vocab.json"]),
        ("roberta", {"vocab.json": "{}"}, {}, "hub_file_missing", ["merges.txt"]),
        ("bert", {"vocab.txt": "the\ncat"}, {}, "hub_special_token", ["vocab.txt", "[CLS]"]),
        ("roberta", folders.byte_vocabulary("<s>"), {}, "hub_special_token", ["vocab.json", "</s>"]),
        ("gpt2", {"vocab.json": "[1", "merges.txt": ""}, {}, "hub_unreadable", ["vocab.json"]),
        ("bert", None, {"tokenizer_config": [1]}, "hub_unreadable", ["tokenizer_config.json"]),
        ("bert", None, {"tokenizer_config": {"do_lower_case": "no"}}, "hub_unreadable", ["do_lower_case", "'no'"]),
        ("bert", {"README.md": ""}, {"tokenizer": {"model": 3}}, "hub_unreadable", ["tokenizer.json"]),
    ],
)
def test_what_is_wrong_is_named(kind: str, vocabulary: Any, files: Any, code: str, named: list[str], tmp_path: Path):
    with pytest.raises(ModelError) as raised:
        given(tmp_path / "folder", kind, vocabulary, **files)

    assert raised.value.code == code
    for words in ("folder", *named):
        assert words in str(raised.value)
    assert str(tmp_path) not in str(raised.value)
