"""The words of a Plotly figure as runs of plain text: nothing in a browser reads markup out of them."""

from __future__ import annotations

import re
from html import unescape

#: A text without colours, its lines parted by line breaks; or lines of runs, each a text with its colour ("": as all).
Words = str | list[list[tuple[str, str]]]

#: A "<" before anything but a letter or a slash is one, as in "< 0.001".
_TAG = re.compile(r"(<[a-zA-Z/][^>]*>)")
_COLOURED = re.compile(r'<span style="color:(#[0-9a-f]{6})">')

#: Read over: the drawing has one size of letters within a text.
_PASSED = {"<sup>", "</sup>"}


def words(text: object) -> Words:
    """A label, title or hint as `figures` writes it: escaped, with line breaks and coloured spans.

    Args:
        text: None is an empty text.

    Raises:
        ValueError: Another tag, or a span that is not closed.

    >>> words("a &lt;b&gt;<br>c")
    'a <b>\\nc'
    >>> words('<span style="color:#ffffff">cat</span> sat')
    [[('cat', '#ffffff'), (' sat', '')]]
    """
    colour, lines = "", list[list[tuple[str, str]]]([[]])
    for piece in _TAG.split("" if text is None else str(text)):
        if piece == "<br>":
            lines.append([])
        elif coloured := _COLOURED.fullmatch(piece):
            colour = coloured[1]
        elif piece == "</span>":
            colour = ""
        elif piece and piece not in _PASSED:
            if _TAG.fullmatch(piece):
                raise ValueError(f"Expected <br>, <sup> or a coloured <span>. Received: {piece}")
            lines[-1].append((unescape(piece), colour))
    if colour:
        raise ValueError(f"Expected every <span> to be closed. Received: {text}")
    return lines if any(ink for line in lines for _, ink in line) else "\n".join(map(_joined, lines))


def told(text: object) -> str:
    """The same without colours."""
    found = words(text)
    return found if isinstance(found, str) else "\n".join(map(_joined, found))


def _joined(line: list[tuple[str, str]]) -> str:
    return "".join(text for text, _ in line)
