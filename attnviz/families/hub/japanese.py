"""BERT's Japanese tokenizer: words by MeCab, Sudachi or blanks first, then WordPiece or single characters.

Source: Hugging Face, `transformers.models.bert_japanese.tokenization_bert_japanese`. The text is put into NFKC before
it is cut into words, and places in it stay known.
"""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attnviz.errors import ModelError

#: The class as `tokenizer_config.json` or `config.json` names it.
CLASS = "BertJapaneseTokenizer"

#: Dictionaries of MeCab by the name that the settings use, and the package to install.
_MECAB = {"ipadic": "ipadic", "unidic_lite": "unidic-lite", "unidic": "unidic"}

#: What the settings of each kind of words may say, and what they say if they say nothing.
_SETTINGS: dict[str, dict[str, Any]] = {
    "mecab": {"mecab_dic": "unidic_lite", "mecab_option": None, "normalize_text": True, "never_split": None},
    "sudachi": {
        **{"sudachi_split_mode": "A", "sudachi_dict_type": "core", "sudachi_config_path": None},
        **{"sudachi_resource_dir": None, "sudachi_projection": None, "normalize_text": True, "trim_whitespace": False},
        "never_split": None,
    },
}
_MUST_BE_EMPTY = ("mecab_option", "never_split", "sudachi_config_path", "sudachi_resource_dir", "sudachi_projection")

Words = Callable[[str], list[str]]


def is_japanese(settings: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Whether a folder's tokenizer is this one."""
    named = settings.get("tokenizer_class") or config.get("tokenizer_class")
    return named == CLASS or "word_tokenizer_type" in settings


def tokenizer(vocabulary: dict[str, int], settings: Mapping[str, Any], folder: Path) -> Any:
    """The tokenizer as the settings describe it, without what stands around a text.

    Raises:
        ModelError: `hub_tokenizer`: a setting that is not read; `hub_words_missing`: what cuts words is not installed.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    def refuse(field: str, expected: str) -> ModelError:
        received = repr(settings.get(field))[:80]
        return ModelError("hub_tokenizer", source=folder.name, field=field, received=received, expected=expected)

    for field in ("do_word_tokenize", "do_subword_tokenize"):
        if settings.get(field, True) is not True:
            raise refuse(field, "true")
    kind, part = settings.get("word_tokenizer_type", "basic"), settings.get("subword_tokenizer_type", "wordpiece")
    if kind not in ("basic", *_SETTINGS):
        raise refuse("word_tokenizer_type", "basic, mecab, sudachi")
    if part not in ("wordpiece", "character"):
        raise refuse("subword_tokenizer_type", "wordpiece, character")
    lower, unknown = bool(settings.get("do_lower_case", False)), settings.get("unk_token", "[UNK]")
    single = part == "character"
    model = (
        models.WordLevel(vocabulary, unk_token=unknown) if single else models.WordPiece(vocabulary, unk_token=unknown)
    )
    made = Tokenizer(model)
    if kind == "basic":
        made.normalizer = normalizers.BertNormalizer(handle_chinese_chars=False, lowercase=lower)
        plain = pre_tokenizers.BertPreTokenizer()
        every = pre_tokenizers.Split("", "isolated")
        made.pre_tokenizer = pre_tokenizers.Sequence([plain, every]) if single else plain
        return made
    said = _said(kind, settings.get(f"{kind}_kwargs") or {}, folder)
    if said["normalize_text"]:
        made.normalizer = normalizers.NFKC()
    words = _mecab(said, folder) if kind == "mecab" else _sudachi(said, folder)
    made.pre_tokenizer = pre_tokenizers.PreTokenizer.custom(_Cutter(words, lower, single))
    return made


class _Cutter:
    """Words as a step of the package `tokenizers`: one caller at a time, for no analyser bears two."""

    def __init__(self, words: Words, lower: bool, single: bool) -> None:
        self._words, self._lower, self._single = words, lower, single
        self._lock = threading.Lock()

    def pre_tokenize(self, pretokenized: Any) -> None:
        pretokenized.split(self._split)

    def _split(self, _: int, normalized: Any) -> list[Any]:
        text, parts, end = str(normalized), [], 0
        with self._lock:
            words = self._words(text)
        for word in words:
            start = text.index(word, end)
            end = start + len(word)
            part = normalized[start:end]
            if self._lower:
                part.lowercase()
            if self._single:  # of what is left, for a capital may become two characters
                parts += [part[at : at + 1] for at in range(len(str(part)))]
            elif word.strip():  # WordPiece knows no blanks
                parts.append(part)
        return parts


def _said(kind: str, given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    known = _SETTINGS[kind]
    for field, value in given.items():
        if field not in known or (field in _MUST_BE_EMPTY and value):
            told = {"field": f"{kind}_kwargs.{field}", "received": repr(value)[:80]}
            raise ModelError("hub_tokenizer", source=folder.name, **told, expected=", ".join(known))
    return {**known, **{field: value for field, value in given.items() if value is not None}}


def _mecab(said: Mapping[str, Any], folder: Path) -> Words:
    name = said["mecab_dic"]
    if name not in _MECAB:
        told = {"field": "mecab_kwargs.mecab_dic", "received": repr(name)[:80]}
        raise ModelError("hub_tokenizer", source=folder.name, **told, expected=", ".join(_MECAB))
    try:
        fugashi, dictionary = importlib.import_module("fugashi"), importlib.import_module(name)
        place = dictionary.DICDIR
        tagger = fugashi.GenericTagger(f'-d "{place}" -r "{os.path.join(place, "mecabrc")}"')
    except (ImportError, AttributeError, RuntimeError) as error:
        packages = f"fugashi {_MECAB[name]}"
        told = {"received": f"MeCab ({name})", "expected": packages, "cause": str(error)[:120]}
        raise ModelError("hub_words_missing", source=folder.name, **told) from error
    return lambda text: [node.surface for node in tagger(text)]


def _sudachi(said: Mapping[str, Any], folder: Path) -> Words:
    size, mode = said["sudachi_dict_type"], str(said["sudachi_split_mode"]).upper()
    if size not in ("small", "core", "full") or mode not in ("A", "B", "C"):
        told = {"field": "sudachi_kwargs", "received": f"{size}, {mode}"[:80]}
        raise ModelError("hub_tokenizer", source=folder.name, **told, expected="small, core, full; A, B, C")
    try:
        sudachipy = importlib.import_module("sudachipy")
        importlib.import_module(f"sudachidict_{size}")
        made = sudachipy.Dictionary(dict=size).tokenizer(getattr(sudachipy.SplitMode, mode))
    except (ImportError, AttributeError) as error:
        packages = f"sudachipy sudachidict-{size}"
        told = {"received": f"Sudachi ({size})", "expected": packages, "cause": str(error)[:120]}
        raise ModelError("hub_words_missing", source=folder.name, **told) from error
    trim = bool(said["trim_whitespace"])
    return lambda text: [m.surface() for m in made.tokenize(text) if m.surface() and (not trim or m.surface().strip())]
