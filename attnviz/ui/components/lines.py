"""Queries and keys joined by lines of weight."""

from __future__ import annotations

from attnviz.drawings import lines as drawing
from attnviz.trace import AttentionBlock
from attnviz.ui.components import drawn
from attnviz.ui.context import Context

_mount = drawn("lines")


def lines(context: Context, block: AttentionBlock, layer: int, head: int, alt: str) -> None:
    """Draw one layer; arguments as `attnviz.drawings.lines` has them."""
    _mount(key="lines", data=drawing.lines(context, block, layer, head, alt))
