"""A figure out of its traces and its layout, without Plotly's look at each property of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import plotly.graph_objects as go
from plotly.basedatatypes import BaseTraceType


def made(traces: Iterable[BaseTraceType | dict[str, Any]], layout: dict[str, Any]) -> go.Figure:
    """The figure, as `go.Figure(traces, layout)` makes it in five times as long.

    Plotly looks up and checks every property, every colour and every word of a list: most of what the server did for a
    view of many figures. The tests check all that the page draws, by making it again with Plotly's checks.

    Args:
        traces: In the order in which they are drawn; a dict says its `type`.
        layout: All of it, shapes and annotations too.

    >>> made([{"type": "bar", "x": [1, 3]}], {"height": 120}).data[0].x
    (1, 3)
    """
    return go.Figure(list(traces), layout, _validate=False)


def taken(figure: go.Figure) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A copy of the traces and the layout that a figure is made of, numbers as they were given.

    Of the whole figure at once Plotly writes them as base64.
    """
    return [trace.to_plotly_json() for trace in figure.data], figure.layout.to_plotly_json()
