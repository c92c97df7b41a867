"""Weights as a heatmap, sentences × tokens."""

from __future__ import annotations

from attnviz import figures
from attnviz.analysis import tables
from attnviz.figures import describe
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart


def render(context: Context) -> None:
    """Draw the view."""
    traces = tuple(context.traces)
    chosen = tuple(context.focus_of(trace) for trace in traces)
    look = {"scale": context.state.scale, "language": context.language, "theme": context.theme}
    figure = context.desk.figure(figures.heatmap, traces, chosen, **look)
    chart(
        context,
        "heatmap",
        figure,
        describe.many(traces, context.language),
        lambda: tables.weights(traces, chosen=chosen),
    )
