"""Blocks by name, and the choice of one where a model has several."""

from __future__ import annotations

import streamlit as st

from attnviz.i18n import FALLBACK, catalogue
from attnviz.ui.context import Context


def block_name(context: Context, block: str) -> str:
    """What a block is called; by its own name where the catalogue has none for it."""
    key = f"blocks.{block}"
    return context.t(key) if key in catalogue(FALLBACK) else block


def choose_block(context: Context) -> None:
    """Draw the choice for all views; what is chosen is the field `block`."""
    if context.selected is None or len(context.trace.blocks) < 2:
        return
    st.segmented_control(
        context.t("controls.block"),
        [block.name for block in context.trace.blocks],
        format_func=lambda block: block_name(context, block),
        key="block",
        required=True,
        width="content",
        help=context.t("controls.block_help"),
    )
