"""What stands around and over the marks of a chart: its legend, scales of colours, lines and notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attnviz.drawings.chart_axes import scaled
from attnviz.drawings.chart_words import words

Fields = Mapping[str, Any]


def painted(marker: Fields) -> dict[str, Any]:
    """The colour of bars, or of each; hatched ones in that of their hatching."""
    pattern = marker.get("pattern") or {}
    colour = marker.get("color", "")
    hatched = pattern and {"shape": pattern["shape"], "size": pattern.get("size", 8)}
    return {"colour": pattern.get("fgcolor", colour), "pattern": hatched or None}


def legend(traces: Iterable[Fields], layout: Fields) -> list[dict[str, Any]]:
    """What stands for which; nothing where it need not be said."""
    if not layout.get("showlegend"):
        return []
    entries = list[dict[str, Any]]()
    for trace in traces:
        if not trace.get("name") or trace.get("showlegend") is False or trace["type"] == "heatmap":
            continue
        marker, line = trace.get("marker") or {}, trace.get("line") or {}
        bar = trace["type"] == "bar"
        look = painted(marker) if bar else {"colour": line.get("color", marker.get("color", "")), "pattern": None}
        entries.append(
            {
                "name": words(trace["name"]),
                **look,
                "edge": (marker.get("line") or {}).get("color") if bar else None,
                "dash": line.get("dash", "solid") if "lines" in trace.get("mode", "") else None,
                "symbol": None if bar or "markers" not in trace.get("mode", "") else marker.get("symbol", "circle"),
            }
        )
    return entries


def scale(given: Fields) -> dict[str, Any]:
    """A scale of colours: beside all panels, or below them, with its middle and its length as shares of their width."""
    bar = given["colorbar"]
    low, high = (given[f"z{end}" if f"z{end}" in given else f"c{end}"] for end in ("min", "max"))
    return {
        "title": words(bar["title"]["text"]),
        "stops": [list(stop) for stop in given["colorscale"]],
        "length": bar["len"] if bar.get("lenmode") == "pixels" else None,
        "below": [bar["x"], bar["len"]] if bar.get("orientation") == "h" else None,
        "marks": [
            {"at": (at - low) / (high - low), "label": words(text)}
            for at, text in zip(bar["tickvals"], bar["ticktext"], strict=True)
        ],
    }


def shape(given: Fields, axes: Mapping[str, Fields], numbered: Mapping[str, int]) -> dict[str, Any]:
    ends = {
        axis: _reference(given.get(f"{axis}ref", axis), (given[f"{axis}0"], given[f"{axis}1"]), axes, numbered)
        for axis in "xy"
    }
    line = given.get("line") or {}
    return {
        **ends,
        "rect": given["type"] == "rect",
        "colour": line.get("color", "") if line.get("width", 2) else "",
        "width": line.get("width", 2),
        "dash": line.get("dash", "solid"),
        "fill": given.get("fillcolor", ""),
        "opacity": given.get("opacity", 1),
    }


def note(given: Fields, axes: Mapping[str, Fields], numbered: Mapping[str, int]) -> dict[str, Any]:
    # Plotly wants logarithms for words, not for lines.
    x, y = (_reference(given.get(f"{axis}ref", axis), (given[axis],), axes, numbered, linear=True) for axis in "xy")
    font = given.get("font") or {}
    return {
        "x": x,
        "y": y,
        "words": words(given["text"]),
        "across": given.get("xanchor", "center"),
        "down": given.get("yanchor", "middle"),
        "shift": given.get("yshift", 0),
        "letter": font.get("size"),
        "ink": font.get("color", ""),
        "ground": given.get("bgcolor", ""),
        "border": given.get("borderpad", 1),
    }


def _reference(
    reference: str,
    values: Sequence[float],
    axes: Mapping[str, Fields],
    numbered: Mapping[str, int],
    *,
    linear: bool = False,
) -> dict[str, Any]:
    """Places of a shape or a note: in units of an axis, or as shares of a panel's or the picture's width or height."""
    name, _, domain = reference.partition(" ")
    panel = None if name == "paper" else numbered.get(name, 0)
    shares = name == "paper" or domain == "domain"
    axis = {} if shares or linear else axes.get(name, {})
    return {"panel": panel, "shares": shares, "at": [scaled(axis, float(value)) for value in values]}
