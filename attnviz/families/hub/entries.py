"""The vocabulary of a pretrained model that writes: its entries as readable text, and the text of what is written."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any

from attnviz.families.hub.spelling import SIGNS, bytes_of
from attnviz.families.writing.subwords import BLANK, Piece
from attnviz.tokenizers import WordTokenizer

#: A byte, in vocabularies that spell rare characters by them.
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


class Entries:
    """Cuts and joins text for `families.writing`, as the tokenizer of a pretrained model does.

    An entry is shown as the text it stands for, with `▁` for a blank and `↵` for the end of a line; where two would be
    shown alike, or there is other white space in it, as the file has it.

    Args:
        tokenizer: A `tokenizers.Tokenizer`.
        end: Name of the token that ends a text; None: the first there is of the usual ones.
        rows: Rows of the embedding: what is beyond the vocabulary is called by its number and never written.

    Raises:
        ValueError: There is no token that ends a text.
    """

    #: Its entries know their blanks.
    spaced = True

    def __init__(self, tokenizer: Any, end: str | None, rows: int) -> None:
        from tokenizers import decoders

        self._tokenizer, self._rows = tokenizer, rows
        self._in_bytes = isinstance(tokenizer.decoder, decoders.ByteLevel)
        names = (end, "<|endoftext|>", "</s>", "<|end_of_text|>")
        found = (tokenizer.token_to_id(name) for name in names if name)
        first = next((each for each in found if each is not None), None)
        if first is None:
            raise ValueError("Expected a token that ends a text")
        self.end: int = first
        added = tokenizer.get_added_tokens_decoder()
        marked = (index for index, each in added.items() if each.special and index < rows)
        self.special: Collection[int] = {self.end, *marked}
        name = getattr(tokenizer.model, "unk_token", None)
        self.unknown: int | None = None if name is None or self._in_bytes else tokenizer.token_to_id(name)
        self._words = WordTokenizer()

    @cached_property
    def _raw(self) -> list[bytes]:
        """What each id stands for; nothing for special ones."""
        return [self._bytes(index) for index in range(self._rows)]

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """Entries as shown, one a row."""
        shown: dict[str, int] = {}
        entries = []
        for index, raw in enumerate(self._raw):
            own = self._tokenizer.id_to_token(index) or f"<{index}>"
            text = "".join(f"<{each:02X}>" for each in raw) if _partial(raw) else raw.decode()
            text = text.translate(SIGNS)
            if index in self.special or not text or text in shown or any(map(str.isspace, text)):
                text = own if own not in shown else f"{own}<{index}>"
            shown[text] = index
            entries.append(text)
        return tuple(entries)

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """Ids by entry."""
        return {entry: index for index, entry in enumerate(self.vocabulary)}

    @property
    def nameless(self) -> range:
        """Ids beyond the vocabulary."""
        return range(min(self._tokenizer.get_vocab_size(with_added_tokens=True), self._rows), self._rows)

    def words(self, text: str) -> list[tuple[int, int]]:
        """Where the words of a cleaned text are."""
        return [(token.start, token.end) for token in self._words.tokenize(text)]

    def cut(self, text: str) -> list[Piece]:
        """The pieces of a text that goes on another; a word of a script with blanks follows a blank."""
        blank = text[:1].isalnum() and text[:1] < "\u3000"
        found = self._tokenizer.encode(f" {text}" if blank else text, add_special_tokens=False)
        starts = [start for start, _ in self.words(text)]
        pieces = []
        for index, (low, high) in zip(found.ids, found.offsets, strict=True):
            low, high = max(0, low - blank), max(0, high - blank)
            low += len(text[low:high]) - len(text[low:high].lstrip())
            word = max(sum(start <= low for start in starts) - 1, 0)
            pieces.append(Piece(text[low:high], low, high, index, word))
        return pieces

    def join(self, ids: Iterable[int]) -> str:
        """The text of pieces, without blanks at its ends."""
        return "".join(self.parts(ids)).strip()

    def parts(self, ids: Iterable[int]) -> list[str]:
        """What each of these adds to the text; a character of several pieces is added by the last of them."""
        found: list[str] = []
        waiting = b""
        for index in ids:
            waiting += self._raw[index]
            whole = _whole(waiting)
            found.append(waiting[:whole].decode("utf-8", "replace"))
            waiting = waiting[whole:]
        if waiting and found:
            found[-1] += waiting.decode("utf-8", "replace")
        return found

    def _bytes(self, index: int) -> bytes:
        entry = self._tokenizer.id_to_token(index)
        if entry is None or index in self.special:
            return b""
        if self._in_bytes:
            return bytes_of(entry)
        found = _BYTE.fullmatch(entry)
        return bytes([int(found[1], 16)]) if found else entry.replace(BLANK, " ").encode()


def _partial(raw: bytes) -> bool:
    """Whether bytes are no whole characters."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return True
    return False


def _whole(raw: bytes) -> int:
    """How many bytes make up whole characters, or can never become one."""
    for length in range(1, min(4, len(raw) + 1)):
        lead = raw[-length]
        if lead >= 0xC0:
            needed = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            return len(raw) - length if needed > length else len(raw)
        if lead < 0x80:
            break
    return len(raw)
