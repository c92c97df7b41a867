"""Trace or table and language in, `plotly.graph_objects.Figure` out."""

from plotly.graph_objects import Figure

from attnviz.figures.attribution import attribution, erasure_curves
from attnviz.figures.bars import bars, prediction
from attnviz.figures.corpus import histogram
from attnviz.figures.enlarge import enlarged
from attnviz.figures.filling import filled
from attnviz.figures.head import head
from attnviz.figures.heads import head_distances, head_map, heads
from attnviz.figures.heatmap import heatmap
from attnviz.figures.learning import learning
from attnviz.figures.lines import lines
from attnviz.figures.maps import attention_map
from attnviz.figures.overview import overview
from attnviz.figures.regions import regions
from attnviz.figures.steps import bias, matrix, scores
from attnviz.figures.surgery import changed_map, changed_row, head_changes

__all__ = [
    "Figure",
    "attention_map",
    "attribution",
    "bars",
    "bias",
    "changed_map",
    "changed_row",
    "enlarged",
    "erasure_curves",
    "filled",
    "head",
    "head_changes",
    "head_distances",
    "head_map",
    "heads",
    "heatmap",
    "histogram",
    "learning",
    "lines",
    "matrix",
    "overview",
    "prediction",
    "regions",
    "scores",
]
