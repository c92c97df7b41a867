"""What may come next, and how much each token of a text was to be expected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from attnviz.figures import style
from attnviz.figures.marks.bars import bars
from attnviz.figures.marks.made import made
from attnviz.figures.marks.names import down
from attnviz.figures.numbers import approx, percent
from attnviz.i18n import translate

#: Pixels.
ROW_HEIGHT, MARGIN = 30, 96


def following(
    table: pd.DataFrame, names: Sequence[str], changed: bool, *, language: str = "en", theme: str = "light"
) -> go.Figure:
    """The most probable next tokens as bars from 0 to 1; where the distribution is changed, the model's own beside it.

    Args:
        table: Of `analysis.expectation.likely`.
        names: Of its tokens, any text.
        changed: Whether `drawn` is another distribution than the model's own.
        language: Of the words on the chart.
        theme: `light` or `dark`.
    """
    paint = style.theme(theme)
    own, drawn = (translate(language, f"next.{name}") for name in ("own", "changed"))
    series = own if changed else None
    hatched = {"pattern": {"shape": "/", "solidity": 0.35}, "color": paint.second}
    traces = [bars(names, table["probability"], own, paint.bar, series=series, written=_shares(table["probability"]))]
    if changed:
        second = bars(names, table["drawn"], drawn, paint.second, series=drawn, written=_shares(table["drawn"]))
        traces.append(second.update(marker=hatched))
    layout = {
        **style.layout(paint, height=MARGIN + (ROW_HEIGHT + 14 * changed) * max(len(names), 3)),
        "showlegend": changed,
        "legend": style.LEGEND,
        "bargap": 0.25,
        "xaxis": style.axis(paint, title=translate(language, "figures.probability"), range=[0, 1.12]),
        "yaxis": down(paint, names),
    }
    return made(traces, layout)


def surprise(
    tokens: Sequence[str], bits: NDArray[np.floating], *, language: str = "en", theme: str = "light"
) -> go.Figure:
    """How surprising each token of a text was, as bars from the top down; none where nothing stood before.

    Args:
        tokens: Any text.
        bits: `[token]`, NaN where nothing stood before.
        language: Of the words on the chart.
        theme: `light` or `dark`.
    """
    paint, word = style.theme(theme), translate(language, "next.bits")
    written = ["" if value != value else approx(float(value), 1) for value in bits]
    most = float(np.nanmax(bits, initial=0.0)) or 1.0
    layout = {
        **style.layout(paint, height=MARGIN + ROW_HEIGHT * max(len(tokens), 3)),
        "bargap": 0.25,
        "xaxis": style.axis(paint, title=word, range=[0, 1.15 * most]),
        "yaxis": down(paint, tokens),
    }
    return made([bars(tokens, bits, word, paint.bar, written=written)], layout)


def _shares(values: pd.Series) -> list[str]:
    return [percent(float(value)) for value in values]
