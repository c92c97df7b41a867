"""The choice of a view: five verbs at the edge of the stage, each with its views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attnviz.i18n import translate
from attnviz.ui.components import component
from attnviz.ui.context import VERBS, View

#: Views of a verb that are offered at once; the rest stands behind “more”.
MOST = 4

_mount = component("rail")


def rail(views: Sequence[View], shown: View, language: str, on_chosen: Callable[[], None]) -> None:
    """Draw the choice.

    Args:
        views: Those that fit, in the order in which they are offered.
        shown: The one that is drawn.
        language: Of the interface.
        on_chosen: Called before the run that follows the choice of a view.
    """
    _mount(
        key="rail",
        data={
            "verbs": [_verb(verb, views, language) for verb in VERBS],
            "view": shown.key,
            "words": {word: translate(language, f"rail.{word}") for word in ("label", "more")},
        },
        on_chosen_change=on_chosen,
    )


def _verb(verb: str, views: Sequence[View], language: str) -> dict[str, Any]:
    own = [view for view in views if view.verb == verb]
    at_once = _entries([view for view in own if not view.aside], language)
    rest = _entries([view for view in own if view.aside], language)
    name = translate(language, f"rail.{verb}")
    return {"key": verb, "name": name, "views": at_once[:MOST], "more": [*at_once[MOST:], *rest]}


def _entries(views: Sequence[View], language: str) -> list[dict[str, Any]]:
    """Views that are levels of one picture share an entry, which opens the one that was looked at last."""
    parts: dict[str, list[str]] = {}
    for view in views:
        parts.setdefault(view.part_of or view.key, []).append(view.key)
    names = {entry: entry if len(keys) > 1 else keys[0] for entry, keys in parts.items()}
    return [{"name": translate(language, f"views.{names[entry]}"), "parts": keys} for entry, keys in parts.items()]
