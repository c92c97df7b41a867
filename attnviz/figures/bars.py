"""Weights and probabilities as bars."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from attnviz.analysis import tables
from attnviz.analysis.compact import largest
from attnviz.analysis.focus import Focus, focus
from attnviz.errors import InputError
from attnviz.figures import style
from attnviz.figures.describe import whose
from attnviz.figures.escape import plain
from attnviz.figures.marks import bars as marks
from attnviz.figures.marks.made import made
from attnviz.figures.marks.names import down, tinted, unknown
from attnviz.figures.numbers import brief, percent
from attnviz.figures.sentences import inks
from attnviz.i18n import translate
from attnviz.trace import AttentionTrace, Classification

#: Pixels.
BAR_HEIGHT, MARGIN = 34, 90


def bars(
    trace: AttentionTrace,
    chosen: Focus | None = None,
    *,
    order: tables.Order = "sentence",
    language: str = "en",
    theme: str = "light",
) -> go.Figure:
    """Weight per token as horizontal bars, read from the top.

    Args:
        trace: With any block.
        chosen: Which row of weights; None takes `analysis.focus.focus`.
        order: As in the sentence, or by falling weight.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    Returns:
        A figure on the scale 0–1; of very many tokens, or of many regions, with the largest weights, which it says.
        Hovering shows 9 significant digits.

    >>> import numpy as np
    >>> from attnviz.trace import AttentionBlock, Embedding, Text, TokenAxis
    >>> axis = TokenAxis.of(["a", "cat"])
    >>> block = AttentionBlock("words", "self", axis, axis, np.full((1, 1, 2, 2), 0.5, np.float32))
    >>> trace = AttentionTrace("made", Text("a cat"), (block,), Embedding(np.ones(3)))
    >>> [float(weight) for weight in bars(trace).data[0].x]
    [0.5, 0.5]
    """
    paint = style.theme(theme)
    row, table = chosen or focus(trace), tables.weights([trace], order, None if chosen is None else [chosen])
    places = largest([table["weight"].to_numpy()], marks.most_of(row.keys(trace)))
    count, table = len(table), table.iloc[places]
    values = [float(value) for value in table["weight"]]
    tokens = list(table["token"])
    colours = inks(row.keys(trace), paint, [at - 1 for at in table["position"]])
    names = tinted(unknown(tokens, table["unknown"], language), colours)
    title = plain(whose(trace, row, language)) or None
    axis = [translate(language, "figures.weight_axis"), marks.partly(len(table), count, language)]
    word, written = translate(language, "figures.weight"), [brief(value) for value in values]
    layout = {
        **style.layout(paint, height=MARGIN + BAR_HEIGHT * len(values), title=title),
        "bargap": 0.25,
        "xaxis": style.axis(
            paint,
            range=[0, 1.12],
            tickvals=[0, 0.25, 0.5, 0.75, 1],
            title="<br>".join(filter(None, axis)),
        ),
        "yaxis": down(paint, tokens, ticktext=names),
    }
    return made([marks.bars(tokens, values, word, paint.bar, written=written)], layout)


def prediction(
    trace: AttentionTrace,
    names: Sequence[str] | None = None,
    *,
    name: str | None = None,
    compare: Sequence[tuple[str, AttentionTrace]] = (),
    language: str = "en",
    theme: str = "light",
) -> go.Figure:
    """Class probabilities as horizontal bars; the predicted class stands out.

    Args:
        trace: A trace with a classification.
        names: Class names in the order of the output; None shows the label codes.
        name: Of this run, beside others; None says whether it is the model's own.
        compare: Further runs with the same classes and a name each, drawn beside.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    Raises:
        InputError: The trace has no classification.

    >>> import attnviz
    >>> figure = prediction(attnviz.load("sentiment-en").trace("a good film"), ["negative", "positive"])
    >>> len(figure.data[0].x)
    2
    """
    output = trace.output
    if not isinstance(output, Classification):
        raise InputError("no_classification", model=trace.model)
    paint = style.theme(theme)
    shown = list(names or output.labels)
    word = translate(language, "figures.probability")
    own = name or translate(language, "surgery.edited" if trace.edited else "figures.own")
    runs = [(own, trace), *compare]
    colours = [paint.bar, paint.second, paint.muted]  # what is edited is orange, as in the rows of weights
    drawn = []
    for number, (title, run) in enumerate(runs):
        result = run.output
        assert isinstance(result, Classification)
        values = [float(value) for value in result.probabilities]
        colour: str | list[str] = colours[number % len(colours)]
        if not compare:
            colour = [paint.accent if index == result.predicted else paint.bar for index in range(len(values))]
        written = [percent(value) for value in values]
        drawn.append(marks.bars(shown, values, word, colour, series=title, written=written))
    layout = {
        **style.layout(paint, height=MARGIN + int(BAR_HEIGHT * len(shown) * (0.75 * len(runs) if compare else 1))),
        "bargap": 0.25,
        "xaxis": style.axis(
            paint,
            range=[0, 1.2],
            tickvals=[0, 0.25, 0.5, 0.75, 1],
            ticktext=["0", "25 %", "50 %", "75 %", "100 %"],
            title=word,
        ),
        "yaxis": down(paint, shown),
    }
    if compare:
        layout |= {"showlegend": True, "legend": style.LEGEND}
    return made(drawn, layout)
