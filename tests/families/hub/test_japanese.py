"""Japanese BERT folders are cut as their settings say, or refused by name."""

from __future__ import annotations

import json
from pathlib import Path

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


def test_words_by_mecab(tmp_path: Path):
    pytest.importorskip("fugashi", reason="MeCab is an extra: pip install attnviz[mecab]")
    settings = {"word_tokenizer_type": "mecab", "mecab_kwargs": {"mecab_dic": "unidic_lite"}}
    assert cut(japanese(tmp_path / "tiny", **settings)) == ("東京", "は", "とても", "大きい", "町", "です", "。")


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
    monkeypatch.setitem(__import__("sys").modules, "fugashi", None)
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
