"""The verdict on what was tried on a slide."""

from __future__ import annotations

from attnviz.ui.components import component

_mount = component("lecture_told")


def told(words: str, *, solved: bool, slide: str) -> None:
    """Draw the verdict; one that is solved is remembered in the browser.

    Args:
        words: What is said.
        solved: Whether the exercise is.
        slide: Lecture and number, `attention/2`.
    """
    _mount(key="lecture-told", data={"words": words, "solved": solved, "slide": slide})
