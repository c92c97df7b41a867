"""The levels of the map: all heads, one head as cells or as lines, one row; a way out, and from one to another."""

from __future__ import annotations

from functools import partial

import streamlit as st

from attnviz.ui import session
from attnviz.ui.context import Context

#: The view of all heads, and those of one.
ALL, LEVELS = "overview", ("head", "lines", "heatmap")


def zoom(context: Context, level: str) -> None:
    """Draw the way out to all heads, and the choice between what is seen of one.

    Args:
        context: The page; of a model without heads nothing is drawn.
        level: The view that is shown, one of `LEVELS`.
    """
    if "heads" not in context.abilities:
        return
    st.button(
        context.t("views.overview"),
        key="zoom-out",
        icon=":material/zoom_out_map:",
        help=context.t("zoom.out"),
        on_click=partial(session.change, view=ALL),
    )
    # A key of its own for each level: what was chosen is left behind with the level.
    key = f"zoom-{level}"
    st.segmented_control(
        context.t("zoom.level"),
        LEVELS,
        default=level,
        format_func=lambda each: context.t(f"zoom.{each}"),
        key=key,
        required=True,
        label_visibility="collapsed",
        width="content",
        on_change=_chosen,
        args=(key,),
    )


def _chosen(key: str) -> None:
    (chosen,) = session.values((key,))
    if chosen in LEVELS:
        session.change(view=chosen)
