"""The choice of layer, head and query, and a view that follows it before the rest of the page does."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any

import streamlit as st

from attnviz.ui import session
from attnviz.ui.context import Context
from attnviz.ui.controls.zoom import zoom

_PLACE = ("layer", "head", "query")

#: Seconds in which the server sends what a run has drawn; what is not sent when the next one starts is left out.
_SENT = 0.05


def choose_head(context: Context, parts: Collection[str] = _PLACE, level: str = "") -> None:
    """Draw the choice; what is chosen are the fields `layer`, `head` and `query` (the model's position).

    Args:
        context: The page.
        parts: What can be chosen.
        level: Of the map, to zoom out from, see `zoom`; empty where it is shown elsewhere.
    """
    block = context.trace.block(context.focus.block)
    layers, heads, _, _ = block.shape
    with st.container(key="place", horizontal=True, vertical_alignment="center", gap="medium"):
        if level:
            zoom(context, level)
        for key, count in (("layer", layers), ("head", heads)):
            if key not in parts:
                continue
            st.segmented_control(
                context.t(f"figures.{key}"),
                list(range(count)),
                format_func=lambda index: str(index + 1),
                key=key,
                required=True,
                width="content",
            )
        if "query" not in parts:
            return
        own = {index: index for index in range(len(block.query))}
        if block.parts is not None:
            own = {group[0]: index for index, group in enumerate(block.parts[0])}
        # Beside the levels there is no room for a label in one line: what is chosen says what it is.
        said = f"{context.t('terms.query')} " if level else ""
        st.selectbox(
            context.t("controls.query"),
            list(own),
            format_func=lambda place: f"{said}{own[place] + 1} · {block.query.tokens[own[place]]}",
            key="query",
            label_visibility="collapsed" if level else "visible",
            width=180 if level else 260,  # three layers and four heads stand in one line with it on a laptop
        )


def alone(context: Context, draw: Callable[[Context], None]) -> None:
    """Draw a view; where another head or query is chosen in it, the view alone, and then the page once more."""
    _alone(context, draw, session.values((*_PLACE, "view")))


@st.fragment
def _alone(context: Context, draw: Callable[[Context], None], drawn: tuple[Any, ...]) -> None:
    *place, view = session.values((*_PLACE, "view"))
    if view != drawn[-1]:
        st.rerun()
    draw(context.at(*place))
    if place != list(drawn[:-1]):
        time.sleep(_SENT)
        st.rerun()
