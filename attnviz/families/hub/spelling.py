"""What stands in a byte-level vocabulary, as text."""

from __future__ import annotations

import re

#: How a piece that is only a blank is shown.
BLANK = "␣"

#: How white space is shown in an entry of a vocabulary, which has none.
SIGNS = str.maketrans({" ": "▁", "\n": "↵", "\r": "↤", "\t": "⇥"})


def readable(raw: bytes) -> str:
    """Bytes as the text they stand for; what is only a part of a character as `<E3>`."""
    return spelled(raw).strip() or BLANK


def spelled(raw: bytes) -> str:
    """The same with the blanks around it."""
    text = raw.decode("utf-8", "surrogateescape")
    return re.sub("[\udc80-\udcff]", lambda lone: f"<{ord(lone[0]) - 0xDC00:02X}>", text)


def bytes_of(piece: str) -> bytes:
    """The bytes that a byte-level piece stands for."""
    return b"".join(bytes([BYTES[letter]]) if letter in BYTES else letter.encode() for letter in piece)


def _bytes_of_letters() -> dict[str, int]:
    """GPT-2's letters for bytes (https://github.com/openai/gpt-2, encoder.py)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + index): byte for index, byte in enumerate(others)}


BYTES = _bytes_of_letters()
