"""A slide as text, to be copied into the file of a lecture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attnviz.i18n import FALLBACK
from attnviz.lectures.lecture import RESERVED, Setting


def slide_text(state: Mapping[str, Setting], codes: Sequence[str] = (FALLBACK,)) -> str:
    """A slide that shows a page as it stands, with empty words to be filled in.

    Args:
        state: Settings of the page by name; what no slide may set is left out.
        codes: Of the languages there are to be words in.

    >>> print(slide_text({"lang": "en", "view": "bars", "text": 'say "hi"'}))
    [[slides]]
    title = { en = "…" }
    words = { en = "" }
    notes = { en = "" }
    <BLANKLINE>
    [slides.state]
    view = "bars"
    text = "say \\"hi\\""
    <BLANKLINE>
    """

    def words(text: str) -> str:
        return "{ " + ", ".join(f"{code} = {quoted(text)}" for code in codes) + " }"

    lines = [
        "[[slides]]",
        f"title = {words('…')}",
        f"words = {words('')}",
        f"notes = {words('')}",
        "",
        "[slides.state]",
    ]
    lines += [f"{name} = {_value(value)}" for name, value in state.items() if name not in RESERVED]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A basic string of TOML that means exactly this text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(each if _plain(each) else f"\\u{ord(each):04X}" for each in escaped) + '"'


def _plain(character: str) -> bool:
    return character >= " " and character != "\x7f"


def _value(value: Setting) -> str:
    return quoted(value) if isinstance(value, str) else str(value).lower()
