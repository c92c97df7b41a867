"""The choice of how a trace is read: with or without special tokens, in pieces or in words."""

from __future__ import annotations

import streamlit as st

from attnviz.analysis.reading import PIECES, SPECIAL
from attnviz.ui.context import Context


def choose_reading(context: Context) -> None:
    """Draw what there is to choose; what is chosen are the fields `special` and `pieces`."""
    found = [context.desk.readable(trace) for row in context.rows if (trace := row.whole or row.trace) is not None]
    if any(special for special, _ in found):
        st.selectbox(
            context.t("controls.special"),
            SPECIAL,
            format_func=lambda key: context.t(f"controls.special_{key}"),
            key="special",
            width=270,
            help=context.t("controls.special_help"),
        )
    if any(pieces for _, pieces in found):
        st.segmented_control(
            context.t("controls.pieces"),
            PIECES,
            format_func=lambda key: context.t(f"controls.pieces_{key}"),
            key="pieces",
            required=True,
            width="content",
            help=context.t("controls.pieces_help"),
        )
