"""Trace or table and language in, `plotly.graph_objects.Figure` out."""

from plotly.graph_objects import Figure

from attnviz.figures.bars import bars, prediction
from attnviz.figures.head import head
from attnviz.figures.heatmap import heatmap
from attnviz.figures.steps import bias, matrix, scores

__all__ = ["Figure", "bars", "bias", "head", "heatmap", "matrix", "prediction", "scores"]
