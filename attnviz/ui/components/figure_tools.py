"""Buttons that save or copy the figure above them, in the browser."""

from __future__ import annotations

from attnviz.ui.components import component
from attnviz.ui.context import Context

_mount = component("figure_tools")


def figure_tools(context: Context, target: str, file: str, alt: str) -> None:
    """Draw the buttons.

    Args:
        context: The page.
        target: Key of the container that holds the figure.
        file: Name of saved files, without ending.
        alt: The figure in words; saved with it.
    """
    words = ("group", "copy", "copied", "no_clipboard", "failed", "pdf")
    _mount(
        key=f"tools-{target}",
        data={
            "target": target,
            "file": file,
            "alt": alt,
            "words": {word: context.t(f"tools.{word}") for word in words},
        },
    )
