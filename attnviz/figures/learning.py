"""How attention was learned: a sentence's weights over the training, with loss, accuracy and entropy below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from attnviz.analysis.scales import ScaleKey, normalise, ticks
from attnviz.figures import style
from attnviz.figures.escape import plain
from attnviz.figures.marks.cells import cells, framed
from attnviz.figures.marks.names import down, plain_axis, tinted, unknown
from attnviz.figures.marks.scales import colour_bar, marked
from attnviz.figures.numbers import exact
from attnviz.figures.sentences import inks
from attnviz.i18n import translate
from attnviz.trace import Axis

if TYPE_CHECKING:
    from attnviz.families.learning import Learning

#: What is drawn below the weights.
CURVES = ("loss", "accuracy", "entropy")

#: Pixels.
ROW, LEAST, CURVE, GAP, TOP, BOTTOM = 30, 150, 92, 46, 86, 70

#: Steps named on the axis, at most; a phone has room for them.
NAMED = 6


def learning(
    learned: Learning,
    values: NDArray[np.float64],
    keys: Axis,
    look: int,
    *,
    scale: ScaleKey = "unit",
    title: str = "",
    language: str = "en",
    theme: str = "light",
) -> go.Figure:
    """Weights of one sentence, tokens × looks, and the curves of the training on the same looks.

    The scale holds for all looks: on `row`, full colour is the sentence's largest weight at any look.

    Args:
        learned: The looks.
        values: float64 `[look, key]`, in 0–1.
        keys: What the weights are given to.
        look: The look that is marked, from 0.
        scale: How weights become colours.
        title: Whose rows of weights they are.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    >>> from attnviz import zoo
    >>> from attnviz.analysis.focus import answering
    >>> learned = zoo.learning("sentiment-en")
    >>> first = learned.traces[0]
    >>> values = np.array([answering(trace) for trace in first], np.float64)
    >>> figure = learning(learned, values, first[0].blocks[0].key, len(first) - 1)
    >>> figure.data[0].type, len(figure.data[0].z)
    ('heatmap', 7)
    """
    drawn, looks = style.theme(theme), len(learned.steps)
    places = normalise(values.reshape(1, -1), scale).reshape(values.shape)
    heat = max(ROW * len(keys), LEAST)
    inner = heat + len(CURVES) * (CURVE + GAP)
    figure = make_subplots(
        rows=1 + len(CURVES),
        cols=1,
        shared_xaxes=True,
        row_heights=[heat, *[CURVE] * len(CURVES)],
        vertical_spacing=GAP / inner,
        subplot_titles=["", *(curve_name(learned, name, language) for name in CURVES)],
    )
    named = [step_name(learned.steps, index, language) for index in range(looks)]
    word = translate(language, "figures.weight")
    figure.add_trace(
        cells(
            places.T,
            drawn.ramp,
            bar=colour_bar(translate(language, f"learning.colour_{scale}"), marked(ticks(scale)), height=heat),
            hover=[
                [f"{plain(token)}<br>{named[at]}<br>{word} {exact(float(values[at, key]))}" for at in range(looks)]
                for key, token in enumerate(keys.tokens)
            ],
            gap=1,
        ),
        row=1,
        col=1,
    )
    for number, name in enumerate(CURVES):
        curve = getattr(learned, name)
        figure.add_scatter(
            x=list(range(looks)),
            y=curve,
            mode="lines+markers",
            line={"color": drawn.series[number], "width": 3},
            # The last look is of other weights than the step it has the number of.
            marker={"size": 7, "symbol": ["circle"] * (looks - 1) + ["diamond"]},
            hoverinfo="text",
            hovertext=[f"{named[at]}<br>{exact(float(curve[at]))}" for at in range(looks)],
            row=2 + number,
            col=1,
        )
    layout = style.layout(drawn, height=inner + TOP + BOTTOM, title=_title(scale, title, language))
    figure.update_layout(**{**layout, "margin": {"l": 8, "r": 8, "t": TOP, "b": BOTTOM}})
    figure.update_annotations(font={"size": style.FONT_SIZE, "color": drawn.text}, x=0, xanchor="left")
    shown = sorted({0, looks - 1, *range(0, looks - max(looks // NAMED, 1), -(-looks // NAMED))})
    figure.update_xaxes(
        **plain_axis(
            drawn,
            range=[-0.5, looks - 0.5],
            tickvals=shown,
            ticktext=[f"{int(learned.steps[at]):,}" for at in shown],
        )
    )
    figure.update_xaxes(title=translate(language, "learning.axis"), row=1 + len(CURVES), col=1)
    figure.update_yaxes(**style.axis(drawn, zeroline=False, rangemode="tozero", nticks=4))
    figure.update_yaxes(range=[0, 1.06], tickvals=[0, 0.5, 1], ticktext=["0", "50 %", "100 %"], row=3, col=1)
    tokens = tinted(unknown(keys.tokens, keys.unknown, language, 12), inks(keys, drawn))
    figure.update_yaxes(**down(drawn, keys.tokens, ticktext=tokens), row=1, col=1)
    frame = framed(drawn, (look - 0.5, look + 0.5), (0, 1))
    figure.add_shape(**frame, xref="x", yref="paper", layer="above")
    return figure


def curve_name(learned: Learning, name: str, language: str) -> str:
    """What a curve is of: a translation model's, of the tokens of references."""
    return translate(language, f"learning.{name}{'_tokens' if learned.written else ''}")


def step_name(steps: NDArray[np.int64], look: int, language: str) -> str:
    """A look by its training step; the first and the last by what they are, too."""
    code = "untrained" if steps[look] == 0 else "shipped" if look == len(steps) - 1 else "at_step"
    return translate(language, f"learning.{code}", step=f"{int(steps[look]):,}")


def _title(scale: ScaleKey, title: str, language: str) -> str:
    words = translate(language, f"learning.scale_{scale}")
    return f"{plain(title)}<br>{words}" if title else words
