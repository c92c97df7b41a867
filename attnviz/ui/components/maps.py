"""The grid of all layers × heads."""

from __future__ import annotations

from collections.abc import Callable

from attnviz.analysis.focus import Focus
from attnviz.analysis.scales import ScaleKey
from attnviz.drawings import maps as drawing
from attnviz.trace import AttentionBlock
from attnviz.ui.components import drawn
from attnviz.ui.context import Context

_mount = drawn("maps")


def maps(context: Context, block: AttentionBlock, focus: Focus, scale: ScaleKey, on_chosen: Callable[[], None]) -> None:
    """Draw the grid.

    Args:
        context: The page.
        block: Whose heads.
        focus: Which one is open.
        scale: How weights become colours.
        on_chosen: Called before the run that follows the choice of a head.
    """
    data = drawing.maps(context, block, focus.layer, focus.head, scale)
    _mount(key="maps", data=data, on_chosen_change=on_chosen)
