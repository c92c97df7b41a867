"""The box that takes sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attnviz.families.card import ModelCard
from attnviz.i18n import translate
from attnviz.ui.components import component
from attnviz.ui.session import Held
from attnviz.ui.settings import MAX_TEXT

#: Milliseconds of quiet before the picture follows the typing.
PAUSE = 350

_mount = component("sentence_box")


def sentence_box(
    page: Held, card: ModelCard, marks: Mapping[str, tuple[bool, str]], on_entry: Callable[[], None]
) -> Mapping[str, Any] | None:
    """Draw the box.

    Args:
        page: The visitor's.
        card: Of the chosen model.
        marks: Of examples, where it is known: whether the model is right, and what it answers.
        on_entry: Called before the run that follows something it sent.

    Returns:
        The last thing it sent: `text`, `kind` (apply, live, follow, why), `follow`, `stamp`; None before the first.
    """
    asked = page.asked
    words = ("label", "apply", "follow", "follow_help", "examples", "placeholder")
    result = _mount(
        key="box",
        data={
            "text": asked.text,
            "version": f"{page.version}",
            "words": {word: translate(asked.lang, f"box.{word}") for word in words},
            "examples": _examples(card, marks, asked.lang),
            "text_language": card.languages[0] if card.languages else "",
            "follow": asked.follow,
            "pause": PAUSE,
            "limit": MAX_TEXT,
        },
        on_entry_change=on_entry,
    )
    entry: Mapping[str, Any] | None = result.entry
    return entry


def _examples(card: ModelCard, marks: Mapping[str, tuple[bool, str]], language: str) -> list[dict[str, str]]:
    """Each with a mark of whether the model answers as a reader would, where that is known."""
    found = []
    for text in card.examples:
        right, answer = marks.get(text, (None, ""))
        told = "" if right is None else translate(language, f"box.{'right' if right else 'wrong'}", answer=answer)
        found.append({"text": text, "mark": {None: "", True: "✓", False: "✗"}[right], "told": told})
    return found
