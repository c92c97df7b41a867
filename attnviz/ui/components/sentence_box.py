"""The box that takes sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attnviz.families.card import ModelCard
from attnviz.i18n import translate
from attnviz.ui.components import component
from attnviz.ui.session import Held

#: Milliseconds of quiet before the picture follows the typing.
PAUSE = 350

_mount = component("sentence_box")


def sentence_box(page: Held, card: ModelCard, on_entry: Callable[[], None]) -> Mapping[str, Any] | None:
    """Draw the box.

    Args:
        page: The visitor's.
        card: Of the chosen model.
        on_entry: Called before the run that follows something it sent.

    Returns:
        The last thing it sent: `text`, `kind` (apply, live, follow), `follow`, `stamp`; None before the first.
    """
    asked = page.asked
    words = ("label", "apply", "follow", "follow_help", "examples", "placeholder")
    result = _mount(
        key="box",
        data={
            "text": asked.text,
            "version": f"{page.version}",
            "words": {word: translate(asked.lang, f"box.{word}") for word in words},
            "examples": list(card.examples),
            "text_language": card.languages[0] if card.languages else "",
            "follow": asked.follow,
            "pause": PAUSE,
        },
        on_entry_change=on_entry,
    )
    entry: Mapping[str, Any] | None = result.entry
    return entry
