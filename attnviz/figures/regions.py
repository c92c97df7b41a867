"""One row of weights over a picture: each region dimmed, the less the more weight it has."""

from __future__ import annotations

import base64
import io

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from attnviz.analysis.focus import Focus, focus
from attnviz.analysis.scales import ScaleKey, normalise, ticks
from attnviz.errors import InputError
from attnviz.figures import style
from attnviz.figures.describe import whose
from attnviz.figures.escape import plain
from attnviz.figures.marks.names import plain_axis
from attnviz.figures.marks.scales import colour_bar, marked
from attnviz.figures.numbers import approx, exact
from attnviz.i18n import translate
from attnviz.trace import AttentionTrace, Picture, RegionAxis

#: Pixels of the longer side of the picture.
SIDE = 480

#: How dark a region without weight is, 0 to 1.
DARKEST = 0.82


def regions(
    trace: AttentionTrace,
    chosen: Focus | None = None,
    *,
    scale: ScaleKey = "unit",
    language: str = "en",
    theme: str = "light",
) -> go.Figure:
    """One row of weights over the picture they are given to.

    Args:
        trace: Of a picture, with a block whose keys are its regions.
        chosen: Which row; None takes `analysis.focus.focus`.
        scale: How weights become light, see `analysis.scales`; named on the chart.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    Returns:
        A figure with true regions and a labelled scale. Hovering shows 9 significant digits. What is no region (a class
        token) is not drawn: its weight stands in the title.

    Raises:
        InputError: `no_picture`: the row is not over the regions of a picture.

    >>> from attnviz.trace import AttentionBlock, Embedding, TokenAxis, picture_of
    >>> axis, query = RegionAxis.grid_of(1, 2), TokenAxis.of(["W"])
    >>> block = AttentionBlock("regions", "pooling", query, axis, np.full((1, 1, 1, 2), 0.5, np.float32))
    >>> trace = AttentionTrace("made", picture_of(np.zeros((8, 16), np.uint8)), (block,), Embedding(np.ones(3)))
    >>> len(regions(trace).layout.shapes)
    2
    """
    chosen = chosen or focus(trace)
    axis, row, source = chosen.keys(trace), chosen.row(trace), trace.source
    if not isinstance(axis, RegionAxis) or not isinstance(source, Picture):
        raise InputError("no_picture", block=chosen.block)
    paint, word = style.theme(theme), translate(language, "figures.weight")
    width, height = source.size
    ratio = SIDE / max(width, height)
    places = normalise(row, scale)
    there = [place for place in range(len(axis)) if not axis.special[place]]
    middles = (axis.boxes[:, :2] + axis.boxes[:, 2:]) / 2 * (width, height)
    hover = [f"{plain(axis.labels[place])}<br>{word} {exact(float(row[place]))}" for place in there]
    bar = colour_bar(translate(language, f"figures.colour_{scale}"), marked(ticks(scale)), height=int(height * ratio))
    figure = go.Figure(
        go.Scatter(
            x=middles[there, 0],
            y=middles[there, 1],
            mode="markers",
            marker={
                "size": 14,
                "opacity": 0,
                "color": places[there],
                "cmin": 0,
                "cmax": 1,
                "colorscale": [[0, _dimmed(0)], [1, _dimmed(1)]],
                "showscale": True,
                "colorbar": bar,
            },
            hoverinfo="text",
            hovertext=hover,
        )
    )
    apart = [f"{plain(axis.labels[at])} {approx(float(row[at]))}" for at in range(len(axis)) if axis.special[at]]
    title = " · ".join(filter(None, [plain(whose(trace, chosen, language)), *apart]))
    image = {
        **{"source": webp(source.pixels()), "xref": "x", "yref": "y", "x": 0, "y": 0, "sizex": width, "sizey": height},
        **{"sizing": "stretch", "layer": "below"},
    }
    figure.layout = {
        **style.layout(paint, height=int(height * ratio) + 80, title=title or translate(language, f"scales.{scale}")),
        "xaxis": plain_axis(paint, range=[0, width], visible=False),
        "yaxis": plain_axis(paint, range=[height, 0], visible=False, scaleanchor="x"),
        "images": [image],
        "shapes": [_region(axis.boxes[at] * (width, height, width, height), float(places[at])) for at in there],
    }
    return figure


def webp(pixels: NDArray[np.uint8]) -> str:
    """A picture uint8 `[height, width, 3]` as an address that holds it."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=88)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()


def _dimmed(place: float) -> str:
    return f"rgba(6, 10, 22, {DARKEST * (1 - place):.3f})"


def _region(box: NDArray[np.floating], place: float) -> dict[str, object]:
    x0, y0, x1, y1 = (float(edge) for edge in box)
    return {
        "type": "rect",
        "x0": x0,
        "y0": y0,
        "x1": x1,
        "y1": y1,
        "line": {"width": 0},
        "fillcolor": _dimmed(place),
        "layer": "below",
    }
