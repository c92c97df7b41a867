"""The one mark for bars: a number for each name, from left to right, read from the top."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import plotly.graph_objects as go

from attnviz.figures.escape import plain
from attnviz.figures.numbers import exact
from attnviz.i18n import translate
from attnviz.trace import Axis, RegionAxis

#: Most bars of a chart: of words all that a screen or ten can hold, of regions, whose names say little, a screen.
MOST, MOST_REGIONS = 256, 40


#: Pixels of a bar with its gap: of few, and of many, which stand as close as their names can be read; and of the
#: titles and the scale around them.
ROW, CLOSE, AROUND = 38, 24, 64

#: So many bars have all their room; more share it, so that the last ones are in sight, too.
_FEW = 5


def bars_height(count: int) -> int:
    """Pixels of a figure of so many bars.

    >>> [bars_height(count) - AROUND for count in (1, 5, 6, 7, 8, 12)]
    [38, 190, 190, 190, 192, 288]
    """
    return AROUND + max(ROW * min(count, _FEW), CLOSE * count)


def most_of(axis: Axis) -> int:
    """Most bars of a chart with one for each token or region."""
    return MOST_REGIONS if isinstance(axis, RegionAxis) else MOST


def partly(shown: int, count: int, language: str) -> str | None:
    """What a chart says that has bars for the largest of many values only; None where it has all."""
    return None if shown == count else translate(language, "figures.partly", shown=shown, count=count)


def bars(
    names: Sequence[str],
    values: Iterable[float],
    word: str,
    colour: str | Sequence[str],
    *,
    series: str | None = None,
    written: Sequence[str] | None = None,
    **more: Any,
) -> go.Bar:
    """A bar for each name; hovering tells it whole, with nine significant digits.

    Args:
        names: Any text, such as tokens.
        values: One a name; NaN draws none.
        word: What the numbers are, any text.
        colour: Of all bars, or of each.
        series: Any text, for the legend; None: it stands in none.
        written: At the ends of the bars; None: nothing.
        **more: Of `go.Bar`.
    """
    lengths = [float(value) for value in values]
    told = [f"{plain(name)}<br>{plain(word)} {exact(value)}" for name, value in zip(names, lengths, strict=True)]
    if written is not None:
        more |= {"text": written, "textposition": "outside", "cliponaxis": False}
    return go.Bar(
        **{
            "x": [None if value != value else value for value in lengths],
            "y": list(range(len(lengths))),
            "orientation": "h",
            "name": None if series is None else plain(series),
            "marker": {"color": colour},
            "hoverinfo": "text",
            "hovertext": told,
            **more,
        },
        _validate=False,  # the figure looks at it, or the tests, see `marks.made`
    )
