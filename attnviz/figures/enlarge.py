"""A figure as a projector needs it: letters, bars and cells larger by one factor, all else as it was."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from attnviz.figures.marks.made import made, taken

#: Lengths in pixels, by what they belong to; empty: whatever they belong to.
_PIXELS = {
    "layout": {"height", "width"},
    "margin": {"l", "r", "t", "b"},
    "marker": {"size"},
    "line": {"width"},
    "": {"xshift", "yshift", "ax", "ay", "thickness", "ticklen", "standoff", "borderpad"},
}


def enlarged(figure: go.Figure, factor: float) -> go.Figure:
    """The same figure, larger.

    Args:
        figure: Any; it stays as it is.
        factor: 1 changes nothing.

    >>> large = enlarged(go.Figure(layout={"height": 100, "font": {"size": 16}}), 1.5)
    >>> large.layout.height, large.layout.font.size
    (150.0, 24.0)
    """
    traces, layout = taken(figure)
    return made(_larger(traces, factor, ""), _larger(layout, factor, "layout"))


def _larger(value: Any, factor: float, owner: str) -> Any:
    if isinstance(value, dict):
        if owner == "colorbar" and value.get("lenmode") == "pixels":
            value = {**value, "len": value["len"] * factor}
        return {
            name: inner * factor
            if isinstance(inner, (int, float)) and _in_pixels(owner, name)
            else _larger(inner, factor, name)
            for name, inner in value.items()
        }
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], dict):
        return [_larger(each, factor, owner) for each in value]
    return value


def _in_pixels(owner: str, name: str) -> bool:
    return (name == "size" and owner.endswith("font")) or name in _PIXELS.get(owner, ()) or name in _PIXELS[""]
