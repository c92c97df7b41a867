"""The choice of layer, head and query, and a view that follows it before the rest of the page does."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

import streamlit as st

from attnviz.trace import AttentionBlock
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
    with st.container(key="place", horizontal=True, vertical_alignment="center", gap="medium"):
        if level:
            zoom(context, level)
        choose_numbered(block, [part for part in ("layer", "head") if part in parts], context.t)
        if "query" in parts:
            choose_query(context, short=level != "")


def choose_numbered(block: AttentionBlock, parts: Sequence[str], named: Callable[[str], str], of: str = "") -> None:
    """Draw the choice of a layer and a head, each a row of numbers.

    Args:
        block: Whose.
        parts: Of `layer` and `head`.
        named: The label of `figures.layer` or `figures.head`.
        of: What their fields end with.
    """
    counts = dict(zip(("layer", "head"), block.shape[:2], strict=True))
    for part in parts:
        st.segmented_control(
            named(f"figures.{part}"),
            list(range(counts[part])),
            format_func=lambda index: str(index + 1),
            key=f"{part}{of}",
            required=True,
            width="content",
        )


def choose_query(context: Context, short: bool) -> None:
    """Draw the choice of the query.

    Args:
        context: The page.
        short: Where there is no room for a label in one line: what is chosen says what it is.
    """
    block = context.trace.block(context.focus.block)
    own = {index: index for index in range(len(block.query))}
    if block.parts is not None:
        own = {group[0]: index for index, group in enumerate(block.parts[0])}
    said = f"{context.t('terms.query')} " if short else ""
    st.selectbox(
        context.t("controls.query"),
        list(own),
        format_func=lambda place: f"{said}{own[place] + 1} · {block.query.tokens[own[place]]}",
        key="query",
        label_visibility="collapsed" if short else "visible",
        width=180 if short else 260,  # three layers and four heads stand in one line with it on a laptop
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
