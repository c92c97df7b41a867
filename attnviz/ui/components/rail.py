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
    named = [{"key": view.key, "name": translate(language, f"views.{view.key}")} for view in views if view.verb == verb]
    name = translate(language, f"rail.{verb}")
    return {"key": verb, "name": name, "views": named[:MOST], "more": named[MOST:]}
