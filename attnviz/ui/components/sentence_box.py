"""The box that takes sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from attnviz.i18n import translate
from attnviz.ui import cache
from attnviz.ui.components import component

#: Milliseconds of quiet before the picture follows the typing.
PAUSE = 350

_mount = component("sentence_box")


def sentence_box(language: str, on_entry: Callable[[], None]) -> Mapping[str, Any] | None:
    """Draw the box.

    Args:
        language: Of the interface.
        on_entry: Called before the run that follows something it sent.

    Returns:
        The last thing it sent: `text`, `kind` (apply, live, follow), `follow`, `stamp`; None before the first.
    """
    session = st.session_state
    card = cache.card(session.model)
    words = ("label", "apply", "follow", "follow_help", "examples", "placeholder")
    result = _mount(
        key="box",
        data={
            "text": session.text,
            "version": f"{session.text_version}",
            "words": {word: translate(language, f"box.{word}") for word in words},
            "examples": list(card.examples),
            "text_language": card.languages[0] if card.languages else "",
            "follow": session.follow,
            "pause": PAUSE,
        },
        on_entry_change=on_entry,
    )
    entry: Mapping[str, Any] | None = result.entry
    return entry
