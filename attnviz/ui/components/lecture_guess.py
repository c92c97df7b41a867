"""The words of a sentence before their weights are shown."""

from __future__ import annotations

from collections.abc import Callable

from attnviz.figures.spacing import spaced
from attnviz.ui.components import component
from attnviz.ui.context import Context

_mount = component("lecture_guess")


def guess(context: Context, on_guess: Callable[[], None]) -> None:
    """Draw the words the class points at; no weight is sent to the browser.

    Args:
        context: The page.
        on_guess: Called before the run that follows a guess.
    """
    keys, made = context.focus.keys(context.trace), context.state.guess
    words = spaced(keys, context.trace.text)
    tokens = [{"text": token, "gap": gap, "place": place} for place, (gap, token) in enumerate(words)]
    there = 0 <= made < len(tokens)
    _mount(
        key="lecture-guess",
        data={
            "tokens": tokens,
            "guess": made if there else -1,
            "made": context.t("lecture.guess_made", token=keys.tokens[made]) if there else "",
            "text": context.trace.text,
            "text_language": context.card.languages[0] if context.card.languages else "",
            "hint": context.t("lecture.guess_hint"),
        },
        on_guess_change=on_guess,
    )
