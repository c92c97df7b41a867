"""Japanese BERT folders are cut as their settings say, or refused by name."""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path
from typing import Any

import fugashi
import ipadic
import pytest

from attnviz import zoo
from attnviz.errors import ModelError
from attnviz.trace import Text, TokenAxis
from tests.families.hub import hub_folders as folders

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] 東京 は とても 大きい 町 です 。 東 京 大 ##き ##い で ##す き い と て も す ｱ"
SENTENCE = "東京はとても大きい町です。"


def japanese(path: Path, **settings) -> Path:
    vocabulary = WORDS.split()
    folder = folders.make("bert", vocab_size=len(vocabulary), tokenizer_class="BertJapaneseTokenizer")
    folder.files = {
        "vocab.txt": "\n".join(vocabulary) + "\n",
        "tokenizer_config.json": json.dumps({"tokenizer_class": "BertJapaneseTokenizer", **settings}),
    }
    return folder.write(path)


def cut(path: Path, text: str = SENTENCE) -> tuple[str, ...]:
    return zoo.load(path).encode(text).axis.tokens[1:-1]


SUDACHI = {
    "word_tokenizer_type": "sudachi",
    "sudachi_kwargs": {"sudachi_dict_type": "small", "sudachi_split_mode": "C"},
}


def test_words_by_sudachi(tmp_path: Path):
    pytest.importorskip("sudachidict_small", reason="Sudachi is an extra: pip install attnviz[ja]")
    path = japanese(tmp_path / "tiny", **SUDACHI)
    assert cut(path) == ("東京", "は", "とても", "大きい", "町", "です", "。")
    encoded = zoo.load(path).encode("東京 は大きい")
    assert isinstance(encoded.source, Text) and isinstance(encoded.axis, TokenAxis)
    spans = [span for span in encoded.axis.spans[1:-1] if span is not None]
    assert [encoded.source.text[slice(*span)] for span in spans] == ["東京", "は", "大きい"]


def mecab(**settings) -> dict[str, Any]:
    return {"word_tokenizer_type": "mecab", "mecab_kwargs": {"mecab_dic": "ipadic"}, **settings}


def reference(text: str, vocabulary: list[str], lower: bool, single: bool) -> list[int]:
    """As `transformers` cuts a text, step by step: NFKC, MeCab, letter case, the longest pieces first or characters."""
    found: list[str] = []
    place = ipadic.DICDIR
    for node in fugashi.GenericTagger(f"-d {place} -r {place}/mecabrc")(unicodedata.normalize("NFKC", text)):
        word, pieces, start = node.surface.lower() if lower else node.surface, list[str](), 0
        while start < len(word) and not single:
            ends = range(len(word), start, -1)
            end = next((e for e in ends if "##" * (start > 0) + word[start:e] in vocabulary), None)
            if end is None:
                pieces = ["[UNK]"]
                break
            pieces.append("##" * (start > 0) + word[start:end])
            start = end
        found += list(word) if single else pieces
    ids = {piece: number for number, piece in enumerate(vocabulary)}
    return [ids.get(piece, ids["[UNK]"]) for piece in ["[CLS]", *found, "[SEP]"]]


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("part", ["wordpiece", "character"])
def test_words_by_mecab_are_those_of_the_reference(part: str, lower: bool, tmp_path: Path):
    path = japanese(tmp_path / "tiny", **mecab(subword_tokenizer_type=part, do_lower_case=lower))
    model, vocabulary = zoo.load(path), WORDS.split()
    for text in (SENTENCE, "ＴＯＫＹＯは とても　大きい㈱です", "ｶﾞ１２３İ😀𠮷町", "もすもきいで。。"):
        ids = model.encode(text).inputs["tokens"][0].tolist()
        assert ids == reference(text, vocabulary, lower, part == "character")
    if part == "wordpiece":
        assert cut(path) == ("東京", "は", "とても", "大きい", "町", "です", "。")


def test_the_dictionary_is_the_one_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "unidic_lite", None)
    for settings in (
        {"mecab_kwargs": {"mecab_dic": "unidic_lite"}},
        {},
    ):  # which is what is meant where nothing is said
        with pytest.raises(ModelError, match="unidic-lite"):
            zoo.load(japanese(tmp_path / "other", word_tokenizer_type="mecab", **settings))
    monkeypatch.setitem(sys.modules, "unidic_lite", ipadic)
    assert cut(japanese(tmp_path / "tiny", word_tokenizer_type="mecab"))[:2] == ("東京", "は")


def test_single_characters(tmp_path: Path):
    pytest.importorskip("sudachidict_small", reason="Sudachi is an extra: pip install attnviz[ja]")
    path = japanese(tmp_path / "tiny", subword_tokenizer_type="character", **SUDACHI)
    assert cut(path) == tuple(SENTENCE)


def test_without_an_analyser_of_words_the_text_is_cut_at_blanks(tmp_path: Path):
    assert cut(japanese(tmp_path / "tiny", word_tokenizer_type="basic"), "東京 は 大きい") == ("東京", "は", "大きい")


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ({"word_tokenizer_type": "jumanpp"}, "hub_tokenizer", "jumanpp"),
        ({"word_tokenizer_type": "basic", "subword_tokenizer_type": "sentencepiece"}, "hub_tokenizer", "sentencepiece"),
        (
            {"word_tokenizer_type": "mecab", "mecab_kwargs": {"mecab_option": "-o written"}},
            "hub_tokenizer",
            "mecab_opt",
        ),
        ({"word_tokenizer_type": "mecab", "mecab_kwargs": {"mecab_dic": "juman"}}, "hub_tokenizer", "juman"),
        ({"word_tokenizer_type": "sudachi", "sudachi_kwargs": {"sudachi_dict_type": "no"}}, "hub_tokenizer", "no"),
        ({"word_tokenizer_type": "sudachi", "sudachi_kwargs": {"surprise": 1}}, "hub_tokenizer", "surprise"),
    ],
)
def test_what_is_not_read_is_refused_by_name(settings, code, said, tmp_path: Path):
    with pytest.raises(ModelError) as raised:
        zoo.load(japanese(tmp_path / "tiny", **settings))
    assert raised.value.code == code and said in str(raised.value)


def test_what_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "fugashi", None)
    with pytest.raises(ModelError) as raised:
        zoo.load(japanese(tmp_path / "tiny", word_tokenizer_type="mecab"))
    assert raised.value.code == "hub_words_missing" and "pip install fugashi unidic-lite" in str(raised.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"do_basic_tokenize": False},
        {"never_split": ["cat"]},
        {"tokenizer_class": "AlbertTokenizer"},
        {"surprise": "yes"},
    ],
)
def test_other_folders_too_are_cut_as_they_say_or_not_at_all(settings, tmp_path: Path):
    folder = folders.make("bert")
    folder.files["tokenizer_config.json"] = json.dumps(settings)
    with pytest.raises(ModelError) as raised:
        zoo.load(folder.write(tmp_path / "tiny"))
    assert raised.value.code == "hub_tokenizer" and next(iter(settings)) in str(raised.value)
