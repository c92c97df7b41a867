"""The stage alone: the button that turns it on, and the keys and the edge that bring the controls back."""

from __future__ import annotations

from collections.abc import Callable

from attnviz.i18n import translate
from attnviz.ui.components import component
from attnviz.ui.state import State

_mount = component("alone")


def alone(asked: State, key: str, edge: bool, on_turned: Callable[[], None], on_contrasted: Callable[[], None]) -> None:
    """Draw the button.

    Args:
        asked: Whether the stage is alone, and the language.
        key: Unique on the page.
        edge: Whether it stands at the edge of the stage, seen only when that is alone, and listens to the keys.
        on_turned: Called before the run that follows when the stage is to be alone, or no more.
        on_contrasted: The same when the contrast is to be strong, or no more.
    """
    _mount(
        key=key,
        data={
            "alone": bool(asked.stage),
            "edge": edge,
            "words": {word: translate(asked.lang, f"alone.{word}") for word in ("turn", "controls")},
        },
        on_turned_change=on_turned,
        on_contrasted_change=on_contrasted,
    )
