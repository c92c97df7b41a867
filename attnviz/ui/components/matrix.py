"""One head of a longer sentence, drawn without Plotly: another head is there sooner."""

from __future__ import annotations

from collections.abc import Callable

from attnviz.analysis.scales import ScaleKey
from attnviz.drawings import matrix as drawing
from attnviz.ui.components import drawn
from attnviz.ui.context import Context

_mount = drawn("matrix")

#: Pixels of a letter on the stage alone.
PROJECTED = 26


def matrix(context: Context, scale: ScaleKey, alt: str, on_chosen: Callable[[], None]) -> None:
    """Draw the weights of the head that is looked at.

    Args:
        context: The page.
        scale: How weights become colours.
        alt: The figure in words.
        on_chosen: Called before the run that follows a click on a cell, whose row's query (by the model's own
            position) is then `query` of `chosen` of the component's state.
    """
    letter = PROJECTED if context.state.stage else drawing.LETTER
    data = drawing.matrix(context, context.trace, context.focus, scale, alt, letter)
    _mount(key="matrix", data=data, on_chosen_change=on_chosen)
