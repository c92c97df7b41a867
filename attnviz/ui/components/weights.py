"""One row of weights as a table whose bars can be dragged and whose numbers can be typed, with the answer beside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from attnviz.figures import style
from attnviz.figures.numbers import approx
from attnviz.trace import Axis, RegionAxis
from attnviz.ui.components import component
from attnviz.ui.context import Context

_mount = component("weights")

#: Keeps the place of so many classes and rows before the script has drawn them: what stands below would jump.
_ROOM = (
    "<style>.st-key-weights {{ min-height: calc(1.7rem + {classes} * 1.7rem + min(36rem, 1.9rem + {rows} * 2.6rem)); }}"
    "</style>"
)

#: Classes that are shown at most; the script knows it, too.
_CLASSES = 3


@dataclass(frozen=True)
class Answer:
    """What the model answers, where it is a class.

    Attributes:
        names: Of the classes.
        own, now: Their probabilities with the model's own weights, and as the weights stand; float `[class]`.
        live: What the script asks while a bar is moved: fields of `/api/trace`, and `alone`, the end of the code; None
            where that cannot tell.
    """

    names: Sequence[str] = ()
    own: Iterable[float] = ()
    now: Iterable[float] = ()
    live: Mapping[str, Any] | None = None


def weights(
    context: Context,
    keys: Axis,
    own: NDArray[np.floating],
    now: NDArray[np.floating],
    place: str,
    most: float,
    answer: Answer,
    on_set: Callable[[], None],
) -> None:
    """Draw the table.

    Args:
        context: The page.
        keys: Tokens in their order; regions of a picture stand by falling weight, for they have no line of their own.
        own: The model's own weights, float `[key]`.
        now: The weights as they stand; NaN where a token is not there any more.
        place: Of the row, as in a code; comes back with what is set.
        most: Largest weight that may be typed.
        answer: Of the model, shown above the row and while a bar is moved.
        on_set: Called before the run that follows a weight set: `set` of the component's state.
    """
    paint = style.theme(context.theme)
    rows = [
        {"token": token, "own": float(one), "was": approx(float(one)), "now": None if np.isnan(new) else float(new)}
        for token, one, new in zip(keys.tokens, own, now, strict=True)
    ]
    classes = [
        {"name": name, "own": float(before), "now": float(after)}
        for name, before, after in zip(answer.names, answer.own, answer.now, strict=True)
    ]
    order = np.argsort(-own, kind="stable") if isinstance(keys, RegionAxis) else np.arange(len(rows))
    st.html(_ROOM.format(classes=min(len(classes), _CLASSES), rows=len(rows)))
    words = ("token", "own", "drag", "typed", "gone", "hint", "answer")
    _mount(
        key="weights",
        data={
            "rows": rows,
            "order": order.tolist(),
            "classes": classes,
            "live": None if answer.live is None else dict(answer.live),
            "place": place,
            "most": most,
            "text_language": context.card.languages[0] if context.card.languages else "",
            "colours": {"bar": paint.bar, "accent": paint.accent, "muted": paint.muted},
            "words": {word: context.t(f"weights.{word}") for word in words},
        },
        on_set_change=on_set,
    )
