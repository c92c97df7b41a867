"""How attention is shown, in one place that closes: scale, numbers, special tokens, pieces, and which attention."""

from __future__ import annotations

import streamlit as st

from attnviz.analysis.scales import SCALES
from attnviz.ui.context import Context
from attnviz.ui.controls.block import choose_block
from attnviz.ui.controls.tokens import choose_reading


def display(context: Context) -> None:
    """Draw the choices behind a button."""
    with st.popover(context.t("controls.display"), icon=":material/tune:", key="display"):
        st.segmented_control(
            context.t("controls.scale"),
            SCALES,
            format_func=lambda key: context.t(f"controls.scale_{key}"),
            key="scale",
            required=True,
            width="content",
            help=context.t("controls.scale_help"),
        )
        choose_block(context)
        choose_reading(context)
        st.toggle(context.t("controls.numbers"), key="numbers", width="content")
        st.toggle(
            context.t("controls.contrast"), key="contrast", width="content", help=context.t("controls.contrast_help")
        )
