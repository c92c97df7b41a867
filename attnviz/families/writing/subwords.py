"""Words cut into pieces that occur often enough to be learned, with their places in the text and the way back.

A text is first cut into words (English at blanks and punctuation, Japanese by Sudachi); only then is a word cut by
byte-pair encoding, so that no piece reaches over a word's end and pieces can be put together into words for reading.

Source: Sennrich, Haddow and Birch, Neural Machine Translation of Rare Words with Subword Units (2016).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from attnviz.tokenizers import Tokenizer, lookup_key

#: Ids that every vocabulary begins with.
SPECIAL = ("[PAD]", "[UNK]", "[BOS]", "[EOS]")
PADDING_ID, UNKNOWN_ID, START_ID, END_ID = range(4)

#: Stands before a word that follows a blank, in the languages that have blanks.
BLANK = "▁"

#: Ideographic punctuation in the width a reader of Japanese expects.
_WIDE = str.maketrans({"!": "！", "?": "？", ",": "、"})


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a text.

    Attributes:
        text: As typed.
        start, end: Characters (code points) into the text.
        id: Row of the embedding.
        word: Number of the word it is of, from 0.
    """

    text: str
    start: int
    end: int
    id: int
    word: int


class Pieces(Protocol):
    """Cuts a language into the entries of a vocabulary, and joins them."""

    #: The language has blanks between words; entries that follow one begin with `BLANK`.
    spaced: bool

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Entries, one an id."""

    @property
    def numbers(self) -> Mapping[str, int]:
        """Ids by entry."""

    @property
    def special(self) -> Collection[int]:
        """Ids that stand for no text."""

    @property
    def end(self) -> int:
        """Of them the one after which nothing is written."""

    @property
    def unknown(self) -> int | None:
        """The one for what the vocabulary lacks; None where it lacks nothing."""

    def words(self, text: str) -> list[tuple[int, int]]:
        """Where the words of a cleaned text are."""

    def cut(self, text: str) -> list[Piece]:
        """The pieces of a cleaned text."""

    def join(self, ids: Iterable[int]) -> str:
        """The text of pieces."""

    def parts(self, ids: Iterable[int]) -> list[str]:
        """What each of these adds to the text, blanks at its ends included."""


class Vocabulary:
    """What vocabularies that begin with `SPECIAL` have in common."""

    spaced: bool
    vocabulary: tuple[str, ...]
    special: Collection[int] = range(len(SPECIAL))
    end: int = END_ID
    unknown: int | None = UNKNOWN_ID

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """Ids by entry."""
        return {entry: index for index, entry in enumerate(self.vocabulary)}

    def join(self, ids: Iterable[int]) -> str:
        """The text of pieces."""
        text = "".join(self.parts(ids))
        return text.strip() if self.spaced else text

    def parts(self, ids: Iterable[int]) -> list[str]:
        """What each of these adds to the text, blanks at its ends included."""
        entries = ("" if index < len(SPECIAL) else self.vocabulary[index] for index in ids)
        return [entry.replace(BLANK, " ") if self.spaced else entry for entry in entries]


class Subwords(Vocabulary):
    """Cuts text of one language into pieces and joins pieces into text.

    Args:
        words: Cuts a cleaned text into words.
        pairs: A `tokenizers.Tokenizer` with a byte-pair model whose vocabulary begins with `SPECIAL`; None where words
            alone are wanted.
        spaced: The language has blanks between words.
        lower: Look pieces up without regard to case.
    """

    def __init__(self, words: Tokenizer, pairs: Any, *, spaced: bool, lower: bool) -> None:
        self._words, self.pairs = words, pairs
        self.spaced, self.lower = spaced, lower
        self.size: int = 0 if pairs is None else pairs.get_vocab_size()
        self.vocabulary: tuple[str, ...] = tuple(pairs.id_to_token(index) for index in range(self.size))

    def words(self, text: str) -> list[tuple[int, int]]:
        """Where the words of a cleaned text are."""
        return [(token.start, token.end) for token in self._words.tokenize(text)]

    def keys(self, text: str) -> list[str]:
        """The words of a cleaned text as the byte-pair model sees them."""
        return [self._key(text, start, end) for start, end in self.words(text)]

    def cut(self, text: str) -> list[Piece]:
        """The pieces of a cleaned text."""
        pieces = []
        for word, (start, end) in enumerate(self.words(text)):
            key = self._key(text, start, end)
            encoding = self.pairs.encode([key], is_pretokenized=True)
            marked = len(key) - (end - start)  # 1 if there is a mark for the blank, anything if the form is longer
            for index, (low, high) in zip(encoding.ids, encoding.offsets, strict=True):
                if marked in (0, 1):
                    low, high = max(0, low - marked), high - marked
                    if high == 0:
                        low, high = 0, 0
                else:
                    low, high = 0, end - start  # no place inside the word can be told
                pieces.append(Piece(text[start + low : start + high], start + low, start + high, index, word))
        return pieces

    def _key(self, text: str, start: int, end: int) -> str:
        word = text[start:end]
        key = lookup_key(word) if self.lower else normal(word, self.spaced)
        blank = self.spaced and (start == 0 or text[start - 1].isspace())
        return BLANK + key if blank else key


class WholeWords(Vocabulary):
    """Words that are entries of the vocabulary themselves.

    Args:
        words: Cuts a cleaned text into words.
        entries: The words that are known, without special ones.
        spaced: The language has blanks between words.
    """

    def __init__(self, words: Tokenizer, entries: Iterable[str], *, spaced: bool) -> None:
        self._words, self.spaced = words, spaced
        mark = BLANK if spaced else ""
        self.vocabulary: tuple[str, ...] = (*SPECIAL, *(mark + entry for entry in entries))
        self._ids = {lookup_key(entry.removeprefix(BLANK)): index for index, entry in enumerate(self.vocabulary)}

    def words(self, text: str) -> list[tuple[int, int]]:
        """Where the words of a cleaned text are."""
        return [(token.start, token.end) for token in self._words.tokenize(text)]

    def cut(self, text: str) -> list[Piece]:
        """The words of a cleaned text."""
        places = enumerate(self.words(text))
        return [Piece(text[a:b], a, b, self._ids.get(lookup_key(text[a:b]), UNKNOWN_ID), n) for n, (a, b) in places]


def normal(text: str, spaced: bool) -> str:
    """NFKC; in Japanese with marks in full width."""
    text = unicodedata.normalize("NFKC", text).replace("\u2019", "'")
    return text if spaced else text.translate(_WIDE)


def learn(keys: Iterable[str], size: int) -> Any:
    """Learn byte pairs from words.

    Args:
        keys: Words as the model is to see them, as often as they occur.
        size: Entries of the vocabulary.
    """
    from tokenizers import Tokenizer, models, trainers

    tokenizer = Tokenizer(models.BPE(unk_token=SPECIAL[UNKNOWN_ID]))
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(SPECIAL), min_frequency=2, limit_alphabet=4000, show_progress=False
    )
    tokenizer.train_from_iterator(keys, trainer)
    return tokenizer
