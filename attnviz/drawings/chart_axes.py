"""Along the sides of a chart: from where to where it goes, and what is written there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10
from typing import Any

from attnviz.drawings.chart_words import told, words

#: Steps along a side at most where the figure says nothing of marks: across, and down, where there is less room.
ACROSS, DOWN = 8, 6

#: The share of what is drawn that stays free at its ends, so that no point touches the side.
ROOM = 0.05

#: Steps within a power of ten, as Plotly names them.
_DECADES = {"D1": range(1, 10), "D2": (1, 2, 5), 1: (1,)}

_PREFIXES = ((9, "G"), (6, "M"), (3, "k"))


@dataclass
class Extent:
    """What is drawn along a side, in units of the axis.

    Attributes:
        tight: Ends of what fills its place to the edge: cells, the places of bars, the 0 that bars begin at.
        loose: Ends of what keeps a distance from the side.
    """

    tight: list[float] = field(default_factory=list)
    loose: list[float] = field(default_factory=list)

    def add(self, values: Iterable[float | None], *, loose: bool) -> None:
        """Widen it."""
        found = [float(value) for value in values if value is not None]
        if found:
            (self.loose if loose else self.tight).extend((min(found), max(found)))


def along(axis: Mapping[str, Any], extent: Extent, others: Mapping[str, Extent], steps: int = ACROSS) -> dict[str, Any]:
    """One side as the browser draws it.

    Args:
        axis: Of Plotly's layout.
        extent: Of what is drawn along it.
        others: The extents of all axes by name, for one that `matches` another.
        steps: At most so many between marks, where the axis says nothing of them.
    """
    ends = _ends(axis, others.get(axis.get("matches", ""), extent))
    low, high = min(ends), max(ends)
    slack = 1e-9 * (high - low)
    marks = [(at, label) for at, label in _marks(axis, low, high, steps) if low - slack <= at <= high + slack]
    title = axis.get("title") or {}
    return {
        "ends": list(ends),
        "marks": [{"at": at, "label": label} for at, label in marks],
        "labelled": axis.get("showticklabels", True) and axis.get("visible", True),
        "grid": axis.get("gridcolor") if axis.get("showgrid", True) else None,
        "zero": axis.get("zerolinecolor") if axis.get("zeroline", True) and axis.get("type") != "log" else None,
        "title": words(title.get("text") if isinstance(title, Mapping) else title),
        "square": "scaleanchor" in axis,
        "domain": list(axis.get("domain", (0, 1))),
    }


def names(axis: Mapping[str, Any], count: int) -> list[str]:
    """The names of the first places along an axis, whether they are written there or not."""
    if axis.get("labelalias"):
        return [told(axis["labelalias"].get(str(place), place)) for place in range(count)]
    return [told(text) for text in axis.get("ticktext") or range(count)]


def scaled(axis: Mapping[str, Any], value: float | None) -> float | None:
    """A value in units of the axis: its logarithm on a logarithmic one; None where there is none or it is NaN."""
    if value is None or value != value:
        return None
    return log10(value) if axis.get("type") == "log" else float(value)


def _ends(axis: Mapping[str, Any], extent: Extent) -> tuple[float, float]:
    given: Sequence[float] | None = axis.get("range")
    if given is not None:
        return float(given[0]), float(given[1])
    reached = [*extent.tight, *extent.loose] or [0.0, 1.0]
    low, high = min(reached), max(reached)
    room = ROOM * ((high - low) or abs(high) or 1)
    low, high = low - room * (low not in extent.tight), high + room * (high not in extent.tight)
    if axis.get("rangemode") == "tozero":
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        high = low + 1
    return (high, low) if axis.get("autorange") == "reversed" else (low, high)


def _marks(axis: Mapping[str, Any], low: float, high: float, steps: int) -> list[tuple[float, Any]]:
    logarithmic, step = axis.get("type") == "log", axis.get("dtick")
    if axis.get("tickvals") is not None:
        places = [float(value) for value in axis["tickvals"]]
        texts = axis.get("ticktext")
        labels = [number(place) for place in places] if texts is None else list(map(words, texts))
        return [(log10(place) if logarithmic else place, each) for place, each in zip(places, labels, strict=True)]
    if logarithmic:
        factors = _DECADES[step if step in _DECADES else 1]
        powers = range(floor(low), ceil(high) + 1)
        values = [factor * 10.0**power for power in powers for factor in factors]
        return [(log10(value), number(value)) for value in values]
    if step is None:
        step = round_step(high - low, int(axis.get("nticks") or steps))
    first = float(axis.get("tick0") or 0)
    places = [first + count * step for count in range(ceil((low - first) / step), floor((high - first) / step) + 1)]
    aliases = {str(name): words(text) for name, text in (axis.get("labelalias") or {}).items()}
    return [(place, aliases.get(f"{place:g}", number(place, step))) for place in places]


def round_step(span: float, marks: int) -> float:
    """The least of 1, 2 and 5 times a power of ten with no more than so many steps in a span.

    >>> round_step(1.05, 6), round_step(32, 6)
    (0.2, 10.0)
    """
    power = 10.0 ** floor(log10(span / marks))
    return float(next(f"{power * factor:.6g}" for factor in (1, 2, 5, 10) if power * factor * marks >= span * 0.999))


def number(value: float, step: float | None = None) -> str:
    """A number beside a mark: as many digits as its neighbours need, thousands with a prefix.

    >>> number(0.25), number(-1.0, 0.5), number(20_000)
    ('0.25', '−1.0', '20k')
    """
    for power, prefix in _PREFIXES:
        if abs(value) >= 10 ** (power + (power == 3)):
            return f"{value / 10**power:g}{prefix}".replace("-", "−")
    if step is None:
        return f"{value:g}".replace("-", "−")
    text = f"{value:.{max(0, -floor(log10(step) + 1e-9))}f}"
    return (text.lstrip("-") if float(text) == 0 else text).replace("-", "−")
