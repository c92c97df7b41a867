"""Two sentences read together: which a token is of, in a colour, a line between the two, and words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from attnviz.figures import style
from attnviz.figures.escape import shortened
from attnviz.i18n import translate
from attnviz.trace import Axis

#: Characters of a sentence that a description names.
NAMED = 60


def inks(axis: Axis | None, paint: style.Theme, places: Sequence[int] | None = None) -> list[str]:
    """The colour of each token's sentence, of all tokens or of those at `places`; nothing where there is one sentence
    or nothing is known of the tokens."""
    if axis is None or axis.segments is None:
        return []
    colours = style.segments(paint)
    shown = axis.segments if places is None else [axis.segments[place] for place in places]
    return [colours[min(segment, 1)] for segment in shown]


def border(axis: Axis) -> int | None:
    """How many tokens stand before the second sentence; None where there is one sentence."""
    if axis.segments is None or len(set(axis.segments)) < 2:
        return None
    return next(place for place, segment in enumerate(axis.segments) if segment)


def named(axis: Axis, place: int, language: str) -> str:
    """A token, with its sentence where there are two."""
    token = axis.tokens[place]
    if axis.segments is None:
        return token
    return translate(language, "alt.token", token=token, number=axis.segments[place] + 1)


def told(axis: Axis, language: str) -> str:
    """Which tokens are of which sentence, in words; empty where there is one sentence."""
    first = border(axis)
    if first is None:
        return ""
    parts = ((1, 0, first), (2, first, len(axis)))
    return " ".join(
        translate(
            language,
            "alt.sentence",
            number=number,
            first=start + 1,
            last=end,
            tokens=shortened(" ".join(axis.tokens[start:end]), NAMED),
        )
        for number, start, end in parts
    )


def parted(paint: style.Theme, query: Axis, key: Axis) -> list[dict[str, Any]]:
    """Lines between the two sentences in a picture of queries (down) by keys (across), one cell a token."""
    line = {"type": "line", "line": {"color": paint.muted, "width": 2, "dash": "dot"}}
    ends = (-0.5, len(query) - 0.5), (-0.5, len(key) - 0.5)
    down, across = border(query), border(key)
    shapes: list[dict[str, Any]] = []
    if across is not None:
        shapes.append({**line, "x0": across - 0.5, "x1": across - 0.5, "y0": ends[0][0], "y1": ends[0][1]})
    if down is not None:
        shapes.append({**line, "y0": down - 0.5, "y1": down - 0.5, "x0": ends[1][0], "x1": ends[1][1]})
    return shapes


def edges(
    paint: style.Theme, query: Axis, key: Axis, corners: Sequence[tuple[float, float]], size: tuple[float, float]
) -> list[go.Scatter]:
    """Small maps in a row with an edge in the colours of the sentences: the keys' below, the queries' at the left.

    Args:
        paint: The theme.
        query, key: What stands along each map.
        corners: Place of each map's upper left corner, across and down.
        size: Of a map, across and down.
    """
    ends: list[list[tuple[float, float, float, float]]] = [[], []]  # of each sentence: from and to, in parts of a map
    for axis, lower in ((query, False), (key, True)):
        first = border(axis)
        if first is not None:
            cut = first / len(axis)
            for number, (start, end) in enumerate(((0.0, cut), (cut, 1.0))):
                ends[number].append((start, 1.0, end, 1.0) if lower else (0.0, start, 0.0, end))
    drawn = []
    for number, (colour, parts) in enumerate(zip(style.segments(paint), ends, strict=True)):
        x: list[float | None] = []
        y: list[float | None] = []
        for left, top in corners:
            for x0, y0, x1, y1 in parts:
                x += [left + x0 * size[0], left + x1 * size[0], None]
                y += [top + y0 * size[1], top + y1 * size[1], None]
        if parts:
            line = {"color": colour, "width": 4, "dash": "solid" if number == 0 else "dot"}
            drawn.append(go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", showlegend=False))
    return drawn
