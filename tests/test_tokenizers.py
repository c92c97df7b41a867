"""Tokens are exact places in the text, whatever the text."""

from __future__ import annotations

import json
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from attnviz.errors import ModelError
from attnviz.tokenizers import (
    PADDING,
    SUDACHI_CHARACTERS,
    UNKNOWN,
    UNKNOWN_ID,
    SudachiTokenizer,
    WordTokenizer,
    clean,
    count_keys,
    from_config,
    lookup_key,
    make_vocabulary,
    read_vocabulary,
    write_vocabulary,
)

WORDS = WordTokenizer((PADDING, UNKNOWN, "don't", "hello", "café", "ok"))
SUDACHI = SudachiTokenizer((PADDING, UNKNOWN, "ます", "お"))
FAMILY = "👩\u200d👩\u200d👧"

#: Any Python string at all, lone surrogates included, rich in what goes wrong.
ANYTHING = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cs", "Cc", "Cf", "Mn", "Mc", "Zs", "Zl", "Zp"]),
        st.sampled_from("a'’.!ー。、がか゛゙い㍿ﾊﾟ١אב\u200d\u200c\ufe0f👩👧🏽🇯🇵\u0301\u0e33नि\u0600"),
    ),
    max_size=60,
)


def shown(tokenizer, text):
    return [token.text for token in tokenizer.tokenize(clean(text).text)]


# ── cleaning ──────────────────────────────────────────────────────────────────────────────────────────────────────


@given(ANYTHING)
def test_cleaned_text_is_safe_and_cleaning_it_again_changes_nothing(text):
    once = clean(text)
    assert not regex.search(r"[\p{Cs}\p{Cc}\u202a-\u202e\u2066-\u2069]", once.text)
    assert unicodedata.is_normalized("NFC", once.text)
    assert once.text == once.text.strip()
    once.text.encode("utf-8")
    again = clean(once.text)
    assert again.text == once.text
    assert (again.removed_surrogates, again.removed_controls) == (0, 0)


@pytest.mark.parametrize(
    ("text", "cleaned", "surrogates", "controls"),
    [
        ("a\ud800b", "ab", 1, 0),
        ("\ud83d\ude00", "😀", 0, 0),
        ("a\x00b\x07", "ab", 0, 2),
        ("a\r\nb\tc\u2028d", "a b c d", 0, 0),
        ("  \u3000\n ", "", 0, 0),
        ("e\u0301", "é", 0, 0),
        ("\u202eabc\u2066d\u2069", "abcd", 0, 3),
        ("\ufeffco\u00adop", "coop", 0, 2),
        (FAMILY, FAMILY, 0, 0),
        ("שלום\u200f!", "שלום\u200f!", 0, 0),
        ("नमस्\u200dते", "नमस्\u200dते", 0, 0),
        ("<b>$x$</b>", "<b>$x$</b>", 0, 0),
    ],
)
def test_cleaning(text, cleaned, surrogates, controls):
    result = clean(text)
    assert (result.text, result.removed_surrogates, result.removed_controls) == (cleaned, surrogates, controls)


# ── spans ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("tokenizer", [WORDS, SUDACHI], ids=["words", "sudachi"])
@given(ANYTHING)
def test_spans_are_exact_ordered_and_cover_all_that_is_visible(tokenizer, text):
    text = clean(text).text
    tokens = tokenizer.tokenize(text)
    boundaries = {0, *(match.end() for match in regex.finditer(r"\X", text))}
    for token in tokens:
        assert 0 <= token.start < token.end <= len(text)
        assert text[token.start : token.end] == token.text
        assert {token.start, token.end} <= boundaries
        assert token.unknown == (token.id == UNKNOWN_ID)
        assert token.id > 0
        assert not regex.fullmatch(r"[\s\p{Default_Ignorable_Code_Point}]+", token.text)
    for left, right in pairwise(tokens):
        assert left.end <= right.start
    covered = {place for token in tokens for place in range(token.start, token.end)}
    rest = "".join(character for place, character in enumerate(text) if place not in covered)
    assert regex.fullmatch(r"[\s\p{Default_Ignorable_Code_Point}]*", rest)


@pytest.mark.parametrize("tokenizer", [WORDS, SUDACHI], ids=["words", "sudachi"])
def test_uncleaned_surrogates_do_not_stop_a_tokenizer(tokenizer):
    text = "a \ud800 b"
    assert [(t.start, t.end) for t in tokenizer.tokenize(text)] == [(0, 1), (2, 3), (4, 5)]


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("I don't know.", ["I", "don't", "know", "."]),
        ("it’s o'clock", ["it’s", "o'clock"]),
        ("well-made!!!", ["well", "-", "made", "!!!"]),
        ("3.5 or 10,000", ["3.5", "or", "10,000"]),
        ("my 401k :) <3", ["my", "401k", ":)", "<3"]),
        ("(note:this)", ["(", "note", ":", "this", ")"]),
        ("'quoted'", ["'", "quoted", "'"]),
        (f"{FAMILY}👍🏽🇯🇵", [FAMILY, "👍🏽", "🇯🇵"]),
        ("x\u0301y नमस्ते", ["x\u0301y", "नमस्ते"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("日本 ok", ["日", "本", "ok"]),
        ("<script>", ["<", "script", ">"]),
        ("snake_case", ["snake", "_", "case"]),
        ("", []),
    ],
)
def test_words(text, tokens):
    assert shown(WORDS, text) == tokens


@pytest.mark.parametrize("typed", ["don't", "DON’T", "Don't", "ｄｏｎ't"])
def test_lookup_ignores_case_width_and_kind_of_apostrophe(typed):
    token = WORDS.tokenize(typed)[0]
    assert (token.text, token.id) == (typed, 2)


def test_special_entries_cannot_be_typed():
    assert all(token.unknown for token in WORDS.tokenize("[PAD] [UNK]"))


@given(ANYTHING)
def test_lookup_key_is_a_fixed_point_and_one_line(text):
    key = lookup_key(clean(text).text)
    assert lookup_key(key) == key
    assert "\n" not in key


# ── Sudachi ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_polite_morphemes_stand_alone():
    assert shown(SUDACHI, "お待ちしております。") == ["お", "待ち", "し", "て", "おり", "ます", "。"]
    ids = [token.id for token in SUDACHI.tokenize("お待ちしております。")]
    assert ids == [3, 1, 1, 1, 1, 2, 1]


@pytest.mark.parametrize("text", ["㍿ああ", f"{FAMILY}です", "か\u3099っこう", "ﾊﾟｿｺﾝ"])
def test_sudachi_keeps_clusters_and_expanding_characters_whole(text):
    text = clean(text).text
    tokens = SUDACHI.tokenize(text)
    assert "".join(token.text for token in tokens) == text


@pytest.mark.parametrize(
    "text", ["今日はいい天気ですね。" * 2000, "𠮷" * 30_000, "あ" * 20_000], ids=["sentences", "four bytes", "one run"]
)
def test_text_beyond_the_limit_of_sudachi(text):
    tokens = SUDACHI.tokenize(text)
    assert "".join(token.text for token in tokens) == text
    assert all(text[token.start : token.end] == token.text for token in tokens)


def test_a_long_text_is_parted_after_a_sentence():
    sentence = "お待ちしております。"
    text = sentence * (2 * SUDACHI_CHARACTERS // len(sentence))
    assert [token.text for token in SUDACHI.tokenize(text)] == shown(SUDACHI, sentence) * (len(text) // len(sentence))


def test_many_threads_tokenize_at_once():
    texts = [f"{n}番目のお客様をお待ちしております。" * (1 + n % 5) for n in range(200)]
    expected = [SUDACHI.tokenize(text) for text in texts]
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(SUDACHI.tokenize, texts)) == expected


def test_unknown_mode_is_our_own_error():
    with pytest.raises(ModelError) as raised:
        SudachiTokenizer(mode="D")
    assert raised.value.code == "tokenizer_mode"


# ── vocabulary and registry ───────────────────────────────────────────────────────────────────────────────────────


def test_vocabulary_is_frequent_first_and_repeats():
    counts = count_keys(WORDS, ["b a a", "B c", "d"])
    assert make_vocabulary(counts, size=5) == (PADDING, UNKNOWN, "a", "b", "c")
    assert make_vocabulary(counts, size=9, min_count=2) == (PADDING, UNKNOWN, "a", "b")


@pytest.mark.parametrize("tokenizer", [WORDS, SUDACHI], ids=["words", "sudachi"])
def test_rebuilt_from_config_and_file(tokenizer, tmp_path):
    path = tmp_path / "vocabulary.txt"
    write_vocabulary(path, tokenizer.vocabulary)
    assert len(path.read_text(encoding="utf-8").splitlines()) == len(tokenizer.vocabulary)
    again = from_config(json.loads(json.dumps(tokenizer.config())), path)
    text = "Hello, don't. お待ちします"
    assert again.tokenize(text) == tokenizer.tokenize(text)


def test_vocabulary_file_keeps_unusual_keys(tmp_path):
    vocabulary = (PADDING, UNKNOWN, " \u0301", "\u2009x", "'", "日本")
    write_vocabulary(tmp_path / "v", vocabulary)
    assert read_vocabulary(tmp_path / "v") == vocabulary


@pytest.mark.parametrize(
    ("vocabulary", "code"),
    [(("a", "b"), "vocabulary_start"), ((PADDING, UNKNOWN, "a", "a"), "vocabulary_repeats")],
)
def test_damaged_vocabulary_is_our_own_error(vocabulary, code):
    with pytest.raises(ModelError) as raised:
        WordTokenizer(vocabulary)
    assert raised.value.code == code


def test_unknown_kind_is_our_own_error(tmp_path):
    with pytest.raises(ModelError) as raised:
        from_config({"kind": "bytes"}, tmp_path / "v")
    assert raised.value.code == "tokenizer_kind"
    assert "sudachi" in raised.value.parameters["expected"]
