"""How a text is continued: how long, greedily or by chance, and by which."""

from __future__ import annotations

from typing import Any

import streamlit as st

from attnviz.families.writing.decoding import Sampling
from attnviz.ui.context import Context
from attnviz.ui.fields import Field, switch
from attnviz.ui.state import State

_NEEDS = frozenset({"continues"})

#: Temperatures offered; 1 is the model's own.
HEATS = (0.1, 0.3, 0.5, 0.7, 1.0, 1.3, 1.7, 2.5, 5.0)

#: Tokens written, most probable tokens kept (0: all), share of the probability kept.
LENGTHS, TOP_K, TOP_P = (1, 4, 8, 16, 32), (0, 1, 3, 10, 40), (0.5, 0.8, 0.9, 0.95, 1.0)

FIELDS = (
    Field("length", LENGTHS, 8, needs=_NEEDS),
    switch("sampled", needs=_NEEDS),
    Field("heat", HEATS, 1.0, needs=_NEEDS),
    Field("top_k", TOP_K, 0, needs=_NEEDS),
    Field("top_p", TOP_P, 1.0, needs=_NEEDS),
    Field("draw", range(1000), 0, needs=_NEEDS),
)


def sampling_of(state: State) -> Sampling:
    """What is drawn from, whether or not anything is drawn."""
    return Sampling(float(state.heat), int(state.top_k), float(state.top_p), int(state.draw))


def choose_sampling(context: Context, *, beside: bool = False) -> None:
    """Draw the choices.

    Args:
        context: The page.
        beside: One under the other, beside a chart.
    """
    row: Any = {} if beside else {"horizontal": True, "vertical_alignment": "bottom"}
    width: Any = "stretch" if beside else 210
    with st.container(key="sampling-controls", gap="small" if beside else "medium", **row):
        st.select_slider(
            context.t("next.heat"),
            HEATS,
            key="heat",
            format_func=lambda value: f"{value:g}",
            help=context.t("next.heat_help"),
            width="stretch" if beside else 240,
        )
        st.selectbox(
            context.t("next.top_k"),
            TOP_K,
            key="top_k",
            format_func=lambda value: context.t("next.all") if value == 0 else str(value),
            help=context.t("next.top_k_help"),
            width=width,
        )
        st.selectbox(
            context.t("next.top_p"),
            TOP_P,
            key="top_p",
            format_func=lambda value: context.t("next.all") if value == 1 else f"{value:g}",
            help=context.t("next.top_p_help"),
            width=width,
        )
        st.segmented_control(
            context.t("next.length"),
            LENGTHS,
            key="length",
            required=True,
            help=context.t("next.length_help"),
            width="content",
        )
        st.toggle(context.t("next.sampled"), key="sampled", help=context.t("next.sampled_help"))
        if context.state.sampled:
            st.number_input(context.t("next.draw"), 0, 999, key="draw", help=context.t("next.draw_help"), width=width)
