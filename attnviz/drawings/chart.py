"""A Plotly figure of cells, bars and curves, drawn without Plotly: nine are there sooner than one of Plotly's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import Any

import numpy as np

from attnviz.analysis.compact import coded, packed
from attnviz.drawings.chart_around import Fields, legend, note, painted, scale, shape
from attnviz.drawings.chart_axes import DOWN, Extent, along, names, scaled
from attnviz.drawings.chart_known import PAIR, beyond
from attnviz.drawings.chart_words import told, words
from attnviz.figures import Figure, style
from attnviz.figures.marks.made import taken

#: Of the room from one place to the next, how much bars leave free: Plotly's own, where a figure does not say.
GAP = 0.2


def chart(figure: Figure, alt: str) -> dict[str, Any] | None:
    """What the component shows; None where the figure has something that it does not draw.

    Args:
        figure: As `figures` makes them; it stays as it is.
        alt: The figure in words.

    >>> drawn = {"type": "bar", "orientation": "h", "x": [1, 3], "y": [0, 1]}
    >>> chart(Figure([drawn], {"height": 120}), "two bars")["panels"][0]["marks"][0]["boxes"]
    [[0.0, 1.0, -0.4, 0.4], [0.0, 3.0, 0.6, 1.4]]
    >>> chart(Figure([{"type": "pie", "values": [1, 2]}]), "a pie") is None
    True
    """
    traces, layout = taken(figure)
    if beyond(traces, layout) is not None:
        return None
    axes = {name.replace("axis", ""): layout[name] for name in sorted(layout) if name[1:].startswith("axis")}
    extents = {name: Extent() for name in axes}
    panels: dict[tuple[str, str], _Panel] = {}
    for trace in traces:
        place = trace.get("xaxis", "x"), trace.get("yaxis", "y")
        for name in place:
            axes.setdefault(name, {})
            extents.setdefault(name, Extent())
        if place not in panels:
            panels[place] = _Panel(*(axes[name] for name in place), *(extents[name] for name in place))
        panels[place].traces.append(trace)
    for panel in panels.values():
        panel.read(layout)
    numbered = {name: place for place, pair in enumerate(panels) for name in pair}
    title = layout.get("title") or {}
    return {
        "alt": alt,
        "height": layout["height"],
        "width": layout.get("width"),
        "letter": layout["font"]["size"] if "font" in layout else 16,
        "ink": layout.get("font", {}).get("color", ""),
        "title": words(title.get("text")),
        "legend": legend(traces, layout),
        "bars": [
            scale(each) for trace in traces for each in (trace, trace.get("marker") or {}) if each.get("showscale")
        ],
        "panels": [
            {
                "x": along(panel.x, panel.across, extents),
                "y": along(panel.y, panel.down, extents, DOWN),
                "marks": panel.marks,
            }
            for panel in panels.values()
        ],
        "shapes": [shape(each, axes, numbered) for each in layout.get("shapes", ())],
        "notes": [note(each, axes, numbered) for each in layout.get("annotations", ())],
        "nearest": layout.get("hoverdistance") == -1,
    }


@dataclass
class _Panel:
    """One pair of axes with its traces, read into marks in units of the axes."""

    x: Fields
    y: Fields
    across: Extent
    down: Extent
    traces: list[dict[str, Any]] = field(default_factory=list)
    marks: list[dict[str, Any]] = field(default_factory=list)

    def read(self, layout: Fields) -> None:
        """Turn traces into marks."""
        beside = sum(trace["type"] == "bar" and trace.get("offset") is None for trace in self.traces)
        stacked = layout.get("barmode") == "relative"
        ends: tuple[dict[float, float], dict[float, float]] = {}, {}
        before = 0
        for trace in self.traces:
            if trace["type"] == "heatmap":
                self.marks.append(self._cells(trace))
            elif trace["type"] == "scatter":
                self.marks.append(self._curve(trace))
            else:
                free = trace.get("width") or 1 - layout.get("bargap", GAP)
                start, width = trace.get("offset"), free
                if start is None:
                    width = free if stacked else free / beside
                    start = -free / 2 + (0 if stacked else width * before)
                    before += 1
                self.marks.append(self._bars(trace, start, width, ends if stacked else None))

    def _cells(self, trace: Fields) -> dict[str, Any]:
        values = np.asarray(trace["z"], np.float64)
        (x, wide), (y, high) = (
            _places(trace, axis, count) for axis, count in zip("xy", values.shape[::-1], strict=True)
        )
        rows, columns = values.shape
        self.across.add((x - wide / 2, x + wide * (columns - 0.5)), loose=False)
        self.down.add((y - high / 2, y + high * (rows - 0.5)), loose=False)
        share = (values - trace["zmin"]) / (trace["zmax"] - trace["zmin"])
        codes = np.where(np.isfinite(values), 1 + np.round(coded(np.nan_to_num(share)) * (254 / 255)), 0)
        # An empty cell tells nothing and has nothing written in it, as with Plotly.
        filled = (codes > 0).ravel().tolist()
        hints, written = trace.get("hovertext"), trace.get("text") if trace.get("texttemplate") else None
        return {
            "kind": "cells",
            "first": [x - wide / 2, y - high / 2],
            "step": [wide, high],
            "columns": columns,
            "codes": packed(codes.astype(np.uint8)),
            "ramp": [colour for _, colour in trace["colorscale"]],
            "gap": trace.get("xgap", 0),
            "hints": None if hints is None else _each(told, hints, filled),
            "written": None if written is None else _each(words, written, filled),
            "letter": (trace.get("textfont") or {}).get("size"),
            "pairs": self._pairs(trace, rows, columns),
        }

    def _pairs(self, trace: Fields, rows: int, columns: int) -> dict[str, Any] | None:
        """What cells tell by the names of their row and column; None where each has its own words or none."""
        template = PAIR.fullmatch(trace.get("hovertemplate") or "")
        if template is None:
            return None
        values = trace.get("customdata")
        return {
            "down": names(self.y, rows),
            "across": names(self.x, columns),
            "between": template["between"],
            "label": template["label"] and told(template["label"]),
            "values": None if values is None else packed(np.asarray(values, "<f8")),
        }

    def _bars(
        self, trace: Fields, start: float, width: float, ends: tuple[dict[float, float], dict[float, float]] | None
    ) -> dict[str, Any]:
        lying = trace.get("orientation") == "h"
        lengths, places = (trace["x"], trace["y"]) if lying else (trace["y"], trace["x"])
        boxes = list[list[float]]()
        for length, place in zip(lengths, places, strict=True):
            base = 0.0
            reached = 0.0 if length is None or length != length else float(length)
            if ends is not None:
                side = ends[reached < 0]
                base = side.get(place, 0.0)
                reached = side[place] = base + reached
            low = float(place) + start
            boxes.append([_brief(each) for each in (base, reached, low, low + width)])
        value, position = (self.across, self.down) if lying else (self.down, self.across)
        value.add((0.0,), loose=False)
        value.add((end for box in boxes for end in box[:2]), loose=True)
        taken = 0.5 if trace.get("width") is None or trace.get("offset") is not None else trace["width"] / 2
        position.add((float(place) + end for place in places for end in (-taken, taken)), loose=False)
        written, marker = trace.get("text"), trace.get("marker", {})
        return {
            "kind": "bars",
            "lying": lying,
            "boxes": boxes,
            **painted(marker),
            "edge": (marker.get("line") or {}).get("color"),
            "hints": _hints(trace),
            "written": None if written is None else [words(text) for text in written],
        }

    def _curve(self, trace: Fields) -> dict[str, Any]:
        mode, line, marker = trace.get("mode", "lines"), trace.get("line") or {}, trace.get("marker") or {}
        x, y = ([scaled(axis, value) for value in trace[name]] for name, axis in (("x", self.x), ("y", self.y)))
        self.across.add(x, loose="markers" in mode)
        self.down.add(y, loose=True)
        size = marker.get("size", 6)
        chosen, written = trace.get("customdata"), trace.get("text") if "text" in mode else None
        return {
            "kind": "curve",
            "x": x,
            "y": y,
            "line": None
            if "lines" not in mode or line.get("width") == 0
            else {
                "colour": line.get("color", ""),
                "width": line.get("width", 2),
                "dash": line.get("dash", "solid"),
                "stepped": line.get("shape") == "hvh",
            },
            "symbols": None
            if "markers" not in mode or marker.get("opacity") == 0
            else {
                "symbol": marker.get("symbol", "circle"),
                "size": size,
                "colour": _coloured(marker) if "colorscale" in marker else marker.get("color", line.get("color", "")),
                "edge": (marker.get("line") or {}).get("color"),
                "opacity": marker.get("opacity", 1),
            },
            "written": None if written is None else {"words": [words(each) for each in written], **_letters(trace)},
            "filled": {"colour": trace["fillcolor"], "down_to": self.marks[-1]["y"]} if trace.get("fill") else None,
            "hints": _hints(trace),
            "chosen": None if chosen is None else [list(each) for each in chosen],
        }


def _places(trace: Fields, axis: str, count: int) -> tuple[float, float]:
    """The middle of the first cell along an axis, and how wide each is."""
    if trace.get(f"{axis}0") is not None:
        return float(trace[f"{axis}0"]), float(trace[f"d{axis}"])
    places: Sequence[float] = trace.get(axis, range(count))
    return float(places[0]), float(places[1] - places[0]) if count > 1 else 1.0


def _each(read: Callable[[object], Any], lines: Iterable[Iterable[object]], filled: Sequence[bool]) -> list[Any]:
    """What is said of each cell, row by row; of an empty one nothing."""
    return [read(text) if there else "" for text, there in zip(chain.from_iterable(lines), filled, strict=True)]


def _hints(trace: Fields) -> list[str] | None:
    hints = trace.get("hovertext")
    return None if hints is None or trace.get("hoverinfo") == "skip" else [told(hint) for hint in hints]


def _letters(trace: Fields) -> dict[str, Any]:
    """Size and colours of what is written at points."""
    font = trace.get("textfont") or {}
    return {"letter": font.get("size"), "inks": font.get("color", "")}


def _coloured(marker: Fields) -> list[str]:
    """Colours of points whose colours are numbers."""
    stops, low, high = marker["colorscale"], marker["cmin"], marker["cmax"]
    found = []
    for value in marker["color"]:
        share = (value - low) / (high - low)
        (start, before), (end, after) = next(
            pair for pair in pairwise(stops) if share <= pair[1][0] and pair[0][0] < pair[1][0]
        )
        found.append(style.shade((share - start) / (end - start), (before, after)))
    return found


def _brief(value: float) -> float:
    return float(f"{value:.9g}")
