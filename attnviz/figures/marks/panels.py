"""Panels side by side that share what stands at their left."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from attnviz.figures import style


def panels(paint: style.Theme, titles: Sequence[str], *, height: int, spacing: float, below: int = 8) -> go.Figure:
    """An empty figure of one panel a title.

    Args:
        look: The theme.
        titles: Already escaped and short.
        height: Pixels.
        spacing: Share 0-1 of the width between panels.
        below: Pixels under them.
    """
    figure = make_subplots(
        rows=1, cols=len(titles), shared_yaxes=True, subplot_titles=titles, horizontal_spacing=spacing
    )
    layout = style.layout(paint, height=height)
    figure.update_layout(**{**layout, "margin": {"l": 8, "r": 8, "t": 44, "b": below}})
    figure.update_annotations(font={"size": style.FONT_SIZE, "color": paint.text})
    return figure
