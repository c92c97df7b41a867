"""A training played back: the weights and the answer at each look, with a slider and a play button."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.compare import learning as looks
from attnviz.analysis.heads import alignment
from attnviz.drawings.pictured import Caption, brightest, legend, on_picture
from attnviz.drawings.pictured import picture as pictured
from attnviz.figures import style
from attnviz.figures.numbers import brief, percent
from attnviz.trace import AttentionTrace, Axis, Classification, Written
from attnviz.ui.components import component
from attnviz.ui.context import Context

_mount = component("learning", drawing=True)

#: Milliseconds a look stays while it plays.
PACE = 400

#: Classes with a bar; the rest is in the numbers.
MAX_CLASSES = 6

_WORDS = ("play", "pause", "first", "back", "forward", "last", "slider", "weights")


def learning(
    context: Context,
    traces: Sequence[AttentionTrace],
    values: NDArray[np.float64],
    names: Sequence[str],
    look: int,
    key: str,
    chart: str,
    on_event: Callable[[], None],
    written: Sequence[str] = (),
) -> None:
    """Draw the player.

    Args:
        context: The page, whose selected sentence is the recorded one.
        traces: Of the sentence, one a look.
        values: Weights, float64 `[look, key]`.
        names: Of the looks.
        look: Where it stands, from 0.
        key: Names what is played; another one stops it.
        chart: Key of the container of the chart whose look is marked.
        on_event: Called before the run that follows when it stands still: `event` of the component's state.
        written: What a model that writes would write, one a look.
    """
    colours, keys = style.theme(context.theme), context.focus.keys(context.trace)
    picture, scale = None, context.state.scale
    if on_picture(context.trace, keys):
        block = context.trace.block(context.focus.block)
        word = block.query.tokens[context.focus.query]
        rows = Caption(context.trace, block, values, "", [word] * len(values))
        top = brightest([rows])
        picture = {**pictured(context, [rows], scale, top), "legend": legend(context, scale, top)}
    languages = context.card.languages or ("",)
    answers, states = _translated(context, traces, written) if written else _classified(context, traces)
    _mount(
        key="learning",
        data={
            "key": key,
            "at": look,
            "pace": PACE,
            "chart": chart,
            "language": languages[0],
            "tokens": _tokens(keys),
            "picture": picture,
            "answers": answers,
            "answerLanguage": languages[-1] if written else "",
            "fixed": context.t("learning.fixed", text=_text(context.trace)) if written else "",
            "looks": [
                {
                    "name": name,
                    "weights": row.tolist(),
                    "numbers": [brief(float(value)) for value in row],
                    **state,
                }
                for name, row, state in zip(names, values, states, strict=True)
            ],
            "colours": {"bar": colours.bar, "accent": colours.accent},
            "words": {word: context.t(f"learning.{word}") for word in _WORDS}
            | {
                "answer": context.t("learning.answer_tokens" if written else "learning.answer"),
                "writes": context.t("learning.writes"),
                "outlined": context.t("picture.outlined"),
                "spread": context.t("picture.spread_of"),
            },
        },
        on_event_change=on_event,
    )


def _tokens(axis: Axis) -> list[dict[str, Any]]:
    return [{"text": token, "unknown": unknown} for token, unknown in zip(axis.tokens, axis.unknown, strict=True)]


def _classified(
    context: Context, traces: Sequence[AttentionTrace]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The classes drawn, and at each look their probabilities."""
    outputs = [trace.output for trace in traces if isinstance(trace.output, Classification)]
    classes = _classes(outputs)
    if len(outputs) < len(traces):
        return [], [{} for _ in traces]
    states = [
        _shares(output.probabilities[classes])
        | {
            "top": classes.index(output.predicted) if output.predicted in classes else -1,
            "told": context.t(
                "learning.told",
                name=context.names[output.predicted],
                share=percent(float(output.probabilities.max())),
            ),
        }
        for output in outputs
    ]
    return [{"text": context.names[index], "unknown": False} for index in classes], states


def _translated(
    context: Context, traces: Sequence[AttentionTrace], written: Sequence[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The tokens that were written, and at each look their probabilities and what would be written."""
    focus, rows = context.focus, alignment.written_rows(context.trace)
    asks = context.trace.block(focus.block)
    before = len(asks.query) - len(rows.query)  # queries of what was given come first
    top = focus.query - before if asks.kind in ("cross", "causal") else -1
    shares = looks.probabilities(traces, alignment.groups(rows))
    states = [
        _shares(row) | {"top": top, "told": "", "writes": text or context.t("learning.writes_nothing")}
        for row, text in zip(shares, written, strict=True)
    ]
    return _tokens(rows.query), states


def _shares(row: NDArray[np.floating[Any]]) -> dict[str, Any]:
    return {"shares": row.tolist(), "percents": [percent(float(share)) for share in row]}


def _text(trace: AttentionTrace) -> str:
    return trace.output.text if isinstance(trace.output, Written) else ""


def _classes(outputs: Sequence[Classification]) -> list[int]:
    """The classes drawn at every look: those that are ever most probable, as the card has them."""
    if not outputs:
        return []
    most = np.max([output.probabilities for output in outputs], axis=0)
    return sorted(int(index) for index in np.argsort(-most, kind="stable")[:MAX_CLASSES])
