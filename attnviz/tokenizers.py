"""From text to token ids and back to places in the text.

A text is cleaned once (`clean`); a tokenizer then gives tokens whose spans are exact places in the cleaned text.
A token is shown as it was typed and looked up by its NFKC casefold. Id 0 is padding, id 1 an unknown token.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import regex

from attnviz.errors import ExtraError, ModelError

PADDING, UNKNOWN = "[PAD]", "[UNK]"
PADDING_ID, UNKNOWN_ID = 0, 1

# ── cleaning ──────────────────────────────────────────────────────────────────────────────────────────────────────

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
#: Breaks of any kind, and the zero-width space, part words: they become a blank.
_BREAK = re.compile("\r\n|[\t\n\v\f\r\x1c-\x1e\x85\u200b\u2028\u2029]")
#: Other control characters (NUL among them); embeddings, overrides and isolates, which reorder what stands beside a
#: text; byte order mark, word joiner and soft hyphen, which nobody sees. The joiners of emoji and of scripts
#: (U+200C, U+200D) and the plain direction marks (U+200E, U+200F, U+061C) stay.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2060\ufeff\u00ad]")


@dataclass(frozen=True)
class Cleaned:
    """A text made safe to tokenize, store and show.

    Attributes:
        text: In NFC, without lone surrogates, control characters and blanks at the ends.
        removed_surrogates: How many lone surrogates there were.
        removed_controls: How many control characters were removed (line breaks and tabs become blanks, uncounted).
    """

    text: str
    removed_surrogates: int
    removed_controls: int


def clean(text: str) -> Cleaned:
    """Make a text safe, once, before anything else reads it.

    Args:
        text: Any Python string. A surrogate pair written as two characters is joined, not removed.
    """
    text = _PAIR.sub(lambda pair: pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"), text)
    text, surrogates = _SURROGATE.subn("", text)
    text = _BREAK.sub(" ", text)
    text, controls = _CONTROL.subn("", text)
    return Cleaned(unicodedata.normalize("NFC", text).strip(), surrogates, controls)


# ── tokens ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a text.

    Attributes:
        text: As typed: `text[start:end]`.
        start, end: Characters (code points) into the tokenized text.
        id: Row of the embedding.
        unknown: Not in the vocabulary.
    """

    text: str
    start: int
    end: int
    id: int
    unknown: bool


class Tokenizer(Protocol):
    """What every tokenizer offers."""

    vocabulary: tuple[str, ...]

    def tokenize(self, text: str) -> list[Token]:
        """The tokens of a cleaned text, in order; blanks and invisible characters belong to none."""

    def config(self) -> dict[str, Any]:
        """What `from_config` needs besides the vocabulary; JSON values only."""


def lookup_key(text: str) -> str:
    """The form under which a token is looked up: NFKC casefold, curly apostrophes straightened."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).replace("\u2019", "'")


class _VocabularyTokenizer:
    """Spans come from the subclass, ids from the vocabulary."""

    def __init__(self, vocabulary: Sequence[str] = (PADDING, UNKNOWN)) -> None:
        if tuple(vocabulary[:2]) != (PADDING, UNKNOWN):
            raise ModelError("vocabulary_start", expected=f"{PADDING}, {UNKNOWN}", received=", ".join(vocabulary[:2]))
        self.vocabulary = tuple(vocabulary)
        self._ids = {key: index for index, key in enumerate(vocabulary) if index > UNKNOWN_ID}
        if len(self._ids) != len(vocabulary) - 2:
            raise ModelError("vocabulary_repeats", received=len(vocabulary), expected=len(self._ids) + 2)

    def tokenize(self, text: str) -> list[Token]:
        """The tokens of a cleaned text, in order; blanks and invisible characters belong to none."""
        tokens = []
        for start, end in self._spans(text):
            index = self._ids.get(lookup_key(text[start:end]), UNKNOWN_ID)
            tokens.append(Token(text[start:end], start, end, index, index == UNKNOWN_ID))
        return tokens

    def _spans(self, text: str) -> Iterable[tuple[int, int]]:
        raise NotImplementedError


# ── grapheme clusters ─────────────────────────────────────────────────────────────────────────────────────────────

_CLUSTER = regex.compile(r"\X")
_INVISIBLE = regex.compile(r"[\s\p{Default_Ignorable_Code_Point}]+")


def _cluster_ends(text: str) -> list[int]:
    """Where the user-perceived characters of a text end: a letter with its marks, an emoji with its joiners."""
    return list(range(1, len(text) + 1)) if text.isascii() else [match.end() for match in _CLUSTER.finditer(text)]


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────────

#: Scripts written without blanks: a character of them is a token of its own.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_LETTER = rf"[^\W_{_UNSPACED}]"
_WORD = re.compile(
    rf"""
      <3 | [:;=][-'o^]?[)(\]\[dDpP/\\|*](?!\w)   # an emoticon
    | \d+ (?: [.,]\d+ )+                         # 3.5, 10,000
    | {_LETTER}+ (?: ['’] {_LETTER}+ )*          # don't, o'clock: a contraction stays whole
    | ([.!?…_*~=-]) \1*                          # ..., !!!, --
    | \S                                         # any other visible character
    """,
    re.VERBOSE,
)


class WordTokenizer(_VocabularyTokenizer):
    """Words, numbers, emoticons and punctuation marks of a language that puts blanks between words.

    A contraction stays whole (`don't` is one token, as typed), a hyphen parts (`well-made` is three), repeated marks
    stay together (`!!!`). Letters keep their marks and emoji their joiners: tokens consist of whole grapheme
    clusters. A character of a script without blanks is one token.
    """

    kind = "words"

    def _spans(self, text: str) -> Iterable[tuple[int, int]]:
        ends = _cluster_ends(text)
        starts = [0, *ends[:-1]]
        # One character stands for each cluster, so that no pattern can cut a cluster.
        outline = (
            text if len(ends) == len(text) and text.isascii() else "".join(map(_outline, _slices(text, starts, ends)))
        )
        for match in _WORD.finditer(outline):
            yield starts[match.start()], ends[match.end() - 1]

    def config(self) -> dict[str, Any]:
        """What `from_config` needs besides the vocabulary."""
        return {"kind": self.kind}


def _slices(text: str, starts: Sequence[int], ends: Sequence[int]) -> Iterable[str]:
    return (text[start:end] for start, end in zip(starts, ends, strict=True))


def _outline(cluster: str) -> str:
    if _INVISIBLE.fullmatch(cluster):
        return " "
    if len(cluster) == 1 or cluster[0].isalnum():
        return cluster[0]
    return "\ufffc"  # an emoji sequence or the like: visible, no letter


# ── Sudachi ───────────────────────────────────────────────────────────────────────────────────────────────────────

#: Sudachi refuses more than 49,149 bytes of UTF-8; a character has at most four.
SUDACHI_CHARACTERS = 12_000
_SENTENCE_END = re.compile(r"[。！？!?\s]")


class SudachiTokenizer(_VocabularyTokenizer):
    """Japanese morphemes by Sudachi with its small dictionary.

    Args:
        vocabulary: Looked up by the written form: it is the form, not the lemma, that carries politeness.
        mode: Sudachi's split mode, "A" (short units), "B" or "C" (named entities).

    Raises:
        ExtraError: `ja_missing`: Sudachi or its dictionary is not installed.
        ModelError: `tokenizer_mode`.

    Safe to use from many threads: Sudachi's own tokenizer is not, so a lock stands before it.
    """

    kind = "sudachi"

    def __init__(self, vocabulary: Sequence[str] = (PADDING, UNKNOWN), *, mode: str = "C") -> None:
        try:
            import sudachidict_small  # noqa: F401
            from sudachipy import Dictionary, SplitMode
        except ImportError as error:
            raise ExtraError("ja_missing", cause=str(error)) from error
        super().__init__(vocabulary)
        modes = {"A": SplitMode.A, "B": SplitMode.B, "C": SplitMode.C}
        if mode not in modes:
            raise ModelError("tokenizer_mode", received=mode, expected=", ".join(modes))
        self.mode = mode
        self._lock = threading.Lock()
        self._sudachi = Dictionary(dict="small").tokenizer(modes[mode])

    def config(self) -> dict[str, Any]:
        """What `from_config` needs besides the vocabulary."""
        return {"kind": self.kind, "mode": self.mode}

    def _spans(self, text: str) -> Iterable[tuple[int, int]]:
        ends = _cluster_ends(text)
        whole = set(ends)
        open_at = None  # where a cluster began that Sudachi cut
        for offset, chunk in _chunks(text, ends):
            with self._lock:
                morphemes = [(offset + m.begin(), offset + m.end()) for m in self._sudachi.tokenize(chunk)]
            for start, end in morphemes:
                if end == start:
                    continue
                start, open_at = (start if open_at is None else open_at), None
                if end not in whole:
                    open_at = start
                elif not _INVISIBLE.fullmatch(text, start, end):
                    yield start, end


def _chunks(text: str, ends: Sequence[int]) -> Iterable[tuple[int, str]]:
    """Pieces Sudachi accepts, parted after a sentence where there is one, with their offsets."""
    text = _SURROGATE.sub("\ufffd", text)  # Sudachi takes valid UTF-8 only; the spans stay as they are
    start = 0
    while len(text) - start > SUDACHI_CHARACTERS:
        limit = start + SUDACHI_CHARACTERS
        cut = max((match.end() for match in _SENTENCE_END.finditer(text, start, limit)), default=limit)
        cut = max((end for end in ends if start < end <= cut), default=cut)
        yield start, text[start:cut]
        start = cut
    yield start, text[start:]


# ── vocabulary files and the registry ─────────────────────────────────────────────────────────────────────────────

KINDS: Mapping[str, Callable[..., Tokenizer]] = {
    WordTokenizer.kind: WordTokenizer,
    SudachiTokenizer.kind: SudachiTokenizer,
}


def count_keys(tokenizer: Tokenizer, texts: Iterable[str]) -> Counter[str]:
    """How often each lookup key occurs in texts: what a vocabulary is made from.

    >>> count_keys(WordTokenizer(), ["Good film", "good plot"]).most_common(1)
    [('good', 2)]
    """
    return Counter(lookup_key(token.text) for text in texts for token in tokenizer.tokenize(text))


def make_vocabulary(counts: Mapping[str, int], *, size: int, min_count: int = 1) -> tuple[str, ...]:
    """Padding, unknown, then the most frequent keys; ties in alphabetical order, so that a run repeats.

    Args:
        counts: Lookup key to number of occurrences.
        size: Most entries, padding and unknown included.
        min_count: Rarer keys stay out and share the unknown token.

    >>> make_vocabulary({"film": 3, "good": 5, "zyzzyva": 1}, size=10, min_count=2)
    ('[PAD]', '[UNK]', 'good', 'film')
    """
    keys = sorted((key for key, count in counts.items() if count >= min_count), key=lambda key: (-counts[key], key))
    return (PADDING, UNKNOWN, *keys[: size - 2])


def write_vocabulary(path: Path, vocabulary: Sequence[str]) -> None:
    """One key a line, UTF-8, row 0 first."""
    path.write_text("".join(f"{key}\n" for key in vocabulary), encoding="utf-8", newline="\n")


def read_vocabulary(path: Path) -> tuple[str, ...]:
    """The keys of a file written by `write_vocabulary`."""
    return tuple(path.read_text(encoding="utf-8").removesuffix("\n").split("\n"))


def from_config(config: Mapping[str, Any], vocabulary_path: Path) -> Tokenizer:
    """The tokenizer a model card describes.

    Args:
        config: The card's "tokenizer": "kind", a key of `KINDS`, and what that kind takes.
        vocabulary_path: The model's vocabulary file.

    Raises:
        ModelError: Unknown kind, or a kind's own complaint.
    """
    options = dict(config)
    kind = options.pop("kind", None)
    if kind not in KINDS:
        raise ModelError("tokenizer_kind", received=kind, expected=", ".join(KINDS))
    return KINDS[kind](read_vocabulary(vocabulary_path), **options)
