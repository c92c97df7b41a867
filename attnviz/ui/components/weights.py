"""One row of weights as a table whose bars can be dragged and whose numbers can be typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from attnviz.figures import style
from attnviz.figures.numbers import approx
from attnviz.ui.components import component
from attnviz.ui.context import Context

_mount = component("weights")

#: Keeps the place of a table of so many rows before its script has drawn it: what stands below would jump.
_ROOM = "<style>.st-key-weights {{ min-height: calc(1.7rem + min(36rem, 1.9rem + {rows} * 2.6rem)); }}</style>"


def weights(
    context: Context,
    tokens: Sequence[str],
    own: NDArray[np.floating],
    now: NDArray[np.floating],
    place: str,
    most: float,
    on_set: Callable[[], None],
) -> None:
    """Draw the table.

    Args:
        context: The page.
        tokens: One a key.
        own: The model's own weights, float `[key]`.
        now: The weights as they stand; NaN where a token is not there any more.
        place: Of the row, as in a code; comes back with what is set.
        most: Largest weight that may be typed.
        on_set: Called before the run that follows a weight set: `set` of the component's state.
    """
    paint = style.theme(context.theme)
    rows = [
        {"token": token, "own": float(one), "was": approx(float(one)), "now": None if np.isnan(new) else float(new)}
        for token, one, new in zip(tokens, own, now, strict=True)
    ]
    st.html(_ROOM.format(rows=len(rows)))
    words = ("token", "own", "drag", "typed", "gone", "hint")
    _mount(
        key="weights",
        data={
            "rows": rows,
            "place": place,
            "most": most,
            "text_language": context.card.languages[0] if context.card.languages else "",
            "colours": {"bar": paint.bar, "accent": paint.accent, "muted": paint.muted},
            "words": {word: context.t(f"weights.{word}") for word in words},
        },
        on_set_change=on_set,
    )
