"""Text into Streamlit, whose labels and messages read Markdown. The one place of the page that escapes."""

from __future__ import annotations

import re

import streamlit as st

from attnviz.i18n import translate

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&^=\"'])")

#: What makes an address of its own accord, escaped or not: an unseen word joiner takes it apart.
_LINK = re.compile(r"://|@|(?<=www)\.", re.IGNORECASE)

#: A blank within a number: no line ends there.
_WITHIN = re.compile(r"(?<=[≈<>]) (?=\d)|(?<=\d) (?=%)")


def literal(text: str) -> str:
    """A string that Streamlit shows letter by letter: no Markdown, HTML, formula, emoji code, colour or link."""
    apart = _LINK.sub("\u2060\\g<0>", text.replace("\r", " ").replace("\n", " "))
    apart = _WITHIN.sub("\u00a0", apart)
    return _SPECIAL.sub(r"\\\1", apart)


def apologise() -> bool:
    """Say in the user's language that something went wrong on our side; True means it has been said."""
    st.error(translate(str(st.session_state.get("lang", "")), "page.broken"))
    return True
