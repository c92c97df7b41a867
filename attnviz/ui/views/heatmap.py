"""Weights as a heatmap, sentences × tokens."""

from __future__ import annotations

from attnviz import figures
from attnviz.analysis import tables
from attnviz.figures import describe
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart


def render(context: Context) -> None:
    """Draw the view."""
    traces = context.traces
    chosen = [context.focus_of(trace) for trace in traces]
    figure = figures.heatmap(traces, chosen, scale=context.state.scale, language=context.language, theme=context.theme)
    chart(
        context,
        "heatmap",
        figure,
        describe.many(traces, context.language),
        lambda: tables.weights(traces, chosen=chosen),
    )
