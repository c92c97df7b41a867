"""What of Plotly's figures the drawing `chart` shows. Whatever else a figure says, Plotly draws it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

#: Properties by what they belong to; what belongs to none of these is a value, not properties of its own.
KNOWN: dict[str, frozenset[str]] = {
    name: frozenset(each.split())
    for name, each in {
        "heatmap": "type z x y x0 dx y0 dy zmin zmax colorscale showscale colorbar hoverinfo hovertext hovertemplate "
        "hoverongaps customdata text texttemplate textfont xgap ygap name xaxis yaxis",
        "bar": "type x y orientation name marker hoverinfo hovertext text textposition cliponaxis width offset xaxis "
        "yaxis showlegend",
        "scatter": "type x y mode text textfont name line marker hoverinfo hovertext showlegend legendgroup fill "
        "fillcolor customdata selected unselected xaxis yaxis",
        "marker": "color size symbol opacity line pattern cmin cmax colorscale showscale colorbar",
        "pattern": "shape solidity fgcolor size",
        "line": "color width dash shape",
        "textfont": "size color family",
        "colorbar": "title tickvals ticktext thickness outlinewidth lenmode len x y yref yanchor ypad orientation "
        "ticklabeloverflow",
        "layout": "font paper_bgcolor plot_bgcolor height width margin title hoverlabel dragmode showlegend modebar "
        "barmode bargap legend shapes annotations hoverdistance template",
        "axis": "automargin gridcolor zerolinecolor linecolor tickfont fixedrange title showgrid zeroline tickvals "
        "ticktext autorange range rangemode nticks tick0 dtick labelalias type side anchor domain matches "
        "showticklabels scaleanchor",
        "shapes": "type x0 x1 y0 y1 xref yref line fillcolor opacity layer",
        "annotations": "text x y xref yref xanchor yanchor yshift showarrow font bgcolor borderpad",
        "legend": "orientation y yanchor x traceorder itemclick itemdoubleclick",
    }.items()
}

#: What a trace must say: of the rest, Plotly would think for itself.
NEEDED: dict[str, tuple[str, ...]] = {
    "heatmap": ("z", "zmin", "zmax", "colorscale"),
    "bar": ("x", "y"),
    "scatter": ("x", "y", "mode"),
}

#: Of a property that has few values, those that are drawn.
VALUES: dict[str, tuple[Any, ...]] = {
    "textposition": ("outside",),
    "texttemplate": ("%{text}",),
    "barmode": ("group", "relative"),
    "dash": ("solid", "dash", "dot", "dashdot", "longdash"),
    "mode": ("lines", "markers", "lines+markers", "markers+text"),
    "scaleanchor": ("x",),
    "shape": ("hvh", "linear", "/", ".", "x", "-"),
    "side": ("bottom", "left", "right"),
    "fill": ("tonexty",),
    "showarrow": (False,),
    "hoverinfo": ("text", "skip"),
}

#: What the cell of two names tells, with or without a number.
PAIR = re.compile(r"%\{y\} (?P<between>[→–]) %\{x\}(?:<br>(?P<label>[^%]*) %\{customdata:\.9~g\})?<extra></extra>")

#: Of points.
SYMBOLS = frozenset(["circle", "square", "diamond", "triangle-up", "x", "line-ne", "x-thin", "line-ew"])


def beyond(traces: Iterable[Mapping[str, Any]], layout: Mapping[str, Any]) -> str | None:
    """The first thing a figure says that is not drawn, by its name; None: it can be drawn.

    >>> beyond([{"type": "bar", "x": [1], "y": [0], "base": 3}], {"height": 120})
    'bar.base'
    """
    traces = list(traces)
    for trace in traces:
        kind = str(trace["type"])
        if kind not in NEEDED:
            return kind
        left_open = (f"no {kind}.{name}" for name in NEEDED[kind] if trace.get(name) is None)
        found = next(left_open, None) or _within(trace, kind)
        marker = trace.get("marker") or {}
        if marker.get("colorscale") is not None and None in (marker.get("cmin"), marker.get("cmax")):
            return f"no {kind}.marker.cmin"
        if found is not None:
            return found
    scales = [each for trace in traces for each in (trace, trace.get("marker") or {}) if each.get("showscale")]
    bars = [each.get("colorbar") or {} for each in scales]
    if sum(bar.get("orientation") != "h" for bar in bars) > 1:
        return "two scales of colours at the right"
    if layout.get("height") is None:
        return "no height"
    if layout.get("plot_bgcolor") != layout.get("paper_bgcolor"):
        return "layout.plot_bgcolor"
    return _within(layout, "layout")


def _within(fields: Mapping[str, Any], owner: str) -> str | None:
    for name, value in fields.items():
        if value is None:
            continue
        axis = owner == "layout" and name[1:].startswith("axis")
        if not axis and name not in KNOWN[owner]:
            return f"{owner}.{name}"
        if name == "hovertemplate" and not PAIR.fullmatch(value):
            return f"{owner}.{name}: {value}"
        if name in VALUES and value not in VALUES[name]:
            return f"{owner}.{name}: {value}"
        if name == "symbol" and not set([value] if isinstance(value, str) else value) <= SYMBOLS:
            return f"{owner}.{name}: {value}"
        inner = "axis" if axis else name
        if inner in KNOWN:
            for each in value if isinstance(value, (list, tuple)) else [value]:
                found = _within(each, inner)
                if found is not None:
                    return found
    return None
