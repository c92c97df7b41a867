"""Text of the user's into Plotly, which reads tags, entities and `%{…}` in labels. The one place that escapes."""

from __future__ import annotations

import regex

#: Shown tokens longer than this are cut in labels; the table has them whole.
MAX_LABEL = 24

#: Code points a character is granted: stacked marks without end are cut as well.
MAX_CODES = 8

#: A letter with its marks, an emoji with its joiners: what a reader takes for one character.
_CHARACTER = regex.compile(r"\X")
_BREAK = regex.compile(r"\r\n|[\n\r\v\f\u2028\u2029]")


def plain(text: str) -> str:
    """A string that Plotly shows letter by letter: no tag, entity, template or formula is read out of it."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _BREAK.sub("↵", text)
    # A template needs the two characters together, a formula a pair of dollar signs: a word joiner parts them unseen.
    return text.replace("%{", "%\u2060{").replace("$", "\u2060$\u2060")


def shortened(text: str, limit: int = MAX_LABEL) -> str:
    r"""In one line, cut to a number of characters as a reader counts them, with an ellipsis; not escaped.

    >>> shortened("a\nvery long token", 6)
    'a↵ver…'
    """
    text = _BREAK.sub("↵", text)
    if len(text) > limit:
        characters = _CHARACTER.findall(text[: MAX_CODES * limit + 1])
        if len(characters) > limit or len(text) > MAX_CODES * limit:
            text = "".join(characters[: limit - 1])[: MAX_CODES * limit] + "…"
    return text


def label(text: str, limit: int = MAX_LABEL) -> str:
    """`plain` of what is `shortened`."""
    return plain(shortened(text, limit))
