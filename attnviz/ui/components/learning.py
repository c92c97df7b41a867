"""A training played back: the weights and the answer at each look, with a slider and a play button."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from attnviz.figures import style
from attnviz.figures.numbers import approx, percent
from attnviz.trace import AttentionTrace, Classification, TokenAxis
from attnviz.ui.components import component
from attnviz.ui.context import Context

_mount = component("learning")

#: Milliseconds a look stays while it plays.
PACE = 400

#: Classes with a bar; the rest is in the numbers.
MAX_CLASSES = 6

_WORDS = ("play", "pause", "first", "back", "forward", "last", "slider", "weights", "answer")


def learning(
    context: Context,
    traces: Sequence[AttentionTrace],
    keys: TokenAxis,
    values: NDArray[np.float64],
    names: Sequence[str],
    look: int,
    key: str,
    chart: str,
    on_event: Callable[[], None],
) -> None:
    """Draw the player.

    Args:
        context: The page.
        traces: Of the sentence, one a look.
        keys: What the weights are given to.
        values: Weights, float64 `[look, key]`.
        names: Of the looks.
        look: Where it stands, from 0.
        key: Names what is played; another one stops it.
        chart: Key of the container of the chart whose look is marked.
        on_event: Called before the run that follows when it stands still: `event` of the component's state.
    """
    colours = style.theme(context.theme)
    outputs = [trace.output for trace in traces]
    classified = [output for output in outputs if isinstance(output, Classification)]
    classes = _classes(classified)
    looks = []
    for at, name in enumerate(names):
        state = {
            "name": name,
            "weights": values[at].tolist(),
            "numbers": [approx(float(value)) for value in values[at]],
        }
        if classes:
            output = classified[at]
            shares = output.probabilities[classes]
            state |= {
                "shares": shares.tolist(),
                "percents": [percent(float(share)) for share in shares],
                "top": classes.index(output.predicted) if output.predicted in classes else -1,
                "told": context.t(
                    "learning.told",
                    name=context.names[output.predicted],
                    share=percent(float(output.probabilities.max())),
                ),
            }
        looks.append(state)
    _mount(
        key="learning",
        data={
            "key": key,
            "at": look,
            "pace": PACE,
            "chart": chart,
            "language": context.card.languages[0] if context.card.languages else "",
            "tokens": [
                {"text": token, "unknown": unknown} for token, unknown in zip(keys.tokens, keys.unknown, strict=True)
            ],
            "classes": [{"text": context.names[index], "unknown": False} for index in classes],
            "looks": looks,
            "colours": {"bar": colours.bar, "accent": colours.accent},
            "words": {word: context.t(f"learning.{word}") for word in _WORDS},
        },
        on_event_change=on_event,
    )


def _classes(outputs: Sequence[Classification]) -> list[int]:
    """The classes drawn at every look: those that are ever most probable, as the card has them."""
    if not outputs:
        return []
    most = np.max([output.probabilities for output in outputs], axis=0)
    return sorted(int(index) for index in np.argsort(-most, kind="stable")[:MAX_CLASSES])
