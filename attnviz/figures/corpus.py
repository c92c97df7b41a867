"""How often a head does how much of something, over a corpus."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from attnviz.figures import style
from attnviz.figures.escape import plain
from attnviz.figures.marks.bars import bars
from attnviz.figures.numbers import approx
from attnviz.i18n import translate

#: Pixels.
HEIGHT = 260


def histogram(
    counts: Sequence[int],
    width: float,
    name: str,
    *,
    value: float | None = None,
    language: str = "en",
    theme: str = "light",
) -> go.Figure:
    """Sentences by the value of a figure, and where one sentence stands among them.

    Args:
        counts: Sentences of each interval, the first from 0; the last takes whatever is larger.
        width: Of an interval.
        name: What is counted, with its unit; any text.
        value: Of the sentence at hand; None: it has none.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    >>> figure = histogram([3, 5, 0], 0.5, "entropy (nats)", value=0.7)
    >>> list(figure.data[0].y), figure.layout.shapes[0].x0
    ([3, 5], 0.7)
    """
    paint = style.theme(theme)
    last = max((place for place, count in enumerate(counts) if count), default=0)
    shown = [int(count) for count in counts[: last + 1]]
    word = translate(language, "corpus.sentences_axis")
    ends = [(place * width, (place + 1) * width) for place in range(len(shown))]
    open_end = [
        f"≥ {low:g}" if place == len(counts) - 1 else f"{low:g} – {high:g}" for place, (low, high) in enumerate(ends)
    ]
    figure = go.Figure(
        bars(
            open_end,
            shown,
            word,
            paint.bar,
            x=[(low + high) / 2 for low, high in ends],
            y=shown,
            orientation="v",
            width=width,
            marker={"color": paint.bar, "line": {"color": paint.background, "width": 1}},
        )
    )
    most = max([ends[-1][1], *([] if value is None else [value * 1.02])])
    figure.layout = {
        **style.layout(paint, height=HEIGHT),
        "xaxis": style.axis(paint, title=plain(name), range=[0, most], showgrid=False),
        "yaxis": style.axis(paint, title=plain(word), rangemode="tozero", nticks=5),
        "bargap": 0,
    }
    if value is not None:
        figure.add_vline(x=value, line={"color": paint.accent, "width": 3})
        figure.add_annotation(
            text=plain(translate(language, "corpus.here", value=approx(value))),
            x=value,
            xanchor="right" if value > most * 0.6 else "left",
            yref="paper",
            y=1,
            yanchor="bottom",
            showarrow=False,
            font={"color": paint.accent, "size": style.FONT_SIZE},
        )
        figure.update_layout(margin_t=28)
    return figure
